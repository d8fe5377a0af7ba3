-- One row per series of models, era and frontier rule: how fast the computation of published models grows, or that to a fixed loss, or what they reach.
-- grain: series, era, rule
with series as (
    select * from staging.growth_series where subject = 'model'
),

lines as (
    select * from fits.growth_lines
),

growth as (
    select
        series.series,
        lines.era,
        lines.rule,
        series.source,
        series.quantity,
        series.notable_only,
        lines.* exclude (series, era, rule),
    from lines
    join series on lines.series = series.series
)

select * from growth
order by series, era, rule
