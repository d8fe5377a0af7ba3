-- One row per scenario, region and factor: what turns computation into hours, money, electricity and emissions, with where it is from.
-- grain: scenario, region, factor
with scenarios as (
    select * from core.scenarios
),

figures as (
    select scenario, quantity, citation, as_of, address from core.conversions
),

sources as (
    select source, title, homepage from staging.source_setting
),

sheets as (
    -- Rates and power are of the processor's data sheet, as a source has it.
    select
        processors.processor_id,
        sources.title as source,
        sources.homepage as source_url,
        pages.retrieved_on as as_of,
    from core.processors as processors
    join sources on processors.source = sources.source
    join meta.pages as pages on processors.source = pages.source and processors.page = pages.page
),

prices as (
    select
        prices.scenario,
        string_agg(distinct coalesce(sources.title, prices.citation), '; ' order by coalesce(sources.title, prices.citation)) as source,
        min(coalesce(sources.homepage, figures.address)) as source_url,
        min(priced_on) as first_priced_on,
    from core.scenario_prices as prices
    left join sources on prices.source = sources.source
    left join figures on prices.scenario = figures.scenario and figures.quantity in ('price', 'usd_per_hour')
    group by prices.scenario
),

intensities as (
    select source as intensity_source, title, homepage from sources
),

runs as (
    select scenario, first(citation order by quantity) as citation, min(as_of) as as_of, first(address order by quantity) as address
    from figures
    where quantity in ('carbon_dioxide', 'wall_time')
    group by scenario
),

factors as (
    select
        scenario, region, 'burden_rate' as factor,
        burden_rate_flop_per_s as value, null::double as low, null::double as high, 'FLOP/s' as unit,
        'peak rate by which a hardware burden counts an hour of the processor; utilisation does not enter' as note,
        'peak_rate' as quantity,
    from scenarios
    union all by name
    select
        scenario, region, 'rate' as factor, rate_flop_per_s as value, 'FLOP/s' as unit,
        'peak rate' || coalesce(' at ' || precision, '') || ', of which arithmetic done takes the utilisation' as note,
        'peak_rate' as quantity,
    from scenarios
    union all by name
    select
        scenario, region, 'utilisation' as factor, utilisation as value, utilisation_low as low, utilisation_high as high, '1' as unit,
        if(price_kind = 'run', 'taken as 1: the table of 2020 counts the peak rate', 'share of the peak rate; of training compute alone') as note,
        -- That there is none is said where the rate of the run is.
        if(price_kind = 'run', 'peak_rate', 'utilisation') as quantity,
    from scenarios
    union all by name
    select
        scenarios.scenario, region, 'price' as factor,
        price_usd_per_hour as value, price_usd_per_hour_low as low, price_usd_per_hour_high as high, 'USD/h' as unit,
        case price_kind
            when 'run' then 'the price of the run over its processors and hours'
            when 'contract' then 'as the scenario states it'
            else
                'median, lowest and highest of ' || n_prices || ' prices ('
                || if(price_kind = 'offers', 'each the middle of what a provider offers', price_kind) || '), '
                || first_priced_on || ' to ' || last_priced_on
        end as note,
        'price' as quantity,
    from scenarios
    left join prices on scenarios.scenario = prices.scenario
    union all by name
    select
        scenario, region, 'power' as factor, power_kw as value, 'kW' as unit,
        if(
            price_kind = 'run', 'what the emissions of the run imply, overhead of the hall included',
            'thermal design power of one processor'
        ) as note,
        'power' as quantity,
    from scenarios
    union all by name
    select
        scenario, region, 'draw_fraction' as factor,
        draw_fraction as value, draw_fraction_low as low, draw_fraction_high as high, '1' as unit,
        if(
            price_kind = 'run', 'in the power of the run',
            'power drawn by the processor and its share of the server, over its thermal design power'
        ) as note,
        'draw_fraction' as quantity,
    from scenarios
    union all by name
    select
        scenario, region, 'pue' as factor, pue as value, pue_low as low, pue_high as high, '1' as unit,
        if(price_kind = 'run', 'in the power of the run', 'power of the whole hall over that of its computers') as note,
        'pue' as quantity,
    from scenarios
    union all by name
    select
        scenario, region, 'carbon_intensity' as factor, carbon_intensity_g_per_kwh as value, 'g/kWh' as unit,
        if(is_stated, 'as the scenario states it', 'CO2e of electricity, ' || region_name || coalesce(' ' || intensity_year, ''))
        as note,
        'carbon_intensity' as quantity,
    from scenarios
)

select
    factors.scenario,
    factors.region,
    factors.factor,  -- burden_rate, rate, utilisation, price, power, draw_fraction, pue or carbon_intensity
    scenarios.title,
    scenarios.processor_id,  -- the hardware; null of a stated run
    scenarios.region_name,
    case when factors.factor = 'carbon_intensity' then scenarios.intensity_year when factors.factor = 'price' then year(scenarios.last_priced_on) end as year,  -- the year of the price or of the electricity; of the others null
    factors.value,
    coalesce(factors.low, factors.value) as low,  -- least thought possible, or lowest printed; the value where it is taken as known
    coalesce(factors.high, factors.value) as high,  -- largest thought possible, or highest printed
    factors.unit,  -- FLOP/s, 1, USD/h, kW, g/kWh
    case
        when factors.factor = 'price' then prices.source
        when factors.factor = 'carbon_intensity' and not scenarios.is_stated then intensities.title
        else coalesce(figures.citation, sheets.source, runs.citation)
    end as source,  -- what it is from, in words
    case
        when factors.factor = 'price' then prices.source_url
        when factors.factor = 'carbon_intensity' and not scenarios.is_stated then intensities.homepage
        when figures.citation is not null then figures.address
        else coalesce(sheets.source_url, runs.address)
    end as source_url,  -- where a person reads it; null where that is not on the web
    case
        when factors.factor = 'price' then scenarios.last_priced_on
        when factors.factor = 'carbon_intensity' and not scenarios.is_stated then make_date(scenarios.intensity_year, 12, 31)
        else coalesce(figures.as_of, sheets.as_of, runs.as_of)
    end as as_of,  -- the day that it is from: of a data sheet the day it was read, of electricity the end of its year
    factors.note,  -- how it comes about
from factors
join scenarios using (scenario, region)
left join prices on factors.scenario = prices.scenario
left join intensities on scenarios.intensity_source = intensities.intensity_source
left join figures on factors.scenario = figures.scenario and factors.quantity = figures.quantity
left join sheets on scenarios.processor_id = sheets.processor_id
left join runs on factors.scenario = runs.scenario
-- Where a source is absent there is no such factor, rather than one that nobody said.
where factors.value is not null
order by factors.scenario, factors.region, factors.factor
