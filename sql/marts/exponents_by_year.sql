-- One row per line that leads in tables and year: the exponent through the points that had been released by the end of that year.
-- grain: row_set, benchmark, metric, compute_measure, selection, year
with sample_sets as (
    select sample_id, row_set, benchmark, metric, compute_measure, selection from fits.sample_sets where is_headline
),

fit_rule as (
    select points_min, level from staging.fit_rule
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
        avg(x) as mean_x,
        var_pop(x) as var_x,
        var_pop(y) as var_y,
        covar_pop(x, y) as cov_xy,
    from years
    join points on years.sample_id = points.sample_id and points.year <= years.year
    group by all
),

lines as (
    -- Least squares as sql/fits/ols.sql has it.
    select
        moments.*,
        var_x > 1e-30 * mean_x * mean_x as is_line,
        if(is_line, cov_xy / var_x, null) as slope,
        if(is_line, slope_se(residual_variance(n, var_x, var_y, cov_xy), n, var_x), null) as slope_se,
        student_t_quantile((1 + level) / 2, n - 2) * slope_se as half_width,
        case
            when not is_line then 'no_spread_in_x'
            when excludes_zero(slope - half_width, slope + half_width) then 'ok'
            else 'slope_not_different_from_0'
        end as status,
    from moments
    cross join fit_rule
    where n >= points_min
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
        n,  -- points of that year and before; those whose year no page tells are in none
        slope,  -- b of log10(1/error) = a + b log10 C by least squares; null where there is no line
        slope_se,  -- its standard error, as if each point stood alone: early lines have too few papers for one by paper
        exponent('polynomial', slope) as exponent,  -- exponent of the polynomial form through these points, by least squares
        if(status = 'ok', 1 / (slope + half_width), null) as exponent_low,  -- lower end of its 95 % interval, as if each point stood alone; null where a slope of 0 is not ruled out
        if(status = 'ok', 1 / (slope - half_width), null) as exponent_high,  -- upper end of the same
        status,  -- ok, slope_not_different_from_0 or no_spread_in_x
    from lines
    join sample_sets using (sample_id)
)

select * from exponents
