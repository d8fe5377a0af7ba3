-- One row per line of the polynomial form that leads in tables: the exponent of a benchmark, with interval and number of points.
-- grain: row_set, benchmark, metric, compute_measure, estimator, selection, direction
with scaling as (
    select * from marts.scaling where form = 'polynomial' and is_headline
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
