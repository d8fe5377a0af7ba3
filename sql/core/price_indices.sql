-- One row per month of an index of prices.
-- grain: series, month, source
select
    series,
    month,
    index_value,
    source,
    page,
    locator,
from staging.price_index
order by series, month, source
