-- One row per set of points, form and direction: the least-squares line with the intervals of its slope and exponent.
-- grain: sample_id, form, direction
with ols as (
    -- Lines through points that were chosen by their error have no standard errors, and so none of what follows from them.
    select ols.*, chosen_by_error(sample_sets.selection) as is_chosen
    from fits.ols as ols
    join fits.sample_sets as sample_sets using (sample_id)
),

fit_rule as (
    select level from staging.fit_rule
),

y_on_x as (
    select
        ols.* exclude (mean_x, mean_y, var_x, var_y, cov_xy),
        'y_on_x' as direction,
        student_t_quantile((1 + level) / 2, degrees_of_freedom) as t,
        slope - t * slope_se as slope_low,
        slope + t * slope_se as slope_high,
        excludes_zero(slope_low, slope_high) as is_bounded,
        inverse_low(slope_low, slope_high) as inverse_low,
        inverse_high(slope_low, slope_high) as inverse_high,
    from ols
    cross join fit_rule
    where status = 'ok'
),

turned as (
    -- x = c + d y, by the same formulas with x and y changed over; d itself is the exponent, so its interval is bounded.
    select
        ols.*,
        cov_xy / var_y as d,
        residual_variance(n, var_y, var_x, cov_xy) as residual_variance,
        if(is_chosen, null, slope_se(residual_variance, n, var_y)) as d_se,
        student_t_quantile((1 + level) / 2, degrees_of_freedom) as t,
        d - t * d_se as d_low,
        d + t * d_se as d_high,
    from ols
    cross join fit_rule
    where status = 'ok' and var_y > 0 and cov_xy != 0
),

x_on_y as (
    select
        sample_id,
        form,
        'x_on_y' as direction,
        n,
        mean_y - mean_x / d as intercept,
        1 / d as slope,
        if(excludes_zero(d_low, d_high), 1 / d_high, null) as slope_low,
        inverse_high(d_low, d_high) as slope_high,
        degrees_of_freedom,
        r_squared,
        d_low as inverse_low,
        d_high as inverse_high,
        if(is_chosen, null, true) as is_bounded,
        -- Seen along y, as the scatter of the other direction is.
        sqrt(residual_variance) / abs(d) as residual_sd,
        is_chosen,
        'ok' as status,
    from turned
),

directions as (
    select * from y_on_x
    union all by name
    select * from x_on_y
),

tested as (
    select
        directions.*,
        case
            when directions.is_chosen then null
            when ols.slope_se > 0 then student_t_two_sided_p(ols.slope / ols.slope_se, ols.degrees_of_freedom)
            when ols.slope != 0 then 0
        end as p_value,
        fit_rule.level,
    from directions
    join ols using (sample_id, form)
    cross join fit_rule
),

unfitted as (
    select sample_id, form, n, unnest(['y_on_x', 'x_on_y']) as direction, status
    from ols
    where status != 'ok'
    union all
    -- Performance that is the same everywhere says nothing of computation.
    select sample_id, form, n, 'x_on_y' as direction, 'slope_not_different_from_0' as status
    from ols
    anti join turned using (sample_id, form)
    where status = 'ok'
),

lines as (
    select * from tested
    union all by name
    select * from unfitted
)

select
    sample_id,
    form,
    direction,  -- y_on_x: performance regressed on computation; x_on_y: computation on performance, turned to y = a + b x
    n,
    intercept,
    intercept_se,
    slope,
    slope_se,
    slope_low,  -- lower end of the slope's interval
    slope_high,  -- upper end of the slope's interval
    degrees_of_freedom,
    residual_sd,  -- standard deviation of the residuals along y, n - 2 degrees of freedom
    p_value,  -- two-sided p of a slope of 0, from the t distribution; the same in both directions
    r_squared,
    exponent(form, slope) as exponent,  -- computation grows as performance to this power: 1/slope of the polynomial form
    if(exponent is not null, inverse_low, null) as exponent_low,  -- lower end of the exponent's interval; null where only negative ones are bounded
    if(exponent is not null, inverse_high, null) as exponent_high,  -- upper end of the exponent's interval; null where it is not bounded
    case when exponent is not null then case is_bounded when true then 'bounded' when false then 'unbounded' end end as exponent_interval,  -- bounded, or unbounded: a slope of 0 cannot be ruled out; null where there is no interval
    case
        when status != 'ok' then status
        when is_chosen then 'selected_no_interval'
        when p_value is null or p_value >= 1 - level then 'slope_not_different_from_0'
        else 'ok'
    end as status,  -- ok, too_few_points (fewer than staging.fit_rule asks for), no_spread_in_x, slope_not_different_from_0 or selected_no_interval: the points were chosen by their error, which no interval and no p allow for
from lines
order by sample_id, form, direction
