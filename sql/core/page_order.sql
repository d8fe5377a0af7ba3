-- One row per page in use: its place in the one order that decides where pages, of any sources, give the same thing.
-- grain: source, page
with sources as (
    select source, source_rank from staging.source_setting
),

pages as (
    select source, page, page_rank from staging.page_setting
),

ordered as (
    select
        pages.source,  -- the source that the row came from; key of meta.sources
        pages.page,  -- the page of that source; with source the key of meta.pages, which has its address, date and SHA-256
        sources.source_rank,
        pages.page_rank,
        row_number() over (order by source_rank, pages.source, page_rank, pages.page) as preference,  -- the lowest stands: by rank of the source, then of its page, then by name
    from pages
    join sources on pages.source = sources.source
)

select * from ordered
order by preference
