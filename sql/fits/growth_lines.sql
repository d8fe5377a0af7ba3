-- One row per series, era and frontier rule: least squares of log10 of the quantity on the day of release, or why there is none.
-- grain: series, era, rule
with series as (
    select * from staging.growth_series
),

eras as (
    select era, subject from staging.growth_era
),

fit_rule as (
    select points_min from staging.fit_rule
),

rules as (
    select rule, has_interval from staging.growth_rule
),

samples as (
    select * from fits.growth_samples
),

levels as (
    select level from staging.growth_level
),

lines as (
    select series.series, eras.era, rules.rule, rules.has_interval
    from series
    join eras on series.subject = eras.subject
    cross join rules
),

moments as (
    select
        series, era, rule,
        count(*) as n,
        avg(years) as mean_x,
        avg(log10_value) as mean_y,
        var_pop(years) as var_x,
        var_pop(log10_value) as var_y,
        covar_pop(years, log10_value) as cov_xy,
        min(released_on) as first_released_on,
        max(released_on) as last_released_on,
    from samples
    group by all
),

judged as (
    select
        lines.*,
        moments.* exclude (series, era, rule, n),
        coalesce(n, 0) as n,
        case
            when coalesce(n, 0) < points_min then 'too_few_points'
            when first_released_on = last_released_on then 'no_spread_in_x'
            when not has_interval then 'descriptive'
            else 'ok'
        end as status,
    from lines
    left join moments using (series, era, rule)
    cross join fit_rule
),

coefficients as (
    select
        *,
        n - 2 as degrees_of_freedom,
        cov_xy / var_x as slope,
        mean_y - mean_x * cov_xy / var_x as intercept,
        residual_variance(n, var_x, var_y, cov_xy) as residual_variance,
        r_squared(var_x, var_y, cov_xy) as r_squared,
    from judged
    where status in ('ok', 'descriptive')
),

errors as (
    -- Nothing is said of how sure the slope of a rule is that only describes.
    select *, if(has_interval, slope_se(residual_variance, n, var_x), null) as slope_se,
    from coefficients
),

intervals as (
    select
        errors.*,
        levels.level,
        slope - student_t_quantile((1 + level) / 2, degrees_of_freedom) * slope_se as slope_low,
        slope + student_t_quantile((1 + level) / 2, degrees_of_freedom) * slope_se as slope_high,
    from errors
    left join levels on errors.has_interval
),

fitted as (
    select
        judged.series,
        judged.era,
        judged.rule,
        judged.n,  -- points
        judged.first_released_on,  -- release of the first point
        judged.last_released_on,  -- release of the last point
        intervals.intercept,  -- log10 of the quantity on the first day of 2000, by the line
        intervals.slope,  -- powers of ten a year; of a rule that only describes, of those that were released
        intervals.slope_se,  -- standard error of the slope; null, as all ends of intervals, where status is descriptive
        intervals.level,  -- probability that the intervals cover, were the points independent
        intervals.slope_low,  -- lower end of the slope's interval, from the t distribution
        intervals.slope_high,  -- upper end of the slope's interval
        10 ** intervals.slope as growth_per_year,  -- factor by which the quantity grows in a year
        10 ** intervals.slope_low as growth_per_year_low,  -- lower end of its interval
        10 ** intervals.slope_high as growth_per_year_high,  -- upper end of its interval
        -- A slope that may be 0 leaves the doubling time without an upper end; one that is not positive has none.
        if(intervals.slope > 0, 12 * log10(2) / intervals.slope, null) as doubling_time_month,  -- months in which the quantity doubles; null where it does not grow
        if(intervals.slope > 0, 12 * log10(2) / intervals.slope_high, null) as doubling_time_month_low,  -- lower end of its interval
        if(intervals.slope_low > 0, 12 * log10(2) / intervals.slope_low, null) as doubling_time_month_high,  -- upper end of its interval; null where no growth cannot be ruled out
        intervals.r_squared,  -- share of the variance of log10 of the quantity explained
        judged.status,  -- ok, descriptive (a line without an interval; staging.growth_rule says why), too_few_points (fewer than staging.fit_rule asks for) or no_spread_in_x
    from judged
    left join intervals using (series, era, rule)
)

select * from fitted
order by series, era, rule
