-- One row per system on a list of the fastest 500: what one of its cores completes in a clock by the peak that the list prints.
-- grain: source, page, locator
with systems as (
    select * from staging.supercomputer
),

units as (
    select microarchitecture, fp64_instructions * fp64_lanes * if(fused, 2, 1) as fp64_flop_per_clock from staging.microarchitecture
),

names as (
    select microarchitecture, name from staging.microarchitecture_name where kind = 'top500'
),

printed as (
    -- Of a system with accelerators the cores are of two kinds.
    select
        systems.*,
        if(accelerator is null, peak_flop_per_s / cores, null) as peak_flop_per_s_per_core,
        coalesce(technologies.microarchitecture, processors.microarchitecture) as microarchitecture,
    from systems
    left join names as technologies on systems.processor_technology = technologies.name
    left join names as processors on systems.processor = processors.name
)

select
    printed.source,
    printed.page,
    printed.locator,
    printed.listed_on,
    printed.rank,
    printed.installed_in,
    printed.processor,
    printed.processor_technology,
    printed.accelerator,
    printed.cores,
    printed.clock_hz,
    printed.peak_flop_per_s,
    printed.peak_flop_per_s_per_core,  -- peak rate at FP64 of one core, FLOP/s; null beside an accelerator
    printed.peak_flop_per_s_per_core / printed.clock_hz as printed_flop_per_clock,  -- operations at FP64 that one core completes in a clock, by the printed peak
    printed.microarchitecture,  -- the declared one that its processor is of; null where none is declared under the printed name
    units.fp64_flop_per_clock as declared_flop_per_clock,  -- the same, as declared
from printed
left join units using (microarchitecture)
order by printed.source, printed.page, printed.locator
