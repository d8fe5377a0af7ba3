-- One row per registered forecast and later result that it is about (of growth: one): what came true, and its scores.
-- grain: statement, outcome
with forecasts as (
    select * from staging.forecast
),

quantiles as (
    select
        statement,
        max(value) filter (probability = 0.025) as q025,
        max(value) filter (probability = 0.1) as q10,
        max(value) filter (probability = 0.25) as q25,
        max(value) filter (probability = 0.75) as q75,
        max(value) filter (probability = 0.9) as q90,
        max(value) filter (probability = 0.975) as q975,
    from staging.forecast_quantile
    group by statement
),

results as (
    select row_set, benchmark, metric, compute_measure, selection, result_id, cluster, released_on, log10_compute, log10(error) as log10_error
    from fits.samples
    where released_on is not null
),

newest as (
    select max(released_on) as released_on from results
),

later as (
    select forecasts.*, results.* exclude (row_set, benchmark, metric, compute_measure, selection)
    from forecasts
    join results using (row_set, benchmark, metric, compute_measure, selection)
    where results.released_on > forecasts.horizon_start and results.released_on <= forecasts.horizon_end
),

of_results as (
    select
        statement,
        result_id as outcome,
        cluster,
        if(quantity = 'error_at_computation', log10_error, log10_compute) as value,
    from later
    where
        quantity in ('error_at_computation', 'computation_of_error')
        and abs(if(quantity = 'error_at_computation', log10_compute, log10_error) - at_log10) <= within_decades
),

year_before as (
    select forecasts.statement, median(results.log10_compute) as log10_compute
    from forecasts
    join results using (row_set, benchmark, metric, compute_measure, selection)
    where
        forecasts.quantity = 'computation_growth'
        and results.released_on <= forecasts.information_until
        and results.released_on > forecasts.information_until - interval 1 year
    group by forecasts.statement
),

of_growth as (
    -- A year that is not over has no median yet.
    select
        later.statement,
        'median' as outcome,
        'median' as cluster,
        median(later.log10_compute) - any_value(year_before.log10_compute) as value,
    from later
    join year_before using (statement)
    join newest on later.horizon_end <= newest.released_on
    where later.quantity = 'computation_growth'
    group by later.statement
    having count(*) >= 3
),

outcomes as (
    select * from of_results
    union all by name
    select * from of_growth
),

standardised as (
    select
        outcomes.*,
        quantiles.* exclude (statement),
        forecasts.scale,
        forecasts.degrees_of_freedom as df,
        (outcomes.value - forecasts.location) / forecasts.scale as z,
        lgamma((df + 1) / 2) - lgamma(df / 2) - ln(pi() * df) / 2 - (df + 1) / 2 * ln(1 + z * z / df) as log_density,
        if(z > 0, 1 - student_t_two_sided_p(z, df) / 2, student_t_two_sided_p(z, df) / 2) as probability,
    from outcomes
    join forecasts using (statement)
    left join quantiles using (statement)
)

select
    statement,  -- the statement: key of staging.forecast
    outcome,  -- the result: key of core.results; of growth: median
    cluster,  -- points that hang together, as in fits.samples; of growth: median
    value,  -- what came true, in the unit of the quantity
    log_density - ln(scale) as log_score,  -- ln of the density that the forecast gave to it: higher is better
    scale * (
        z * (2 * probability - 1)
        + 2 * exp(log_density) * (df + z * z) / (df - 1)
        - 2 * sqrt(df) / (df - 1) * exp(lgamma(0.5) + lgamma(df - 0.5) - lgamma(df) - 2 * (lgamma(0.5) + lgamma(df / 2) - lgamma((df + 1) / 2)))
    ) as crps,  -- continuous ranked probability score, in the unit of the quantity: lower is better; of Student's t in closed form (Jordan, Krueger and Lerch 2019, J. Stat. Softw. 90(12), appendix A)
    value between q25 and q75 as in_50,  -- whether it is within the forecast's central interval of 50 %
    value between q10 and q90 as in_80,  -- the same of 80 %
    value between q025 and q975 as in_95,  -- the same of 95 %
from standardised
order by statement, outcome
