-- One row per set of points and form: the least-squares line with the standard errors that costs have, by cluster where there are enough of them.
-- grain: sample_id, form
with fit_rule as (
    select level from staging.fit_rule
),

independent as (
    -- As if each point stood alone; seen from the mean of x, where height and slope do not hang together.
    select
        sample_id, form, 'ols' as estimator, n, intercept, slope, mean_x, degrees_of_freedom, residual_sd,
        residual_sd * residual_sd / n as height_variance,
        0.0 as covariance,
        slope_se * slope_se as slope_variance,
        student_t_quantile((1 + level) / 2, degrees_of_freedom) as t,
        excludes_zero(slope - t * slope_se, slope + t * slope_se) as is_sloped,
    from fits.ols
    cross join fit_rule
    where slope_se is not null
),

by_cluster as (
    -- The same line with standard errors for points of one paper, model or training, which costs and their projections have.
    select
        estimates.sample_id, estimates.form, estimates.estimator, estimates.n, estimates.intercept, estimates.slope,
        ols.mean_x,
        estimates.degrees_of_freedom,
        estimates.residual_sd,
        estimates.intercept_se * estimates.intercept_se
            + ols.mean_x * (2 * estimates.covariance + ols.mean_x * estimates.slope_se * estimates.slope_se) as height_variance,
        estimates.covariance + ols.mean_x * estimates.slope_se * estimates.slope_se as covariance,
        estimates.slope_se * estimates.slope_se as slope_variance,
        excludes_zero(estimates.slope_low, estimates.slope_high) as is_sloped,
        student_t_quantile((1 + fit_rule.level) / 2, estimates.degrees_of_freedom) as t,
    from fits.estimates as estimates
    join fits.ols as ols using (sample_id, form)
    cross join fit_rule
    where estimates.estimator = 'ols_cluster' and estimates.slope_se is not null
),

surest as (
    select * from by_cluster
    union all by name
    select * from independent anti join by_cluster using (sample_id, form)
)

select
    sample_id,
    form,
    estimator,  -- ols_cluster: standard errors by cluster; ols: as if each point stood alone, where too few clusters tell them
    n,
    intercept,
    slope,
    mean_x,
    height_variance,  -- variance of the line at the mean of x
    covariance,  -- covariance of that height and the slope
    slope_variance,  -- variance of the slope
    degrees_of_freedom,
    t,  -- half the width of an interval in standard errors
    residual_sd,
    is_sloped,  -- whether the interval of the slope leaves 0 out
from surest
order by sample_id, form
