-- One row per task and quality, sample and precision: by what factor what it takes falls in a year, beside that of "AI and Efficiency".
-- grain: task, quality_target?, timing?, sample, precision?
with taken as (
    select *
    from core.timed_burdens
    where precision is null or precision in ('fp32', 'tensor_fp16', 'fp8')
),

levels as (
    select level from staging.growth_level
),

ranked as (
    select
        *,
        row_number() over (partition by task, quality_target, timing, precision, round order by taken, locator) as place,
    from taken
),

samples as (
    select *, 'all' as sample from ranked
    union all
    -- What is lost in talk between many accelerators is small here.
    select *, 'up_to_16' as sample from ranked where processor_count <= 16
    union all
    select *, 'least_of_round' as sample from ranked where place = 1
),

points as (
    select
        concat_ws(' ', task, quality_target, timing, sample, precision) as line,
        *,
        date_diff('day', date '2000-01-01', trained_on) / 365.25 as x,
        log10(taken) as y,
        x - avg(x) over (partition by line) as dx,
        y - avg(y) over (partition by line) as dy,
    from samples
),

of_rounds as (
    select
        line,
        round,
        count(*) as n,
        sum(dx) as sum_x,
        sum(dy) as sum_y,
        sum(dx * dx) as sum_xx,
        sum(dx * dy) as sum_xy,
    from points
    group by line, round
),

lines as (
    select
        line,
        task,
        quality_target,
        timing,
        sample,
        precision,
        count(*) as n,
        count(distinct round) as n_rounds,
        min(trained_on) as first_trained_on,
        max(trained_on) as last_trained_on,
        sum(dx * dx) as sxx,
        sum(dx * dy) as sxy,
        avg(x) as mean_x,
        avg(y) as mean_y,
        case
            when count(distinct round) < 3 then 'too_few_rounds'
            when sample = 'least_of_round' then 'descriptive'
            else 'ok'
        end as status,
    from points
    group by line, task, quality_target, timing, sample, precision
),

without_each as (
    -- The slope without each round: the rounds, not the systems, are what is independent (flows/fits/clustered.py, by paper there).
    select
        line,
        (sxy - sum_xy - sum_x * sum_y / (lines.n - of_rounds.n)) / (sxx - sum_xx - sum_x * sum_x / (lines.n - of_rounds.n)) as slope,
    from of_rounds
    join lines using (line)
    where status = 'ok'
),

errors as (
    select line, (count(*) - 1) / sqrt(count(*)) * stddev_samp(slope) as slope_se
    from without_each
    group by line
),

fitted as (
    select
        lines.* exclude (line, sxx, sxy, mean_x, mean_y),
        if(lines.status = 'too_few_rounds', null, lines.sxy / lines.sxx) as slope,
        mean_y - slope * mean_x as intercept,
        errors.slope_se,
        if(lines.status = 'ok', levels.level, null) as level,
        slope - student_t_quantile((1 + levels.level) / 2, lines.n_rounds - 1) * errors.slope_se as slope_low,
        slope + student_t_quantile((1 + levels.level) / 2, lines.n_rounds - 1) * errors.slope_se as slope_high,
    from lines
    left join errors using (line)
    cross join levels
),

beside as (
    -- The published trainings that reach the quality of AlexNet, whose computation is printed.
    select
        'alexnet' as task, null as quality_target, null as timing, 'ai_and_efficiency' as sample, null as precision,
        n, null as n_rounds,
        first_released_on as first_trained_on, last_released_on as last_trained_on,
        status, slope, intercept, slope_se, level, slope_low, slope_high,
    from fits.growth_lines
    where series = 'alexnet_quality' and era = 'all_years' and rule = 'all'
)

select
    task,  -- as in core.timed_trainings; alexnet of "AI and Efficiency" (fits.growth_lines, series alexnet_quality)
    quality_target,  -- the quality at which the clock stops; null of alexnet, whose own is reached
    timing,  -- since which round the clock starts as it did there; null of alexnet
    sample,  -- all; up_to_16 (systems of at most 16 accelerators); least_of_round; ai_and_efficiency (published trainings)
    precision,  -- null: chip-hours (of alexnet the printed computation); else the burden at that peak rate (of fp8 of those accelerators alone that have one, from v2.0 on)
    n,  -- groups of runs, closed division, without repeats
    n_rounds,  -- rounds that they are of
    first_trained_on,  -- day of the first
    last_trained_on,  -- day of the last
    slope,  -- powers of ten a year
    intercept,  -- log10 of chip-hours (or FLOP) that the line has at the beginning of 2000
    slope_se,  -- its standard error: of the jackknife over rounds; of alexnet as if its trainings were independent
    level,  -- probability that the intervals cover
    10 ** -slope as fall_per_year,  -- how many times less it takes each year
    10 ** -slope_high as fall_per_year_low,  -- lower end of its interval, t of one degree of freedom less than there are rounds
    10 ** -slope_low as fall_per_year_high,  -- upper end of the same
    status,  -- ok, descriptive (the least of a round is chosen by its value: no interval) or too_few_rounds (fewer than three); of alexnet as in fits.growth_lines
from (select * from fitted union all by name select * from beside)
order by task, quality_target, timing, sample, precision nulls first
