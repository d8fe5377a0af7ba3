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
    from core.conversions
    group by scenario
),

wanted as (
    select distinct scenario_processors.scenario, aliases.processor_id
    from staging.scenario_processor as scenario_processors
    join core.processor_aliases as aliases on scenario_processors.processor = aliases.alias
),

listed as (
    select listed_prices.* exclude (year), null as citation
    from core.listed_prices as listed_prices
    join scenarios using (scenario)
    where priced_on between scenarios.price_from and scenarios.price_until
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
    kind,  -- rental; purchase, amortised; offers: the middle of a provider's; contract: as a scenario states it; run: the price of a stated run
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
