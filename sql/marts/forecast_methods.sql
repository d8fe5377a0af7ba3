-- One row per kind, quantity, method and horizon: how registered forecasts did on the whole, over those that anything later scores.
-- grain: kind, quantity, method, horizon_years
with scores as (
    select *, least(crps_last_value, crps_drift) as crps_naive
    from marts.forecast_scores
    where n_scored > 0
)

select
    kind,
    quantity,
    method,
    horizon_years,
    count(*) as n_statements,  -- statements that were scored
    count(distinct benchmark) as n_benchmarks,  -- benchmarks that they are on
    sum(n_scored)::bigint as n_scored,  -- later results, each counted with every statement that it scores
    sum(log_score * n_clusters) / sum(n_clusters) as log_score,  -- mean over the statements, each counting as many clusters as scored it
    sum(crps * n_clusters) / sum(n_clusters) as crps,  -- the same
    sum(coverage_50 * n_clusters) / sum(n_clusters) as coverage_50,  -- the same; to be held against 0.5
    sum(coverage_80 * n_clusters) / sum(n_clusters) as coverage_80,  -- the same; to be held against 0.8
    sum(coverage_95 * n_clusters) / sum(n_clusters) as coverage_95,  -- the same; to be held against 0.95
    sum(crps * n_clusters) filter (crps_naive is not null) / sum(crps_naive * n_clusters) as crps_over_naive,  -- its crps over that of the better naive forecast of each statement: below 1 where it beats both
from scores
group by all
order by kind, quantity, method, horizon_years
