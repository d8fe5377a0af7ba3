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

peaks as (
    -- One of each processor: of two names of one the first in the alphabet.
    select aliases.processor_id, declared.processor, declared.fp8_flop_per_s
    from staging.processor_peak as declared
    join aliases on declared.processor = aliases.alias
    qualify row_number() over (partition by aliases.processor_id order by declared.processor) = 1
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
        listed.* exclude (processor_id, name) replace (coalesce(listed.fp8_flop_per_s, peaks.fp8_flop_per_s) as fp8_flop_per_s),
        if(listed.fp8_flop_per_s is null, peaks.processor, null) as fp8_declared_for,  -- the name for which processors.toml declares the FP8 peak; null where the sheet prints it, or nobody
        case
            when lower(listed.processor_kind) = 'tpu' then listed.tensor_fp16_flop_per_s
            else listed.fp32_flop_per_s
        end as paper_rate_flop_per_s,  -- the rate that the paper multiplies: the data sheet's FP32 peak; of TPUs, which have none, the BF16 peak, FLOP/s
        printed_rates.printed_peak_flop_per_s,  -- median of the peak rates that training runs print for it, FLOP/s
        coalesce(printed_rates.n_phases, 0) as n_phases,  -- phases of training runs that name it
    from (select distinct processor_id from aliases) as named
    left join listed on named.processor_id = listed.processor_id
    left join peaks on named.processor_id = peaks.processor_id
    left join printed_rates on named.processor_id = printed_rates.processor_id
)

select * from processors
order by processor_id
