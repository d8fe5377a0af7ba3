-- One row per row set, benchmark, metric, compute measure, selection, form and horizon: how many later results prediction intervals held.
-- grain: row_set, benchmark, metric, compute_measure, selection, form, horizon
with scores as (
    select * from fits.prediction_scores
),

calibrations as (
    select * from fits.calibrations
),

sample_sets as (
    select * from fits.sample_sets
),

rules as (
    select level from staging.fit_rule
)

select
    sample_sets.row_set,
    sample_sets.benchmark,
    sample_sets.metric,
    sample_sets.compute_measure,
    sample_sets.selection,
    scores.form,
    scores.horizon,
    rules.level,
    scores.* exclude (sample_id, form, horizon),
    calibrations.n_scored as n_scored_by_now,  -- papers that any origin predicted: what today's calibration rests on, that of the earliest origins without one too
    calibrations.status as calibration_status,  -- of today's: ok, or too_few_scored
from scores
join calibrations using (sample_id, form)
join sample_sets using (sample_id)
cross join rules
order by row_set, benchmark, metric, compute_measure, selection, form, horizon
