-- One row per rule that leaves results out, benchmark, metric and compute measure: points, exponent and target without it and with it, all others as declared.
-- grain: rule, benchmark, metric, compute_measure
with rules as (
    select rule, position, is_active, reason from staging.point_rule
),

fit_rule as (
    select points_min from staging.fit_rule
),

targets as (
    select distinct benchmark, metric, error as target_error
    from staging.target
    where target = 'target_1'
),

as_declared as (
    select * exclude (variant) from core.point_variants where variant = ''
),

variants as (
    select rule as variant from rules
    union all
    select '' as variant
),

points as (
    -- What is not told of a variant is as declared.
    select
        variants.variant, as_declared.benchmark, as_declared.metric, as_declared.compute_measure,
        log10(as_declared.compute_flop) as x, -log10(as_declared.error) as y,
    from as_declared
    cross join variants
    left join core.point_variants as switched using (variant, row_set, benchmark, metric, compute_measure, result_id)
    where coalesce(switched.is_point, as_declared.is_point) and as_declared.error > 0
),

moments as (
    select
        variant, benchmark, metric, compute_measure,
        count(*) as n,
        avg(x) as mean_x,
        avg(y) as mean_y,
        var_pop(x) as var_x,
        var_pop(y) as var_y,
        covar_pop(x, y) as cov_xy,
    from points
    group by all
),

lines as (
    -- The line of least squares through all of them, in the polynomial form.
    select
        moments.* exclude (mean_x, mean_y, var_x, var_y, cov_xy),
        if(n >= points_min, cov_xy / nullif(var_x, 0), null) as slope,
        mean_y - slope * mean_x as intercept,
        exponent('polynomial', slope) as exponent,
        if(n >= points_min, r_squared(var_x, var_y, cov_xy), null) as r_squared,
        if(exponent is not null, (-log10(target_error) - intercept) / slope, null) as log10_flop_target_1,
    from moments
    cross join fit_rule
    left join targets using (benchmark, metric)
),

switched as (
    -- The rule's own variant has it switched: off where it is declared on, on where it is declared off.
    select
        rules.*,
        declared.benchmark,
        declared.metric,
        declared.compute_measure,
        if(rules.is_active, other.n, declared.n) as n_before,
        if(rules.is_active, declared.n, other.n) as n_after,
        if(rules.is_active, other.exponent, declared.exponent) as exponent_before,
        if(rules.is_active, declared.exponent, other.exponent) as exponent_after,
        if(rules.is_active, other.r_squared, declared.r_squared) as r_squared_before,
        if(rules.is_active, declared.r_squared, other.r_squared) as r_squared_after,
        if(rules.is_active, other.log10_flop_target_1, declared.log10_flop_target_1) as log10_flop_target_1_before,
        if(rules.is_active, declared.log10_flop_target_1, other.log10_flop_target_1) as log10_flop_target_1_after,
    from rules
    join lines as other on rules.rule = other.variant
    join lines as declared on
        declared.variant = ''
        and other.benchmark = declared.benchmark
        and other.metric = declared.metric
        and other.compute_measure = declared.compute_measure
)

select
    rule,  -- the rule: key of staging.point_rule
    benchmark,
    metric,
    compute_measure,
    is_active,  -- whether it leaves results out of the fits
    n_before,  -- points without the rule, all others as declared
    n_after,  -- points with it
    exponent_before,  -- exponent of the polynomial form through the points without it
    exponent_after,  -- the same with it
    r_squared_before,  -- share of variance explained without it
    r_squared_after,  -- the same with it
    log10_flop_target_1_before,  -- log10 of the computation at which that line reaches the domain's first target, FLOP
    log10_flop_target_1_after,  -- the same with it
    reason,  -- why the rule leaves results out
from switched
order by position, benchmark, metric, compute_measure
