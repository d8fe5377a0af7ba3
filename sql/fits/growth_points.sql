-- One row per series and model, listed training or processor in it: the day of its release and log10 of its computation, rate or price-performance.
-- grain: series, thing
with series as (
    select * from staging.growth_series
),

totals as (
    select * from core.compute_totals
),

records as (
    select source, page, locator, name, published_on, notability_criteria from staging.model
),

results as (
    select distinct source, page, locator, released_on from core.results
),

sheets as (
    select *, lower(processor_kind) as kind from staging.processor
),

trainings as (
    select * from core.listed_trainings
),

models as (
    -- A record that gives its own day (Epoch's) stands by it; of a model that stands in several records the largest number counts.
    select
        series.series,
        totals.model_id as thing,
        records.name,
        coalesce(records.published_on, results.released_on) as released_on,
        totals.compute_flop as value,
        totals.source, totals.page, totals.locator,
    from series
    join totals on
        series.source = totals.source and series.quantity = totals.compute_measure and series.listed_under is null
    join records on
        totals.source = records.source and totals.page = records.page and totals.locator = records.locator
    left join results on
        totals.source = results.source and totals.page = results.page and totals.locator = results.locator
    -- A build that was given a day knows no model published on it or later; of one without a day no rate can be told anyway.
    cross join staging.build_setting as asked
    where
        series.subject = 'model'
        and (records.notability_criteria is not null or not series.notable_only)
        and coalesce(coalesce(records.published_on, results.released_on) < asked.published_before, asked.published_before is null)
    qualify row_number() over (
        partition by series.series, totals.model_id order by totals.compute_flop desc, totals.page, totals.locator
    ) = 1
),

processors as (
    -- Prices are nominal.
    select
        series.series,
        concat_ws(':', sheets.source, sheets.page, sheets.locator) as thing,
        sheets.name,
        sheets.released_on,
        case series.quantity
            when 'fp32_flop_per_s' then sheets.fp32_flop_per_s
            when 'fp32_flop_per_s_per_usd' then sheets.fp32_flop_per_s / nullif(sheets.release_price_usd, 0)
        end as value,
        sheets.source, sheets.page, sheets.locator,
    from series
    join sheets on series.source = sheets.source and series.processor_kind = sheets.kind
    where series.subject = 'processor'
),

listed as (
    -- Of lists that are no models of core: a series of these names its list.
    select
        series.series,
        concat_ws(':', trainings.source, trainings.page, trainings.locator) as thing,
        trainings.name,
        trainings.published_on as released_on,
        trainings.training_compute_flop as value,
        trainings.source, trainings.page, trainings.locator,
    from series
    join trainings on series.source = trainings.source and series.listed_under = trainings.listed_under
    cross join staging.build_setting as asked
    where
        (trainings.notability_criteria is not null or not series.notable_only)
        and not trainings.is_repeated
        and coalesce(trainings.published_on < asked.published_before, asked.published_before is null)
),

speedruns as (
    select
        series.series,
        concat_ws(':', records.source, records.page, records.locator) as thing,
        concat_ws(' ', 'record', records.number) as name,
        records.set_on as released_on,
        records.hardware_burden_flop as value,
        records.source, records.page, records.locator,
    from series
    join core.speedrun_records as records on series.source = records.source and series.listed_under = records.track
    cross join staging.build_setting as asked
    where
        series.quantity = 'speedrun_burden'
        and not records.is_retimed
        and coalesce(records.set_on < asked.published_before, asked.published_before is null)
),

horizons as (
    select
        series.series,
        concat_ws(':', scores.source, scores.page, scores.locator) as thing,
        scores.printed_name as name,
        named.published_on as released_on,
        scores.value,
        scores.source, scores.page, scores.locator,
    from series
    join core.unbounded_scores as scores on series.source = scores.source and series.quantity = scores.metric
    join records as named on scores.printed_name = named.name and scores.source != named.source
    join core.page_order as pages on named.source = pages.source and named.page = pages.page
    cross join staging.build_setting as asked
    where
        named.published_on is not null
        and coalesce(named.published_on < asked.published_before, asked.published_before is null)
    qualify row_number() over (
        partition by series.series, scores.score_id order by pages.preference, named.locator
    ) = 1
),

cpus as (
    select
        series.series,
        concat_ws(':', cpus.source, cpus.page, cpus.locator) as thing,
        cpus.name,
        cpus.released_on,
        case series.quantity
            when 'derived_fp32_flop_per_s' then cpus.fp32_flop_per_s
            when 'derived_fp32_flop_per_s_per_core' then cpus.fp32_flop_per_s_per_core
        end as value,
        cpus.source, cpus.page, cpus.locator,
    from series
    join core.cpus as cpus on series.source is null
    where series.subject = 'processor' and series.processor_kind = 'cpu'
),

trends as (
    select
        series.series,
        concat_ws(':', trends.source, trends.page, trends.locator) as thing,
        concat_ws(' ', trends.quantity, 'of', trends.year) as name,
        trends.released_on,
        trends.value,
        trends.source, trends.page, trends.locator,
    from series
    join core.processor_trends as trends on series.source = trends.source and series.quantity = trends.quantity
    where series.subject = 'processor' and series.processor_kind = 'cpu'
),

systems as (
    -- New ones alone, for a system stays on the lists for years.
    select
        series.series,
        concat_ws(':', systems.source, systems.page, systems.locator) as thing,
        systems.processor as name,
        systems.listed_on as released_on,
        systems.peak_flop_per_s_per_core as value,
        systems.source, systems.page, systems.locator,
    from series
    join core.supercomputers as systems on series.source = systems.source
    where
        series.subject = 'processor'
        and series.quantity = 'peak_fp64_flop_per_s_per_core'
        and systems.installed_in = year(systems.listed_on)
),

clusters as (
    select
        series.series,
        concat_ws(':', clusters.source, clusters.page, clusters.locator) as thing,
        clusters.name,
        clusters.operational_on as released_on,
        clusters.op_per_s_16_bit as value,
        clusters.source, clusters.page, clusters.locator,
    from series
    join core.gpu_clusters as clusters on series.source = clusters.source
    where series.quantity = 'cluster_op_per_s_16_bit' and clusters.left_out is null
),

dated as (
    select * from models
    union all
    select * from listed
    union all
    select * from speedruns
    union all
    select * from horizons
    union all
    select * from processors
    union all
    select * from cpus
    union all
    select * from trends
    union all
    select * from systems
    union all
    select * from clusters
)

select
    series,
    thing,  -- the model (key of core.models), or source, page and locator of the processor or of the training in a list
    name,  -- the model, training or processor as printed
    released_on,  -- day of publication or release
    -- Only the slope matters to growth, so any day may stand for zero; one nearby keeps the digits.
    date_diff('day', date '2000-01-01', released_on) / 365.25 as years,  -- years from the first day of 2000 to the release
    log10(value) as log10_value,  -- log10 of the quantity of the series: FLOP, FLOP/s, FLOP/s per USD, OP/s, Hz, minutes or a score
    source,
    page,
    locator,
from dated
where value > 0 and released_on is not null
order by series, released_on, thing
