-- One row per row set, benchmark, metric, compute measure, form, method, selection and target: the computation that an error takes.
-- grain: row_set, benchmark, metric, compute_measure, form, method, selection, target
with sample_sets as (
    select * from fits.sample_sets
),

projections as (
    select * from fits.projections
)

select
    sample_sets.row_set,
    sample_sets.benchmark,
    sample_sets.metric,
    sample_sets.compute_measure,
    projections.form,
    projections.method,
    sample_sets.selection,
    projections.target,
    sample_sets.compute_unit,
    projections.* exclude (sample_id, form, method, target),
from projections
join sample_sets using (sample_id)
order by row_set, benchmark, metric, compute_measure, form, method, selection, target
