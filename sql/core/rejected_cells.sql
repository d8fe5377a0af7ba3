-- One row per cell that was left out of, or mended in, a record that was otherwise accepted, with the reason.
-- grain: none, several things may be wrong with a cell
select
    source,
    page,
    locator,
    column_name,
    literal,
    rule,
    reason,
from staging.rejected_cell
order by source, page, locator, column_name
