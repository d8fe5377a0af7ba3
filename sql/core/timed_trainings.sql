-- One row per group of runs of a system on a task of MLPerf: how long it took to the task's quality. Never a point of error against computation.
-- grain: source, page, locator
with groups as (
    select * from staging.timed_training
),

aliases as (
    select alias, processor_id from core.processor_aliases
),

timed as (
    select
        *,
        list_sort(cast(string_split(run_times_s, ' ') as double[])) as sorted_s,
        len(sorted_s) as runs_reached,
        -- Among the runs that are left the fastest and the slowest are dropped; one that did not reach the quality is the slowest.
        runs - runs_reached as runs_missed,
        sorted_s[2:if(runs_missed = 0, runs_reached - 1, runs_reached)] as counted_s,
        case
            when runs_missed > 1 then 'missed'
            when runs < 3 then 'too_few_runs'
            else 'ok'
        end as status,
    from groups
),

numbered as (
    select
        *,
        date '1970-01-01' + (started_s // 86400)::integer as trained_on,
        if(status = 'ok', list_avg(counted_s), null) as time_s,
        -- The same runs are submitted again to later rounds, and under the names of further systems.
        row_number() over (partition by source, task, started_s, sorted_s[1] order by round, page, locator) as nth,
    from timed
)

select
    numbered.round,
    numbered.task,
    numbered.quality_target,
    numbered.timing,
    numbered.division,
    numbered.submitter,
    numbered.system,
    numbered.availability,
    aliases.processor_id,  -- null where the source's file declares no sheet for the name as printed
    numbered.processor,
    numbered.is_accelerator,
    numbered.processor_count,
    numbered.trained_on,  -- day on which the first of its runs began, by the clock of the log
    numbered.runs,
    numbered.runs_reached,  -- those that reached the quality
    numbered.run_times_s,
    numbered.time_s,  -- seconds to the quality: mean of the runs without the fastest and the slowest, as MLPerf's rules have it; a single run that missed the quality is the slowest
    numbered.sorted_s[1] as time_s_low,  -- the fastest run that reached the quality, s
    numbered.sorted_s[-1] as time_s_high,  -- the slowest of those, s
    if(numbered.is_accelerator, numbered.processor_count * numbered.time_s / 3600, null) as chip_hours,  -- accelerators times time_s, hours; null where the system has none
    numbered.printed_target,
    numbered.quality,
    numbered.nth > 1 as is_repeated,  -- whether the same runs stand in an earlier round, or under another system's name before
    numbered.status,  -- ok, missed (more than one run missed the quality, which makes a result invalid) or too_few_runs (fewer than three)
    numbered.source,
    numbered.page,
    numbered.locator,
from numbered
left join aliases on numbered.sheet_name = aliases.alias
order by source, page, locator
