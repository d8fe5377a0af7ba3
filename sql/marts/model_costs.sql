-- One row per model and scenario that prices its training compute, or commitment at which its own processors are rented for its hardware burden, beside its source's own cost.
-- grain: model_id, compute_measure, scenario?, commitment?
with models as (
    select * from core.models
),

pages as (
    select source, page, preference from core.page_order
),

excluded as (
    -- What a rule of the points leaves out: what is no measurement, or not of the whole training.
    select distinct source, page, locator, compute_measure from core.ruled_records where is_active
),

measures as (
    select measures.*, pages.preference
    from core.measures as measures
    join pages on measures.source = pages.source and measures.page = pages.page
    left join excluded on
        measures.source = excluded.source
        and measures.page = excluded.page
        and measures.locator = excluded.locator
        and measures.compute_measure = coalesce(excluded.compute_measure, measures.compute_measure)
    where excluded.source is null
),

arithmetic as (
    -- One number per model: printed before derived, of the page that is preferred.
    select model_id, compute_measure, compute_flop, confidence, source
    from measures
    where compute_measure = 'training_compute'
    qualify row_number() over (
        partition by model_id order by is_derived, preference, locator, benchmark, precision, compute_flop
    ) = 1
),

scenarios as (
    select * from core.scenarios where region = 'USA'
),

unit_costs as (
    select * from fits.unit_costs where region = 'USA' and basis = 'arithmetic'
),

computed as (
    select
        models.model_id,
        arithmetic.compute_measure,
        scenarios.scenario,
        scenarios.region,
        log10(arithmetic.compute_flop) - 9 as log10_gflop,
        arithmetic.confidence,
        arithmetic.source,
        scenarios.price_kind != 'run' and abs(scenarios.electricity_year - models.year) = min(
            case when scenarios.price_kind != 'run' then abs(scenarios.electricity_year - models.year) end
        ) over (partition by models.model_id) as is_of_its_time,
        log10_gflop + log10_hours_per_gflop as log10_hours,
        log10_gflop + log10_kwh_per_gflop as log10_kwh,
        log10_kwh + log10_kg_co2_per_kwh as log10_kg_co2,
        log10_gflop + log10_usd_per_gflop as log10_usd,
        log10_usd + log10_deflator as log10_usd_constant,
        log10_gflop + log10_usd_per_gflop_low + log10_deflator as log10_usd_constant_low,
        log10_gflop + log10_usd_per_gflop_high + log10_deflator as log10_usd_constant_high,
        scenarios.constant_year,
    from arithmetic
    join models on arithmetic.model_id = models.model_id
    cross join scenarios
    join unit_costs on scenarios.scenario = unit_costs.scenario
),

rented as (
    -- What the phases of a record cost together, where each that a burden needs has a cost.
    select
        source,
        page,
        locator,
        benchmark,
        precision,
        commitment,
        if(count(distinct kind) > 1, 'mixed', any_value(kind)) as processor_kind,
        if(bool_and(chip_hours is not null), sum(chip_hours), null) as chip_hours,
        case
            when not bool_or(phase != 'finetuning') then 'finetuning_alone'
            else min(reason)
        end as reason,
        sum(cost_usd) as cost_usd,
        sum(cost_usd_constant) as cost_usd_constant,
        sum(cost_usd_constant_low) as cost_usd_constant_low,
        sum(cost_usd_constant_high) as cost_usd_constant_high,
        max(abs(days_apart)) as price_days_apart,
        any_value(constant_year) as constant_year,
    from core.phase_costs
    where is_of_burden
    group by source, page, locator, benchmark, precision, commitment
),

priced as (
    select
        measures.model_id,
        measures.compute_measure,
        measures.compute_flop,
        measures.is_derived,
        measures.preference,
        measures.confidence,
        measures.source,
        measures.page,
        measures.locator,
        measures.benchmark,
        measures.precision,
        terms.commitment,
        rented.* exclude (source, page, locator, benchmark, precision, commitment, reason),
        if(rented.source is null, 'no_phases', rented.reason) as reason,
        bool_or(rented.source is not null and rented.reason is null) over (
            partition by measures.source, measures.page, measures.locator, measures.benchmark, measures.precision
        ) as is_priced,
    from measures
    cross join (select distinct commitment from core.phase_costs) as terms
    left join rented on
        measures.source = rented.source
        and measures.page = rented.page
        and measures.locator = rented.locator
        and measures.benchmark is not distinct from rented.benchmark
        and measures.precision is not distinct from rented.precision
        and terms.commitment = rented.commitment
    where measures.compute_measure = 'hardware_burden'
),

own_costs as (
    select source, page, locator from staging.model where training_cost_usd_2023 is not null
),

burdens as (
    -- One record per model, for all commitments: one that has a price, first that which prints a cost of the same training.
    select priced.*
    from priced
    left join own_costs on
        priced.source = own_costs.source and priced.page = own_costs.page and priced.locator = own_costs.locator
    qualify rank() over (
        partition by priced.model_id, priced.commitment
        order by
            priced.is_priced desc, own_costs.source is not null desc, priced.is_derived, priced.preference, priced.locator, priced.benchmark, priced.precision, priced.compute_flop
    ) = 1
),

owned as (
    select
        burdens.model_id,
        burdens.compute_measure,
        burdens.commitment,
        burdens.processor_kind,
        log10(burdens.compute_flop) - 9 as log10_gflop,
        burdens.confidence,
        burdens.source,
        if(models.year is null, null, true) as is_of_its_time,
        log10(burdens.chip_hours) as log10_hours,
        if(burdens.reason is null, log10(burdens.cost_usd), null) as log10_usd,
        if(burdens.reason is null, log10(burdens.cost_usd_constant), null) as log10_usd_constant,
        if(burdens.reason is null, log10(burdens.cost_usd_constant_low), null) as log10_usd_constant_low,
        if(burdens.reason is null, log10(burdens.cost_usd_constant_high), null) as log10_usd_constant_high,
        burdens.constant_year,
        burdens.price_days_apart,
        burdens.reason,
    from burdens
    join models on burdens.model_id = models.model_id
),

costs as (
    select * from computed
    union all by name
    select * from owned
)

select
    costs.model_id,
    costs.compute_measure,
    costs.scenario,  -- the scenario that prices training compute; null of a hardware burden, which its own processors price
    costs.commitment,  -- at which the burden's own processors are rented: on demand or 3 years; null of training compute
    costs.processor_kind,  -- of the burden's own processors: gpu, tpu, cpu …, or mixed; null of training compute
    costs.region,  -- whose electricity; null of a hardware burden
    models.name,
    models.published_on,
    models.year,
    costs.is_of_its_time,  -- whether no other scenario of a processor is nearer to the model's year; of a burden true; null where that is not known
    costs.log10_gflop,  -- log10 of the model's computation, Gflop
    costs.confidence,
    costs.source,  -- the source of the computation
    costs.log10_hours,  -- log10 of the hours on one processor: the scenario's, or a chip of the burden's own
    costs.log10_kwh,  -- log10 of the electricity, kWh; null of a hardware burden, whose own processors' draw no source tells
    costs.log10_kg_co2,  -- log10 of the emissions, kg CO2e; null of a hardware burden
    costs.log10_usd,  -- log10 of the price, nominal USD of the scenario's day, or of the days of the prices
    costs.log10_usd_constant,  -- log10 of the price, USD of the year constant_year
    costs.log10_usd_constant_low,  -- lower end of its interval (utilisation and price); of a burden at the lowest prices of the days
    costs.log10_usd_constant_high,  -- upper end of the same
    costs.constant_year,
    costs.price_days_apart,  -- most days from the run to a price of it; null of training compute
    costs.reason,  -- why a burden has no price: no_phases, finetuning_alone (phases of the burden are missing), or that of a phase (core.phase_costs)
    if(costs.constant_year = 2023, models.training_cost_usd_2023, null) as training_cost_usd_2023,  -- the source's own cost of training, 2023 USD; null where constant_year is another
    10 ** costs.log10_usd_constant / training_cost_usd_2023 as cost_ratio,  -- this cost over the source's own, both in USD of 2023
from costs
join models on costs.model_id = models.model_id
order by costs.model_id, costs.compute_measure, costs.scenario, costs.commitment
