-- One row per page and benchmark of a leaderboard that is listed and not fitted: how many models, the best, whose computation is known, and how its scores agree with those of other pages.
-- grain: source, page, benchmark, metric
with scores as (
    select * from core.listed_scores
),

counted as (
    select
        source,
        page,
        benchmark,
        metric,
        max(shots) as shots,
        count(*) as n_scores,
        count(distinct name) as n_models,
        max(value) as best_value,
        min(name) filter (place = 1) as best_name,
        count(distinct name) filter (training_compute_flop is not null) as n_with_computation,
        count(other_value) as n_held_against,
        count(*) filter (abs(value - other_value) <= 0.05 + 1e-9) as n_agree,
        max(abs(value - other_value)) as largest_difference,
    from scores
    group by source, page, benchmark, metric
)

select
    source,
    page,
    benchmark,
    metric,
    shots,
    n_scores,  -- rows with a score: a model may have several
    n_models,  -- names
    best_value,  -- the best score, percent
    best_name,  -- the model that has it; of several the first by name
    n_with_computation,  -- names that another page has to the letter, with the computation of the training
    n_held_against,  -- scores of a name that another page has on the benchmark too
    n_agree,  -- those of them that are equal to it as far as the leaderboard prints: to 0.05
    largest_difference,  -- the largest difference of all of them, percentage points
    if(
        n_with_computation = 0,
        'no source holds the computation of a training of these names: listed, not fitted',
        format('{} of {} models have the very name of a training whose computation a source holds: listed beside it, not fitted', n_with_computation, n_models)
    ) as reason,  -- why no line goes through it
from counted
order by source, page, benchmark, metric
