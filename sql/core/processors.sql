-- One row per processor, with what hardware sheets say of it; null where only a training run names it.
-- grain: processor_id
with aliases as (
    select * from core.processor_aliases
),

sheets as (
    select * from staging.processor
),

pages as (
    select source, page, preference from core.page_order
),

runs as (
    select processor, peak_flop_per_s from staging.run_phase where processor is not null
),

printed_rates as (
    select aliases.processor_id, median(runs.peak_flop_per_s) as printed_peak_flop_per_s, count(*) as n_phases
    from runs
    join aliases on runs.processor = aliases.alias
    group by all
),

listed as (
    select
        aliases.processor_id,
        sheets.*,
    from sheets
    join aliases on sheets.name = aliases.alias
    join pages on sheets.source = pages.source and sheets.page = pages.page
    qualify row_number() over (partition by aliases.processor_id order by pages.preference, sheets.locator) = 1
),

processors as (
    select
        named.processor_id,
        listed.* exclude (processor_id, name),
        case
            when lower(listed.processor_kind) = 'tpu' then listed.tensor_fp16_flop_per_s
            else listed.fp32_flop_per_s
        end as paper_rate_flop_per_s,  -- the rate that the paper multiplies: the data sheet's FP32 peak; of TPUs, which have none, the BF16 peak, FLOP/s
        printed_rates.printed_peak_flop_per_s,  -- median of the peak rates that training runs print for it, FLOP/s
        coalesce(printed_rates.n_phases, 0) as n_phases,  -- phases of training runs that name it
    from (select distinct processor_id from aliases) as named
    left join listed on named.processor_id = listed.processor_id
    left join printed_rates on named.processor_id = printed_rates.processor_id
)

select * from processors
order by processor_id
