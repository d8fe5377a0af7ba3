-- One row per published line and result that came out later: the error that the line predicts for its computation, and the one achieved.
-- grain: row_set, benchmark, metric, compute_measure, form, result_id
with lines as (
    select
        backtests.row_set,
        backtests.published_on,
        backtests.level,
        sample_sets.* exclude (row_set),
        -- What the published table calls coco is test-dev.
        coalesce(keys.reads, sample_sets.benchmark) as reads,
        ols.* exclude (sample_id, status),
    from staging.backtest as backtests
    join fits.sample_sets as sample_sets using (row_set)
    join fits.ols as ols using (sample_id)
    left join staging.row_set_benchmark as keys on
        sample_sets.row_set = keys.row_set and sample_sets.benchmark = keys.benchmark
    where sample_sets.selection = 'all' and ols.status = 'ok'
),

sample_sizes as (
    select sample_id, log10_compute_max from fits.sample_sizes
),

models as (
    select model_id, name from core.models
),

later as (
    select
        lines.* exclude (sample_id),
        sample_sizes.log10_compute_max,
        results.result_id,
        results.model_id,
        results.paper_id,
        results.paper,
        results.cluster,
        results.released_on,
        results.error as achieved_error,
        if(lines.compute_unit = 'gflop', results.log10_compute - 9, results.log10_compute) as log10_compute,
        response(lines.form, results.error) as achieved_y,
    from lines
    join sample_sizes using (sample_id)
    join fits.samples as results on
        results.row_set = 'current'
        and results.selection = 'all'
        and results.benchmark = lines.reads
        and results.metric = lines.metric
        and results.compute_measure = lines.compute_measure
        and results.released_on > lines.published_on
),

predicted as (
    -- The prediction interval of a new point: Draper and Smith 1998, Applied Regression Analysis, 3.1.
    select
        *,
        intercept + slope * log10_compute as predicted_y,
        student_t_quantile((1 + level) / 2, degrees_of_freedom)
        * residual_sd * sqrt(1 + 1 / n + (log10_compute - mean_x) * (log10_compute - mean_x) / (n * var_x)) as half_width,
        error_at(form, predicted_y) as predicted_error,
        error_at(form, predicted_y + half_width) as predicted_error_low,
        error_at(form, predicted_y - half_width) as predicted_error_high,
    from later
)

select
    predicted.row_set,
    predicted.benchmark,
    predicted.metric,
    predicted.compute_measure,
    predicted.form,
    predicted.published_on,
    predicted.result_id,
    models.name,
    predicted.paper_id,
    predicted.paper,
    predicted.cluster,
    predicted.released_on,
    predicted.compute_unit,
    predicted.log10_compute,  -- log10 of the computation that the result took, in compute_unit
    greatest(predicted.log10_compute - predicted.log10_compute_max, 0) as decades_beyond,  -- how far that is beyond the line's own points, in powers of ten
    predicted.predicted_error,  -- the median error that the line predicts for it, a fraction
    predicted.predicted_error_low,  -- lower end of the prediction interval of a new result
    predicted.predicted_error_high,  -- upper end of the prediction interval of a new result
    predicted.level,
    predicted.achieved_error,  -- the error that it reached, a fraction
    log10(predicted.achieved_error / predicted.predicted_error) as residual_decades,  -- log10(achieved / predicted): below 0 where the result is better than the line
    abs(predicted.achieved_y - predicted.predicted_y) <= predicted.half_width as is_covered,  -- whether the interval holds the achieved error
from predicted
join models using (model_id)
order by row_set, benchmark, metric, compute_measure, form, result_id
