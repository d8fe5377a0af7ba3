-- One row per processor, provider, commitment and year: the middle of what the provider asked for an hour of it on the days that pages print.
-- grain: processor_id, provider, commitment, year
with offers as (
    -- What two pages or regions say alike of a day is one price of that day.
    select * exclude (same)
    from (
        select
            processor_id,
            provider,
            commitment,
            year,
            offered_on,
            price_usd,
            source,
            page,
            locator,
            row_number() over (
                partition by processor_id, provider, commitment, offered_on, price_usd order by source, page, locator
            ) as same,
        from core.offers
        where kind = 'rental' and processor_id is not null and offered_on is not null
    )
    where same = 1
),

counted as (
    select
        offers.*,
        count(*) over of_provider as n_prices,
        count(distinct offered_on) over of_provider as n_days,
        min(offered_on) over of_provider as first_offered_on,
        max(offered_on) over of_provider as last_offered_on,
        min(price_usd) over of_provider as price_usd_low,
        max(price_usd) over of_provider as price_usd_high,
    from offers
    window of_provider as (partition by processor_id, provider, commitment, year)
)

select
    processor_id,
    provider,
    commitment,
    year,
    price_usd,  -- the middle one of its prices, the lower of two, so that it is one that it asks; nominal USD for an hour of one processor
    price_usd_low,  -- the lowest of them
    price_usd_high,  -- the highest of them
    n_prices,  -- prices that differ in day or figure
    n_days,  -- days on which it was seen
    first_offered_on,  -- the first of them
    last_offered_on,  -- the last of them
    offered_on,  -- the day of the middle price
    source,
    page,
    locator,
from counted
qualify row_number() over (
    partition by processor_id, provider, commitment, year order by price_usd, offered_on, source, page, locator
) = (n_prices + 1) // 2
order by processor_id, provider, commitment, year
