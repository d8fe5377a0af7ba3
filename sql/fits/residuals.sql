-- One row per least-squares line and point: how far the point lies from the line, and the slope of the line without it.
-- grain: sample_id, form, result_id
with ols as (
    select * from fits.ols where status = 'ok'
),

samples as (
    select * from fits.samples
),

points as (
    select
        samples.sample_id,
        ols.form,
        samples.result_id,
        ols.n,
        ols.slope,
        ols.var_x,
        log10_compute - mean_x as from_mean_x,
        response(form, error) - (intercept + slope * log10_compute) as residual,
        1 / n + from_mean_x * from_mean_x / (n * var_x) as leverage,
    from samples
    join ols using (sample_id)
),

residuals as (
    -- Belsley, Kuh and Welsch 1980, Regression Diagnostics, 2.1: the change of a coefficient when one row is deleted.
    select
        sample_id,
        form,
        result_id,
        leverage,  -- h of the point: how far its own y pulls the line
        residual,  -- y less the line at x
        if(
            leverage < 1 - 1e-9, slope - from_mean_x * residual / (n * var_x * (1 - leverage)), null
        ) as slope_without,  -- slope of the line through all other points; null where they have no spread
    from points
)

select * from residuals
order by sample_id, form, result_id
