-- One row per row set, benchmark, metric and compute measure: the exponent under each choice of points, direction and estimator.
-- grain: row_set, benchmark, metric, compute_measure
with measures as (
    -- The measure that costs are told by: what the paper counts, else what language models print.
    select
        row_set,
        benchmark,
        metric,
        true as is_priced,
        arg_min(
            compute_measure,
            list_position(
                ['hardware_burden', 'training_compute', 'consolidated_burden', 'network_operations', 'operations_per_pass'],
                compute_measure
            )
        ) as compute_measure,
    from marts.exponents
    where exponent is not null
    group by row_set, benchmark, metric
),

headlines as (
    select row_set, benchmark, metric, compute_measure, n as n_points
    from marts.scaling
    where is_headline and form = 'polynomial'
)

select
    exponents.row_set,
    exponents.benchmark,
    exponents.metric,
    exponents.compute_measure,
    benchmarks.title,
    benchmarks.domain,
    coalesce(headlines.n_points is not null and measures.is_priced, false) as is_leading,  -- whether the row is the benchmark's own in a table of one row a benchmark: its first metric, by the measure that costs are told by
    n_points,  -- points that the line of `exponent` goes through; null where the row is no headline
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
    exponents.status,
from marts.exponents as exponents
join staging.benchmark as benchmarks using (benchmark)
left join measures using (row_set, benchmark, metric, compute_measure)
left join headlines using (row_set, benchmark, metric, compute_measure)
-- A benchmark that no line was fitted for has nothing to print.
where n_with_exponent > 0
order by exponents.row_set, exponents.benchmark, exponents.metric, exponents.compute_measure
