-- One row per followed number that moved since the state before (`meta.past_builds`) and cause: what of the move it makes. The contributions of a number add up to its move.
-- grain: benchmark, metric, compute_measure, quantity, target, scenario, cause
with causes as (
    -- The order in which the causes are let in, one at a time; each line is fitted anew after each.
    select unnest([
        {'cause': 'code', 'place': 1},
        {'cause': 'rules', 'place': 2},
        {'cause': 'merges', 'place': 3},
        {'cause': 'removed', 'place': 4},
        {'cause': 'revised', 'place': 5},
        {'cause': 'added', 'place': 6},
        {'cause': 'elsewhere', 'place': 7},
        {'cause': 'undivided', 'place': 8},
        {'cause': 'target', 'place': 9},
        {'cause': 'prices', 'place': 10},
    ], recursive := true)
),

built as (
    select as_of as since, is_other_settings, is_other_code from meta.past_builds where is_before
),

units as (
    select distinct compute_unit from staging.row_set where row_set = 'current'
),

past as (
    select past_numbers.*
    from staging.past_number as past_numbers
    join meta.past_builds using (build)
    where is_before
),

present as (
    select * from marts.headline_numbers
),

numbers as (
    select
        benchmark, metric, compute_measure, quantity, target, scenario,
        coalesce(present.form, past.form) as form,
        past.value as value_before,
        past.low as low_before,
        past.high as high_before,
        past.error as error_before,
        present.value as value_after,
        present.error as error_after,
        case when past.value is null then 'new' when present.value is null then 'gone' else 'moved' end as status,
        past.name as name_before,
        present.name as name_after,
        past.source as source_before,
        past.page as page_before,
        present.source as source_after,
        present.page as page_after,
    from past
    full join present using (benchmark, metric, compute_measure, quantity, target, scenario)
    -- Without a state before there is nothing to hold against.
    where exists (from past) and coalesce(past.value, present.value) is not null
),

changed_points as (
    select changed.*, causes.place from marts.changed_points as changed join causes using (cause)
),

unchanged_points as (
    select *
    from (
        select
            *,
            nth_of_training(benchmark, metric, compute_measure, training_id, error, log10_compute, result_id) as nth,
        from staging.past_point
        where is_chosen
    )
    anti join changed_points using (benchmark, metric, compute_measure, training_id, nth)
),

-- Each line through its points as they were, with the causes let in up to a place.

points as (
    select benchmark, metric, compute_measure, places.place, log10_compute, error
    from unchanged_points
    cross join (select place from causes where place <= 8) as places
    union all
    select
        benchmark, metric, compute_measure, places.place,
        if(places.place >= changed_points.place, log10_compute_after, log10_compute_before) as log10_compute,
        if(places.place >= changed_points.place, error_after, error_before) as error,
    from changed_points
    cross join (select place from causes where place <= 8) as places
),

forms as (
    select distinct benchmark, metric, compute_measure, form from numbers where status = 'moved' and form is not null
),

moments as (
    select
        benchmark, metric, compute_measure, form, place,
        count(*) as n,
        avg(log10_compute) as mean_x,
        var_pop(log10_compute) as var_x,
        avg(response(form, error)) as mean_y,
        covar_pop(log10_compute, response(form, error)) as cov_xy,
    from points
    join forms using (benchmark, metric, compute_measure)
    where log10_compute is not null
    group by all
),

lines as (
    -- As fits.ols has it.
    select
        benchmark, metric, compute_measure, place as line_place, n,
        case when n >= points_min and var_x > 1e-30 * mean_x * mean_x then cov_xy / var_x end as slope,
        mean_y - slope * mean_x as intercept,
    from moments
    cross join staging.fit_rule
),

added as (
    -- What a cost adds to its computation, before and after, in decades.
    select
        costs.benchmark, costs.metric, costs.compute_measure, costs.quantity, costs.target, costs.scenario,
        costs.value_before - computations.value_before as added_before,
        costs.value_after - computations.value_after as added_after,
    from numbers as costs
    join numbers as computations using (benchmark, metric, compute_measure, target)
    where costs.scenario != '' and computations.quantity = 'log10_compute'
),

computed as (
    select
        numbers.*,
        causes.cause,
        causes.place,
        case
            when quantity = 'points' then lines.n
            when quantity = 'exponent' then exponent(form, lines.slope)
            when lines.slope > 0 then
                (response(form, if(causes.place >= 9, error_after, error_before)) - lines.intercept) / lines.slope
                + case when scenario = '' then 0 when causes.place >= 10 then added_after else added_before end
        end as value,
    from numbers
    -- Targets and prices move no line.
    cross join (select *, least(place, 8) as line_place from causes) as causes
    left join lines using (benchmark, metric, compute_measure, line_place)
    left join added using (benchmark, metric, compute_measure, quantity, target, scenario)
    where numbers.status = 'moved' and numbers.quantity != 'lowest_error'
),

of_lines as (
    -- Where the points of a step support no value the one before it stands, so that all of them still add up.
    select
        * exclude (value),
        value - last_value(value ignore nulls) over (
            partition by benchmark, metric, compute_measure, quantity, target, scenario
            order by place
            rows between unbounded preceding and 1 preceding
        ) as contribution,
    from (
        select * from computed
        union all by name
        select distinct on (benchmark, metric, compute_measure, quantity, target, scenario)
            * exclude (cause, place, value), '' as cause, 0 as place, value_before as value,
        from computed
    )
),

of_best as (
    -- The lowest error is of one result: its page tells why.
    select
        numbers.*,
        case
            when changed.page is not null then
                case
                    when name_before is not distinct from name_after then 'revised'
                    when value_after < value_before then 'added'
                    else 'removed'
                end
            else cause_without_page(is_other_settings, is_other_code, exists (from meta.changed_pages))
        end as cause,
        value_after - value_before as contribution,
    from numbers
    cross join built
    left join meta.changed_pages as changed on
        if(value_after < value_before, source_after, source_before) = changed.source
        and if(value_after < value_before, page_after, page_before) = changed.page
    where status = 'moved' and quantity = 'lowest_error' and value_after != value_before
),

whole as (
    -- A number that is new or gone has no move to be explained.
    select *, status as cause, null::double as contribution from numbers where status != 'moved'
),

moved as (
    select * from of_lines where abs(contribution) > 1e-12 * greatest(abs(value_before), 1)
    union all by name
    select * from of_best
    union all by name
    select * from whole
),

points_of_causes as (
    select benchmark, metric, compute_measure, cause, count(*) as n_points from changed_points group by all
)

select
    moved.benchmark,
    moved.metric,
    moved.compute_measure,  -- '' of the lowest error of all results
    quantity,  -- as in marts.headline_numbers
    target,  -- the target, '' where the quantity has none
    scenario,  -- hardware and its year; '' of what is no cost
    built.since,  -- the day of the newest page in the state before
    this_build.as_of as until,  -- the day of the newest page in this warehouse
    number_unit(quantity, units.compute_unit) as unit,  -- of the values and of the contribution
    cause,  -- code: what the present code makes of the points as they were; rules: points that other declared settings make; merges: trainings put together or apart; removed, revised, added: points of pages with other bytes; elsewhere: other pages; undivided: other pages, or code or settings, which changed with them; target: its error; prices: what a cost adds to computation; new, gone: the number as a whole
    coalesce(points_of_causes.n_points, 0) as n_points,  -- points of the line with that cause
    value_before,  -- in the state before; null where it is new
    value_after,  -- in this warehouse; null where it is gone
    contribution,  -- of the cause to value_after - value_before; null where it is new or gone
    low_before,  -- lower end of the interval that was given before; null where it had none
    high_before,  -- upper end of the same
    if(
        low_before is null and high_before is null,
        null,
        value_after between coalesce(low_before, '-infinity'::double) and coalesce(high_before, 'infinity'::double)
    ) as is_within,  -- whether the value now lies in the interval that was given before; null where none was
    name_before,  -- of the lowest error: the model that had it
    name_after,  -- the model that has it
from moved
cross join built
cross join meta.this_build as this_build
cross join units
left join points_of_causes using (benchmark, metric, compute_measure, cause)
order by benchmark, metric, compute_measure, quantity, target, scenario, cause
