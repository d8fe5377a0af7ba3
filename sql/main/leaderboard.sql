-- One row per benchmark, metric and model: its best score, its place among all models, and the computation that stands beside it.
-- grain: benchmark, metric, model_id
with results as (
    select * from core.results
),

models as (
    select model_id, name, organization from core.models
),

papers as (
    select paper_id, title, url from core.papers
),

pages as (
    select source, page, url from meta.pages
),

computation as (
    select
        benchmark,
        metric,
        result_id,
        max(compute_flop) filter (where compute_measure = 'hardware_burden') as hardware_burden_flop,
        max(compute_flop) filter (where compute_measure = 'training_compute') as training_compute_flop,
        max(compute_flop) filter (where compute_measure = 'operations_per_pass') as operations_per_pass_flop,
    from core.candidates
    where row_set = 'current'
    group by benchmark, metric, result_id
),

best as (
    select results.*, hardware_burden_flop, training_compute_flop, operations_per_pass_flop
    from results
    left join computation using (benchmark, metric, result_id)
    qualify
        row_number() over (
            partition by benchmark, metric, model_id
            -- Of equal scores the one whose computation is known, else by its key, so that the choice is the same in each build.
            order by error, hardware_burden_flop is null, training_compute_flop is null, result_id
        ) = 1
),

leaderboard as (
    select
        best.benchmark,  -- the benchmark that the score is on, split included: imagenet, coco (val2017), coco_test_dev, squad …
        best.metric,
        rank() over (partition by best.benchmark, best.metric order by best.error) as place,  -- 1 is the lowest error; equal errors share a place
        models.name as model,  -- name of the model, as the best-ranked source prints it
        best.value,
        best.error,
        best.year,
        best.hardware_burden_flop,  -- processors × rate × time of its training, FLOP
        best.training_compute_flop,  -- arithmetic done in training, as Epoch AI estimates it, FLOP
        best.operations_per_pass_flop,  -- operations of one pass, FLOP
        models.organization,
        papers.title as paper,  -- title of the paper
        papers.url as paper_url,  -- address of the paper
        best.result_id,
        best.model_id,
        best.source,
        best.page,
        best.locator,
        pages.url,
    from best
    left join models using (model_id)
    left join papers on best.paper_id = papers.paper_id
    left join pages on best.source = pages.source and best.page = pages.page
)

select * from leaderboard
