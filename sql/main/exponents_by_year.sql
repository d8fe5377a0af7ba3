-- One row per benchmark, compute measure and year: the exponent through all points released by then.
-- grain: row_set, benchmark, metric, compute_measure, selection, year
with exponents as (
    select * from marts.exponents_by_year
),

benchmarks as (
    select benchmark, title from staging.benchmark
),

by_year as (
    select exponents.row_set, exponents.benchmark, title, exponents.* exclude (row_set, benchmark)
    from exponents
    left join benchmarks using (benchmark)
)

select * from by_year
