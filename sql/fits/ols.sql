-- One row per set of points and form: ordinary least squares of performance on log10 of computation, or why there is none.
-- grain: sample_id, form
with lines as (
    select sample_sets.sample_id, declared.form, chosen_by_error(sample_sets.selection) as is_chosen
    from staging.fit as declared
    join fits.sample_sets as sample_sets using (row_set, benchmark, metric, compute_measure, selection)
),

fit_rule as (
    select points_min from staging.fit_rule
),

samples as (
    select * from fits.samples
),

points as (
    select samples.sample_id, lines.form, samples.log10_compute as x, response(lines.form, samples.error) as y
    from samples
    join lines using (sample_id)
),

moments as (
    -- All forms in one pass over the points; DuckDB's six regr_* take four times as long as these.
    select
        sample_id,
        form,
        count(*) as n,
        avg(x) as mean_x,
        var_pop(x) as var_x,
        avg(y) as mean_y,
        var_pop(y) as var_y,
        covar_pop(x, y) as cov_xy,
    from points
    group by sample_id, form
),

by_form as (
    select
        lines.sample_id,
        lines.form,
        is_chosen,
        coalesce(n, 0) as n,
        mean_x,
        var_x,
        mean_y,
        var_y,
        cov_xy,
        case
            when coalesce(n, 0) < points_min then 'too_few_points'
            -- Equal values leave a variance that is zero or nothing but rounding.
            when var_x <= 1e-30 * mean_x * mean_x then 'no_spread_in_x'
            else 'ok'
        end as status,
    from lines
    left join moments using (sample_id, form)
    cross join fit_rule
),

coefficients as (
    select
        *,
        n - 2 as df,
        cov_xy / var_x as b,
        residual_variance(n, var_x, var_y, cov_xy) as residual_variance,
    from by_form
),

fitted as (
    -- Draper and Smith 1998, Applied Regression Analysis, 1.4.
    select
        sample_id,
        form,
        n,  -- points
        if(status = 'ok', mean_y - b * mean_x, null) as intercept,  -- a of y = a + b x
        if(status = 'ok' and not is_chosen, sqrt(residual_variance * (1 / n + mean_x * mean_x / (n * var_x))), null) as intercept_se,  -- standard error of the intercept; null where the points were chosen by their error
        if(status = 'ok', b, null) as slope,  -- b of y = a + b x
        if(status = 'ok' and not is_chosen, slope_se(residual_variance, n, var_x), null) as slope_se,  -- standard error of the slope; null where the points were chosen by their error
        if(status = 'ok', df, null) as degrees_of_freedom,  -- n - 2
        if(status = 'ok', sqrt(residual_variance), null) as residual_sd,  -- standard deviation of the residuals, n - 2 degrees of freedom
        if(status = 'ok', r_squared(var_x, var_y, cov_xy), null) as r_squared,  -- share of the variance of y explained
        mean_x,  -- mean of x
        mean_y,  -- mean of y
        var_x,  -- variance of x over the points (divided by n)
        var_y,  -- variance of y over the points (divided by n)
        cov_xy,  -- covariance of x and y over the points (divided by n)
        status,  -- ok, too_few_points (fewer than staging.fit_rule asks for) or no_spread_in_x
    from coefficients
)

select * from fitted
order by sample_id, form
