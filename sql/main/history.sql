-- One row per state of the warehouse, headline line or benchmark, and number: exponents, points and lowest errors as each state said them.
-- grain: place, benchmark, metric, compute_measure, quantity
with history as (
    select * from marts.history
),

benchmarks as (
    select benchmark, title from staging.benchmark
)

select history.as_of, history.benchmark, title, history.* exclude (as_of, benchmark)
from history
left join benchmarks using (benchmark)
