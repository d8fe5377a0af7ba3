-- One row per scenario and price that counts in it, as USD for an hour of one processor.
-- grain: none, a run of two phases gives its price twice
with scenarios as (
    select * from staging.scenario
),

factors as (
    select
        scenario,
        max(value) filter (quantity = 'processor_count') as processor_count,
        max(value) filter (quantity = 'wall_time') as wall_time_h,
        max(value) filter (quantity = 'price') as run_price_usd,
        max(citation) filter (quantity = 'price') as run_citation,
        max(value) filter (quantity = 'usd_per_hour') as contract_usd_per_hour,
        max(citation) filter (quantity = 'usd_per_hour') as contract_citation,
        max(value) filter (quantity = 'amortisation') as amortisation_years,
        max(value) filter (quantity = 'hours_per_year') as hours_per_year,
    from core.conversions
    group by scenario
),

wanted as (
    select distinct scenario_processors.scenario, aliases.processor_id
    from staging.scenario_processor as scenario_processors
    join core.processor_aliases as aliases on scenario_processors.processor = aliases.alias
),

models as (
    select model_id, published_on from core.models
),

of_runs as (
    -- What a run paid an hour for all its processors. The day is that of the model, the only one printed.
    select
        phases.processor_id,
        'rental' as kind,
        phases.price_usd_per_hour / phases.processor_count as price_usd,
        models.published_on as priced_on,
        'on demand' as commitment,
        phases.source,
        phases.page,
        phases.locator,
    from core.run_phases as phases
    join models on phases.model_id = models.model_id
    where phases.price_usd_per_hour is not null and phases.processor_count is not null
),

prices as (
    select processor_id, kind, price_usd, priced_on, vendor, commitment, source, page, locator from core.prices
    union all by name
    select * from of_runs
),

listed as (
    select
        scenarios.scenario,
        prices.processor_id,
        prices.kind,
        prices.price_usd,
        if(
            prices.kind = 'purchase',
            prices.price_usd / (factors.amortisation_years * factors.hours_per_year),
            prices.price_usd
        ) as price_usd_per_hour,
        prices.priced_on,
        prices.vendor,
        prices.commitment,
        null as citation,
        prices.source,
        prices.page,
        prices.locator,
    from scenarios
    join factors on scenarios.scenario = factors.scenario
    join wanted on scenarios.scenario = wanted.scenario
    join prices on
        wanted.processor_id = prices.processor_id
        and scenarios.price_kind = prices.kind
        and prices.priced_on between scenarios.price_from and scenarios.price_until
        and coalesce(scenarios.vendor, prices.vendor, '') = coalesce(prices.vendor, '')
        and coalesce(scenarios.commitment, prices.commitment, '') = coalesce(prices.commitment, '')
),

stated as (
    select
        scenarios.scenario,
        'run' as kind,
        factors.run_price_usd as price_usd,
        factors.run_price_usd / (factors.processor_count * factors.wall_time_h) as price_usd_per_hour,
        scenarios.price_until as priced_on,
        factors.run_citation as citation,
    from scenarios
    join factors on scenarios.scenario = factors.scenario
    where scenarios.price_kind = 'run'
),

contracts as (
    select
        scenarios.scenario,
        wanted.processor_id,
        'contract' as kind,
        factors.contract_usd_per_hour as price_usd,
        factors.contract_usd_per_hour as price_usd_per_hour,
        scenarios.price_until as priced_on,
        factors.contract_citation as citation,
    from scenarios
    join factors on scenarios.scenario = factors.scenario
    left join wanted on scenarios.scenario = wanted.scenario
    where scenarios.price_kind = 'contract'
),

scenario_prices as (
    select * from listed
    union all by name
    select * from stated
    union all by name
    select * from contracts
)

select
    scenario,
    processor_id,
    kind,  -- rental; purchase, amortised; contract: as a scenario states it; run: the price of a stated run
    price_usd,  -- the price as printed: of an hour, of the processor, or of the run, nominal USD
    price_usd_per_hour,  -- the same for an hour of one processor, nominal USD
    priced_on,
    vendor,  -- who sells or rents
    commitment,  -- on demand, 1 year, 3 years, spot …, in the source's words
    citation,  -- where a stated price is from
    source,
    page,
    locator,
from scenario_prices
order by scenario, priced_on, source, page, locator
