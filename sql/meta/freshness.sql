-- One row per build, of which there is one: how new what it rests on is.
-- grain: newest_page_on
with sources as (
    select * from meta.sources
)

select
    max(newest_page_on) as newest_page_on,  -- the day of the newest page of all sources
    count(*) as n_sources,  -- sources that the project knows
    count(newest_page_on) as n_sources_with_pages,  -- sources that give anything
    count(*) filter (is_stale) as n_sources_stale,  -- sources whose newest page was older than their limit on that day
    string_agg(source, ', ' order by source) filter (is_stale) as sources_stale,  -- which they are; null where none is
    min(stale_on) filter (not is_stale) as next_stale_on,  -- the day on which the next one will be
from sources
