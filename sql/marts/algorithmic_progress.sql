-- One row per row set, benchmark, metric, compute measure and selection: the years of progress that do the work of ten times the computation.
-- grain: row_set, benchmark, metric, compute_measure, selection
with sample_sets as (
    select * from fits.sample_sets
)

select
    sample_sets.row_set,
    sample_sets.benchmark,
    sample_sets.metric,
    sample_sets.compute_measure,
    sample_sets.selection,
    time_terms.* exclude (sample_id),
from fits.time_terms as time_terms
join sample_sets using (sample_id)
order by row_set, benchmark, metric, compute_measure, selection
