-- One row per least-squares line and influential point: what the slope and the exponent would be without it; five points a line.
-- grain: row_set, benchmark, metric, compute_measure, form, selection, influence_rank
with sample_sets as (
    select * from fits.sample_sets
),

ols as (
    -- Without the point, too, there are enough for a line.
    select ols.*
    from fits.ols as ols
    cross join staging.fit_rule as fit_rule
    where ols.status = 'ok' and ols.n > fit_rule.points_min
),

models as (
    select model_id, name from core.models
),

left_out as (
    select samples.*, residuals.* exclude (sample_id, result_id), ols.slope
    from fits.samples as samples
    join fits.residuals as residuals using (sample_id, result_id)
    join ols using (sample_id, form)
    where slope_without is not null
),

ranked as (
    select
        *,
        row_number() over (
            partition by sample_id, form order by abs(slope_without - slope) desc, result_id
        ) as influence_rank,
    from left_out
    qualify influence_rank <= 5
)

select
    sample_sets.row_set,
    sample_sets.benchmark,
    sample_sets.metric,
    sample_sets.compute_measure,
    ranked.form,
    sample_sets.selection,
    ranked.influence_rank,  -- 1 for the point that moves the slope most
    ranked.result_id,
    models.name,
    ranked.paper,
    ranked.log10_compute,
    ranked.error,
    ranked.leverage,
    ranked.residual,
    ranked.slope,
    ranked.slope_without,
    exponent(ranked.form, ranked.slope) as exponent,  -- computation grows as performance to this power: 1/slope of the polynomial form
    exponent(ranked.form, ranked.slope_without) as exponent_without,  -- exponent of the line through all other points
from ranked
join sample_sets using (sample_id)
join models using (model_id)
order by row_set, benchmark, metric, compute_measure, form, selection, influence_rank
