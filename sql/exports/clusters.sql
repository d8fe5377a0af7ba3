-- One row per cluster of accelerators that counts in the growth of clusters: there, dated, with its rate at 16 bits.
-- grain: source, page, locator
select
    name,
    owner,
    country,
    sector,
    status,  -- existing or decommissioned
    certainty,
    operational_on,
    2000 + date_diff('day', date '2000-01-01', operational_on) / 365.25 as year,  -- that day as a year with its part
    coalesce(processor_id, processor) as processor,
    processor_count::bigint as processor_count,
    op_per_s_16_bit,
    log10(op_per_s_16_bit) as log10_op_per_s_16_bit,  -- log10 of that rate
    power_watt,
    hardware_cost_usd,
    source,
    page,
    locator,
from core.gpu_clusters
where left_out is null
order by op_per_s_16_bit desc, source, page, locator
