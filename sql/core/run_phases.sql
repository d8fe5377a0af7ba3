-- One row per phase of a training run and kind of processor used in it.
-- grain: source, page, locator, benchmark?, phase, processor_kind?, processor?, precision?
with phases as (
    select * from staging.run_phase
),

mentions as (
    select * from core.model_mentions
),

aliases as (
    select * from core.processor_aliases
),

processors as (
    select * from core.processors
),

timed as (
    -- A run that stands in two records (its processors in one, its time in the other) shares the architecture's key.
    select
        *,
        source || ':' || coalesce(architecture, page || ':' || locator) as run_key,
        coalesce(
            wall_time_s,
            max(wall_time_s) filter (processor is null) over (partition by run_key, phase, precision)
        ) as run_time_s,
    from phases
    left join (select source, page, locator, architecture from staging.model) using (source, page, locator)
),

runs as (
    select
        mentions.model_id,
        phases.benchmark,
        phases.phase,
        phases.processor_kind,
        phases.processor,
        aliases.processor_id,
        phases.processor_count,
        phases.peak_flop_per_s,
        coalesce(phases.peak_flop_per_s, processors.paper_rate_flop_per_s) as rate_flop_per_s,  -- the printed rate, else the data sheet's FP32 peak (of TPUs BF16), FLOP/s
        phases.run_time_s as wall_time_s,
        phases.wall_time_literal,
        coalesce(
            phases.processor, phases.wall_time_literal, phases.run_time_s::varchar, phases.processor_count::varchar
        ) is not null as is_of_burden,  -- whether it names processors or a time, so that a burden is not whole without it
        phases.precision,
        phases.price_usd_per_hour,
        phases.backward_ratio,
        phases.architecture,
        phases.run_key,  -- the run that the phase is of: source and record, or source and architecture where records share a run
        phases.processor_count * rate_flop_per_s * phases.run_time_s as hardware_burden_flop,  -- processors × rate × time, FLOP; null where one is not known
        case
            when phases.precision in ('fp16', 'bf16', 'mixed', 'amp') then processors.tensor_fp16_flop_per_s
            when phases.precision = 'tf32' then processors.tf32_flop_per_s
            when phases.precision = 'fp32' then processors.fp32_flop_per_s
        end as precision_rate_flop_per_s,  -- the data sheet's peak at the precision used, FLOP/s
        phases.processor_count * precision_rate_flop_per_s * phases.run_time_s as hardware_burden_at_precision_flop,  -- the burden at the peak of the precision used, FLOP
        phases.epochs,
        phases.training_set_size,
        phases.dataset,
        phases.utilization,
        phases.source,
        phases.page,
        phases.locator,
    from timed as phases
    join mentions on
        phases.source = mentions.source and phases.page = mentions.page and phases.locator = mentions.locator
    left join aliases on phases.processor = aliases.alias
    left join processors on aliases.processor_id = processors.processor_id
)

select * from runs
order by source, page, locator, phase, processor_kind
