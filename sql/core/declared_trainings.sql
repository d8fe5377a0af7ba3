-- One row per record that points.toml declares to be the training that another source has under its own name.
-- grain: source, page, locator
with own as not materialized (
    select * from core.own_trainings
),

names as (
    select printed_name from staging.same_training
    union
    select as_name from staging.same_training
),

scored as not materialized (
    select own.source, own.page, own.locator, own.printed_name, results.benchmark, results.metric, results.value, results.image_size
    from own
    join staging.result as results using (source, page, locator)
    where own.printed_name in (select printed_name from names)
),

declared as (
    -- Of the sizes at which the other source has the weights, the one with the nearest score is the record's.
    select
        same.source, own.page, own.locator, same.as_source, same.as_name, same.benchmark, same.reason,
        arg_min(theirs.image_size, abs(theirs.value - ours.value)) as image_size,
    from staging.same_training as same
    join own using (source, printed_name, benchmark)
    left join scored as ours using (source, page, locator, benchmark)
    left join scored as theirs on
        same.as_source = theirs.source
        and same.as_name = theirs.printed_name
        and same.benchmark = theirs.benchmark
        and ours.metric = theirs.metric
    group by all
),

originals as (
    -- Of those alone that are declared to be another's: all names there are would be held at once.
    select
        own.source, own.printed_name, own.benchmark,
        min(coalesce(longer_names.own_training_id, own.own_training_id)) as training_id,
    from own
    left join core.longer_names as longer_names using (source, page, locator)
    where (own.source, own.printed_name, own.benchmark) in (select as_source, as_name, benchmark from declared)
    group by all
)

select
    declared.source,
    declared.page,
    declared.locator,
    originals.training_id,  -- the training; null where the other source has no record of that name
    declared.reason,  -- why it is the same, as points.toml says
    declared.image_size,  -- of the sizes at which the other source has the weights, that with the nearest score
from declared
left join originals on
    declared.as_source = originals.source
    and declared.as_name = originals.printed_name
    and declared.benchmark = originals.benchmark
order by declared.source, declared.page, declared.locator
