-- One row per series of CPUs and year: how many times their peak rate that of GPUs is, at FP32, by the lines through all of both.
-- grain: cpu_series, year
with lines as (
    select * from fits.growth_lines where era = '2006_to_2021' and rule = 'all' and status = 'ok' and series in ('cpus', 'cpu_cores', 'gpus')
),

moments as (
    select series, avg(years) as mean_x, regr_sxx(log10_value, years) as sxx
    from fits.growth_samples
    where era = '2006_to_2021' and rule = 'all'
    group by series
),

at_years as (
    -- The middle of each year that both lines have points around.
    select
        lines.series,
        year,
        make_date(year::integer, 7, 1) as day,
        date_diff('day', date '2000-01-01', day) / 365.25 as x,
        intercept + slope * x as log10_value,
        slope_se ** 2 * (sxx / n + (x - mean_x) ** 2) as variance,
        n,
        level,
    from lines
    join moments using (series)
    cross join (select unnest(range(2006, 2022)) as year)
),

compared as (
    select
        cpus.series as cpu_series,
        gpus.year,
        gpus.log10_value - cpus.log10_value as log10_ratio,
        gpus.variance + cpus.variance as variance_of_ratio,
        -- Two scatters that are not the same (Welch 1947, Biometrika 34).
        variance_of_ratio ** 2 / (gpus.variance ** 2 / (gpus.n - 2) + cpus.variance ** 2 / (cpus.n - 2)) as degrees_of_freedom,
        gpus.level,
        gpus.log10_value as log10_gpu,
        cpus.log10_value as log10_cpu,
    from at_years as gpus
    join at_years as cpus on gpus.year = cpus.year
    where gpus.series = 'gpus' and cpus.series != 'gpus'
),

ended as (
    select *, student_t_quantile((1 + level) / 2, degrees_of_freedom) * sqrt(variance_of_ratio) as half_width
    from compared
)

select
    cpu_series,  -- cpus: all cores of one together; cpu_cores: one core
    year,  -- calendar year, in whose middle the two lines are compared
    10 ** log10_ratio as ratio,  -- peak rate of the GPU over that of the CPU, each by its line in the middle of the year
    10 ** (log10_ratio - half_width) as ratio_low,  -- lower end of its interval
    10 ** (log10_ratio + half_width) as ratio_high,  -- upper end of the same
    level,  -- probability that the interval covers, were the points independent
    10 ** log10_gpu as gpu_flop_per_s,  -- FP32, FLOP/s
    10 ** log10_cpu as cpu_flop_per_s,  -- FP32, derived, FLOP/s
from ended
order by cpu_series, year
