-- One row per training, or best of a year, of a list of computation over time: for growth and claims, never a point.
-- grain: source, page, locator
with listed as (
    select * from staging.listed_training
),

pages as (
    select source, page, preference from core.page_order
),

ranked as (
    -- Two pages of a source may hold one list in more and in fewer digits.
    select
        listed.*,
        -- Pages alone are told apart: two rows of one page are two trainings.
        rank() over (
            partition by
                listed.source, listed.listed_under, listed.published_on, coalesce(listed.name, listed.page || listed.locator)
            order by pages.preference
        ) as place,
    from listed
    join pages using (source, page)
)

select
    source,
    page,
    locator,
    listed_under,
    name,
    published_on,
    year,
    training_compute_flop,
    confidence,
    notability_criteria,
    paper_url,
    benchmark,
    metric,
    value,
    reduction_factor,
    reduction_factor_literal,
    place > 1 as is_repeated,  -- whether another page of the source has the same name, list and day, and comes first
from ranked
order by source, page, locator
