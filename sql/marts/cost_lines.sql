-- One row per row set, benchmark, metric, compute measure, form and step of error: the computation at which the line of costs reaches it.
-- grain: row_set, benchmark, metric, compute_measure, form, step
with sample_sets as (
    -- What has a price, as in marts.costs.
    select * from fits.sample_sets
    where is_headline and compute_measure in ('hardware_burden', 'consolidated_burden', 'training_compute')
),

reach as (
    select sample_id, log10_compute_min, log10_compute_max, log10_compute_max - log10_compute_min as decades, error_min, error_max
    from fits.sample_sizes
),

fit_rule as (
    select supported_ranges from staging.fit_rule
),

forms as (
    select distinct sample_sets.sample_id, fit.form, fit.is_leading
    from staging.fit as fit
    join sample_sets using (row_set, benchmark, metric, compute_measure, selection)
),

lowest_targets as (
    select sample_id, min(error) as target from fits.targets where error > 0 group by sample_id
),

steps as (
    -- From the worst point to the lowest target, or to a hundredth where none is declared; never short of the best point.
    select
        sample_id,
        step,
        least(coalesce(target, error_max / 100), error_min) as last_error,
        error_max * (last_error / error_max) ** (step / 60) as error,
    from reach
    join sample_sets using (sample_id)
    left join lowest_targets using (sample_id)
    cross join (select unnest(range(61)) as step)
),

lines as (
    select * from fits.surest_lines where slope > 0
),

solved as (
    -- Fieller's interval, by the same steps as flows/fits/projection.py, which explains them: x is where the line reaches y, and
    -- the set of u = distance from x with square u^2 - 2 mixed u - constant <= 0 is the interval.
    select
        lines.sample_id,
        lines.form,
        lines.estimator,
        lines.is_sloped,
        steps.step,
        steps.error,
        (response(lines.form, steps.error) - lines.intercept) / lines.slope as x,
        x - lines.mean_x as from_mean,
        lines.t * lines.t as t2,
        lines.slope * lines.slope - t2 * lines.slope_variance as square,
        t2 * (lines.covariance + from_mean * lines.slope_variance) as mixed,
        t2 * greatest(lines.height_variance + from_mean * (2 * lines.covariance + from_mean * lines.slope_variance), 0) as constant,
        mixed * mixed + square * constant as discriminant,
        square <= 0 and (discriminant <= 0 or mixed = 0) as is_open,
        if(is_open, null, abs(mixed) + sqrt(greatest(discriminant, 0))) as sum_of_both,
        if(sum_of_both = 0, 0, constant / sum_of_both) as near,
        if(square > 0, sum_of_both / square, null) as far,
    from lines
    join steps using (sample_id)
),

placed as (
    select
        solved.*,
        if(mixed >= 0, x - near, x - far) as low,
        if(mixed >= 0, x + far, x + near) as high,
        greatest(log10_compute_min - x, x - log10_compute_max, 0) / nullif(decades, 0) as ranges_beyond,
    from solved
    join reach using (sample_id)
)

select
    sample_sets.row_set,
    sample_sets.benchmark,
    sample_sets.metric,
    sample_sets.compute_measure,
    placed.form,  -- polynomial or exponential; the two together (stacked) are told of targets alone, in marts.costs
    placed.step::integer as step,  -- 0: the error of the worst point; 60: the lowest target, or the best point where that is lower
    forms.is_leading,
    placed.estimator,
    sample_sets.selection,
    placed.error,
    x + if(sample_sets.compute_unit = 'gflop', 9, 0) as log10_flop,  -- log10 of the median computation at which the line reaches the error, FLOP
    low + if(sample_sets.compute_unit = 'gflop', 9, 0) as log10_flop_low,  -- lower end of its interval (Fieller's, as in marts.costs and the method cluster of marts.projections); null where it is not bounded
    high + if(sample_sets.compute_unit = 'gflop', 9, 0) as log10_flop_high,  -- upper end of the same; null where it is not bounded
    placed.ranges_beyond,  -- how far the computation lies beyond the points, in ranges of them
    placed.ranges_beyond <= fit_rule.supported_ranges as is_supported,  -- whether it is no further beyond the points than they support
    case
        when not is_sloped then 'slope_not_different_from_0'
        when not is_supported then 'extrapolation_unsupported'
        else 'ok'
    end as status,  -- ok; slope_not_different_from_0; extrapolation_unsupported
from placed
join sample_sets using (sample_id)
join forms using (sample_id, form)
cross join fit_rule
order by row_set, benchmark, metric, compute_measure, form, step
