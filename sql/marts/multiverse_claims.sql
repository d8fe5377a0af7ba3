-- One row per published statement that comes down to an exponent: how many choices of points, rules, direction and estimator support it.
-- grain: claim
with claims as (
    select * from staging.claim where exponent_low is not null or exponent_high is not null
),

choices as (
    select * from marts.multiverse
),

domains as (
    -- Of the published tables, by the names that they and all sources have for them.
    select benchmark from staging.fit where row_set = 'paper_v1'
    union
    select reads as benchmark from staging.row_set_benchmark where row_set = 'paper_v1'
),

judged as (
    select
        claims.claim,
        choices.row_set,
        choices.slope,
        choices.exponent,
        choices.exponent > 0
        and choices.exponent >= coalesce(claims.exponent_low, 0)
        and choices.exponent <= coalesce(claims.exponent_high, choices.exponent) as is_supporting,
    from claims
    join choices on
        choices.compute_measure = coalesce(claims.judged_measure, choices.compute_measure)
        and if(
            claims.judged_benchmark is null,
            choices.benchmark in (select benchmark from domains),
            choices.benchmark = claims.judged_benchmark
        )
),

counted as (
    select
        claim,
        count(slope) as n_choices,  -- choices that give a line
        count(*) - n_choices as n_without_line,  -- choices that give none: too few points, or no spread
        count(*) filter (is_supporting) as n_supporting,  -- choices whose exponent is positive and lies where the statement says
        n_supporting / nullif(n_choices, 0) as share,  -- n_supporting / n_choices; a count of choices, no probability
        min(exponent) filter (exponent > 0) as exponent_min,  -- lowest positive exponent of these choices
        median(exponent) filter (exponent > 0) as exponent_median,  -- the middle one
        max(exponent) filter (exponent > 0) as exponent_max,  -- the highest
    from judged
    group by claim
)

select
    claims.claim,  -- key of the statement
    claims.statement,
    claims.published,
    claims.exponent_low,
    claims.exponent_high,
    claims.judged_benchmark,
    claims.judged_measure,
    counted.* exclude (claim),
from claims
join counted using (claim)
order by claim
