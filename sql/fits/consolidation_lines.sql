-- One row per row set and benchmark: the line that predicts a hardware burden from network operations.
-- grain: row_set, benchmark
with declared as (
    select * from staging.consolidation
),

fit_rule as (
    select points_min from staging.fit_rule
),

both_measured as (
    select
        row_set,
        benchmark,
        log10(max(compute_flop) filter (compute_measure = 'network_operations')) as x,
        log10(max(compute_flop) filter (compute_measure = 'hardware_burden')) as y,
    from fits.measured_points
    group by row_set, benchmark, metric, result_id
    having x is not null and y is not null
),

moments as (
    select
        row_set,
        benchmark,
        count(*) as n,
        avg(x) as mean_x,
        avg(y) as mean_y,
        var_pop(x) as var_x,
        var_pop(y) as var_y,
        covar_pop(x, y) as cov_xy,
    from both_measured
    group by row_set, benchmark
),

lines as (
    select
        declared.row_set,
        declared.benchmark,
        declared.fitted_on,
        moments.n,  -- rows that have both numbers
        coalesce(declared.intercept, mean_y - mean_x * cov_xy / nullif(var_x, 0)) as intercept,  -- c0 of log10(burden) = c0 + c1 log10(network operations), FLOP
        coalesce(declared.slope, cov_xy / nullif(var_x, 0)) as slope,  -- c1 of the same
        r_squared(var_x, var_y, cov_xy) as r_squared,  -- share of variance explained; null where the line is declared
        declared.citation,
    from declared
    cross join fit_rule
    left join moments on
        declared.row_set = moments.row_set
        and declared.fitted_on = moments.benchmark
        and moments.n >= fit_rule.points_min
)

select * from lines
order by row_set, benchmark
