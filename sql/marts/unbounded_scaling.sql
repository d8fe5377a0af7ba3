-- One row per benchmark without a full scale and form: its line, the exponent with its interval, and where there is none the reason.
-- grain: benchmark, form?
with benchmarks as (
    select * from staging.unbounded_benchmark
),

lines as (
    select * from fits.unbounded_lines
),

scored as (
    select benchmark, count(*) as n_scores
    from core.unbounded_scores
    where split = 'test'
    group by all
),

known as (
    select
        benchmark,
        count(*) filter (nearness = 5) as n_of_another_training,
        any_value(computation_unit) as computation_unit,
    from core.unbounded_candidates
    group by all
)

select
    benchmarks.domain,
    benchmarks.benchmark,
    benchmarks.title,
    benchmarks.metric,
    benchmarks.compute_measure,
    known.computation_unit,
    lines.form,  -- polynomial or exponential; null where no source holds computation
    coalesce(scored.n_scores, 0) as n_scores,  -- scores on the test set, with computation or without
    coalesce(known.n_of_another_training, 0) as n_of_another_training,  -- those of them whose paper has computation, but of another training
    coalesce(lines.n, 0) as n,  -- points
    coalesce(lines.n_papers, 0) as n_papers,
    lines.intercept,
    lines.slope,
    lines.slope_low,
    lines.slope_high,
    exponent(lines.form, slope) as exponent,  -- computation grows as performance to this power; null where there is no line, or the form has none
    if(has_exponent(lines.form), inverse_low(slope_low, slope_high), null) as exponent_low,  -- lower end of its interval, by paper
    if(has_exponent(lines.form), inverse_high(slope_low, slope_high), null) as exponent_high,  -- upper end of the same; null where a slope of 0 is in it
    if(benchmarks.metric = 'elo' and lines.form = 'polynomial', 400 * slope * log10(2), null) as elo_per_doubling,  -- points of Elo for twice the computation; null for other metrics
    lines.residual_sd,
    lines.log10_computation_min,
    lines.log10_computation_max,
    coalesce(lines.status, 'no_computation') as status,  -- as of fits.unbounded_lines; no_computation: no source holds any, so that the scores are a list alone
    case coalesce(lines.status, 'no_computation')
        when 'no_computation' then 'no source holds a computation for its scores: listed, not fitted'
        when 'too_few_points' then
            format(
                '{} of {} scores are of a training whose computation a source holds, and a line takes three: listed, not fitted',
                lines.n, coalesce(scored.n_scores, 0)
            )
        when 'too_few_papers' then
            format('its points are of {} paper{} or program{}, and no interval can be told from fewer than three', lines.n_papers, if(lines.n_papers = 1, '', 's'), if(lines.n_papers = 1, '', 's'))
        when 'slope_not_different_from_0' then 'the interval of its slope holds 0: from these points no exponent can be told'
        when 'perfect_leverage' then 'without one of its papers all points have the same computation'
        when 'no_spread_in_x' then 'all its points have the same computation'
    end as reason,  -- why there is no line or no bounded interval; null where there is one
    benchmarks.remark,
from benchmarks
left join lines using (benchmark)
left join scored using (benchmark)
left join known using (benchmark)
order by benchmarks.benchmark, lines.form
