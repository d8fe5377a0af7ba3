-- One row per row set, benchmark, metric and compute measure: the exponent under each choice of points, direction and estimator.
-- grain: row_set, benchmark, metric, compute_measure
select
    row_set,
    benchmark,
    metric,
    compute_measure,
    n,
    n_papers,
    n_trainers,
    exponent,
    exponent_low,
    exponent_high,
    exponent_x_on_y,
    exponent_best_per_paper,
    exponent_best_per_year,
    exponent_frontier,
    exponent_quantile,
    exponent_huber,
    exponent_theil_sen,
from marts.exponents
order by row_set, benchmark, metric, compute_measure
