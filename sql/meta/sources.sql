-- One row per source that the project knows, with what the last run made of it.
-- grain: source
with sources as (
    select * from staging.source_setting
),

-- What depends on the day and on what fetching gave, and nothing else does.
states as (
    select * from staging.source_state
),

pages as (
    select
        source,
        count(*) as n_pages,
        max(retrieved_on) as retrieved_on,
        sum(rows_read)::bigint as rows_read,
        sum(rows_accepted)::bigint as rows_accepted,
        sum(rows_duplicate)::bigint as rows_duplicate,
        sum(rows_quarantined)::bigint as rows_quarantined,
        sum(cells_rejected)::bigint as cells_rejected,
    from meta.pages
    group by source
),

counted as (
    select
        sources.source,
        states.state,
        pages.retrieved_on,  -- the day that the newest page in use was first fetched
        states.age_days,
        coalesce(pages.rows_read, 0) as rows_read,  -- records in its pages in use, counted while reading
        coalesce(pages.rows_accepted, 0) as rows_accepted,  -- records of these that gave at least one row
        coalesce(pages.rows_duplicate, 0) as rows_duplicate,  -- records of these that repeat an earlier one of their page
        coalesce(pages.rows_quarantined, 0) as rows_quarantined,  -- records of these in core.quarantine
        coalesce(pages.cells_rejected, 0) as cells_rejected,
        coalesce(pages.n_pages, 0) as n_pages,  -- pages in use
        sources.source_rank,
        sources.title,
        sources.publisher,
        sources.licence,
        sources.attribution,
        states.message,
    from sources
    join states on sources.source = states.source
    left join pages on sources.source = pages.source
)

select * from counted
order by source
