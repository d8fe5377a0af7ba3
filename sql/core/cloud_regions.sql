-- One row per region of a cloud provider, with the carbon intensity of its electricity.
-- grain: provider, region, source
select
    provider,
    region,
    if(
        provider like '% %',
        lower(regexp_replace(provider, '(\w)\w*\s*', '\1', 'g')),
        lower(provider)
    ) || ':' || region as region_key,  -- provider (the initials of one of several words) and region: gcp:europe-west1
    country,
    carbon_intensity_g_per_kwh,
    pue,
    source,
    page,
    locator,
from staging.cloud_region
order by provider, region, source
