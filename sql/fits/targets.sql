-- One row per set of points and point: the error whose cost is stated.
with sample_sets as (
    select * from fits.sample_sets
),

lowest_errors as (
    select row_set, benchmark, metric, compute_measure, min(error) as lowest_error
    from fits.points
    group by all
),

points as (
    select * from staging.point
)

select
    sample_sets.sample_id,
    points.point,
    coalesce(points.error, lowest_errors.lowest_error) as error,  -- the error as a fraction: published, of the domain, or the lowest of the row set
    points.published,
from sample_sets
join points using (row_set, benchmark, metric)
left join lowest_errors using (row_set, benchmark, metric, compute_measure)
order by sample_sets.sample_id, points.point
