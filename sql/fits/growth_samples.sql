-- One row per series, era, frontier rule and point of the line that is fitted to them.
-- grain: series, era, rule, thing
with rules as (
    select * from staging.growth_rule
),

longest as (
    select coalesce(max(top), 1) as top from rules
),

points as (
    -- With the largest of all those released until the same day, as many as any rule asks for, from the largest down.
    select
        points.*,
        max(log10_value, (select top from longest)) over (partition by series order by released_on) as largest,
    from fits.growth_points as points
),

series as (
    select series, subject from staging.growth_series
),

eras as (
    select era, subject, coalesce(released_from, date '0001-01-01') as released_from, released_before from staging.growth_era
),

in_era as (
    select points.*, eras.era,
    from points
    join series on points.series = series.series
    join eras on
        series.subject = eras.subject
        and points.released_on >= eras.released_from
        and (points.released_on < eras.released_before or eras.released_before is null)
),

ranked as (
    select
        *,
        max(log10_value, (select top from longest)) over (partition by series, era order by released_on) as largest_in_era,
        row_number() over (
            partition by series, era, year(released_on) order by log10_value desc, released_on, thing
        ) as rank_in_year,
        row_number() over (partition by series, era, released_on order by log10_value desc, thing) as rank_on_day,
        max(log10_value) over (partition by series, era order by released_on) as largest_until_then,
    from in_era
),

samples as (
    select
        ranked.series,
        ranked.era,
        rules.rule,
        ranked.thing,
        ranked.released_on,
        ranked.years,
        if(rules.keep = 'running_maximum', ranked.largest_until_then, ranked.log10_value) as log10_value,  -- log10 of the quantity of the series; of the rule running_maximum the largest until that day
    from ranked
    cross join rules
    where case rules.keep
        when 'all' then true
        -- Fewer than `top` are larger where the one of that rank is not, or where there are not so many.
        when 'top' then coalesce(if(rules.within_era, ranked.largest_in_era, ranked.largest)[rules.top] <= ranked.log10_value, true)
        when 'largest_of_year' then ranked.rank_in_year = 1
        when 'running_maximum' then ranked.rank_on_day = 1
    end
)

select * from samples
order by series, era, rule, released_on, thing
