-- One row per price of a processor that a page lists.
-- grain: source, page, locator, processor, kind, commitment?
with prices as (
    select * from staging.price
),

aliases as (
    select * from core.processor_aliases
)

select
    aliases.processor_id,
    prices.processor,
    prices.kind,
    prices.price_usd,
    prices.priced_on,
    prices.vendor,
    prices.commitment,
    prices.source,
    prices.page,
    prices.locator,
from prices
join aliases on prices.processor = aliases.alias
order by source, page, locator
