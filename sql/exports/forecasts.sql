-- One row per kind of forecast, quantity, method and horizon: how registered forecasts were scored by what came after them.
-- grain: kind, quantity, method, horizon_years
select
    kind,
    quantity,
    method,
    horizon_years,
    n_statements,
    n_benchmarks,
    n_scored,
    log_score,
    crps,
    crps_over_naive,
    coverage_50,
    coverage_80,
    coverage_95,
from marts.forecast_methods
where n_scored > 0
order by all
