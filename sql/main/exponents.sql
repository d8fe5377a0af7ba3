-- One row per line of the polynomial form that leads in tables: the exponent of a benchmark, with interval and number of points.
-- grain: row_set, benchmark, metric, compute_measure, estimator, selection, direction
with headlines as (
    select row_set, benchmark, metric, compute_measure, selection from fits.sample_sets where is_headline
),

scaling as (
    select lines.*
    from marts.scaling as lines
    join headlines using (row_set, benchmark, metric, compute_measure, selection)
    where form = 'polynomial'
),

benchmarks as (
    select benchmark, title, domain from staging.benchmark
),

exponents as (
    select
        row_set,
        benchmark,
        title,
        domain,
        metric,
        compute_measure,
        estimator,
        selection,
        direction,
        n,
        n_papers,
        exponent,
        exponent_low,
        exponent_high,
        exponent_interval,
        r_squared,
        rests_on_few,
        status,
    from scaling
    left join benchmarks using (benchmark)
)

select * from exponents
