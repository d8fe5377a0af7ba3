-- One row per scenario and region: every factor that turns computation into hours, electricity, emissions and money, resolved.
-- grain: scenario, region
with scenarios as (
    select * from staging.scenario
),

regions as (
    select * from staging.scenario_region
),

pages as (
    select source, page, preference from core.page_order
),

factors as (
    select
        scenario,
        max(value) filter (quantity = 'processor_count') as processor_count,
        max(value) filter (quantity = 'wall_time') as wall_time_h,
        max(value) filter (quantity = 'peak_rate') as run_rate_gflop_per_s,
        max(value) filter (quantity = 'carbon_dioxide') as run_lb,
        max(value) filter (quantity = 'carbon_intensity') as run_lb_per_kwh,
        max(low) filter (quantity = 'utilisation') as utilisation_low,
        max(value) filter (quantity = 'utilisation') as utilisation,
        max(high) filter (quantity = 'utilisation') as utilisation_high,
        max(low) filter (quantity = 'draw_fraction') as draw_fraction_low,
        max(value) filter (quantity = 'draw_fraction') as draw_fraction,
        max(high) filter (quantity = 'draw_fraction') as draw_fraction_high,
        max(low) filter (quantity = 'pue') as pue_low,
        max(value) filter (quantity = 'pue') as pue,
        max(high) filter (quantity = 'pue') as pue_high,
        max(value) filter (quantity = 'coefficient_decimals') as coefficient_decimals,
    from core.conversions
    group by scenario
),

printed_processors as (
    select
        scenarios.scenario,
        processors.processor_id,
        processors.tdp_watt,
        peak_rate(processors, scenarios.precision) as rate_flop_per_s,
        if(scenarios.burden_precision is null, processors.paper_rate_flop_per_s, peak_rate(processors, scenarios.burden_precision)) as burden_rate_flop_per_s,
    from scenarios
    join core.processor_aliases as aliases on scenarios.processor = aliases.alias
    join core.processors as processors on aliases.processor_id = processors.processor_id
),

processors as (
    -- Sheets list processors from that of a phone to a wafer. What one that trains networks cannot have is left out, so that the
    -- scenario says what it lacks.
    select
        scenario,
        processor_id,
        if(tdp_watt between 3 and 20000, tdp_watt, null) as tdp_watt,
        if(rate_flop_per_s between 1e11 and 1e18, rate_flop_per_s, null) as rate_flop_per_s,
        if(burden_rate_flop_per_s between 1e11 and 1e18, burden_rate_flop_per_s, null) as burden_rate_flop_per_s,
    from printed_processors
),

prices as (
    select
        scenario,
        count(*) as n_prices,
        min(price_usd_per_hour) as price_usd_per_hour_low,
        median(price_usd_per_hour) as price_usd_per_hour,
        max(price_usd_per_hour) as price_usd_per_hour_high,
        max(priced_on) as last_priced_on,
    from core.scenario_prices
    where price_usd_per_hour between 0.01 and 100  -- others are no prices of one processor; they are listed, with a warning
    group by scenario
),

months as (
    select prices.scenario, max(indices.month) as deflator_month
    from prices
    join scenarios on prices.scenario = scenarios.scenario
    join core.price_indices as indices on
        scenarios.price_series = indices.series and indices.month <= prices.last_priced_on
    group by prices.scenario
),

base_years as (
    select scenarios.scenario, avg(indices.index_value) as index_value
    from scenarios
    join core.price_indices as indices on
        scenarios.price_series = indices.series and scenarios.constant_year = year(indices.month)
    group by scenarios.scenario
),

deflators as (
    select
        months.scenario,
        months.deflator_month,
        base_years.index_value / indices.index_value as deflator,
    from months
    join base_years on months.scenario = base_years.scenario
    join scenarios on months.scenario = scenarios.scenario
    join core.price_indices as indices on
        scenarios.price_series = indices.series and months.deflator_month = indices.month
),

of_countries as (
    -- The newest year up to that of the scenario; where there is none, the earliest after it.
    select
        regions.scenario,
        regions.region,
        intensities.region as region_name,
        intensities.year as intensity_year,
        intensities.carbon_intensity_g_per_kwh,
        null as pue,
        intensities.source as intensity_source,
    from regions
    join scenarios on regions.scenario = scenarios.scenario
    join core.carbon_intensities as intensities on regions.region = intensities.region_code
    join pages on intensities.source = pages.source and intensities.page = pages.page
    where intensities.carbon_intensity_g_per_kwh > 0
    qualify row_number() over (
        partition by regions.scenario, regions.region
        order by
            intensities.year > scenarios.electricity_year,
            abs(intensities.year - scenarios.electricity_year),
            pages.preference,
            intensities.locator
    ) = 1
),

of_clouds as (
    select
        regions.scenario,
        regions.region,
        clouds.provider || ' ' || clouds.region || ', ' || clouds.country as region_name,
        null as intensity_year,
        clouds.carbon_intensity_g_per_kwh,
        if(clouds.pue <= 3, clouds.pue, null) as pue,
        clouds.source as intensity_source,
    from regions
    join core.cloud_regions as clouds on regions.region = clouds.region_key
    join pages on clouds.source = pages.source and clouds.page = pages.page
    where clouds.carbon_intensity_g_per_kwh > 0
    qualify row_number() over (
        partition by regions.scenario, regions.region order by pages.preference, clouds.locator
    ) = 1
),

listed as (
    select * from of_countries
    union all by name
    select * from of_clouds
),

resolved as (
    select
        scenarios.scenario,
        regions.region,
        scenarios.title,
        coalesce(listed.region_name, regions.region) as region_name,
        processors.processor_id,
        scenarios.precision,
        coalesce(processors.rate_flop_per_s, factors.run_rate_gflop_per_s * 1e9) as rate_flop_per_s,
        coalesce(processors.burden_rate_flop_per_s, factors.run_rate_gflop_per_s * 1e9) as burden_rate_flop_per_s,
        coalesce(factors.utilisation_low, if(scenarios.price_kind = 'run', 1, null)) as utilisation_low,
        coalesce(factors.utilisation, if(scenarios.price_kind = 'run', 1, null)) as utilisation,
        coalesce(factors.utilisation_high, if(scenarios.price_kind = 'run', 1, null)) as utilisation_high,
        scenarios.price_kind,
        prices.n_prices,
        prices.price_usd_per_hour_low,
        prices.price_usd_per_hour,
        prices.price_usd_per_hour_high,
        coalesce(
            processors.tdp_watt / 1000,
            factors.run_lb / factors.run_lb_per_kwh / (factors.processor_count * factors.wall_time_h)
        ) as power_kw,
        coalesce(factors.draw_fraction_low, if(scenarios.price_kind = 'run', 1, null)) as draw_fraction_low,
        coalesce(factors.draw_fraction, if(scenarios.price_kind = 'run', 1, null)) as draw_fraction,
        coalesce(factors.draw_fraction_high, if(scenarios.price_kind = 'run', 1, null)) as draw_fraction_high,
        -- A data centre's own number is better than a range of them all; a run's power has it in it.
        coalesce(if(scenarios.price_kind = 'run', 1, null), listed.pue, factors.pue_low) as pue_low,
        coalesce(if(scenarios.price_kind = 'run', 1, null), listed.pue, factors.pue) as pue,
        coalesce(if(scenarios.price_kind = 'run', 1, null), listed.pue, factors.pue_high) as pue_high,
        scenarios.electricity_year,
        regions.region is not distinct from scenarios.stated_region as is_stated,
        if(is_stated, scenarios.electricity_year, listed.intensity_year) as intensity_year,
        if(is_stated, factors.run_lb_per_kwh * g_per_lb(), listed.carbon_intensity_g_per_kwh) as carbon_intensity_g_per_kwh,
        if(is_stated, null, listed.intensity_source) as intensity_source,
        prices.last_priced_on,
        deflators.deflator_month,
        deflators.deflator,
        scenarios.constant_year,
        scenarios.price_series,
        factors.coefficient_decimals,
    from scenarios
    join regions on scenarios.scenario = regions.scenario
    join factors on scenarios.scenario = factors.scenario
    left join processors on scenarios.scenario = processors.scenario
    left join prices on scenarios.scenario = prices.scenario
    left join deflators on scenarios.scenario = deflators.scenario
    left join listed on regions.scenario = listed.scenario and regions.region = listed.region
)

select
    scenario,
    region,
    title,
    region_name,  -- the region as its source prints it
    processor_id,
    precision,
    rate_flop_per_s,  -- peak rate of one processor at that precision, of which arithmetic takes the utilisation, FLOP/s
    burden_rate_flop_per_s,  -- peak rate that a hardware burden counts for an hour of the processor (the paper's: FP32), FLOP/s
    utilisation_low,  -- least share of the peak rate thought possible
    utilisation,  -- most likely share of the peak rate; counts for arithmetic done (training compute), not for processors' time
    utilisation_high,  -- largest share of the peak rate thought possible
    price_kind,
    coalesce(n_prices, 0) as n_prices,  -- prices that count: core.scenario_prices
    price_usd_per_hour_low,  -- lowest of them, nominal USD for an hour of one processor
    price_usd_per_hour,  -- median of them, nominal USD for an hour of one processor
    price_usd_per_hour_high,  -- highest of them, nominal USD for an hour of one processor
    power_kw,  -- thermal design power of one processor, kW; of a stated run what its emissions imply, PUE included
    draw_fraction_low,  -- least power drawn over that power, the processor's share of its server included
    draw_fraction,  -- the most likely
    draw_fraction_high,  -- the largest
    pue_low,  -- least power usage effectiveness; low, value and high are one where the data centre's own is known
    pue,  -- the most likely
    pue_high,  -- the largest
    electricity_year,
    intensity_year,  -- the year whose carbon intensity is used; null where the source names none
    carbon_intensity_g_per_kwh,
    intensity_source,  -- the source of the intensity; null where the scenario states it
    is_stated,  -- whether the scenario itself states the carbon intensity of the region
    last_priced_on,  -- the day of the newest price that counts
    deflator_month,  -- the month of the index of prices that stands for that day
    deflator,  -- constant over nominal USD: mean of the index over constant_year, over that of the month
    constant_year,
    price_series,
    coefficient_decimals,  -- digits to which published rows round intercept and slope; null for none
    case
        when rate_flop_per_s is null and burden_rate_flop_per_s is null then 'no_rate'
        when n_prices is null then 'no_price'
        when power_kw is null then 'no_power'
        when carbon_intensity_g_per_kwh is null then 'no_carbon_intensity'
        when deflator is null then 'no_price_index'
        else 'ok'
    end as status,  -- ok, or the first factor that the sources in use do not give: no_rate (one alone stops only what is counted by it), no_price, no_power, no_carbon_intensity, no_price_index
from resolved
order by scenario, region
