-- One row per provider and region of a cloud: grams of CO2 for a kWh in the newest year that its source has them for; a region without them is in core.region_carbon alone.
-- grain: source, page, locator
with regions as (
    select * from core.region_carbon
)

select
    provider,
    region,
    location,
    year,  -- null where the source prints none
    carbon_intensity_g_per_kwh,
    carbon_free_share,
    told_by,
    source,
    page,
    locator,
from regions
where carbon_intensity_g_per_kwh is not null
qualify row_number() over (
    partition by provider, region
    order by year desc nulls last, source, page, locator
) = 1
order by provider, carbon_intensity_g_per_kwh, region
