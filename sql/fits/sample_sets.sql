-- One row per row set, benchmark, metric, compute measure and selection: a set of points that lines are fitted through.
-- grain: sample_id
with declared as (
    select distinct row_set, benchmark, metric, compute_measure, selection from staging.fit
),

units as (
    select distinct row_set, compute_unit, headline from staging.row_set
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
    selection = headline as is_headline,  -- whether its lines lead in tables, and give costs
from declared
join units using (row_set)
order by sample_id
