-- One row per computation of one network pass that a page prints for a model.
-- grain: source, page, locator, convention
with operations as (
    select * from staging.operations
),

mentions as (
    select * from core.model_mentions
),

passes as (
    select
        mentions.model_id,
        operations.benchmark,
        operations.operations,
        operations.convention,
        operations.image_size,
        operations.printed_as,
        mentions.architecture,
        operations.operations * case operations.convention when 'mac' then 2 when 'flop' then 1 end as operations_per_pass_flop,  -- FLOP of one forward pass; 1 mac = 2 flop
        operations.source,
        operations.page,
        operations.locator,
    from operations
    join mentions on
        operations.source = mentions.source
        and operations.page = mentions.page
        and operations.locator = mentions.locator
)

select * from passes
order by source, page, locator, convention
