-- One row per training that reaches the quality of an earlier network: how much less computation, by its page's own columns and as printed.
-- grain: source, page, locator
with listed as (
    select * from core.listed_trainings
    where reduction_factor is not null and training_compute_flop > 0 and not is_repeated
),

firsts as (
    -- What the others of the list are measured from is printed as 1.
    select source, listed_under, name as first_name, training_compute_flop as first_compute_flop
    from listed
    where reduction_factor = 1
    qualify row_number() over (partition by source, listed_under order by published_on, page, locator) = 1
),

compared as (
    select
        listed.*,
        firsts.first_name,
        firsts.first_compute_flop,
        firsts.first_compute_flop / listed.training_compute_flop as factor,
        10.0 ** -length(split_part(listed.reduction_factor_literal, '.', 2)) as last_digit,
    from listed
    join firsts using (source, listed_under)
)

select
    source,
    page,
    locator,
    listed_under as quality_of,  -- the network whose quality is reached
    name,
    published_on,
    training_compute_flop,
    first_name,  -- the training that the list measures from
    first_compute_flop,  -- its computation, FLOP
    factor,  -- first_compute_flop / training_compute_flop
    reduction_factor as printed_factor,  -- the same as the page prints it
    -- Whether it is rounded or cut off is not said.
    abs(factor - reduction_factor) >= last_digit as is_conflict,  -- whether the page's own columns contradict it, by one in the last printed digit or more
from compared
order by source, page, locator
