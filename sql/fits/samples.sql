-- One row per set of points and point in it: computation, error and performance.
-- grain: sample_id, result_id
with sample_sets as (
    select * from fits.sample_sets
),

points as (
    select * from fits.points
),

results as (
    select result_id, released_on, year, image_size, setting from core.results
),

trainings as (
    select training_id, image_size_in_name from core.trainings
),

candidates as (
    -- A pool is what sets of points are selected from.
    select
        dense_rank() over (order by points.row_set, points.benchmark, points.metric, points.compute_measure) as pool,
        points.row_set,
        points.benchmark,
        points.metric,
        points.compute_measure,
        points.result_id,
        points.model_id,
        points.training_id,
        points.trainer,
        -- How far the evaluation is from how the training was: by size, and by what was done beside one look at each image.
        coalesce(regexp_matches(results.setting, 'multi-scale|augmentation|crop'), false) as is_beside_the_training,
        coalesce(abs(results.image_size - trainings.image_size_in_name), results.image_size, 0) as distance_in_size,
        points.paper_id,
        -- A point without a known paper counts under its architecture, and one without either under its model.
        coalesce(points.paper_id, 'architecture:' || points.architecture, points.model_id) as paper,  -- the paper; where none is known the architecture, else the model
        results.released_on,
        coalesce(results.year, year(results.released_on)) as year,  -- year of publication
        points.log10_compute,
        points.confidence,
        points.error,
        -log10(points.error) as log10_performance,  -- y of the polynomial form: log10(1/error)
        1 / points.error as performance,  -- y of the exponential form: 1/error
    from points
    join results on points.result_id = results.result_id
    join trainings on points.training_id = trainings.training_id
    -- The performance of an error of 0 is infinite; the suite of core.results tells of it.
    where points.error > 0
),

of_trainings as (
    select *, min(paper) over (partition by pool, training_id) as of_training from candidates
),

of_models as (
    select *, min(of_training) over (partition by pool, model_id) as of_model from of_trainings
),

clustered as (
    -- What shares a training, a model or a paper hangs together: twins of one training may stand under two names or papers.
    select
        * exclude (of_training, of_model),
        min(of_model) over (partition by pool, paper) as cluster,  -- points that hang together: of one paper, model or training; named by one of its papers, where none is known by an architecture or a model
    from of_models
),

ranked as (
    select
        *,
        row_number() over (
            partition by pool, training_id order by is_beside_the_training, distance_in_size, log10_compute, result_id
        ) as rank_in_training,
        row_number() over (partition by pool, paper order by error, log10_compute, result_id) as rank_in_paper,
        row_number() over (partition by pool, year order by error, log10_compute, result_id) as rank_in_year,
        row_number() over (partition by pool, released_on order by error, log10_compute, result_id) as rank_on_day,
        min(error) over (
            partition by pool
            order by released_on
            range between unbounded preceding and interval 1 day preceding
        ) as lowest_error_before,
    from clustered
),

samples as (
    select
        sample_sets.sample_id,
        sample_sets.row_set,
        sample_sets.benchmark,
        sample_sets.metric,
        sample_sets.compute_measure,
        sample_sets.selection,
        ranked.* exclude (
            pool, row_set, benchmark, metric, compute_measure, is_beside_the_training, distance_in_size,
            rank_in_training, rank_in_paper, rank_in_year, rank_on_day, lowest_error_before
        ),
    from ranked
    join sample_sets using (row_set, benchmark, metric, compute_measure)
    where case selection
        when 'all' then true
        -- The evaluation at the size trained at, else nearest to it; never chosen by its score.
        when 'one_per_training' then rank_in_training = 1
        when 'best_per_paper' then rank_in_paper = 1
        when 'best_per_year' then rank_in_year = 1 and year is not null
        -- At its release no result was better.
        when 'frontier' then rank_on_day = 1 and released_on is not null and error < coalesce(lowest_error_before, 2)
    end
)

select * from samples
order by sample_id, result_id
