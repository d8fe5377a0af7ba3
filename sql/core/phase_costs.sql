-- One row per phase of a training run, kind of processor used in it and commitment: what its own processors' hours cost to rent.
-- grain: source, page, locator, benchmark?, phase, processor_kind?, processor?, precision?, commitment
with models as (
    select model_id, published_on, year from core.models
),

processors as (
    select processor_id, lower(processor_kind) as processor_kind from core.processors
),

units as (
    select * from core.priced_as where rule = 'unit'
),

phases as (
    select
        runs.source,
        runs.page,
        runs.locator,
        runs.benchmark,
        runs.phase,
        runs.processor_kind,
        runs.processor,
        runs.precision,
        terms.commitment,
        runs.is_of_burden,
        runs.model_id,
        runs.processor_id,
        coalesce(runs.processor_kind, processors.processor_kind) as kind,
        coalesce(units.chips, 1) as chips_per_processor,
        runs.processor_count * runs.wall_time_s / 3600 as processor_hours,
        runs.price_usd_per_hour / runs.processor_count as paid_usd_per_hour,
        coalesce(models.published_on, make_date(models.year, 7, 1)) as run_on,
        models.published_on is not null as is_day_known,
        case
            when runs.processor is null then 'no_processor'
            when runs.processor_count is null then 'no_count'
            when runs.wall_time_s is null then 'no_time'
            when run_on is null then 'no_date'
        end as missing,
    from core.run_phases as runs
    join models on runs.model_id = models.model_id
    left join units on runs.processor_id = units.processor_id
    left join processors on coalesce(units.priced_as_id, runs.processor_id) = processors.processor_id
    cross join (values ('on demand'), ('3 years')) as terms (commitment)
),

names as (
    -- Every processor is priced as itself, and as what is declared for it.
    select distinct processor_id, processor_id as priced_as_id, 1 as chips, false as is_declared
    from phases
    where processor_id is not null
    union all by name
    select processor_id, priced_as_id, chips, true as is_declared from core.priced_as
),

day_prices as (
    -- Of the prices of one day the middle one, the lower of two, so that it is one that somebody asks.
    select
        processor_id,
        commitment,
        priced_on,
        price_usd,
        vendor,
        source,
        page,
        locator,
        count(*) over same_day as n_prices,
        min(price_usd) over same_day as price_usd_low,
        max(price_usd) over same_day as price_usd_high,
    from core.prices
    where kind = 'rental' and priced_on is not null
    window same_day as (partition by processor_id, commitment, priced_on)
    qualify row_number() over (
        partition by processor_id, commitment, priced_on order by price_usd, source, page, locator
    ) = (n_prices + 1) // 2
),

wanted as (
    select distinct processor_id, commitment, run_on
    from phases
    where missing is null and not (commitment = 'on demand' and paid_usd_per_hour is not null)
),

nearest as (
    -- The nearest day; of two as near its own name's before the declared one's, and the earlier day.
    select
        wanted.processor_id,
        wanted.commitment,
        wanted.run_on,
        names.priced_as_id,
        day_prices.price_usd,
        day_prices.price_usd * names.chips as price_usd_per_hour,
        day_prices.price_usd_low * names.chips as price_usd_per_hour_low,
        day_prices.price_usd_high * names.chips as price_usd_per_hour_high,
        day_prices.n_prices,
        day_prices.priced_on,
        day_prices.vendor,
        day_prices.source,
        day_prices.page,
        day_prices.locator,
    from wanted
    join names on wanted.processor_id = names.processor_id
    join day_prices on names.priced_as_id = day_prices.processor_id and wanted.commitment = day_prices.commitment
    qualify row_number() over (
        partition by wanted.processor_id, wanted.commitment, wanted.run_on
        order by abs(day_prices.priced_on - wanted.run_on), names.is_declared, day_prices.priced_on
    ) = 1
),

paid as (
    -- What the run itself paid is nearer than any list's price.
    select
        phases.*,
        if(missing is null and commitment = 'on demand', paid_usd_per_hour, null) as own_price,
    from phases
),

matched as (
    select
        paid.*,
        if(own_price is null, nearest.priced_as_id, paid.processor_id) as priced_as_id,
        coalesce(own_price, nearest.price_usd) as price_usd,
        coalesce(own_price, nearest.price_usd_per_hour) as price_usd_per_hour,
        coalesce(own_price, nearest.price_usd_per_hour_low) as price_usd_per_hour_low,
        coalesce(own_price, nearest.price_usd_per_hour_high) as price_usd_per_hour_high,
        if(own_price is null, nearest.n_prices, 1) as n_prices,
        if(own_price is null, nearest.priced_on, paid.run_on) as priced_on,
        nearest.vendor,
        if(own_price is null, nearest.source, paid.source) as price_source,
        if(own_price is null, nearest.page, paid.page) as price_page,
        if(own_price is null, nearest.locator, paid.locator) as price_locator,
    from paid
    left join nearest on
        paid.missing is null
        and own_price is null
        and paid.processor_id = nearest.processor_id
        and paid.commitment = nearest.commitment
        and paid.run_on = nearest.run_on
),

dollars as (
    -- All scenarios make dollars constant by the same index and year.
    select distinct price_series, constant_year from staging.scenario
),

deflators as (
    select
        indices.month,
        any_value(dollars.constant_year) as constant_year,
        any_value(base.index_value) / any_value(indices.index_value) as deflator,
    from core.price_indices as indices
    join dollars on indices.series = dollars.price_series
    join (
        select series, year(month) as year, avg(index_value) as index_value from core.price_indices group by all
    ) as base on indices.series = base.series and dollars.constant_year = base.year
    group by indices.month
),

deflated as (
    select matched.*, deflators.constant_year, deflators.deflator
    from matched
    asof left join deflators on matched.priced_on >= deflators.month
)

select
    source,
    page,
    locator,
    benchmark,
    phase,
    processor_kind,
    processor,
    precision,
    commitment,  -- on demand, or 3 years
    is_of_burden,
    model_id,
    processor_id,
    kind,  -- gpu, tpu, cpu …: as the run prints it, else as the sheet of the processor or of its chip does
    chips_per_processor,  -- chips in one of the processors that the run counts: 4 of a Cloud TPU board
    processor_hours,  -- processors, as the run counts them, × hours
    processor_hours * chips_per_processor as chip_hours,  -- chips × hours
    run_on,  -- the day that a price is sought for: the model's, else the middle of its year
    is_day_known,  -- whether that is a day and not the middle of a year
    priced_as_id,  -- the processor whose price it is: itself, the chip of its board, or its family (core.priced_as)
    price_usd,  -- the price as its page prints it, for an hour of priced_as_id, nominal USD
    price_usd_per_hour,  -- the same for an hour of one processor as the run counts them, nominal USD
    price_usd_per_hour_low,  -- the lowest of that day
    price_usd_per_hour_high,  -- the highest of that day
    n_prices,  -- prices of that day, of which it is the middle one
    priced_on,  -- the day of the price
    priced_on - run_on as days_apart,  -- days from the run to its price
    vendor,  -- who rents
    price_source,  -- the source of the price; that of the run where it prints what it paid
    price_page,  -- the page of the price
    price_locator,  -- its record on that page
    processor_hours * price_usd_per_hour as cost_usd,  -- processors × hours × price, nominal USD
    constant_year,  -- the year of the constant USD
    deflator,  -- constant over nominal USD of the day of the price
    cost_usd * deflator as cost_usd_constant,  -- the same in USD of constant_year
    processor_hours * price_usd_per_hour_low * deflator as cost_usd_constant_low,  -- at the lowest price of that day
    processor_hours * price_usd_per_hour_high * deflator as cost_usd_constant_high,  -- at the highest price of that day
    coalesce(
        missing,
        if(price_usd is null, 'no_price', null),
        if(deflator is null, 'no_price_index', null)
    ) as reason,  -- why it has no cost: no_processor, no_count, no_time, no_date, no_price (nobody's sheet lists a rental of it), no_price_index
from deflated
order by source, page, locator, benchmark, phase, processor_kind, processor, precision, commitment
