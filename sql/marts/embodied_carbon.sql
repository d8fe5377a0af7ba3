-- One row per kind of device: what making one emits beside what its use does, as makers report it. It is added to no other figure.
-- grain: category, subcategory
with footprints as (
    select * from core.footprints where embodied_kg_co2e is not null
)

select
    category,
    subcategory,
    count(*) as n,  -- devices of which the share of making them is reported
    median(embodied_kg_co2e) as embodied_kg_co2e,  -- median of what making one emits, kg CO2e
    quantile_cont(embodied_kg_co2e, 0.1) as embodied_kg_co2e_low,  -- the tenth part lies below
    quantile_cont(embodied_kg_co2e, 0.9) as embodied_kg_co2e_high,  -- the tenth part lies above
    median(use_kg_co2e) as use_kg_co2e,  -- median of what its use emits
    median(embodied_kg_co2e_per_hour) as embodied_kg_co2e_per_hour,  -- median of what making it emits over the hours of its lifetime
    median(lifetime_year) as lifetime_year,
from footprints
group by category, subcategory
order by category, subcategory
