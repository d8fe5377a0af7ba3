-- One row per model: a name within a paper, or within a benchmark where no page names a paper.
-- grain: model_id
with mentions as (
    select * from core.model_mentions
),

models as (
    select * from staging.model
),

pages as (
    select source, page, preference from core.page_order
),

ranked as (
    select
        models.* exclude (source, page, locator),
        mentions.model_id,
        mentions.paper_id,
        mentions.source,
        mentions.locator,
        pages.preference,
    from mentions
    join models on
        mentions.source = models.source and mentions.page = models.page and mentions.locator = models.locator
    join pages on mentions.source = pages.source and mentions.page = pages.page
),

merged as (
    select
        model_id,
        first(name order by preference, locator) as name,  -- the name, as the best-ranked source prints it
        first(paper_id order by preference, locator) as paper_id,
        min(year) as year,  -- earliest year of publication that a source gives
        min(published_on) as published_on,  -- earliest day of publication that a source gives
        first(organization order by preference, locator) filter (organization is not null) as organization,
        first(model_domain order by preference, locator) filter (model_domain is not null) as model_domain,
        first(parameters order by preference, locator) filter (parameters is not null) as parameters,
        first(notability_criteria order by preference, locator) filter (notability_criteria is not null) as notability_criteria,
        first(training_cost_usd_2023 order by preference, locator)
            filter (training_cost_usd_2023 is not null) as training_cost_usd_2023,
        count(*) as n_mentions,  -- records that name the model
        count(distinct source) as n_sources,  -- sources that name the model
    from ranked
    group by model_id
)

select * from merged
order by model_id
