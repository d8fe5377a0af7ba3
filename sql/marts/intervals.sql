-- One row per row set, benchmark, metric, compute measure, form, selection, direction and method: an interval of a least-squares slope.
-- grain: row_set, benchmark, metric, compute_measure, form, selection, direction, method
with sample_sets as (
    select * from fits.sample_sets
),

by_t as (
    select sample_id, form, direction, 't' as method, slope_low, slope_high
    from fits.ols_directions
    where slope_low is not null
    union all
    select
        sample_id, form, direction,
        case estimator when 'ols_hc3' then 'hc3' when 'ols_cluster' then 'cluster' end as method,
        slope_low, slope_high,
    from fits.estimates
    where estimator in ('ols_hc3', 'ols_cluster') and slope_low is not null
),

resampled as (
    select sample_id, form, direction, concat_ws('_', 'bootstrap', resampling, method) as method, slope_low, slope_high
    from fits.bootstrap_intervals
    where slope_low is not null
),

intervals as (
    select * from by_t
    union all
    select * from resampled
)

select
    sample_sets.row_set,
    sample_sets.benchmark,
    sample_sets.metric,
    sample_sets.compute_measure,
    intervals.form,
    sample_sets.selection,
    intervals.direction,
    intervals.method,  -- t: equal scatter, independent points; hc3: unequal scatter; cluster: points of a paper hang together; bootstrap_…: resampled rows or papers
    intervals.slope_low,
    intervals.slope_high,
    excludes_zero(slope_low, slope_high) as is_bounded,  -- whether a slope of 0 is ruled out
    if(has_exponent(form), inverse_low(slope_low, slope_high), null) as exponent_low,  -- lower end of the exponent's interval
    if(has_exponent(form), inverse_high(slope_low, slope_high), null) as exponent_high,  -- upper end of the exponent's interval; null where it is not bounded
from intervals
join sample_sets using (sample_id)
order by row_set, benchmark, metric, compute_measure, form, selection, direction, method
