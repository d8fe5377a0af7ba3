-- One row per group of runs of MLPerf that is a result of a fixed quality, and way to count what it took: chip-hours, and hardware burden at each peak rate that its accelerator's sheet has.
-- grain: source, page, locator, precision?
with results as (
    -- What has the reference's network and settings, once, and is a result by the rules.
    select *
    from core.timed_trainings
    where division = 'closed' and status = 'ok' and is_accelerator and not is_repeated
),

processors as (
    select * from core.processors
),

precisions as (
    select unnest(['fp32', 'tf32', 'fp16', 'tensor_fp16', 'fp8', 'int8']) as precision
),

burdens as (
    -- Logs do not print the precision of the arithmetic.
    select
        results.*,
        precisions.precision,
        results.processor_count * peak_rate(processors, precisions.precision) * results.time_s as taken,
        if(precisions.precision = 'int8', 'op', 'flop') as unit,
    from results
    join processors on results.processor_id = processors.processor_id
    cross join precisions
    where taken is not null
)

select
    round,
    task,
    quality_target,
    timing,
    submitter,
    system,
    processor_id,
    processor,
    processor_count,
    trained_on,
    time_s,
    precision,  -- whose peak rate is multiplied: fp32, tf32, fp16, tensor_fp16 (or BF16), fp8 or int8; null of chip-hours. No log says which the arithmetic had
    taken,  -- accelerators times seconds times that rate, in unit; of chip-hours accelerators times hours
    unit,  -- chip-hour, flop or op
    source,
    page,
    locator,
from (select *, null as precision, chip_hours as taken, 'chip-hour' as unit from results union all by name from burdens)
order by source, page, locator, precision nulls first
