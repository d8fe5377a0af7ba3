-- One row per accelerator and span of days in which a source estimates how many were shipped; of each maker's all, one a day until which.
-- grain: source, page, locator
with shipments as (
    select * from staging.shipment
)

select
    processor,
    manufacturer,
    shipped_from,
    shipped_until,
    units,
    units_low,
    units_high,
    h100_equivalents,
    power_watt,
    source,
    page,
    locator,
from shipments
order by manufacturer, processor, shipped_until, source, page, locator
