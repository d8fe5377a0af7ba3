-- One row per row set, scenario, region, benchmark, metric, compute measure, form, estimator and target: what an error would cost.
-- grain: row_set, scenario, region, benchmark, metric, compute_measure, form, estimator, target
with costs as (
    select * from marts.costs
),

scenarios as (
    select scenario, region, title, region_name, last_priced_on from core.scenarios
),

codes as (
    select region, alpha_2 from staging.region_code
),

costs_flat as (
    select
        costs.row_set,
        costs.benchmark,
        costs.metric,
        costs.compute_measure,
        costs.form,
        costs.estimator,
        costs.is_leading,
        costs.target,
        costs.error,
        costs.scenario,
        scenarios.title as scenario_title,  -- what the scenario is
        year(scenarios.last_priced_on) as year,  -- year of the newest price that counts; null where a stated run has none
        costs.region,  -- whose electricity: ISO 3166-1 alpha-3 (FRA), OWID_* for aggregates, or provider:region of a cloud
        codes.alpha_2 as region_alpha_2,  -- the same as ISO 3166-1 alpha-2 (FR); null of aggregates and of clouds
        scenarios.region_name,
        costs.log10_gflop,
        costs.log10_gflop_low,
        costs.log10_gflop_high,
        costs.log10_kwh,
        costs.log10_kwh_low,
        costs.log10_kwh_high,
        costs.log10_kg_co2,
        costs.log10_kg_co2_low,
        costs.log10_kg_co2_high,
        costs.log10_usd,
        costs.log10_usd_low,
        costs.log10_usd_high,
        case when costs.log10_usd < 300 then 10 ** costs.log10_usd end as usd,  -- the price, nominal USD of the scenario's day; null beyond 1e300
        costs.status,
    from costs
    left join scenarios using (scenario, region)
    left join codes using (region)
)

select * from costs_flat
