-- One row per CPU that a list of specifications holds: what it prints, and the peak rates that are derived of it.
-- grain: source, page, locator
with names as (
    select * from staging.cpu_name
),

printed as (
    select
        cpus.source, cpus.page, cpus.locator,
        coalesce(cpus.manufacturer, manufacturers.name) as manufacturer,
        coalesce(cpus.family, families.name) as family,
        coalesce(cpus.code_name, code_names.name) as code_name,
        microarchitectures.name as printed_microarchitecture,
        cpus.name as model, cpus.released_on, cpus.cores, cpus.threads, cpus.clock_hz, cpus.tdp_watt,
    from staging.cpu as cpus
    left join names as manufacturers on
        cpus.source = manufacturers.source and manufacturers.kind = 'manufacturer' and cpus.manufacturer_number = manufacturers.number
    left join names as families on
        cpus.source = families.source and families.kind = 'family' and cpus.family_number = families.number
    left join names as code_names on
        cpus.source = code_names.source and code_names.kind = 'code_name' and cpus.code_name_number = code_names.number
    left join names as microarchitectures on
        cpus.source = microarchitectures.source
        and microarchitectures.kind = 'microarchitecture'
        and cpus.microarchitecture_number = microarchitectures.number
),

units as (
    select * from staging.microarchitecture
),

unit_names as (
    select * from staging.microarchitecture_name
),

matched as (
    -- What is nearer to the one CPU goes before what many share.
    select printed.source, printed.page, printed.locator, units.microarchitecture,
    from printed
    join units on printed.manufacturer = units.manufacturer
    join unit_names on units.microarchitecture = unit_names.microarchitecture
    where
        case unit_names.kind
            when 'code_name' then printed.code_name = unit_names.name
            when 'microarchitecture' then printed.printed_microarchitecture = unit_names.name
            when 'family' then printed.family = unit_names.name
        end
        and (units.models is null or regexp_matches(coalesce(printed.model, printed.family), units.models))
    qualify row_number() over (
        partition by printed.source, printed.page, printed.locator
        order by
            units.models is null, list_position(['code_name', 'microarchitecture', 'family'], unit_names.kind),
            units.microarchitecture
    ) = 1
),

known as (
    select
        printed.*,
        matched.microarchitecture,
        units.fp32_instructions * units.fp32_lanes * if(units.fused, 2, 1) as fp32_flop_per_clock,
        units.fp64_instructions * units.fp64_lanes * if(units.fused, 2, 1) as fp64_flop_per_clock,
        units.citation,
        left_out.reason as left_out_because,
    from printed
    left join matched using (source, page, locator)
    left join units on matched.microarchitecture = units.microarchitecture
    left join staging.cpu_left_out as left_out on
        printed.manufacturer = left_out.manufacturer and printed.code_name = left_out.code_name
),

derived as (
    select
        source,
        page,
        locator,
        -- A model may be a number alone, and some have the maker's name in theirs.
        case
            when model is null then concat_ws(' ', manufacturer, family)
            when starts_with(model, manufacturer) then model
            else concat_ws(' ', manufacturer, if(contains(model, family), null, family), model)
        end as name,
        manufacturer,
        family,
        code_name,
        released_on,
        cores,
        threads,
        clock_hz,
        tdp_watt,
        printed_microarchitecture,
        microarchitecture,
        fp32_flop_per_clock,
        fp64_flop_per_clock,
        clock_hz * fp32_flop_per_clock as fp32_flop_per_s_per_core,
        cores * clock_hz * fp32_flop_per_clock as fp32_flop_per_s,
        cores * clock_hz * fp64_flop_per_clock as fp64_flop_per_s,
        case
            when fp32_flop_per_s is not null then 'derived'
            when microarchitecture is not null then 'no_clock_or_cores'
            when left_out_because is not null then 'left_out'
            else 'not_declared'
        end as status,
        citation,
        left_out_because,
    from known
)

select
    source,
    page,
    locator,
    name,  -- maker, family and model as printed
    manufacturer,
    family,
    code_name,
    released_on,
    cores,
    threads,
    clock_hz,
    tdp_watt,
    printed_microarchitecture,  -- the micro-architecture as the list prints it; null where it prints none
    microarchitecture,  -- the declared one that it is taken for: key of staging.microarchitecture
    fp32_flop_per_clock,  -- operations at FP32 that one core completes in a clock, as declared
    fp64_flop_per_clock,  -- the same at FP64; null where it was not read
    fp32_flop_per_s_per_core,  -- derived peak of one core at FP32, FLOP/s
    fp32_flop_per_s,  -- derived peak at FP32, FLOP/s: cores times clock times operations in a clock; no list prints one
    fp64_flop_per_s,  -- the same at FP64
    status,  -- derived, no_clock_or_cores, left_out (staging.cpu_left_out says why) or not_declared
    left_out_because,  -- why none is derived of it, where that is declared
    citation,  -- the document that says what its cores complete in a clock
from derived
order by source, page, locator
