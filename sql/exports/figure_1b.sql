-- One row per model and performance that it is first to reach (Figure 1b of the brief): the computation of the fit, and where it is as good as the oracle with few.
-- grain: kind, model, performance
with simulated as (
    select
        model, n_observations, performance, computation_flop,
        max(performance) over (
            partition by model order by computation_flop, n_observations rows between unbounded preceding and 1 preceding
        ) as best_before,
    from marts.theory
    where setting = 'base'
),

running_best as (
    -- Performance dips where there are as many observations as features: with more computation one need not do worse.
    select 'simulated' as kind, model, n_observations::double as n_observations, performance, computation_flop,
    from simulated
    where performance > coalesce(best_before, 0)
),

matches as (
    select
        'match' as kind, model, n_observations, 1 / target_excess_error as performance, computation_flop,
        computation_ratio, computation_ratio_low, computation_ratio_high,
    from marts.theory_observations
    where setting = 'base' and is_headline and n_observations is not null
),

curves as (
    select * from running_best
    union all by name
    select * from matches
)

select
    kind,  -- simulated: a point of the curve; match: where the model is as good as the oracle with few observations
    model,
    performance,  -- 1 / excess error
    n_observations,
    computation_flop,  -- arithmetic of one fit, tuning included, FLOP
    computation_ratio,  -- of a match: how many times the computation of the oracle's fit
    computation_ratio_low,  -- lower end of its interval
    computation_ratio_high,  -- upper end of the same
from curves
order by kind desc, list_position(['oracle', 'expert', 'regularised', 'flexible'], model), performance
