-- One row per score that a page prints for a model on a benchmark.
-- grain: result_id
with results as (
    select * from staging.result
),

mentions as (
    select * from core.model_mentions
),

models as (
    select * from core.models
),

papers as (
    select
        paper_id,
        published_on,
        -- An arXiv id begins with the year and month of the first version: 2007.05558.
        if(
            regexp_matches(arxiv_id, '^\d\d(0[1-9]|1[0-2])\.\d{4,5}'),
            make_date(2000 + arxiv_id[1:2]::integer, arxiv_id[3:4]::integer, 15),
            null
        ) as arxiv_month,
    from core.papers
),

identified as (
    select
        concat_ws(':', results.source, results.page, results.locator, results.benchmark, results.metric) as result_id,  -- source, page, locator, benchmark and metric
        mentions.model_id,
        mentions.paper_id,
        results.benchmark,
        results.metric,
        results.value,
        results.image_size,
        results.uncertainty,
        mentions.architecture,
        1 - results.value / 100 as error,  -- 1 - value / 100, a fraction
        models.published_on,
        models.year,
        coalesce(
            models.published_on, papers.published_on, papers.arxiv_month, make_date(models.year, 7, 1)
        ) as released_on,  -- day of release as far as it is known: in the middle of the month or year that is
        case
            when coalesce(models.published_on, papers.published_on) is not null then 'day'
            when papers.arxiv_month is not null then 'month'
            when models.year is not null then 'year'
        end as released_precision,  -- day, month (of the arXiv id) or year; null where no date is known
        results.source,
        results.page,
        results.locator,
    from results
    join mentions on
        results.source = mentions.source and results.page = mentions.page and results.locator = mentions.locator
    join models on mentions.model_id = models.model_id
    left join papers on mentions.paper_id = papers.paper_id
)

select * from identified
order by result_id
