-- One row per state of the warehouse (the ledger's, and this one), headline line of `current` or benchmark, and number: exponents, points and lowest errors as they were said.
-- grain: as_of, place, benchmark, metric, compute_measure, quantity
with past as (
    select numbers.*, builds.as_of, builds.place, builds.code_version
    from staging.past_number as numbers
    join meta.past_builds as builds using (build)
),

present as (
    select
        numbers.*,
        built.as_of,
        built.code_version,
        coalesce((select max(place) from meta.past_builds), 0) + 1 as place,
    from marts.headline_numbers as numbers
    cross join meta.this_build as built
),

numbers as (
    select * from past
    union all by name
    select * from present
)

select
    as_of,  -- the day of the newest page in the state
    place,  -- 1 is the oldest state; the last is this warehouse
    benchmark,
    metric,
    compute_measure,  -- '' of the lowest error
    quantity,  -- exponent, points or lowest_error
    form,  -- of the line
    value,  -- as the state said it
    low,  -- lower end of its interval
    high,  -- upper end of the same
    name,  -- of the lowest error: the model that had it
    code_version,  -- version of the code that said so
from numbers
where quantity in ('exponent', 'points', 'lowest_error')
order by place, benchmark, metric, compute_measure, quantity
