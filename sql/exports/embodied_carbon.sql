-- One row per kind of device: what making one emits beside what its use does, as makers report it; added to no other figure.
-- grain: category, subcategory
select
    category,
    subcategory,
    n,
    embodied_kg_co2e,
    embodied_kg_co2e_low,
    embodied_kg_co2e_high,
    use_kg_co2e,
    embodied_kg_co2e_per_hour,
    lifetime_year,
from marts.embodied_carbon
order by category, subcategory
