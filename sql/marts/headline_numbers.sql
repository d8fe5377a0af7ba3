-- One row per headline line of `current` and number that is followed from build to build: exponent, points, computation and costs of each target; and per benchmark the lowest error of all results.
-- grain: benchmark, metric, compute_measure, quantity, target, scenario
with headlines as (
    select * from marts.scaling where row_set = 'current' and is_headline
),

exponents as (
    select
        benchmark, metric, compute_measure, form,
        'exponent' as quantity, '' as target, '' as scenario,
        exponent as value, exponent_low as low, exponent_high as high,
    from headlines
),

counts as (
    select
        benchmark, metric, compute_measure, form,
        'points' as quantity, '' as target, '' as scenario,
        n::double as value,
    from headlines
),

projections as (
    -- The point of the line is that of least squares, whatever its interval is by.
    select
        benchmark, metric, compute_measure, form,
        'log10_compute' as quantity, projections.target, '' as scenario, projections.error, headlines.compute_unit,
        projections.log10_compute as value, projections.log10_compute_low as low, projections.log10_compute_high as high,
    from marts.projections as projections
    join headlines using (row_set, benchmark, metric, compute_measure, form, selection)
    where projections.method = if(headlines.estimator = 'ols_cluster', 'cluster', 'y_on_x')
),

priced as (
    -- What a line does not reach has no cost; that it does not, its projection says, which is null.
    select costs.*
    from marts.costs as costs
    join headlines using (row_set, benchmark, metric, compute_measure, form, selection)
    where costs.estimator = 'ols' and costs.region = 'USA'
),

costs as (
    select
        benchmark, metric, compute_measure, form,
        'log10_usd' as quantity, target, scenario, error,
        log10_usd as value, log10_usd_low as low, log10_usd_high as high,
    from priced
    where log10_usd is not null
    union all
    select
        benchmark, metric, compute_measure, form,
        'log10_kg_co2' as quantity, target, scenario, error,
        log10_kg_co2 as value, log10_kg_co2_low as low, log10_kg_co2_high as high,
    from priced
    where log10_kg_co2 is not null
),

best as (
    select
        today.benchmark, today.metric, '' as compute_measure,
        'lowest_error' as quantity, '' as target, '' as scenario, today.error as value,
        today.name, today.source, today.page, today.locator,
    from core.today as today
    semi join headlines using (benchmark, metric)
),

numbers as (
    select * from exponents
    union all by name
    select * from counts
    union all by name
    select * from projections
    union all by name
    select * from costs
    union all by name
    select * from best
)

select
    benchmark,
    metric,
    compute_measure,  -- '' of what is of no line: lowest_error
    quantity,  -- exponent; points; log10_compute of the target, in the unit of `current`; log10_usd and log10_kg_co2 of it in the USA; lowest_error of all results, computation known or not
    target,  -- the target, '' where the quantity has none
    scenario,  -- hardware and its year; '' of what is no cost
    form,  -- of the line
    error,  -- the target's error, a fraction
    number_unit(quantity, compute_unit) as unit,  -- of value, low and high: log10(flop) or log10(gflop) as the unit of `current` is, log10(USD), log10(kg CO2e), fraction; 1 of exponents and counts
    value,  -- the number
    low,  -- lower end of its interval; null where it has none
    high,  -- upper end of the same; null where it has none or it is not bounded
    name,  -- of lowest_error: the model that has it
    source,  -- of lowest_error: where it is from
    page,
    locator,
from numbers
order by benchmark, metric, compute_measure, quantity, target, scenario
