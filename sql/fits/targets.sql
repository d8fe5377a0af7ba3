-- One row per set of points and target: the error whose cost is stated.
-- grain: sample_id, target
with sample_sets as (
    select * from fits.sample_sets
),

lowest_errors as (
    select row_set, benchmark, metric, compute_measure, min(error) as lowest_error
    from fits.points
    group by all
),

targets as (
    select * from staging.target
)

select
    sample_sets.sample_id,
    targets.target,
    coalesce(targets.error, lowest_errors.lowest_error) as error,  -- the error as a fraction: published, of the domain, or the lowest of the row set
    targets.published,
from sample_sets
join targets using (row_set, benchmark, metric)
left join lowest_errors using (row_set, benchmark, metric, compute_measure)
order by sample_sets.sample_id, targets.target
