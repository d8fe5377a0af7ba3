-- One row per cluster of accelerators, or phase of one, that a list has: there, planned or gone; planned ones count in no series.
-- grain: source, page, locator
with clusters as (
    select * from staging.gpu_cluster
),

aliases as (
    select alias, processor_id from core.processor_aliases
),

judged as (
    select
        clusters.*,
        aliases.processor_id,
        case
            when clusters.status = 'planned' then 'planned'
            when clusters.is_repeated then 'repeated'
            -- The list counts what is there today; what is gone was there on its day.
            when clusters.status = 'existing' and not clusters.is_counted then 'not_counted'
            when clusters.operational_on is null then 'no_day'
            when clusters.op_per_s_16_bit is null then 'no_rate'
        end as left_out,
    from clusters
    left join aliases on clusters.processor = aliases.alias
)

select
    source,
    page,
    locator,
    name,
    number,
    status,
    certainty,
    is_counted,
    is_repeated,
    left_out,  -- why it is in no series of growth: planned; repeated or not_counted, by its list's own choice; no_day, no_rate at 16 bits; null where it is in
    one_site,
    operational_on,
    decommissioned_on,
    country,
    owner,
    sector,
    processor,
    processor_id,
    processor_count,
    second_processor,
    second_processor_count,
    all_processors_count,
    op_per_s_32_bit,
    op_per_s_16_bit,
    op_per_s_8_bit,
    power_watt,
    op_per_s_16_bit / power_watt as op_per_joule_16_bit,  -- operations at 16 bits for a joule, at peak rate and full power
    hardware_cost_usd,
from judged
order by source, page, locator
