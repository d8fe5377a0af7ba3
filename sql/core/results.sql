-- One row per score that a page prints for a model on a benchmark, with the training and the evaluation that it is of.
-- grain: result_id
with results as (
    select * from staging.result
),

records as (
    select * from core.training_records
),

trainings as (
    select training_id, paper_id, released_on, released_precision from core.trainings
),

models as (
    select * from core.models
),

told as (
    select
        results.*,
        records.training_id,
        records.model_id,
        records.paper_id,
        records.architecture,
        records.year,
        if(records.is_submission, records.published_on, null) as submitted_on,
        coalesce(records.weights_image_size, results.image_size) as told_image_size,
        coalesce(results.setting, setting_in_name(records.printed_name)) as told_setting,
    from results
    join records using (source, page, locator)
),

only_sizes as (
    -- A page that tells no size evaluates at the only one that is told of the training, where the score is the same.
    select training_id, benchmark, metric, told_setting, min(told_image_size) as told_image_size, list(value) as scores
    from told
    where told_image_size is not null
    group by all
    having min(told_image_size) = max(told_image_size)
),

sized as (
    select
        told.* exclude (told_image_size),
        coalesce(
            told.told_image_size,
            if(list_min(list_transform(scores, lambda score: abs(told.value - score))) < 0.151, only_sizes.told_image_size, null)
        ) as told_image_size,
    from told
    left join only_sizes on
        told.training_id = only_sizes.training_id
        and told.benchmark = only_sizes.benchmark
        and told.metric = only_sizes.metric
        and told.told_setting is not distinct from only_sizes.told_setting
),

identified as (
    select
        concat_ws(':', results.source, results.page, results.locator, results.benchmark, results.metric) as result_id,  -- source, page, locator, benchmark and metric
        results.model_id,
        -- A list that names no papers has those of the same weights' cards and conversions.
        coalesce(results.paper_id, trainings.paper_id) as paper_id,
        results.training_id,
        concat_ws(
            ' ',
            results.training_id, results.benchmark, told_image_size || ' px',
            told_setting, results.shots || ' shots'
        ) as evaluation_id,  -- the evaluation: training, benchmark, size, setting and shots
        results.benchmark,
        results.metric,
        results.value,
        told_image_size as image_size,  -- side of the square input that the score was taken at, pixels
        told_setting as setting,  -- how the score was taken, where the page or the name tells
        results.shots,
        results.is_ensemble,
        results.uncertainty,
        results.architecture,
        1 - results.value / 100 as error,  -- 1 - value / 100, a fraction
        models.published_on,
        coalesce(results.year, models.year) as year,  -- year of publication, as the record prints it, else the earliest that a source gives
        -- A name that is submitted to a leaderboard again has another day than the first time.
        coalesce(results.submitted_on, trainings.released_on) as released_on,  -- day of the weights, or of the submission, as far as it is known: in the middle of the month or year that is
        if(results.submitted_on is not null, 'day', trainings.released_precision) as released_precision,  -- day, month or year; listed: in a list by then, and perhaps before; null where no day is known
        results.source,
        results.page,
        results.locator,
    from sized as results
    join trainings on results.training_id = trainings.training_id
    join models on results.model_id = models.model_id
)

select * from identified
order by result_id
