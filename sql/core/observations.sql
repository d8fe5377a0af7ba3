-- One row per quantity of a model that a page prints, from all sources; the one that is chosen where they differ is marked.
-- grain: none, a record that prints both conventions of a pass gives two alike
with pages as (
    select source, page, source_rank, preference from core.page_order
),

printed as (
    select
        model_id, benchmark, metric as quantity, image_size, value, 'percent' as unit, source, page, locator
    from core.results
    union all
    select
        model_id, benchmark, 'operations_per_pass' as quantity, image_size, operations_per_pass_flop as value, 'flop' as unit,
        source, page, locator
    from core.passes
    union all
    select
        model_id, benchmark, compute_measure as quantity, null as image_size, compute_flop as value, 'flop' as unit,
        source, page, locator
    from core.compute_totals
    union all
    select
        mentions.model_id, null as benchmark, 'parameters' as quantity, null as image_size, models.parameters as value,
        'count' as unit, models.source, models.page, models.locator
    from staging.model as models
    join core.model_mentions as mentions using (source, page, locator)
    where models.parameters is not null
),

-- Sorted once, where a window of each quantity would sort ten million rows a second time: what is sorted stays so in a table
-- expression and under an empty OVER (DuckDB's documentation, "Order Preservation").
sorted as (
    select printed.*, pages.source_rank, pages.preference,
    from printed
    join pages using (source, page)
    order by model_id, benchmark, quantity, image_size, preference, locator
)

select
    model_id,
    benchmark,
    quantity,  -- what is printed: a metric, operations_per_pass, a compute measure or parameters
    image_size,  -- side of the square input that it was taken at, pixels
    value,  -- the value, in unit
    unit,  -- percent, flop or count
    source,
    page,
    locator,
    source_rank,
    (model_id, benchmark, quantity, image_size) is distinct from lag((model_id, benchmark, quantity, image_size)) over () as is_chosen,  -- whether it is the one that stands for the quantity
from sorted
