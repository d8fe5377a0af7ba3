-- One row per scenario and price that pages have for its hardware, of any day, as USD for an hour of one processor; of offers one a provider and year.
-- grain: none, a run of two phases gives its price twice
with scenarios as (
    select * from staging.scenario
),

factors as (
    select
        scenario,
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
        prices.source,
        prices.page,
        prices.locator,
    from scenarios
    join factors on scenarios.scenario = factors.scenario
    join wanted on scenarios.scenario = wanted.scenario
    join prices on
        wanted.processor_id = prices.processor_id
        and scenarios.price_kind = prices.kind
        and coalesce(scenarios.vendor, prices.vendor, '') = coalesce(prices.vendor, '')
        and coalesce(scenarios.commitment, prices.commitment, '') = coalesce(prices.commitment, '')
    union all by name
    -- Each provider counts once a year: some print ten sizes of machine in twenty regions every day, others one price.
    select
        scenarios.scenario,
        offers.processor_id,
        scenarios.price_kind as kind,
        offers.price_usd,
        offers.price_usd as price_usd_per_hour,
        offers.offered_on as priced_on,
        offers.provider as vendor,
        offers.commitment,
        offers.source,
        offers.page,
        offers.locator,
    from scenarios
    join wanted on scenarios.scenario = wanted.scenario
    join core.provider_prices as offers on
        wanted.processor_id = offers.processor_id
        and scenarios.price_kind = 'offers'
        and coalesce(scenarios.vendor, offers.provider) = offers.provider
        and scenarios.commitment = offers.commitment
)

select
    scenario,
    processor_id,
    kind,  -- rental; purchase, amortised; offers: the middle of a provider's offers of a year
    price_usd,  -- the price as printed: of an hour, or of the processor, nominal USD
    price_usd_per_hour,  -- the same for an hour of one processor, nominal USD
    priced_on,
    year(priced_on) as year,  -- the year of that day
    vendor,  -- who sells or rents
    commitment,  -- on demand, 1 year, 3 years, spot …, in the source's words
    source,
    page,
    locator,
from listed
order by scenario, priced_on, source, page, locator
