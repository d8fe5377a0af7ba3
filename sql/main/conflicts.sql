-- One row per quantity of a model, training or architecture on which two sources differ, with both values and both addresses.
-- grain: model_id, benchmark?, quantity, image_size?, chosen_source, source
with conflicts as (
    select * from core.conflicts
),

pages as (
    select source, page, url from meta.pages
),

conflicts_flat as (
    select
        conflicts.chosen_name as model,  -- name of the model, training or architecture, as the better-ranked source prints it
        conflicts.name_key,
        conflicts.benchmark,  -- the benchmark of a score; null of what is no score
        conflicts.quantity,
        conflicts.image_size,
        conflicts.unit,
        conflicts.ratio,
        conflicts.chosen_source,
        conflicts.chosen_value,
        chosen.url as chosen_url,  -- address of its page
        conflicts.source,
        conflicts.other_value,
        conflicts.other_name,
        other.url,
        conflicts.model_id,
        conflicts.chosen_page,
        conflicts.chosen_locator,
        conflicts.page,
        conflicts.locator,
    from conflicts
    left join pages as chosen on conflicts.chosen_source = chosen.source and conflicts.chosen_page = chosen.page
    left join pages as other on conflicts.source = other.source and conflicts.page = other.page
)

select * from conflicts_flat
