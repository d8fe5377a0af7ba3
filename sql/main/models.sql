-- One row per model, with its paper and how many scores there are of it.
-- grain: model_id
with models as (
    select * from core.models
),

papers as (
    select paper_id, title, url from core.papers
),

scores as (
    select model_id, count(*) as n_results, count(distinct benchmark) as n_benchmarks from core.results group by model_id
),

models_flat as (
    select
        models.model_id,
        models.name as model,  -- name of the model, as the best-ranked source prints it
        models.year,
        models.published_on,
        models.organization,
        models.model_domain,
        models.parameters,
        models.training_cost_usd_2023,
        coalesce(scores.n_results, 0) as n_results,  -- scores that pages print for it
        coalesce(scores.n_benchmarks, 0) as n_benchmarks,  -- benchmarks that these are on
        papers.title as paper,  -- title of the paper
        papers.url as paper_url,  -- address of the paper
        models.paper_id,
        models.n_sources,
    from models
    left join papers using (paper_id)
    left join scores using (model_id)
)

select * from models_flat
