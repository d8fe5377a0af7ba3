-- One row per processor (GPU, TPU, CPU), with year of release, peak rates, power and the address of its data sheet.
-- grain: processor_id
with processors as (
    select * from core.processors
),

pages as (
    select source, page, url from meta.pages
),

processors_flat as (
    select
        processors.processor_id,
        processors.processor_kind,
        processors.manufacturer,
        coalesce(year(processors.released_on), processors.release_year) as year,  -- year of release
        processors.released_on,
        processors.fp32_flop_per_s,
        processors.tensor_fp16_flop_per_s,
        processors.memory_byte,
        processors.memory_bandwidth_byte_per_s,
        processors.tdp_watt,
        processors.release_price_usd,
        processors.n_phases,
        processors.source,
        processors.page,
        processors.locator,
        pages.url,
    from processors
    left join pages using (source, page)
)

select * from processors_flat
