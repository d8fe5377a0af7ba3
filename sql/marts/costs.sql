-- One row per row set, scenario, region, benchmark, metric, compute measure, form, estimator and target: what an error would cost.
-- grain: row_set, scenario, region, benchmark, metric, compute_measure, form, estimator, target
with scaling as (
    select *
    from marts.scaling
    where
        compute_measure in ('hardware_burden', 'consolidated_burden', 'training_compute')
        and estimator = 'ols'
        and direction = 'y_on_x'
        and is_headline_selection
),

targets as (
    select
        sample_sets.sample_id,
        sample_sets.row_set,
        sample_sets.benchmark,
        sample_sets.metric,
        sample_sets.compute_measure,
        targets.target,
        targets.error,
    from fits.targets as targets
    join fits.sample_sets as sample_sets on targets.sample_id = sample_sets.sample_id
    where sample_sets.is_headline
),

scenarios as (
    select * from core.scenarios
),

stacked as (
    select
        sample_sets.row_set,
        costs.scenario,
        costs.region,
        sample_sets.benchmark,
        sample_sets.metric,
        sample_sets.compute_measure,
        costs.form,
        'ols' as estimator,
        sample_sets.selection,
        false as is_leading,
        costs.* exclude (sample_id, form, scenario, region, published, status),
        scenarios.constant_year,
        costs.published,
        costs.status,
    from fits.costs as costs
    join fits.sample_sets as sample_sets on costs.sample_id = sample_sets.sample_id
    join scenarios using (scenario, region)
    where costs.form = 'stacked'
),

costs as (
    select
        scaling.row_set,
        scenarios.scenario,
        scenarios.region,
        scaling.benchmark,
        scaling.metric,
        scaling.compute_measure,
        scaling.form,
        scaling.estimator,
        scaling.selection,
        scaling.is_leading,
        targets.target,
        targets.error,
        costs.* exclude (sample_id, form, scenario, region, target, error, published, status),
        scenarios.constant_year,
        coalesce(costs.published, false) as published,
        -- Without points there is no cost, and the line says why.
        coalesce(costs.status, scaling.status) as status,  -- ok; slope_not_positive; slope_not_different_from_0; selected_no_interval; extrapolation_unsupported; the status of the line; or of the scenario
    from scaling
    join targets using (row_set, benchmark, metric, compute_measure)
    cross join scenarios
    left join fits.costs as costs on
        targets.sample_id = costs.sample_id
        and targets.target = costs.target
        and scaling.form = costs.form
        and scenarios.scenario = costs.scenario
        and scenarios.region = costs.region
)

select * from costs
union all by name
select * from stacked
order by row_set, scenario, region, benchmark, metric, compute_measure, form, estimator, target
