-- One row per line that leads in tables and year: the exponent through the points that had been released by the end of that year.
-- grain: row_set, benchmark, metric, compute_measure, selection, year
with sample_sets as (
    select sample_id, row_set, benchmark, metric, compute_measure, selection from fits.sample_sets where is_headline
),

fit_rule as (
    select points_min from staging.fit_rule
),

points as (
    select sample_id, year, log10_compute as x, response('polynomial', error) as y
    from fits.samples
    where year is not null
),

years as (
    select sample_id, year, count(*) as n_of_year from points group by all
),

moments as (
    select
        years.sample_id,
        years.year,
        years.n_of_year,
        count(*) as n,
        var_pop(x) as var_x,
        covar_pop(x, y) as cov_xy,
    from years
    join points on years.sample_id = points.sample_id and points.year <= years.year
    group by all
),

exponents as (
    select
        row_set,
        benchmark,
        metric,
        compute_measure,
        selection,
        year,  -- year of publication of the newest points
        n_of_year,  -- points of that year
        n,  -- points of that year and before
        exponent('polynomial', cov_xy / nullif(var_x, 0)) as exponent,  -- exponent of the polynomial form through these points, by least squares
    from moments
    join sample_sets using (sample_id)
    cross join fit_rule
    where n >= points_min
)

select * from exponents
