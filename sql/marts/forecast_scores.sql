-- One row per registered forecast: what it said, and how it did against the results that came later and against naive forecasts of the same.
-- grain: statement
with forecasts as (
    select * from staging.forecast
),

quantiles as (
    select
        statement,
        max(value) filter (probability = 0.5) as median,
        max(value) filter (probability = 0.1) as low_80,
        max(value) filter (probability = 0.9) as high_80,
    from staging.forecast_quantile
    group by statement
),

by_cluster as (
    -- Results of one paper, model or training hang together and count once, with their mean.
    select
        statement,
        cluster,
        count(*) as n,
        avg(log_score) as log_score,
        avg(crps) as crps,
        avg(in_50::integer) as in_50,
        avg(in_80::integer) as in_80,
        avg(in_95::integer) as in_95,
    from fits.forecast_outcomes
    group by statement, cluster
),

scores as (
    select
        statement,
        sum(n)::bigint as n_scored,
        count(*) as n_clusters,
        avg(log_score) as log_score,
        avg(crps) as crps,
        avg(in_50) as coverage_50,
        avg(in_80) as coverage_80,
        avg(in_95) as coverage_95,
    from by_cluster
    group by statement
),

told as (
    select
        forecasts.*,
        quantiles.median,  -- what it says in the median, log10 of the quantity
        quantiles.low_80,  -- lower end of its central interval of 80 %, log10
        quantiles.high_80,  -- upper end of the same
        coalesce(scores.n_scored, 0) as n_scored,  -- later results that it is about
        coalesce(scores.n_clusters, 0) as n_clusters,  -- clusters that they are of: results of one paper, model or training are one
        scores.log_score,  -- mean ln of the density that it gave to them, each cluster counting once: higher is better
        scores.crps,  -- mean continuous ranked probability score, in the unit of the quantity: lower is better
        scores.coverage_50,  -- share of them in its central interval of 50 %
        scores.coverage_80,  -- the same of 80 %
        scores.coverage_95,  -- the same of 95 %
    from forecasts
    left join quantiles using (statement)
    left join scores using (statement)
)

select
    *,
    min(crps) filter (method = 'last_value') over same as crps_last_value,  -- that of the naive forecast of the same by the last value
    min(crps) filter (method = 'drift') over same as crps_drift,  -- that by the last value with drift
from told
window
    same as (
        partition by
            kind, made_on, information_until, horizon_end, row_set, benchmark, metric, compute_measure, selection, quantity, at_log10
    )
order by information_until, made_on, benchmark, metric, compute_measure, quantity, at_log10, horizon_end, method, statement
