-- One row per region and year with the carbon intensity of its electricity.
-- grain: source, page, locator
with intensities as (
    select * from core.carbon_intensities
),

codes as (
    select region, alpha_2 from staging.region_code
),

pages as (
    select source, page, url from meta.pages
),

electricity as (
    select
        intensities.region_code as region,  -- ISO 3166-1 alpha-3 (FRA), OWID_* for aggregates; null where the source gives none
        codes.alpha_2 as region_alpha_2,  -- the same as ISO 3166-1 alpha-2 (FR); null of aggregates
        intensities.region as region_name,  -- the country or aggregate as printed
        intensities.year,
        intensities.carbon_intensity_g_per_kwh,
        intensities.source,
        intensities.page,
        intensities.locator,
        pages.url,
    from intensities
    left join codes on intensities.region_code = codes.region
    left join pages using (source, page)
)

select * from electricity
