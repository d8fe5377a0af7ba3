-- One row per training and benchmark of which a page prints several runs: its name again, with another burden.
-- grain: source, page, training_on_benchmark
with burdens as (
    select source, page, locator, max(compute_flop) as burden_flop
    from core.measures
    where compute_measure = 'hardware_burden'
    group by all
),

named as (
    select
        own.source,
        own.page,
        concat_ws(' ', coalesce(longer_names.own_training_id, own.own_training_id), own.benchmark) as training_on_benchmark,
        burdens.burden_flop,
    from core.own_trainings as own
    join burdens using (source, page, locator)
    left join core.longer_names as longer_names using (source, page, locator)
)

select
    source,
    page,
    training_on_benchmark,  -- the training by core.longer_names, else core.own_trainings, and the benchmark where the record tells one
from named
group by all
-- Least and most differ where several do, which takes a fifth of the time of counting them.
having min(burden_flop) != max(burden_flop)
order by source, page, training_on_benchmark
