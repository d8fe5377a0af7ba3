-- One row per setting, model and statistic: how many observations the model needs to do as well as the oracle with few, and how much computation.
-- grain: setting, model, statistic
with matches as (
    select * from staging.theory_match
),

simulated as (
    select * from staging.theory_row
),

oracles as (
    select setting, n_observations as target_observations, computation_flop as oracle_flop
    from simulated
    where model = 'oracle'
),

between_sizes as (
    -- As flows/theory/match.py reads the computation: a straight line between two sizes, both axes logarithmic.
    select
        setting,
        model,
        log10(n_observations) as x,
        log10(computation_flop) as y,
        lead(x) over (partition by setting, model order by n_observations) as next_x,
        (lead(y) over (partition by setting, model order by n_observations) - y) / (next_x - x) as slope,
    from simulated
),

with_ends as (
    select
        matches.*,
        10 ** (lows.y + lows.slope * (log10(n_observations_low) - lows.x)) as computation_flop_low,
        10 ** (highs.y + highs.slope * (log10(n_observations_high) - highs.x)) as computation_flop_high,
    from matches
    left join between_sizes as lows on
        matches.setting = lows.setting and matches.model = lows.model
        and log10(n_observations_low) >= lows.x and log10(n_observations_low) < lows.next_x
    left join between_sizes as highs on
        matches.setting = highs.setting and matches.model = highs.model
        and log10(n_observations_high) >= highs.x and log10(n_observations_high) < highs.next_x
)

select
    with_ends.* exclude (computation_flop_low, computation_flop_high),
    statistic = 'mean' as is_headline,  -- whether it is the statistic that the brief's 175 and 1,500 are held against: the mean error
    computation_flop / oracle_flop as computation_ratio,  -- how many times the computation of the oracle's fit that takes
    computation_flop_low / oracle_flop as computation_ratio_low,  -- lower end of its interval: at n_observations_low
    computation_flop_high / oracle_flop as computation_ratio_high,  -- upper end of the same; null where it lies beyond the simulated sizes
from with_ends
left join oracles using (setting, target_observations)
order by setting, model, statistic
