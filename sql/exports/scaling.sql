-- One row per least-squares line, with the exponent and its 95 % interval; where there is no upper end, slopes of 0 are in it; lines through points chosen by their error have none.
-- grain: row_set, benchmark, metric, compute_measure, form, estimator, selection, direction
select
    row_set,
    benchmark,
    metric,
    compute_measure,
    form,
    estimator,
    selection,
    direction,
    compute_unit,
    n,
    n_papers,
    n_clusters,
    n_trainings,
    n_trainers,
    intercept,
    slope,
    slope_se,
    p_value,
    r_squared,
    exponent,
    exponent_low,
    exponent_high,
    status,
from marts.scaling
where slope is not null and estimator = 'ols' and (selection in ('all', 'best_per_paper') or is_headline_selection)
order by row_set, benchmark, metric, compute_measure, form, estimator, selection, direction
