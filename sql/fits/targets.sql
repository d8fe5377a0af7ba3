-- One row per set of points and target: the error whose cost is stated.
-- grain: sample_id, target
with sample_sets as (
    select * from fits.sample_sets
),

printed as (
    -- The paper's own rows, where its table prints none: the lowest of the row set.
    select row_set, benchmark, metric, compute_measure, min(error) as lowest_error
    from fits.points
    group by all
),

reconciled as (
    select distinct row_set from staging.row_set where reconciled
),

targets as (
    select * from staging.target
)

select
    sample_sets.sample_id,
    targets.target,
    coalesce(targets.error, today.error, printed.lowest_error) as error,  -- the error as a fraction: published, of the domain, or the lowest (of all results; of a printed row set its own)
    targets.published,
from sample_sets
join targets using (row_set, benchmark, metric)
left join printed using (row_set, benchmark, metric, compute_measure)
left join reconciled on sample_sets.row_set = reconciled.row_set
left join core.today as today on
    reconciled.row_set is not null and sample_sets.benchmark = today.benchmark and sample_sets.metric = today.metric
order by sample_sets.sample_id, targets.target
