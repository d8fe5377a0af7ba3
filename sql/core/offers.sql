-- One row per offer that a page lists: what a provider asks for a processor at one commitment, with its day.
-- grain: source, page, locator, processor, kind, commitment?
with offers as (
    select * from staging.offer
),

aliases as (
    select alias, processor_id from core.processor_aliases
),

pages as (
    select source, page, retrieved_on from meta.pages
)

select
    aliases.processor_id,  -- null where the source's file declares no sheet for the name as printed
    offers.processor,
    offers.sheet_name,
    offers.kind,
    offers.commitment,
    offers.provider,
    offers.region,
    offers.processor_count,
    offers.price_usd,
    offers.price_usd_low,
    offers.price_usd_high,
    offers.offered_on,  -- the day that the page prints; null where it prints a year, or none
    coalesce(offers.offered_in, year(offers.offered_on)) as year,  -- the year that the page prints; null where it prints none
    pages.retrieved_on as listed_on,  -- the day on which the page was read: the offer is not newer
    offers.source,
    offers.page,
    offers.locator,
from offers
left join aliases on offers.sheet_name = aliases.alias
left join pages on offers.source = pages.source and offers.page = pages.page
order by source, page, locator, processor, commitment
