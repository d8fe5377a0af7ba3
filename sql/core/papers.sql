-- One row per paper, known by arXiv id, else DOI, else title.
-- grain: paper_id
with mentions as (
    select * from core.model_mentions where paper_id is not null
),

models as (
    select * from staging.model
),

pages as (
    select source, page, preference from core.page_order
),

papers as (
    select
        mentions.paper_id,  -- the paper: arxiv:, doi: or title:
        min(mentions.arxiv_id) as arxiv_id,
        min(mentions.doi) as doi,
        first(models.paper_title order by pages.preference, mentions.locator)
            filter (models.paper_title is not null) as title,  -- title, as the best-ranked source prints it
        first(models.paper_url order by pages.preference, mentions.locator)
            filter (models.paper_url is not null) as url,  -- address, as the best-ranked source prints it
        min(models.year) as year,  -- earliest year that a source gives
        min(models.published_on) filter (models.source not in (select source from staging.submissions)) as published_on,  -- earliest day that a source gives; that of a submission is no paper's
        count(distinct mentions.model_id) as n_models,  -- models of the paper
        count(distinct mentions.source) as n_sources,  -- sources that name the paper
    from mentions
    join models on
        mentions.source = models.source and mentions.page = models.page and mentions.locator = models.locator
    join pages on mentions.source = pages.source and mentions.page = pages.page
    group by mentions.paper_id
)

select * from papers
order by paper_id
