-- One row per row set, benchmark, metric, compute measure, form, estimator, selection and direction: a fitted line.
with sample_sets as (
    select * from fits.sample_sets
),

sample_sizes as (
    select sample_id, n_papers from fits.sample_sizes
),

least_squares as (
    select *, 'ols' as estimator from fits.ols_directions
),

others as (
    select
        *,
        slope_low > 0 or slope_high < 0 as is_bounded,
        form != 'exponential' and slope != 0 as has_exponent,
        if(has_exponent, 1 / slope, null) as exponent,
        if(has_exponent and (is_bounded or slope_high > 0), 1 / slope_high, null) as exponent_low,
        if(has_exponent and is_bounded, 1 / slope_low, null) as exponent_high,
        if(has_exponent, if(is_bounded, 'bounded', 'unbounded'), null) as exponent_interval,
    from fits.estimates
),

lines as (
    select * from least_squares
    union all by name
    select * exclude (is_bounded, has_exponent) from others
),

scaling as (
    select
        sample_sets.row_set,
        sample_sets.benchmark,
        sample_sets.metric,
        sample_sets.compute_measure,
        lines.form,
        lines.estimator,  -- how the line is fitted: ols is ordinary least squares; the others are told in fits.estimates
        sample_sets.selection,
        lines.direction,  -- y_on_x: performance regressed on computation; x_on_y: computation on performance, turned to y = a + b x; symmetric: both have errors
        sample_sets.compute_unit,
        lines.n,
        sample_sizes.n_papers,
        lines.intercept,
        lines.intercept_se,
        lines.slope,
        lines.slope_se,
        lines.slope_low,
        lines.slope_high,
        lines.p_value,
        lines.r_squared,
        lines.exponent,
        lines.exponent_low,
        lines.exponent_high,
        lines.exponent_interval,
        lines.residual_sd,
        lines.irreducible_error,
        lines.irreducible_error_low,
        lines.irreducible_error_high,
        lines.irreducible_error_status,
        lines.status,  -- ok, slope_not_different_from_0 or why there is no line (told in fits.estimates)
    from lines
    join sample_sets using (sample_id)
    join sample_sizes using (sample_id)
)

select * from scaling
order by row_set, benchmark, metric, compute_measure, form, estimator, selection, direction
