-- One row per point of a line of exports.target_trends: what reaching the quality took, on its day.
-- grain: quantity, source, page, locator
with lines as (
    select distinct line, measured_by, quantity from exports.target_trends where sample = 'all'
),

timed as (
    select
        concat_ws(' ', task, quality_target, timing) as line,
        coalesce(precision || '_burden', 'chip_hours') as quantity,
        round,
        submitter || ', ' || system as name,
        trained_on as reached_on,
        processor_count,
        taken,
        source,
        page,
        locator,
    from core.timed_burdens
),

points as (
    select
        line,
        quantity,
        round,
        name,
        reached_on,
        log10(taken) as log10_taken,
        processor_count <= 16 as is_up_to_16,
        row_number() over (partition by line, quantity, round order by taken, locator) = 1 as is_least_of_round,
        source,
        page,
        locator,
    from timed
    union all
    select
        if(series = 'alexnet_quality', 'alexnet', series) as line,
        if(series = 'alexnet_quality', 'training_compute', 'hardware_burden') as quantity,
        null as round,
        name,
        released_on as reached_on,
        log10_value as log10_taken,
        null as is_up_to_16,
        null as is_least_of_round,
        source,
        page,
        locator,
    from fits.growth_points
    where series = 'alexnet_quality' or series in (select line from lines where measured_by = 'speedrun')
)

select
    points.line,  -- as in exports.target_trends
    lines.measured_by,
    points.quantity,  -- as in exports.target_trends
    points.round,  -- of MLPerf
    points.name,  -- who and which system; of others the network or the record
    points.reached_on,  -- day on which its first run began; of others of publication or of the record
    2000 + date_diff('day', date '2000-01-01', points.reached_on) / 365.25 as year,  -- that day as a year with its part
    points.log10_taken,  -- log10 of what it took, chip-hours or FLOP
    points.is_up_to_16,  -- whether it has 16 accelerators or fewer; null but of MLPerf
    points.is_least_of_round,  -- whether none of its round took less; null but of MLPerf
    points.source,
    points.page,
    points.locator,
from points
join lines using (line, quantity)
order by measured_by, line, quantity, reached_on, log10_taken, source, page, locator
