-- One row per name, size and score under which a list of today's weights, or one that copies it, had weights before.
-- grain: of_source, name, image_size, value
with copies as (
    select * from staging.copies
),

weights as (
    select
        models.source as of_source,
        models.name as weights_name,
        models.architecture,
        split_part(models.name, '.', 2) as tag,
        results.image_size,
        results.value,
        results.benchmark,
        results.metric,
    from staging.model as models
    join staging.result as results using (source, page, locator)
    where models.source in (select of from copies) and results.metric = 'top1' and models.architecture is not null
),

listed as (
    -- Past versions of the list, and the scores of those who copy it.
    select name, image_size, value, benchmark, metric from staging.listing
    union
    select models.name, results.image_size, results.value, results.benchmark, results.metric
    from staging.model as models
    join staging.result as results using (source, page, locator)
    where models.source in (select source from copies where not converted_only) and results.metric = 'top1'
),

same_name as (
    select
        of_source, name, listed.image_size, listed.value, weights_name,
        'the same name' as rule,
        abs(listed.value - weights.value) as distance,
        0 as remainder,
        length(name) as n_shared,
    from listed
    join weights on
        listed.name = weights.weights_name
        and listed.image_size = weights.image_size
        and listed.benchmark = weights.benchmark
    where contains(name, '.')
),

same_score as (
    -- Old names were used again for other weights, so that a name is never enough: it holds the architecture, and the score
    -- agrees within what other versions of a library make of the same weights.
    select
        of_source, name, listed.image_size, listed.value, weights_name,
        'a name of the architecture, the same size, a score within 0.15' as rule,
        abs(listed.value - weights.value) as distance,
        -- How much of the old name's rest stands in today's tag: "_ap" in "ap_in1k".
        if(contains('_' || weights.tag || '_', replace(name, weights.architecture, '') || '_'), 0, 1) as remainder,
        length(weights.architecture) as n_shared,
    from listed
    join weights on
        contains(listed.name, weights.architecture)
        and listed.image_size = weights.image_size
        and listed.benchmark = weights.benchmark
        and abs(listed.value - weights.value) <= 0.15
    where not contains(listed.name, '.')
),

matched as (
    select * from same_name
    union all
    select * from same_score
)

select
    of_source,  -- the source that has the weights today
    name,  -- the name that they had
    image_size,
    value,  -- the score that stood beside that name, in percent
    weights_name,  -- their name today
    rule,  -- how they were recognised
from matched
qualify row_number() over (
    partition by of_source, name, image_size, value order by n_shared desc, remainder, distance, weights_name
) = 1
order by of_source, name, image_size, value
