-- One row per row set, benchmark, metric and compute measure: the exponent under each choice of points, direction and estimator.
-- grain: row_set, benchmark, metric, compute_measure
select
    row_set,
    benchmark,
    metric,
    compute_measure,
    n,
    n_papers,
    n_clusters,
    n_trainers,
    exponent,
    exponent_low,
    exponent_high,
    exponent_x_on_y,
    exponent_best_per_paper,
    exponent_frontier,
    exponent_quantile,
    exponent_min,
    exponent_max,
from marts.exponents
-- A benchmark that no line was fitted for has nothing to print.
where n_with_exponent > 0
order by row_set, benchmark, metric, compute_measure
