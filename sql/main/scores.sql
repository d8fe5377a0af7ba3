-- One row per score without a full scale (word error rate, perplexity, bits per character, Elo): its place, its model and paper, and the computation that stands beside it.
-- grain: benchmark, metric, split, source, page, locator
with scores as (
    select * from core.unbounded_scores
),

computation as (
    select score_id, computation, computation_unit, computation_of from core.unbounded_candidates
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

listed as (
    select
        scores.benchmark,  -- the benchmark or the pool of games: librispeech_clean, wikitext_103, go_katago …
        scores.metric,
        scores.split,
        rank() over (
            partition by scores.benchmark, scores.metric, scores.split order by scores.log10_performance desc
        ) as place,  -- 1 is the best; equal scores share a place
        models.name as model,  -- name of the model, as the best-ranked source prints it; null where the page names none
        scores.value,
        scores.setting,
        coalesce(scores.year, floor(scores.scored_in)::bigint) as year,
        computation.computation,
        computation.computation_unit,
        computation.computation_of,
        scores.parameters,
        models.organization,
        papers.title as paper,  -- title of the paper
        papers.url as paper_url,  -- address of the paper
        scores.source,
        scores.page,
        scores.locator,
        pages.url,
    from scores
    left join computation using (score_id)
    left join models using (model_id)
    left join papers on scores.paper_id = papers.paper_id
    left join pages on scores.source = pages.source and scores.page = pages.page
)

select * from listed
