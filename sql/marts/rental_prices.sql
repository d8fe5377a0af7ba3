-- One row per processor, commitment and month: medians over providers of what each asks, and how the same providers moved.
-- grain: processor_id, commitment, month
with of_days as (
    select distinct
        processor_id,
        commitment,
        provider,
        date_trunc('month', offered_on)::date as month,
        offered_on,
        price_usd,
    from core.offers
    where kind = 'rental' and processor_id is not null and offered_on is not null
),

of_providers as (
    select processor_id, commitment, provider, month, median(price_usd) as price_usd
    from of_days
    group by all
),

moved as (
    select
        of_providers.*,
        of_providers.price_usd / before.price_usd as ratio,
    from of_providers
    left join of_providers as before on
        of_providers.processor_id = before.processor_id
        and of_providers.commitment = before.commitment
        and of_providers.provider = before.provider
        and of_providers.month = before.month + interval 1 month
)

select
    processor_id,
    commitment,  -- on demand, spot …: spot is never counted with on demand
    month,  -- first day of the month
    count(*) as n_providers,  -- providers that asked a price in the month
    median(price_usd) as price_usd,  -- median over providers of each one's median of the month, nominal USD for an hour of one processor
    min(price_usd) as price_usd_low,  -- the cheapest provider's median
    max(price_usd) as price_usd_high,  -- the dearest provider's median
    count(ratio) as n_both,  -- providers that were there in the month before too
    median(ratio) as price_ratio,  -- their median of this month over that of the month before: providers come and go, and do not move it
from moved
group by processor_id, commitment, month
order by processor_id, commitment, month
