-- One row per total of training computation that a page prints for a model.
-- grain: source, page, locator, compute_measure
with compute as (
    select * from staging.compute
),

mentions as (
    select * from core.model_mentions
),

totals as (
    select
        mentions.model_id,
        compute.benchmark,
        compute.compute_measure,
        compute.value,
        compute.unit,
        compute.value * case compute.unit when 'gflop' then 1e9 when 'flop' then 1 end as compute_flop,  -- the total in FLOP
        compute.confidence,
        compute.source,
        compute.page,
        compute.locator,
    from compute
    join mentions on
        compute.source = mentions.source and compute.page = mentions.page and compute.locator = mentions.locator
)

select * from totals
order by source, page, locator, compute_measure
