-- One row per row set, scenario, region, benchmark, metric, compute measure, form, estimator and point: what an error would cost.
with scaling as (
    select *
    from marts.scaling
    where
        compute_measure in ('hardware_burden', 'consolidated_burden')
        and estimator = 'ols'
        and direction = 'y_on_x'
        and selection = 'all'
),

projections as (
    select row_set, benchmark, metric, compute_measure, form, point, log10_compute_low, log10_compute_high, status
    from marts.projections
    where method = 'y_on_x' and selection = 'all'
),

points as (
    select row_set, benchmark, metric, compute_measure, targets.point, targets.error, targets.published
    from fits.targets as targets
    join fits.sample_sets as sample_sets using (sample_id)
    where selection = 'all'
),

figures as (
    select
        scenario,
        region,
        max(value) filter (quantity = 'processor_count') as processor_count,
        max(value) filter (quantity = 'peak_rate') as peak_gflop_per_s,
        max(value) filter (quantity = 'wall_time') as wall_time_h,
        max(value) filter (quantity = 'carbon_dioxide') as carbon_dioxide_lb,
        max(value) filter (quantity = 'price') as price_usd,
        max(value) filter (quantity = 'coefficient_decimals') as coefficient_decimals,
    from core.conversions
    group by scenario, region
),

scenarios as (
    select
        scenario,
        region,
        coefficient_decimals,
        processor_count * peak_gflop_per_s * wall_time_h * 3600 as run_gflop,
        log10(run_gflop / carbon_dioxide_lb) as log10_gflop_per_lb,
        log10(run_gflop / price_usd) as log10_gflop_per_usd,
    from figures
),

stated as (
    select
        scaling.*,
        points.point,
        points.error,
        points.published and scaling.compute_measure = 'hardware_burden' and scenarios.coefficient_decimals is not null as published,
        scenarios.* exclude (run_gflop),
    from scaling
    join points using (row_set, benchmark, metric, compute_measure)
    cross join scenarios
),

lines as (
    -- The published table was computed from coefficients as printed.
    select
        * exclude (intercept, slope),
        if(published, round(intercept, coefficient_decimals::integer), intercept) as intercept,
        if(published, round(slope, coefficient_decimals::integer), slope) as slope,
        case form when 'polynomial' then -log10(error) when 'exponential' then 1 / error end as performance,
    from stated
),

solved as (
    -- A falling or flat line reaches no target: more computation would make the error larger.
    select
        lines.*,
        if(lines.compute_unit = 'flop', 9, 0) as log10_unit,
        if(slope > 0, (performance - intercept) / slope - log10_unit, null) as log10_gflop,
        projections.log10_compute_low - log10_unit as log10_gflop_low,
        projections.log10_compute_high - log10_unit as log10_gflop_high,
        -- Without points there is no projection either.
        coalesce(projections.status, lines.status) as cost_status,
    from lines
    left join projections using (row_set, benchmark, metric, compute_measure, form, point)
),

costs as (
    select
        row_set,
        scenario,
        region,
        benchmark,
        metric,
        compute_measure,
        form,
        estimator,
        point,
        error,
        log10_gflop,  -- log10 of the median computation at which the line reaches the error, Gflop
        log10_gflop_low,  -- lower end of its interval (Fieller), Gflop
        log10_gflop_high,  -- upper end of the same; null where it is not bounded
        log10_gflop - log10_gflop_per_lb as log10_lb_co2,  -- log10 of the emissions of that computation, lb CO2e
        log10_gflop - log10_gflop_per_usd as log10_usd,  -- log10 of its price, nominal USD of the scenario
        published,  -- whether the row stands behind the published table (Figure 3)
        cost_status as status,  -- ok; slope_not_positive; extrapolation_unsupported; or the status of the line
    from solved
)

select * from costs
order by row_set, scenario, region, benchmark, metric, compute_measure, form, estimator, point
