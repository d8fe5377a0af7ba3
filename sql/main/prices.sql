-- One row per price of a processor that a page lists, with its year and address.
-- grain: source, page, locator, processor, kind, commitment?
with prices as (
    select * from core.prices
),

pages as (
    select source, page, url from meta.pages
),

prices_flat as (
    select
        prices.processor,
        prices.processor_id,
        prices.kind,
        prices.price_usd,
        prices.priced_on,
        year(prices.priced_on) as year,  -- year of the price
        prices.vendor,
        prices.commitment,
        prices.source,
        prices.page,
        prices.locator,
        pages.url,
    from prices
    left join pages using (source, page)
)

select * from prices_flat
