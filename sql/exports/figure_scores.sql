-- One row per score without a full scale on a test set: its value and, where a source holds it, the computation behind it.
-- grain: score_id
with declared as (
    select benchmark from exports.scores
),

points as (
    select score_id, log10_computation, confidence, computation_of from fits.unbounded_points
),

origins as (
    select series.source, points.page, points.locator, 2000 + points.years as released_in
    from fits.growth_points as points
    join staging.growth_series as series using (series)
    where series.quantity = 'time_horizon'
)

select
    scores.score_id,
    scores.benchmark,
    scores.metric,
    scores.printed_name as name,
    scores.setting,
    scores.value,
    scores.log10_performance,
    coalesce(scores.scored_in, scores.year, origins.released_in) as year,  -- when it was scored, else of publication
    points.log10_computation,  -- log10 of the computation, in the unit of the measure; null where no source holds it
    points.confidence,
    points.computation_of,
    scores.source,
    scores.page,
    scores.locator,
from core.unbounded_scores as scores
join declared using (benchmark)
left join points using (score_id)
left join origins on
    scores.source = origins.source and scores.page = origins.page and scores.locator = origins.locator
where scores.split = 'test'
order by scores.score_id
