-- One row per series, era and frontier rule: how many times a year the computation of models, or the speed or price performance of processors, has grown.
-- grain: series, era, rule
with models as (
    select
        'models' as subject, series, era, rule, source, quantity, n, first_released_on, last_released_on, growth_per_year,
        growth_per_year_low, growth_per_year_high, doubling_time_month, doubling_time_month_low, doubling_time_month_high,
        r_squared, level, status,
    from marts.compute_growth
),

processors as (
    select
        'processors' as subject, series, era, rule, source, quantity, n, first_released_on, last_released_on, growth_per_year,
        growth_per_year_low, growth_per_year_high, doubling_time_month, doubling_time_month_low, doubling_time_month_high,
        r_squared, level, status,
    from marts.hardware_growth
),

growth as (
    select * from models
    union all
    select * from processors
)

select
    subject,  -- models or processors
    series,
    era,
    rule,
    source,
    quantity,  -- what has grown: training_compute, hardware_burden, network_operations, speedrun_burden, time_horizon; fp32_flop_per_s, of processors
    n,
    first_released_on,
    last_released_on,
    growth_per_year,  -- how many times a year
    growth_per_year_low,  -- lower end of its interval, null where the line only describes (points chosen by their size)
    growth_per_year_high,
    doubling_time_month,
    doubling_time_month_low,
    doubling_time_month_high,
    r_squared,
    level,
    status,
from growth
where growth_per_year is not null
order by subject, series, era, rule
