-- One row per model and number of observations (Figure 1a of the brief): the performance that it reaches, with its interval; and where it is as good as the oracle with few.
-- grain: kind, model, n_observations
with simulated as (
    select
        'simulated' as kind,
        model,
        n_observations::double as n_observations,
        null::double as n_observations_low,
        null::double as n_observations_high,
        performance,
        student_t_quantile(0.975, 'infinity'::double) as z,
        1 / (mean_excess_error + z * mean_excess_error_se) as performance_low,
        if(
            mean_excess_error > z * mean_excess_error_se, 1 / (mean_excess_error - z * mean_excess_error_se), null
        ) as performance_high,
    from marts.theory
    where setting = 'base'
),

matches as (
    select
        'match' as kind, model, n_observations, n_observations_low, n_observations_high,
        1 / target_excess_error as performance,
    from marts.theory_observations
    where setting = 'base' and is_headline and n_observations is not null
),

oracle as (
    select distinct
        'match' as kind, 'oracle' as model, target_observations::double as n_observations, 1 / target_excess_error as performance,
    from marts.theory_observations
    where setting = 'base' and is_headline
),

curves as (
    select * exclude (z) from simulated
    union all by name
    select * from matches
    union all by name
    select * from oracle
)

select
    kind,  -- simulated: a point of the curve; match: where the model is as good as the oracle with few observations
    model,
    n_observations,
    n_observations_low,  -- of a match the lower end of its interval
    n_observations_high,  -- of a match the upper end of its interval
    performance,  -- 1 / excess error
    performance_low,  -- lower end of its 95 % interval over the simulations
    performance_high,  -- upper end of the same
from curves
order by kind desc, list_position(['oracle', 'expert', 'regularised', 'flexible'], model), n_observations
