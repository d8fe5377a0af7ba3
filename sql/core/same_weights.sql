-- One row per record whose weights are those of another list, with the evidence.
-- grain: source, page, locator
with copies as (
    select * from staging.copies
),

records as (
    select
        models.source,
        models.page,
        models.locator,
        models.name,
        models.parameters,
        models.converted_from,
        results.benchmark,
        results.image_size,
        results.value,
        passes.operations_per_pass_flop,
        copies.of as of_source,
        copies.converted_only,
        name_family(models.name) as family,
        data_tokens(models.name) as data,
        -- "…/tf_efficientnet_b0_aa-827b6e33.pth": the name that the file's publisher gave the weights.
        replace(
            regexp_replace(
                regexp_replace(
                    regexp_extract(lower(models.converted_from), '([^/]+)/?$', 1), '\.(pth|pt|bin|npz|safetensors|tar|pyth)(\.\w+)?$', ''
                ),
                '-[0-9a-f]{8}$', ''
            ),
            '-', '_'
        ) as file_name,
        name_family(file_name) as file_family,
    from staging.model as models
    join copies using (source)
    join staging.result as results using (source, page, locator)
    left join core.passes as passes using (source, page, locator)
    where results.metric = 'top1' and (not copies.converted_only or models.converted_from is not null)
    qualify row_number() over (
        partition by models.source, models.page, models.locator, results.benchmark order by passes.convention, passes.image_size
    ) = 1
),

weights as (
    select
        models.source as of_source,
        models.name as weights_name,
        models.architecture,
        name_family(models.name) as family,
        data_tokens(models.name) as data,
        results.benchmark,
        results.image_size,
        results.value,
        architectures.parameters,
        passes.operations_per_pass_flop,
    from staging.model as models
    join staging.result as results using (source, page, locator)
    left join (
        select source, architecture, median(parameters) as parameters from staging.model where parameters is not null group by all
    ) as architectures on models.source = architectures.source and models.architecture = architectures.architecture
    left join (
        select source, architecture, image_size, min(operations_per_pass_flop) as operations_per_pass_flop
        from core.passes where architecture is not null group by all
    ) as passes on
        models.source = passes.source and models.architecture = passes.architecture and results.image_size = passes.image_size
    where models.source in (select of from copies) and results.metric = 'top1' and models.architecture is not null
),

in_list as (
    select
        models.source, models.page, models.locator, models.name as weights_name, models.parameters, results.benchmark, results.image_size,
        split_part(models.name, '.', 2) as tag,
        list_distinct(regexp_split_to_array(models.name, '[^a-z0-9]+')) as words,
        max(results.value) filter (results.metric = 'top1') as top1,
        max(results.value) filter (results.metric = 'top5') as top5,
    from staging.model as models
    join staging.result as results using (source, page, locator)
    where models.source in (select of from copies) and models.parameters is not null
    group by all
),

by_older_name as (
    select
        records.*, older.weights_name, weights.image_size as weights_image_size,
        1 as rank,
        'older name' as rule,
        format('{}: {:.2f}, {} has {:.2f} at {} pixels', older.rule, records.value, older.weights_name, weights.value, weights.image_size) as evidence,
        abs(records.value - weights.value) as distance,
    from records
    join core.older_names as older using (of_source, name, image_size, value)
    join weights on
        older.of_source = weights.of_source
        and older.weights_name = weights.weights_name
        and records.image_size = weights.image_size
    where not records.converted_only
),

by_file as (
    select
        records.*, weights.weights_name, weights.image_size as weights_image_size,
        2 as rank,
        'file' as rule,
        format('converted from {}: {:.2f}, {} has {:.2f} at {} pixels', records.file_name, records.value, weights.weights_name, weights.value, weights.image_size) as evidence,
        abs(records.value - weights.value) as distance,
    from records
    join weights on
        records.of_source = weights.of_source
        and records.benchmark = weights.benchmark
        and coalesce(records.image_size, weights.image_size) = weights.image_size
        and (
            records.file_name = weights.weights_name
            -- A file may name an architecture within another: wide_resnet50 is no resnet50.
            or contains(records.file_name, weights.architecture)
            and (starts_with(records.file_name, weights.architecture) or abs(records.parameters / weights.parameters - 1) <= 0.025)
            and abs(records.value - weights.value) <= 0.3
        )
    qualify length(weights.architecture) = max(length(weights.architecture)) over (
        partition by records.source, records.page, records.locator
    )
),

by_likeness as (
    -- The family and the data before the last. Lists count attention differently: where the operations do not agree the
    -- parameters and the score have to be the closer.
    select
        records.*, weights.weights_name, weights.image_size as weights_image_size,
        3 as rank,
        'likeness' as rule,
        format(
            '{:.1f} and {:.1f} million parameters, {:.2f} and {:.2f} GFLOP, {:.2f} and {:.2f} %: {} at {} pixels',
            records.parameters / 1e6, weights.parameters / 1e6, records.operations_per_pass_flop / 1e9,
            weights.operations_per_pass_flop / 1e9, records.value, weights.value, weights.weights_name, weights.image_size
        ) as evidence,
        abs(records.value - weights.value) as distance,
    from records
    join weights on
        records.of_source = weights.of_source
        and records.benchmark = weights.benchmark
        and weights.family in (records.family, records.file_family)
        and coalesce(records.image_size, weights.image_size) = weights.image_size
        and (
            -- Authors' pages print two digits of the parameters.
            abs(records.parameters / weights.parameters - 1) <= 0.025
            and abs(records.operations_per_pass_flop / weights.operations_per_pass_flop - 1) <= 0.07
            and abs(records.value - weights.value) <= 0.3
            and records.data = weights.data
            or records.converted_only
            and abs(records.parameters / weights.parameters - 1) <= 0.005
            and abs(records.value - weights.value) <= 0.1
            and records.data = weights.data
            -- To the printed digit, whatever the names tell.
            or records.converted_only
            and abs(records.parameters / weights.parameters - 1) <= 0.025
            and abs(records.value - weights.value) <= 0.02
        )
),

twice_in_list as (
    -- A list has weights again for another layout of the same network: "levit_384" and "levit_conv_384". The same tag, parameters
    -- and size, top-1 and top-5 within 0.02, and the one name within the other's words.
    select
        mine.source, mine.page, mine.locator, yours.source as of_source, yours.weights_name, mine.image_size as weights_image_size,
        4 as rank,
        'layout' as rule,
        format('{:.3f} and {:.3f} %, the same tag and parameters: {}', mine.top1, yours.top1, yours.weights_name) as evidence,
        abs(mine.top1 - yours.top1) as distance,
    from in_list as mine
    join in_list as yours using (source, benchmark, image_size, tag, parameters)
    where
        length(mine.weights_name) > length(yours.weights_name)
        and list_has_all(mine.words, yours.words)
        and abs(mine.top1 - yours.top1) <= 0.02
        and abs(mine.top5 - yours.top5) <= 0.02
        -- What was made for tests is too small for equal scores to tell anything.
        and not exists (
            select 1
            from staging.purpose as purposes
            where purposes.purpose = 'test' and purposes.source = mine.source and regexp_matches(mine.weights_name, purposes.pattern)
        )
),

matched as (
    select * from by_older_name
    union all
    select * from by_file
    union all
    select * from by_likeness
    union all by name
    select * from twice_in_list
)

select
    source,
    page,
    locator,
    of_source,  -- the source that has the same weights
    weights_name,  -- their name there
    weights_image_size as image_size,  -- the size at which that source has the record's score, pixels
    rule,  -- older name, file, likeness or layout
    evidence,  -- what was compared, with the numbers
from matched
qualify row_number() over (partition by source, page, locator order by rank, distance, weights_name) = 1
order by source, page, locator
