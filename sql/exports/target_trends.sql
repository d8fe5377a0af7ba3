-- One row per fixed quality, systems and what is counted: how many times less it takes each year to reach that quality again.
-- grain: line, sample, quantity
with trends as (
    select * from marts.target_trends
    where slope is not null
),

races as (
    select * from marts.compute_growth
    where quantity = 'speedrun_burden' and era = 'all_years' and rule = 'all' and slope is not null
),

published as (
    select
        case when sample = 'ai_and_efficiency' then 'alexnet' else concat_ws(' ', task, quality_target, timing) end as line,
        if(sample = 'ai_and_efficiency', 'ai_and_efficiency', 'mlperf') as measured_by,
        task,
        quality_target,
        timing,
        if(sample = 'ai_and_efficiency', 'all', sample) as sample,
        case
            when sample = 'ai_and_efficiency' then 'training_compute'
            when precision is null then 'chip_hours'
            else precision || '_burden'
        end as quantity,
        n,
        n_rounds,
        first_trained_on,
        last_trained_on,
        intercept,
        slope,
        -log10(fall_per_year_high) as slope_low,
        -log10(fall_per_year_low) as slope_high,
        level,
        status,
    from trends
    union all by name
    select
        series as line,
        'speedrun' as measured_by,
        series as task,
        null as quality_target,
        null as timing,
        'all' as sample,
        'hardware_burden' as quantity,
        n,
        null as n_rounds,
        first_released_on as first_trained_on,
        last_released_on as last_trained_on,
        intercept,
        slope,
        slope_low,
        slope_high,
        level,
        status,
    from races
)

select
    line,  -- the task with its quality and since which round the clock starts as it did; alexnet; the track of the speedrun
    measured_by,  -- mlperf; ai_and_efficiency (published trainings that reach AlexNet's quality); speedrun (NanoGPT's records)
    task,
    quality_target,  -- the quality at which the clock stops; null of alexnet and of a loss that the race fixes
    timing,  -- of MLPerf: since which round the clock starts as it did there
    sample,  -- all; up_to_16 (systems of at most 16 accelerators); least_of_round (chosen by its value: it only describes)
    quantity,  -- chip_hours; fp32_burden, tensor_fp16_burden, fp8_burden (chips × time × that peak rate, FLOP); hardware_burden (the same at FP32, of the speedrun); training_compute (as printed, FLOP)
    n,  -- groups of runs, trainings or records
    n_rounds,  -- rounds of MLPerf that they are of
    first_trained_on,  -- day of the first
    last_trained_on,  -- day of the last
    intercept,  -- log10 of the quantity on the first day of 2000, by the line
    slope,  -- powers of ten a year
    slope_low,  -- lower end of its interval: of MLPerf by round, of others as if each point stood alone; null where it only describes
    slope_high,  -- upper end of the same
    10 ** -slope as fall_per_year,  -- how many times less it takes each year
    10 ** -slope_high as fall_per_year_low,  -- lower end of its interval
    10 ** -slope_low as fall_per_year_high,  -- upper end of its interval
    level,  -- probability that the intervals cover
    status,  -- ok or descriptive
from published
order by measured_by, line, sample, quantity
