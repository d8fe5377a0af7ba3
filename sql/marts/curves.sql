-- One row per row set, benchmark, metric, compute measure, form, selection and step of computation: the fitted line and its bands, from the least computation to as far beyond the most as the points support.
-- grain: row_set, benchmark, metric, compute_measure, form, estimator, selection, step
with sample_sets as (
    select * from fits.sample_sets where selection in ('all', 'one_per_training')
),

reach as (
    select sample_id, log10_compute_min, log10_compute_max, log10_compute_max - log10_compute_min as decades
    from fits.sample_sizes
),

fit_rule as (
    select supported_ranges from staging.fit_rule
),

guessing as (
    select distinct sample_id, error_of_guessing
    from staging.fit
    join sample_sets using (row_set, benchmark, metric, compute_measure, selection)
),

surest as (
    select * from fits.surest_lines
),

calibrations as (
    -- Normal scores of a new model a year from now, as Student's t of the line as if each point stood alone.
    select
        sample_id,
        form,
        drift_per_year - half_width as low,
        drift_per_year + half_width as high,
        -sign(low) * student_t_quantile(student_t_two_sided_p(abs(low), 'infinity'::double) / 2, ols.degrees_of_freedom) as t_low,
        -sign(high) * student_t_quantile(student_t_two_sided_p(abs(high), 'infinity'::double) / 2, ols.degrees_of_freedom) as t_high,
        ols.residual_sd * ols.residual_sd / ols.n as height_variance,
        ols.slope_se * ols.slope_se as slope_variance,
        ols.residual_sd,
    from fits.calibrations as calibrations
    join fits.ols as ols using (sample_id, form)
    where calibrations.status = 'ok' and ols.slope_se is not null
),

steps as (
    -- Half of them among the points, so that one is the largest training, and half beyond.
    select
        sample_id,
        step,
        log10_compute_min
            + decades * if(step <= curve_steps(), step, curve_steps() + (step - curve_steps()) * supported_ranges) / curve_steps() as x,
        step > curve_steps() as is_beyond,
    from reach
    join sample_sets using (sample_id)
    cross join fit_rule
    cross join (select unnest(range(2 * curve_steps() + 1)) as step)
    where decades > 0
),

heights as (
    select
        surest.sample_id,
        surest.form,
        surest.estimator,
        steps.step,
        steps.x,
        steps.is_beyond,
        if(surest.is_sloped, 'ok', 'slope_not_different_from_0') as status,
        calibrations.t_low is not null as is_calibrated,
        steps.x - surest.mean_x as u,
        surest.intercept + surest.slope * steps.x as y,
        -- Of a perfect line the variance is 0, and rounding may leave it below.
        greatest(surest.height_variance + u * (2 * surest.covariance + u * surest.slope_variance), 0) as line_variance,
        surest.t * sqrt(line_variance) as half,
        surest.t * sqrt(line_variance + surest.residual_sd * surest.residual_sd) as half_new,
        sqrt(
            calibrations.height_variance + u * u * calibrations.slope_variance
            + calibrations.residual_sd * calibrations.residual_sd
        ) as sd_calibrated,
        coalesce(y + calibrations.t_low * sd_calibrated, y - half_new) as y_new_low,
        coalesce(y + calibrations.t_high * sd_calibrated, y + half_new) as y_new_high,
    from surest
    join steps using (sample_id)
    left join calibrations using (sample_id, form)
),

of_lines as (
    select
        sample_id,
        form,
        estimator,
        step,
        x,
        is_beyond,
        error_at(form, y) as error,
        error_at(form, y + half) as error_low,
        error_at(form, y - half) as error_high,
        error_at(form, y_new_high) as new_low,
        error_at(form, y_new_low) as new_high,
        if(is_calibrated, 'calibrated', 'nominal') as new_by,
        status,
        'ok' as interval_status,
    from heights
),

of_curves as (
    select
        estimates.sample_id,
        estimates.form,
        estimates.estimator,
        steps.step,
        steps.x,
        steps.is_beyond,
        10 ** (estimates.intercept + estimates.slope * steps.x) as odds,
        -- No error is above 1, which the asymptotic form does not know.
        least(
            estimates.irreducible_error + case estimates.form
                when 'asymptotic' then 1 / odds
                when 'logistic' then (guessing.error_of_guessing - estimates.irreducible_error) / (1 + odds)
            end,
            1
        ) as error,
        estimates.status,
        'curves_have_no_band' as interval_status,
    from fits.estimates as estimates
    join steps using (sample_id)
    join guessing using (sample_id)
    where estimates.estimator = 'nls' and estimates.status = 'ok'
),

drawn as (
    select * from of_lines
    union all by name
    select * exclude (odds) from of_curves
)

select
    sample_sets.row_set,
    sample_sets.benchmark,
    sample_sets.metric,
    sample_sets.compute_measure,
    drawn.form,
    drawn.estimator,  -- ols_cluster: least squares with standard errors by cluster, as costs have them; ols: as if each point stood alone, where there are too few clusters; nls: the asymptotic and logistic forms. One for each line
    sample_sets.selection,
    drawn.step::integer as step,  -- 0: the least computation of the points; 30 (the last that is not beyond): the most; 60: as far beyond as they support
    sample_sets.is_headline as is_headline_selection,  -- whether lines of the selection lead in tables, and give costs
    sample_sets.compute_unit,
    drawn.x as log10_computation,  -- log10 of the computation, in compute_unit
    10 ** drawn.x as computation,  -- the computation, in compute_unit
    drawn.error,  -- the error that the line gives: in the median such models have it
    drawn.error_low,  -- lower end of the 95 % interval of the line; it reaches a target where marts.projections has that target's interval
    drawn.error_high,  -- upper end of the same
    drawn.new_low,  -- lower end of the interval of one new model
    drawn.new_high,  -- upper end of the same
    drawn.new_by,  -- calibrated: of a model a year from now, by how earlier predictions did; nominal: by the scatter of the points, where too few were scored; null without an interval
    drawn.is_beyond,  -- whether it is more computation than that of any point
    drawn.status,  -- ok, or slope_not_different_from_0
    drawn.interval_status,  -- ok; curves_have_no_band: of the asymptotic and logistic forms only E and the computation of a target have intervals
from drawn
join sample_sets using (sample_id)
order by row_set, benchmark, metric, compute_measure, form, estimator, selection, step
