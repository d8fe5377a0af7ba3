-- One row per source: its credit, its licence and the rows that it gave.
-- grain: source
select
    sources.source,  -- the source: the name of its file in flows/sources
    sources.title,
    sources.publisher,
    settings.homepage,
    sources.licence,
    sources.attribution,
    state,
    retrieved_on,
    n_pages,
    rows_read,
    rows_accepted,
    rows_duplicate,
    rows_quarantined,
from meta.sources as sources
join staging.source_setting as settings on sources.source = settings.source
order by sources.source
