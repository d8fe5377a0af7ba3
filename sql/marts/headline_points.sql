-- One row per headline line of `current`, and evaluation in its pool: what the line goes through, and what it leaves to another row of the same training.
-- grain: benchmark, metric, compute_measure, result_id
with headlines as (
    select benchmark, metric, compute_measure, selection from marts.scaling where row_set = 'current' and is_headline
),

chosen as (
    select samples.benchmark, samples.metric, samples.compute_measure, samples.result_id
    from fits.samples as samples
    join headlines using (benchmark, metric, compute_measure, selection)
    where samples.row_set = 'current'
),

pool as (
    select samples.*
    from fits.samples as samples
    join headlines using (benchmark, metric, compute_measure)
    where samples.row_set = 'current' and samples.selection = 'all'
),

past as (
    select
        past_points.benchmark, past_points.metric, past_points.compute_measure, past_points.training_id,
        min(first_seen) as first_seen,
    from staging.past_point as past_points
    group by all
),

past_points as (
    select * from staging.past_point
),

points as (
    select
        pool.benchmark,
        pool.metric,
        pool.compute_measure,
        pool.result_id,
        pool.training_id,
        shown.label,  -- the model's name without the codes of its list
        pool.paper_id,
        pool.released_on,
        pool.log10_compute,
        pool.error,
        chosen.result_id is not null as is_chosen,  -- whether the line goes through it: one evaluation a training
        results.source as result_source,  -- where the error is from
        results.page as result_page,
        results.locator as result_locator,
        measured.source,  -- where the computation is from
        measured.page,
        measured.locator,
        coalesce(past.first_seen, built.as_of) as first_seen,  -- the day of the first state of the ledger that has a point of the training; that of this build if none has
        if(
            past_points.log10_compute = pool.log10_compute and past_points.error = pool.error,
            past_points.last_changed,
            built.as_of
        ) as last_changed,  -- the day of the state since which computation and error are what they are
    from pool
    join fits.points as measured on
        measured.row_set = 'current'
        and pool.benchmark = measured.benchmark
        and pool.metric = measured.metric
        and pool.compute_measure = measured.compute_measure
        and pool.result_id = measured.result_id
    join core.results as results on pool.result_id = results.result_id
    join marts.points as shown on
        shown.row_set = 'current'
        and pool.benchmark = shown.benchmark
        and pool.metric = shown.metric
        and pool.compute_measure = shown.compute_measure
        and pool.result_id = shown.point
    cross join meta.this_build as built
    left join past on
        pool.benchmark = past.benchmark
        and pool.metric = past.metric
        and pool.compute_measure = past.compute_measure
        and pool.training_id = past.training_id
    left join past_points on
        pool.benchmark = past_points.benchmark
        and pool.metric = past_points.metric
        and pool.compute_measure = past_points.compute_measure
        and pool.result_id = past_points.result_id
    left join chosen on
        pool.benchmark = chosen.benchmark
        and pool.metric = chosen.metric
        and pool.compute_measure = chosen.compute_measure
        and pool.result_id = chosen.result_id
)

select * from points
order by benchmark, metric, compute_measure, result_id
