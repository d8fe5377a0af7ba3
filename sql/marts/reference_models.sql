-- One row per reference architecture and source that prints its operations: what it prints, its convention, and how far it is off.
-- grain: architecture_key, image_size, source, convention
with models as (
    select * from staging.reference_model
),

passes as (
    -- The whole name stands before the first part of a longer one.
    select passes.*
    from core.architecture_passes as passes
    join core.page_order as pages using (source, page)
    qualify row_number() over (
        partition by source, architecture_key, image_size, convention order by is_whole desc, pages.preference, locator
    ) = 1
)

select
    models.architecture_key,  -- the architecture: lower case, without blanks and punctuation (but a point between digits)
    models.image_size,
    passes.source,
    passes.printed_as,
    passes.operations,
    passes.convention,
    passes.operations_per_pass_flop,
    2 * models.mac as reference_flop,  -- the reference in FLOP (2 x MAC)
    passes.operations_per_pass_flop / (2 * models.mac) as ratio,  -- the source's number over the reference
    abs(ratio - 1) <= 0.03 as agrees,  -- whether it is within 3 % of the reference
    models.citation,
    passes.page,
    passes.locator,
from models
join passes on models.architecture_key = passes.architecture_key and models.image_size = passes.image_size
order by models.architecture_key, passes.source, passes.convention
