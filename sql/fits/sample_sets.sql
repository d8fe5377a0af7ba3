-- One row per row set, benchmark, metric, compute measure and selection: a set of points that lines are fitted through.
-- grain: sample_id
with declared as (
    select distinct row_set, benchmark, metric, compute_measure, selection from staging.fit
),

units as (
    select distinct row_set, compute_unit from staging.row_set
)

select
    row_number() over (
        order by row_set, benchmark, metric, compute_measure, selection
    ) as sample_id,  -- number of the set of points, within this build
    row_set,
    benchmark,
    metric,
    compute_measure,
    selection,
    compute_unit,
from declared
join units using (row_set)
order by sample_id
