-- One row per benchmark whose scores have no full scale: how many are listed, the best, and how computation rises with performance where it is known.
-- grain: benchmark
with scaling as (
    -- The polynomial form alone has an exponent; a list without computation has no form.
    select * from marts.unbounded_scaling
    where form = 'polynomial' or form is null
),

best as (
    select
        benchmark,
        first(value order by log10_performance desc, score_id) as best_value,
        first(printed_name order by log10_performance desc, score_id) as best_name,
        min(coalesce(floor(scored_in), year)) as first_year,
        max(coalesce(floor(scored_in), year)) as last_year,
    from core.unbounded_scores
    where split = 'test'
    group by benchmark
)

select
    scaling.domain,
    scaling.benchmark,
    scaling.title,
    scaling.metric,
    scaling.compute_measure,
    scaling.n_scores,
    best.best_value,  -- the best score, in the metric's own unit: percent, perplexity, bits, points of Elo or minutes
    best.best_name,  -- who has it; of several the first; null where the page names none
    best.first_year,  -- year of the first score that has one
    best.last_year,  -- year of the last score that has one
    scaling.n,
    scaling.n_papers,
    scaling.intercept,
    scaling.slope,
    scaling.exponent,
    scaling.exponent_low,
    scaling.exponent_high,
    scaling.elo_per_doubling,
    scaling.status,
    scaling.reason,
    scaling.remark,
from scaling
left join best using (benchmark)
order by scaling.domain, scaling.benchmark
