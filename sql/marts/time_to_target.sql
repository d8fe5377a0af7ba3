-- One row per task and quality of MLPerf, round and precision: the least and the median of what reaching that quality took.
-- grain: task, quality_target, timing, round, precision?
with taken as (
    select * from core.timed_burdens
)

select
    task,
    quality_target,
    timing,
    round,
    precision,
    unit,
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
