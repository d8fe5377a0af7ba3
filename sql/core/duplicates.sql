-- One row per record that says the same as an earlier one of its page.
-- grain: source, page, locator
select
    source,
    page,
    locator,
    first_locator,
    record,
from staging.duplicate
order by source, page, locator
