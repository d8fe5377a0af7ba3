-- One row per recomputed number that stands beside a published one, by its address, with its interval.
-- grain: cell
with scaling as (
    select concat_ws('/', 'scaling', row_set, benchmark, metric, compute_measure, form, estimator, selection, direction) as line, *
    from marts.scaling
),

of_scaling as (
    select line || '/exponent' as cell, exponent as value, exponent_low as low, exponent_high as high from scaling
    union all
    select line || '/slope' as cell, slope as value, slope_low as low, slope_high as high from scaling
),

growth as (
    select concat_ws('/', 'growth', series, era, rule) as line, * from fits.growth_lines
),

of_growth as (
    select line || '/n' as cell, n as value, null as low, null as high from growth
    union all
    select line || '/r_squared' as cell, r_squared as value, null as low, null as high from growth
    union all
    select line || '/growth_per_year' as cell, growth_per_year as value, growth_per_year_low as low, growth_per_year_high as high
    from growth
    union all
    select
        line || '/doubling_time_month' as cell, doubling_time_month as value,
        doubling_time_month_low as low, doubling_time_month_high as high,
    from growth
    union all
    select
        line || '/doubling_time_year' as cell, doubling_time_month / 12 as value,
        doubling_time_month_low / 12 as low, doubling_time_month_high / 12 as high,
    from growth
),

published_costs as (
    select benchmark || '/' || target || '/' || form as cell, * from marts.costs where published
),

of_costs as (
    select cell || '/gflop' as cell, log10_gflop as value, log10_gflop_low as low, log10_gflop_high as high from published_costs
    union all
    select cell || '/lb_co2' as cell, log10_lb_co2 as value, null as low, null as high from published_costs
    union all
    select cell || '/usd' as cell, log10_usd as value, null as low, null as high from published_costs
),

progress as (
    select * from marts.algorithmic_progress
    where row_set = 'paper_v2' and benchmark = 'imagenet' and compute_measure = 'network_operations' and selection = 'all'
),

listed as (
    -- The first and the largest of the list of record systems.
    select
        min_by(training_compute_flop, published_on) as first_compute_flop,
        max(training_compute_flop) as largest_compute_flop,
    from core.listed_trainings
    where listed_under = 'ai_and_compute' and not is_repeated
),

reached as (
    select quality_of, max(factor) as factor from marts.efficiency group by all
),

derived as (
    select 'derived/imagenet_5_percent_over_today' as cell, target.log10_gflop - today.log10_gflop as value, null as low, null as high
    from published_costs as target
    join published_costs as today using (benchmark, form)
    where benchmark = 'imagenet' and form = 'polynomial' and target.target = 'target_1' and today.target = 'today'
    union all
    select 'derived/mean_exponent_of_detection_recognition_translation' as cell, avg(exponent) as value, null as low, null as high
    from scaling
    where
        row_set = 'paper_v1' and benchmark in ('coco', 'conll', 'wmt_en_fr')
        and form = 'polynomial' and estimator = 'ols' and selection = 'all' and direction = 'y_on_x'
    union all
    -- Of exponents whose interval is bounded.
    select
        'derived/smallest_exponent_of_all_domains' as cell,
        min(exponent) as value,
        arg_min(exponent_low, exponent) as low,
        arg_min(exponent_high, exponent) as high,
    from marts.domain_exponents
    where status = 'ok'
    union all
    select
        'derived/largest_exponent_of_all_domains' as cell,
        max(exponent) as value,
        arg_max(exponent_low, exponent) as low,
        arg_max(exponent_high, exponent) as high,
    from marts.domain_exponents
    where status = 'ok'
    union all
    select 'derived/halving_imagenet_error' as cell, 2 ** exponent as value, 2 ** exponent_low as low, 2 ** exponent_high as high
    from scaling
    where line = 'scaling/current/imagenet/top1/operations_per_pass/polynomial/ols/all/y_on_x'
    union all
    -- Seven years of progress do the work of this much more computation.
    select
        'derived/efficiency_2012_to_2019' as cell,
        10 ** (7 / years_per_tenfold) as value,
        10 ** (7 / years_per_tenfold_high) as low,
        10 ** (7 / years_per_tenfold_low) as high,
    from progress
    union all
    select 'derived/ai_and_compute_largest_over_first' as cell, largest_compute_flop / first_compute_flop as value, null as low, null as high
    from listed
    union all
    select 'derived/efficiency_alexnet' as cell, factor as value, null as low, null as high
    from reached
    where quality_of = 'AlexNet'
    union all
    select 'derived/efficiency_resnet_50' as cell, factor as value, null as low, null as high
    from reached
    where quality_of = 'ResNet-50'
    union all
    select 'derived/efficiency_seq2seq' as cell, factor as value, null as low, null as high
    from reached
    where quality_of = 'Seq2Seq'
    union all
    select 'derived/efficiency_gnmt' as cell, factor as value, null as low, null as high
    from reached
    where quality_of = 'GNMT'
    union all
    -- Months in which the computation for AlexNet's quality halves.
    select
        'derived/efficiency_halving_month' as cell,
        -12 * log10(2) / slope as value,
        -12 * log10(2) / slope_low as low,
        if(slope_high < 0, -12 * log10(2) / slope_high, null) as high,
    from growth
    where series = 'alexnet_quality' and era = 'all_years' and rule = 'all' and slope < 0
    union all
    -- Twenty-four years of growth, with the interval of its line.
    select
        'derived/cpus_1985_to_2009' as cell,
        10 ** (24 * slope) as value,
        10 ** (24 * slope_low) as low,
        10 ** (24 * slope_high) as high,
    from growth
    where line = 'growth/cpus/1985_to_2009/all'
    union all
    select 'derived/gpu_over_cpu_2009' as cell, ratio as value, ratio_low as low, ratio_high as high
    from marts.gpu_over_cpu
    where cpu_series = 'cpus' and year = 2009
    union all
    select 'derived/gpu_over_core_2009' as cell, ratio as value, ratio_low as low, ratio_high as high
    from marts.gpu_over_cpu
    where cpu_series = 'cpu_cores' and year = 2009
    union all
    select 'derived/gpu_over_core_2012' as cell, ratio as value, ratio_low as low, ratio_high as high
    from marts.gpu_over_cpu
    where cpu_series = 'cpu_cores' and year = 2012
    union all
    select
        'derived/usa_2018_lb_per_kwh' as cell,
        carbon_intensity_g_per_kwh / g_per_lb() as value,
        null as low,
        null as high,
    from core.carbon_intensities
    where region_code = 'USA' and year = 2018
),

of_theory as (
    select
        concat_ws('/', 'theory', model, 'observations') as cell,
        n_observations as value,
        n_observations_low as low,
        n_observations_high as high,
    from marts.theory_observations
    where setting = 'base' and statistic = 'mean'
    union all
    select distinct 'theory/base/simulations' as cell, n_simulations as value, null as low, null as high
    from marts.theory
    where setting = 'base'
    union all
    -- sigma^2 p / (n - p - 1) of the oracle's 10 features with 15 observations is reached by 1,000 features with
    select 'theory/least_squares/observations' as cell, 1000 / (10 / (15 - 10 - 1)) + 1000 + 1 as value, null as low, null as high
),

numbers as (
    select * from of_scaling
    union all
    select * from of_growth
    union all
    select * from of_costs
    union all
    select * from derived
    union all
    select * from of_theory
)

select
    cell,  -- address of the number: what it is of, down to the statistic
    value,  -- the number
    low,  -- lower end of its interval, at the level of its table; null where it has none
    high,  -- upper end of the same; null where it has none or is not bounded
from numbers
where value is not null
order by cell
