-- One row per record that no row could be taken from, with the reason.
-- grain: source, page, locator
select
    source,
    page,
    locator,
    column_name,
    literal,
    rule,
    reason,
    record,
from staging.quarantine
order by source, page, locator
