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

cadences as (
    select cadence, stale_after_days as usual from staging.cadence
),

newest as (
    -- What the warehouse knows of the present: nothing in it has a clock.
    select max(retrieved_on) as as_of from meta.pages
),

counted as (
    select
        sources.source,
        states.state,
        pages.retrieved_on,  -- the day that the newest page in use was first fetched
        pages.retrieved_on as newest_page_on,  -- the same; the day that it is as old as
        coalesce(sources.own_stale_after_days, cadences.usual)::bigint as stale_after_days,  -- days from which on its newest page counts as stale; null: its publisher does not change it
        pages.retrieved_on + stale_after_days::integer as stale_on,  -- the day from which on it does: who reads later than that holds a stale source
        coalesce(newest.as_of >= stale_on, false) as is_stale,  -- whether it does on the day of the newest page of all sources
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
        sources.homepage,
        sources.cadence,
        sources.licence,
        sources.attribution,
        states.message,
    from sources
    join states on sources.source = states.source
    left join pages on sources.source = pages.source
    left join cadences on sources.cadence = cadences.cadence
    cross join newest
)

select * from counted
order by source
