-- One row per source: its credit, its licence and the rows that it gave.
-- grain: source
select
    source,  -- the source: the name of its file in flows/sources
    licence,
    attribution,
    state,
    retrieved_on,
    rows_read,
    rows_accepted,
    rows_duplicate,
    rows_quarantined,
from meta.sources
order by source
