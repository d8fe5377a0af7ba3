-- One row per region of a cloud, year and source with the carbon intensity of its electricity. No scenario reads it: core.cloud_regions has what they use.
-- grain: provider, region, year?, source
select
    provider,
    region,
    location,
    year,
    carbon_intensity_g_per_kwh,
    carbon_free_share,
    told_by,
    source,
    page,
    locator,
from staging.region_carbon
order by provider, region, year, source
