-- One row per series and model or processor in it, or end of its line (Figure 2a of the brief): the value relative to AlexNet's computation or to its processor's speed.
-- grain: series, kind, thing
with declared as (
    select * from staging.growth_figure
),

points as (
    select growth.*, declared.subject, declared.era
    from fits.growth_points as growth
    join declared using (series)
),

reference_values as (
    -- Of two entries of that name the first one that was released; CPUs are beside the GPU of another series.
    select declared.series, points.log10_value as log10_reference, points.name as relative_to
    from declared
    join points on declared.subject = points.subject and declared.relative_to = points.name
    qualify row_number() over (
        partition by declared.series
        order by points.series = declared.series desc, points.series, points.released_on, points.thing
    ) = 1
),

lines as (
    select growth.*, declared.subject
    from fits.growth_lines as growth
    join declared using (series, era)
    where growth.rule = 'all'
),

moments as (
    select samples.series, samples.era, avg(years) as mean_x, count(*) as n, regr_sxx(log10_value, years) as sxx
    from fits.growth_samples as samples
    join declared using (series, era)
    where samples.rule = 'all'
    group by all
),

steps as (
    -- A band is curved; a line is as straight by its ends.
    select
        lines.*,
        step,
        date_diff('day', date '2000-01-01', first_released_on) / 365.25 as first_x,
        date_diff('day', date '2000-01-01', last_released_on) / 365.25 as last_x,
        first_x + (last_x - first_x) * step / 20 as years,
        student_t_quantile((1 + level) / 2, lines.n - 2) as t,
        slope_se * sqrt(sxx / moments.n + (years - mean_x) ** 2) as se,
        intercept + slope * years as log10_value,
    from lines
    join moments using (series, era)
    cross join (select unnest(range(21)) as step)
),

drawn as (
    select
        series, subject, 'point' as kind, thing, name, released_on, years, log10_value,
        null::double as log10_low, null::double as log10_high,
    from points
    union all by name
    select
        series, subject, 'line' as kind, 'step ' || lpad(step::varchar, 2, '0') as thing, null as name,
        date '2000-01-01' + (years * 365.25)::integer as released_on, years, log10_value,
        log10_value - t * se as log10_low, log10_value + t * se as log10_high,
        growth_per_year, growth_per_year_low, growth_per_year_high, level, n, era,
    from steps
)

select
    drawn.series,
    drawn.kind,  -- point: a model or processor; line: the least-squares line of its era at one of 21 days
    drawn.thing,  -- the model or processor, or the step of the line
    drawn.subject,  -- model or processor
    drawn.name,
    drawn.released_on,
    2000 + drawn.years as year,  -- the same as a year with its fraction
    drawn.log10_value,
    drawn.log10_value - reference_values.log10_reference as log10_relative,  -- log10 of the value over that of relative_to
    drawn.log10_low - reference_values.log10_reference as log10_relative_low,  -- of a line the lower end of its interval (of the level in marts.compute_growth)
    drawn.log10_high - reference_values.log10_reference as log10_relative_high,  -- of a line the upper end of the same
    reference_values.relative_to,  -- what stands for 1: AlexNet's training, and the processor that it ran on
    drawn.growth_per_year,  -- of a line: factor in a year
    drawn.growth_per_year_low,
    drawn.growth_per_year_high,
    drawn.level,
    drawn.n,
    drawn.era,
from drawn
join reference_values using (series)
order by series, kind, released_on, thing
