-- One row per score that a page prints for a model on a benchmark, with the model's name, the paper and the address of the page.
-- grain: result_id
with results as (
    select * from core.results
),

models as (
    select model_id, name, organization, parameters from core.models
),

papers as (
    select paper_id, title, url from core.papers
),

pages as (
    select source, page, url, retrieved_on from meta.pages
),

results_flat as (
    select
        results.result_id,
        models.name as model,  -- name of the model, as the best-ranked source prints it
        results.benchmark,  -- the benchmark that the score is on, split included: imagenet, coco (val2017), coco_test_dev, squad …
        results.metric,
        results.value,
        results.error,
        results.year,
        results.released_on,
        results.image_size,
        results.setting,
        results.shots,
        results.is_ensemble,
        models.organization,
        models.parameters,
        papers.title as paper,  -- title of the paper
        papers.url as paper_url,  -- address of the paper
        results.model_id,
        results.training_id,
        results.paper_id,
        results.source,
        results.page,
        results.locator,
        pages.url,
        pages.retrieved_on,
    from results
    left join models using (model_id)
    left join papers on results.paper_id = papers.paper_id
    left join pages on results.source = pages.source and results.page = pages.page
)

select * from results_flat
