-- One row per published line: how many of the results that came out later its prediction interval holds.
-- grain: row_set, benchmark, metric, compute_measure, form
select
    row_set,
    benchmark,
    metric,
    compute_measure,
    form,
    level,
    n_later,
    n_papers,
    n_clusters,
    n_undated,
    n_covered,
    n_better,
    n_worse,
    coverage,
    median_residual_decades,
from marts.backtest_coverage
order by row_set, benchmark, metric, compute_measure, form
