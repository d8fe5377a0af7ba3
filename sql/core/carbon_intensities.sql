-- One row per region and year with the carbon intensity of its electricity.
-- grain: source, page, locator
select
    region,
    region_code,
    year,
    carbon_intensity_g_per_kwh,
    source,
    page,
    locator,
from staging.carbon_intensity
order by region, year, source
