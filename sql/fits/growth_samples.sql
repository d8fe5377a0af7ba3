-- One row per series, era, frontier rule and point of the line that is fitted to them.
-- grain: series, era, rule, thing
with points as (
    select * from fits.growth_points
),

series as (
    select series, subject from staging.growth_series
),

eras as (
    select era, subject, coalesce(released_from, date '0001-01-01') as released_from, released_before from staging.growth_era
),

rules as (
    select * from staging.growth_rule
),

in_era as (
    select points.*, eras.era, eras.released_from,
    from points
    join series on points.series = series.series
    join eras on
        series.subject = eras.subject
        and points.released_on >= eras.released_from
        and (points.released_on < eras.released_before or eras.released_before is null)
),

larger_before as (
    -- Those released until the same day that have more: of all, and of the era.
    select
        in_era.series,
        in_era.era,
        in_era.thing,
        count(*) as n_larger,
        count(*) filter (earlier.released_on >= in_era.released_from) as n_larger_in_era,
    from in_era
    join points as earlier on
        in_era.series = earlier.series
        and in_era.released_on >= earlier.released_on
        and in_era.log10_value < earlier.log10_value
    group by all
),

ranked as (
    select
        in_era.*,
        coalesce(n_larger, 0) as n_larger,
        coalesce(n_larger_in_era, 0) as n_larger_in_era,
        row_number() over (
            partition by in_era.series, in_era.era, year(released_on) order by log10_value desc, released_on, thing
        ) as rank_in_year,
        row_number() over (partition by in_era.series, in_era.era, released_on order by log10_value desc, thing) as rank_on_day,
        max(log10_value) over (partition by in_era.series, in_era.era order by released_on) as largest_until_then,
    from in_era
    left join larger_before using (series, era, thing)
),

samples as (
    select
        ranked.series,
        ranked.era,
        rules.rule,
        ranked.thing,
        ranked.released_on,
        ranked.years,
        if(rules.keep = 'running_maximum', ranked.largest_until_then, ranked.log10_value) as log10_value,
    from ranked
    cross join rules
    where case rules.keep
        when 'all' then true
        when 'top' then if(rules.within_era, ranked.n_larger_in_era, ranked.n_larger) < rules.top
        when 'largest_of_year' then ranked.rank_in_year = 1
        when 'running_maximum' then ranked.rank_on_day = 1
    end
)

select * from samples
order by series, era, rule, released_on, thing
