-- One row per device whose maker reports its emissions: what making it and what its use emits, apart. No cost and no scenario adds the first.
-- grain: source, page, locator
select
    device,
    manufacturer,
    category,
    coalesce(subcategory, category) as subcategory,  -- the same more closely; where the maker tells none, the category
    total_kg_co2e,
    total_kg_co2e * manufacturing_share as embodied_kg_co2e,  -- what making it emits, kg CO2e; transport and end of life are not in it
    total_kg_co2e * use_share as use_kg_co2e,  -- what its use emits over its lifetime, kg CO2e
    lifetime_year,
    total_kg_co2e * manufacturing_share / (lifetime_year * 8766) as embodied_kg_co2e_per_hour,  -- what making it emits over the hours of its lifetime, all of which it is on
    use_location,
    yearly_kwh,
    source,
    page,
    locator,
from staging.footprint
order by category, subcategory, manufacturer, device, source, page, locator
