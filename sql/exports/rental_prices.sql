-- One row per processor, commitment and month: the median over providers, and how those that were there in the month before have moved.
-- grain: processor_id, commitment, month
with prices as (
    select
        *,
        -- A month of which no provider was there in the month before begins anew: who comes and goes is not followed.
        count(*) filter (price_ratio is null) over (partition by processor_id, commitment order by month) as run,
    from marts.rental_prices
),

followed as (
    select
        *,
        first_value(month) over months as followed_since,
        first_value(price_usd) over months as first_price_usd,
        exp(sum(ln(coalesce(price_ratio, 1))) over months) as price_index,
    from prices
    window months as (partition by processor_id, commitment, run order by month)
)

select
    processor_id,
    commitment,
    month,
    n_providers,
    price_usd,
    price_usd_low,
    price_usd_high,
    n_both,
    price_ratio,
    followed_since,  -- first month of those to this one in each of which providers of the month before were there
    price_index,  -- price_ratio multiplied up since that month, which is 1
    first_price_usd * price_index as price_usd_followed,  -- that month's median moved by price_index: who comes and goes does not move it
from followed
order by processor_id, commitment, month
