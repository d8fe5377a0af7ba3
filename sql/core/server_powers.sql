-- One row per server whose power was measured at full load and idle (SPECpower_ssj2008).
-- grain: source, page, locator
select
    system,
    processor,
    submitted_on,
    chips,
    cores,
    full_watt,
    idle_watt,
    idle_watt / full_watt as idle_share,  -- power when idle over that at full load
    ssj_op_per_s,
    ssj_op_per_s / full_watt as ssj_op_per_joule,  -- operations of the benchmark for a joule at full load
    source,
    page,
    locator,
from staging.server_power
order by submitted_on, system, source, page, locator
