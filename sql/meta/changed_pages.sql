-- One row per page whose bytes are other than in the state before (`meta.past_builds`), which is new or no longer used.
-- grain: source, page
with past as (
    select * from staging.past_page
),

pages as (
    select source, page, sha256, retrieved_on from meta.pages
)

select
    source,
    page,
    past.sha256 as sha256_before,  -- null: the page is new
    past.retrieved_on as retrieved_on_before,  -- the day that these bytes were first fetched
    pages.sha256 as sha256_after,  -- null: the page is used no more
    pages.retrieved_on as retrieved_on_after,  -- and these
from past
full join pages using (source, page)
where past.sha256 is distinct from pages.sha256 and exists (from past)
order by source, page
