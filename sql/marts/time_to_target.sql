-- One row per task and quality of MLPerf, round and precision: the least and the median of what reaching that quality took.
-- grain: task, quality_target, timing, round, precision?
with groups as (
    -- What has the reference's network and settings, once, and is a result by the rules.
    select * from core.timed_trainings
    where is_timed_result(division, status, is_accelerator, is_repeated)
),

processors as (
    select * from core.processors
),

precisions as (
    select unnest(['fp32', 'tf32', 'fp16', 'tensor_fp16', 'fp8', 'int8']) as precision
),

taken as (
    -- Logs do not print the precision of the arithmetic: the burden at each peak that the sheets have of the accelerator.
    select groups.*, null as precision, chip_hours as taken, 'chip-hour' as unit from groups
    union all
    select
        groups.*,
        precisions.precision,
        groups.processor_count * peak_rate(processors, precisions.precision) * groups.time_s as taken,
        if(precisions.precision = 'int8', 'op', 'flop') as unit,
    from groups
    join processors on groups.processor_id = processors.processor_id
    cross join precisions
    where taken is not null
)

select
    task,
    quality_target,
    timing,
    round,
    precision,  -- whose peak rate is multiplied: fp32, tf32, fp16, tensor_fp16 (or BF16), fp8 or int8; null of chip-hours. No log says which the arithmetic had
    unit,  -- chip-hour, flop or op: accelerators times seconds, times their peak rate
    count(*) as n,  -- groups of the closed division that are no repeats and whose accelerator has such a rate
    count(distinct submitter) as n_submitters,  -- who submitted them
    min(taken) as least,  -- the least of them, in unit
    median(taken) as median,  -- the median of them, in unit
    first(system order by taken, locator) as least_system,  -- the system that took the least
    first(processor order by taken, locator) as least_processor,  -- its accelerator as printed
    first(processor_count order by taken, locator) as least_processor_count,  -- how many of them
    first(trained_on order by taken, locator) as least_trained_on,  -- day on which its first run began
    quantile_disc(trained_on, 0.5) as median_trained_on,  -- median of these days over all groups
from taken
group by all
order by task, quality_target, timing, round, precision nulls first
