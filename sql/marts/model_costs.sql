-- One row per model, compute measure and scenario: what the computation of an existing model costs, beside its source's own cost.
-- grain: model_id, compute_measure, scenario
with models as (
    select * from core.models
),

pages as (
    select source, page, preference from core.page_order
),

excluded as (
    -- What by some rule is no measurement, as in the row set of all sources.
    select distinct artefacts.source, artefacts.page, artefacts.locator
    from core.artefacts as artefacts
    join staging.rule_finding as findings on artefacts.rule = findings.finding
    join staging.point_rule as rules on findings.rule = rules.rule and rules.is_active
    where coalesce(artefacts.compute_measure, 'hardware_burden') = 'hardware_burden'
),

computed as (
    -- One number per model and measure: printed before derived from phases, of the page that is preferred.
    select measures.model_id, measures.compute_measure, measures.compute_flop, measures.confidence, measures.source
    from core.measures as measures
    join pages on measures.source = pages.source and measures.page = pages.page
    anti join excluded on
        measures.source = excluded.source and measures.page = excluded.page and measures.locator = excluded.locator
    where measures.compute_measure in ('hardware_burden', 'training_compute')
    qualify row_number() over (
        partition by measures.model_id, measures.compute_measure
        order by
            measures.is_derived, pages.preference, measures.locator,
            measures.benchmark, measures.precision, measures.compute_flop
    ) = 1
),

scenarios as (
    select * from core.scenarios where region = 'USA'
),

unit_costs as (
    select * from fits.unit_costs where region = 'USA'
),

priced as (
    select
        models.model_id,
        computed.compute_measure,
        scenarios.scenario,
        scenarios.region,
        models.name,
        models.published_on,
        models.year,
        log10(computed.compute_flop) - 9 as log10_gflop,
        computed.confidence,
        computed.source,
        scenarios.price_kind != 'run' and abs(scenarios.electricity_year - models.year) = min(
            case when scenarios.price_kind != 'run' then abs(scenarios.electricity_year - models.year) end
        ) over (partition by models.model_id, computed.compute_measure) as is_of_its_time,
        log10_gflop + log10_hours_per_gflop as log10_hours,
        log10_gflop + log10_kwh_per_gflop as log10_kwh,
        log10_kwh + log10_kg_co2_per_kwh as log10_kg_co2,
        log10_gflop + log10_usd_per_gflop as log10_usd,
        log10_usd + log10_deflator as log10_usd_constant,
        log10_gflop + log10_usd_per_gflop_low + log10_deflator as log10_usd_constant_low,
        log10_gflop + log10_usd_per_gflop_high + log10_deflator as log10_usd_constant_high,
        scenarios.constant_year,
        if(scenarios.constant_year = 2023, models.training_cost_usd_2023, null) as training_cost_usd_2023,
    from computed
    join models on computed.model_id = models.model_id
    cross join scenarios
    join unit_costs on
        scenarios.scenario = unit_costs.scenario
        and unit_costs.basis = if(computed.compute_measure = 'training_compute', 'arithmetic', 'peak')
)

select
    model_id,
    compute_measure,
    scenario,
    region,
    name,
    published_on,
    year,
    is_of_its_time,  -- whether no other scenario of a processor is nearer to the model's year; null where that is not known
    log10_gflop,  -- log10 of the model's computation, Gflop
    confidence,
    source,  -- the source of the computation
    log10_hours,  -- log10 of the hours on one processor
    log10_kwh,  -- log10 of the electricity, kWh
    log10_kg_co2,  -- log10 of the emissions, kg CO2e
    log10_usd,  -- log10 of the price, nominal USD of the scenario's day
    log10_usd_constant,  -- log10 of the price, USD of the year constant_year
    log10_usd_constant_low,  -- lower end of its interval (utilisation and price)
    log10_usd_constant_high,  -- upper end of the same
    constant_year,
    training_cost_usd_2023,  -- the source's own cost of training, 2023 USD; null where constant_year is another
    10 ** log10_usd_constant / training_cost_usd_2023 as cost_ratio,  -- this cost over the source's own, both in USD of 2023
from priced
order by model_id, compute_measure, scenario
