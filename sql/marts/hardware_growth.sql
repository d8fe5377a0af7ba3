-- One row per series of processors, era and frontier rule: how fast their rate and their rate for the money grow.
-- grain: series, era, rule
with series as (
    select * from staging.growth_series where subject = 'processor'
),

lines as (
    select * from fits.growth_lines
),

sources as (
    select series, string_agg(distinct source, ', ' order by source) as source from fits.growth_points group by series
),

growth as (
    select
        series.series,
        lines.era,
        lines.rule,
        coalesce(series.source, sources.source, 'none') as source,
        series.processor_kind,
        series.quantity,
        lines.* exclude (series, era, rule, status),
        lines.doubling_time_month / 12 as doubling_time_year,  -- the doubling time in years
        lines.doubling_time_month_low / 12 as doubling_time_year_low,  -- lower end of its interval
        lines.doubling_time_month_high / 12 as doubling_time_year_high,  -- upper end of its interval
        lines.status,
    from lines
    join series on lines.series = series.series
    left join sources on lines.series = sources.series
)

select
    series,
    era,
    rule,
    source,  -- the source of its points, or the sources
    * exclude (series, era, rule, source),
from growth
order by series, era, rule
