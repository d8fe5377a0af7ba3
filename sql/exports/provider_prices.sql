-- One row per processor, year and commitment: what an hour of one costs over the providers that ask for it, each by its own median of the year.
-- grain: processor_id, year, commitment
with prices as (
    select * from core.provider_prices
)

select
    processor_id,
    year,
    commitment,  -- on demand, spot …: spot is never counted with on demand
    count(*) as n_providers,  -- providers that asked a price in the year
    median(price_usd) as price_usd,  -- median over providers of each one's price, nominal USD for an hour of one processor
    quantile_cont(price_usd, 0.25) as price_usd_quartile_1,  -- a quarter of the providers ask less
    quantile_cont(price_usd, 0.75) as price_usd_quartile_3,  -- a quarter of the providers ask more
    min(price_usd) as price_usd_low,  -- the cheapest provider's
    max(price_usd) as price_usd_high,  -- the dearest provider's
    min(first_offered_on) as first_offered_on,  -- first day of a price
    max(last_offered_on) as last_offered_on,  -- last day of a price
from prices
group by processor_id, year, commitment
order by processor_id, year, commitment
