-- One row per architecture and pair of sources that print the operations of its pass at the same image size.
-- grain: architecture_key, image_size, one_source, one_convention, other_source, other_convention
with keyed as (
    select passes.*, pages.preference
    from core.architecture_passes as passes
    join core.page_order as pages using (source, page)
),

pairs as (
    select
        one.architecture_key,
        one.image_size,
        one.source as one_source,
        one.printed_as as one_printed_as,
        one.convention as one_convention,
        one.operations as one_operations,
        one.operations_per_pass_flop as one_flop,
        one.page as one_page,
        one.locator as one_locator,
        other.source as other_source,
        other.printed_as as other_printed_as,
        other.convention as other_convention,
        other.operations as other_operations,
        other.operations_per_pass_flop as other_flop,
        other.page as other_page,
        other.locator as other_locator,
    from keyed as one
    join keyed as other on
        one.source < other.source
        and one.architecture_key = other.architecture_key
        and one.image_size = other.image_size
        and (one.is_whole or other.is_whole)
    qualify row_number() over (
        partition by one.architecture_key, one.image_size, one.source, one.convention, other.source, other.convention
        order by one.is_whole desc, other.is_whole desc, one.preference, one.locator, other.preference, other.locator
    ) = 1
)

select
    architecture_key,  -- the architecture: lower case, without blanks and punctuation (but a point between digits)
    image_size,
    one_source,  -- the first of the two sources
    one_printed_as,  -- what it calls its operations
    one_convention,  -- the convention declared for it
    one_operations,  -- what it prints
    one_flop,  -- the same in FLOP by its declared convention
    one_page,  -- the page of the first
    one_locator,  -- where in it
    other_source,  -- the second of the two sources
    other_printed_as,  -- what it calls its operations
    other_convention,  -- the convention declared for it
    other_operations,  -- what it prints
    other_flop,  -- the same in FLOP by its declared convention
    other_page,  -- the page of the second
    other_locator,  -- where in it
from pairs
order by architecture_key, image_size, one_source, other_source, one_convention, other_convention
