-- One row per source, architecture and image size: the operations of one pass as the source prints them, by each key that may name it.
-- grain: source, page, locator, convention, is_whole
with passes as (
    select
        passes.source,
        passes.printed_as,
        passes.convention,
        passes.benchmark,
        coalesce(passes.image_size, 224) as image_size,
        lower(coalesce(passes.architecture, mentions.printed_name)) as full_name,
        passes.operations,
        passes.operations_per_pass_flop,
        passes.page,
        passes.locator,
    from core.passes as passes
    join core.model_mentions as mentions using (source, page, locator)
    join core.page_order as pages on passes.source = pages.source and passes.page = pages.page
    -- An image classifier without a size is at 224 pixels; a detector has no such default, and of a source's pages the best-ranked counts.
    where coalesce(passes.benchmark, 'imagenet') = 'imagenet'
    qualify row_number() over (
        partition by passes.source, full_name, coalesce(passes.image_size, 224), passes.convention
        order by pages.preference, passes.locator
    ) = 1
),

named as (
    -- "resnet50_8xb32_in1k" is an architecture and how it was trained: its first part may be another source's whole name.
    select *, full_name as name, true as is_whole from passes
    union all
    select *, regexp_extract(full_name, '^[^_ ]+') as name, false as is_whole from passes where contains(full_name, '_')
),

keyed as (
    select distinct * exclude (name), name_key(name) as architecture_key,
    from named
)

select
    architecture_key,  -- the architecture: lower case, without blanks and punctuation (but a point between digits)
    is_whole,  -- whether the key is the whole name and not its first part
    image_size,
    source,
    printed_as,
    convention,
    operations,
    operations_per_pass_flop,
    page,
    locator,
from keyed
order by architecture_key, is_whole, image_size, source, convention
