-- One row per row set, benchmark, metric, compute measure, rules in force, selection and direction: least squares with one rule of points.toml switched, or all, or none.
-- grain: row_set, benchmark, metric, compute_measure, rules, selection, direction
with rules as (
    select rule, is_active from staging.point_rule
),

fit_rule as (
    select points_min, level from staging.fit_rule
),

variants as (
    select rule as variant, if(is_active, 'without ', 'with ') || rule as rules from rules
    union all
    select unnest(['all rules', 'no rules']) as variant, variant as rules
),

reconciled as (
    select distinct row_set from staging.row_set where reconciled
),

sets as (
    -- A consolidated burden has a line of its own behind it, which other rules would move: it stands with the rules as declared alone.
    select sample_sets.*
    from fits.sample_sets as sample_sets
    join reconciled using (row_set)
    where compute_measure != 'consolidated_burden'
),

as_declared as (
    -- A pool is what is fitted together.
    select
        * exclude (variant),
        dense_rank() over (order by row_set, benchmark, metric, compute_measure) as pool,
    from core.point_variants
    where variant = ''
),

pools as (
    select distinct pool, row_set, benchmark, metric, compute_measure from as_declared
),

told as (
    -- What is not told of a variant is as declared ('' here): where nothing of a pool is told it has the lines as declared.
    select distinct variants.variant, pools.pool
    from core.point_variants as variants
    join pools using (row_set, benchmark, metric, compute_measure)
),

points as (
    select
        told.variant,
        as_declared.* exclude (rules, stands_for_it, is_point),
    from as_declared
    join told using (pool)
    left join core.point_variants as switched using (variant, row_set, benchmark, metric, compute_measure, result_id)
    where coalesce(switched.is_point, as_declared.is_point) and as_declared.error > 0
),

candidates as (
    -- As fits.samples has them; a test holds the two selections against each other.
    select
        points.*,
        candidates.paper_id,
        coalesce(candidates.paper_id, 'architecture:' || candidates.architecture, candidates.model_id) as paper,
        coalesce(regexp_matches(results.setting, 'multi-scale|augmentation|crop'), false) as is_beside_the_training,
        coalesce(abs(results.image_size - trainings.image_size_in_name), results.image_size, 0) as distance_in_size,
        results.released_on,
        coalesce(results.year, year(results.released_on)) as year,
        log10(points.compute_flop) as x,
        -log10(points.error) as y,
    from points
    join core.candidates as candidates using (row_set, benchmark, metric, compute_measure, result_id)
    join core.results as results on points.result_id = results.result_id
    join core.trainings as trainings on points.training_id = trainings.training_id
),

ranked as (
    select
        *,
        row_number() over (of_set_and_training order by is_beside_the_training, distance_in_size, x, result_id) as rank_in_training,
        row_number() over (of_set_and_paper order by error, x, result_id) as rank_in_paper,
        row_number() over (of_set_and_year order by error, x, result_id) as rank_in_year,
        row_number() over (of_set_and_day order by error, x, result_id) as rank_on_day,
        min(error) over (
            of_set order by released_on range between unbounded preceding and interval 1 day preceding
        ) as lowest_error_before,
    from candidates
    window
        of_set as (partition by variant, pool),
        of_set_and_training as (partition by variant, pool, training_id),
        of_set_and_paper as (partition by variant, pool, paper),
        of_set_and_year as (partition by variant, pool, year),
        of_set_and_day as (partition by variant, pool, released_on)
),

selected as (
    select
        variant, pool, x, y,
        unnest([
            'all',
            if(rank_in_training = 1, 'one_per_training', null),
            if(rank_in_paper = 1, 'best_per_paper', null),
            if(rank_in_year = 1 and year is not null, 'best_per_year', null),
            if(rank_on_day = 1 and released_on is not null and error < coalesce(lowest_error_before, 2), 'frontier', null),
        ]) as selection,
    from ranked
),

moments as (
    select
        variant, pool, selection,
        count(*) as n,
        avg(x) as mean_x,
        var_pop(x) as var_x,
        var_pop(y) as var_y,
        covar_pop(x, y) as cov_xy,
    from selected
    where selection is not null
    group by all
),

lines as (
    -- Least squares as sql/fits/ols.sql and ols_directions.sql have it; its p is the same in both directions.
    select
        sets.row_set, sets.benchmark, sets.metric, sets.compute_measure, variants.rules, sets.selection, sets.is_headline,
        coalesce(moments.n, 0) as n,
        var_x, var_y, cov_xy,
        coalesce(moments.n, 0) >= points_min and var_x > 1e-30 * mean_x * mean_x as is_line,
        if(is_line, slope_se(residual_variance(moments.n, var_x, var_y, cov_xy), moments.n, var_x), null) as se,
        case
            when chosen_by_error(sets.selection) then null
            when se > 0 then student_t_two_sided_p(cov_xy / var_x / se, moments.n - 2)
            when is_line and cov_xy != 0 then 0
        end as p_value,
        case
            when coalesce(moments.n, 0) < points_min then 'too_few_points'
            when not is_line then 'no_spread_in_x'
            when chosen_by_error(sets.selection) then 'selected_no_interval'
            when p_value is null or p_value >= 1 - level then 'slope_not_different_from_0'
            else 'ok'
        end as status,
    from sets
    cross join variants
    cross join fit_rule
    left join pools using (row_set, benchmark, metric, compute_measure)
    left join told on variants.variant = told.variant and pools.pool = told.pool
    left join moments on
        pools.pool = moments.pool
        and sets.selection = moments.selection
        and coalesce(told.variant, '') = moments.variant
),

by_direction as (
    select *, unnest(['y_on_x', 'x_on_y']) as direction from lines
)

select
    row_set,
    benchmark,
    metric,
    compute_measure,
    rules,  -- which of the rules of points.toml are in force: without or with one of them, all others as declared; all rules; no rules
    selection,
    direction,  -- y_on_x: performance regressed on computation; x_on_y: computation on performance, turned to y = a + b x
    is_headline,
    n,  -- points
    if(is_line, if(direction = 'y_on_x', cov_xy / var_x, if(cov_xy != 0, var_y / cov_xy, null)), null) as slope,  -- b of log10(1/error) = a + b log10 C; null where there is no line
    status,  -- ok, slope_not_different_from_0, selected_no_interval (the points were chosen by their error), or why there is no line or no interval
from by_direction
order by row_set, benchmark, metric, compute_measure, rules, selection, direction
