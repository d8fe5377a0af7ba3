-- One row per record of a race to a fixed loss on fixed processors: how long the training took, the burden of its processors, and how much less than the race's first.
-- grain: source, page, locator
with records as (
    select * from staging.speedrun_record
),

aliases as (
    select alias, processor_id from core.processor_aliases
),

processors as (
    select processor_id, paper_rate_flop_per_s, tensor_fp16_flop_per_s from core.processors
),

rated as (
    select
        records.*,
        aliases.processor_id,
        processors.paper_rate_flop_per_s as rate_flop_per_s,
        records.processor_count * processors.paper_rate_flop_per_s * records.wall_time_s as hardware_burden_flop,
        records.processor_count * processors.tensor_fp16_flop_per_s * records.wall_time_s as tensor_burden_flop,
    from records
    left join aliases on records.processor = aliases.alias
    left join processors on aliases.processor_id = processors.processor_id
),

firsts as (
    select source, page, track, processor_count * wall_time_s as first_processor_s
    from records
    qualify row_number() over (partition by source, page, track order by number, is_retimed) = 1
)

select
    rated.source,
    rated.page,
    rated.locator,
    rated.track,
    rated.number,
    rated.target_loss,
    rated.set_on,
    rated.is_retimed,
    rated.wall_time_s,
    rated.wall_time_literal,
    rated.processor,
    rated.processor_id,
    rated.processor_count,
    rated.rate_flop_per_s,  -- the data sheet's FP32 peak, as of every burden, FLOP/s
    rated.hardware_burden_flop,  -- processors × rate × time, FLOP; null where no sheet has the processor
    rated.tensor_burden_flop,  -- the same at the peak of the tensor cores at BF16, which the records use, FLOP
    firsts.first_processor_s / (rated.processor_count * rated.wall_time_s) as factor,  -- how many times less processor time than the race's first record, and so how many times less burden
from rated
join firsts using (source, page, track)
order by rated.source, rated.page, rated.locator
