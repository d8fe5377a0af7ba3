-- One row per paper, with how many scores there are of its models.
-- grain: paper_id
with papers as (
    select * from core.papers
),

scores as (
    select paper_id, count(*) as n_results from core.results where paper_id is not null group by paper_id
),

papers_flat as (
    select
        papers.paper_id,
        papers.title as paper,  -- title of the paper
        papers.year,
        papers.published_on,
        papers.url as paper_url,  -- address of the paper
        papers.arxiv_id,
        papers.doi,
        papers.n_models,
        coalesce(scores.n_results, 0) as n_results,  -- scores that pages print for its models
        papers.n_sources,
    from papers
    left join scores using (paper_id)
)

select * from papers_flat
