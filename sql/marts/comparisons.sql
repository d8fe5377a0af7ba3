-- One row per comparison that a person grasps and measure that it is in: what computation, electricity or emissions are held against.
-- grain: comparison, measure
with homepages as (
    select source, title, homepage from staging.source_setting
),

largest as (
    select
        'largest_training' as comparison,
        compute_measure as measure,
        models.name as label,
        compute_flop as value,
        'FLOP' as unit,
        homepages.title as source,
        homepages.homepage as source_url,
        coalesce(models.published_on, pages.retrieved_on) as as_of,
        'the largest training of the warehouse in this measure' || coalesce('; how sure its source is: ' || lower(confidence), '') as note,
    from core.measures as measures
    join core.models as models using (model_id)
    join homepages on measures.source = homepages.source
    join meta.pages as pages on measures.source = pages.source and measures.page = pages.page
    where
        compute_measure in ('hardware_burden', 'training_compute')
        and (compute_measure, compute_flop) in (select compute_measure, max(compute_flop) from core.measures group by all)
    -- A page of a benchmark repeats what the list of models says, without how sure that is.
    qualify row_number() over (
        partition by compute_measure
        order by compute_flop desc, confidence is null, measures.source, measures.page, measures.locator
    ) = 1
),

rates as (
    select
        clusters.comparison, clusters.label, clusters.precision, clusters.days, clusters.processors as n_processors,
        sheets.processor_id,
        sheets.paper_rate_flop_per_s as burden_rate,
        peak_rate(sheets, clusters.precision) as rate,
        homepages.title as source,
        homepages.homepage as source_url,
        pages.retrieved_on as as_of,
    from staging.cluster as clusters
    join core.processor_aliases as aliases on clusters.processor = aliases.alias
    join core.processors as sheets on aliases.processor_id = sheets.processor_id
    join homepages on sheets.source = homepages.source
    join meta.pages as pages on sheets.source = pages.source and sheets.page = pages.page
),

clusters as (
    select
        comparison, 'hardware_burden' as measure, label, n_processors * days * 86400 * burden_rate as value, 'FLOP' as unit,
        source, source_url, as_of,
        'at the peak rate by which burdens count an hour of ' || processor_id as note,
    from rates
    union all by name
    select
        comparison, 'training_compute' as measure, label, n_processors * days * 86400 * rate as value, 'FLOP' as unit,
        source, source_url, as_of,
        'at the ' || precision || ' peak of ' || processor_id || ', all of it used' as note,
    from rates
),

declared as (
    select
        comparison, quantity as measure, label, value, unit, source, address as source_url, as_of,
        'as declared in flows/declared/comparisons.toml' as note,
    from staging.comparison
),

comparisons as (
    select * from largest
    union all by name
    select * from clusters where value is not null
    union all by name
    select * from declared
)

select
    comparison,  -- largest_training, or a key of flows/declared/comparisons.toml
    measure,  -- hardware_burden or training_compute (a computation is held against its own measure), electricity or emissions
    label,  -- what it is, in words
    value,
    log10(value) as log10_value,  -- log10 of the same
    unit,  -- FLOP, kWh or kg
    source,  -- where the figure is from
    source_url,  -- where a person reads it
    as_of,  -- the day that it is from
    note,  -- how it comes about
from comparisons
order by comparison, measure
