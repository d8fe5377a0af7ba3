-- One row per domain, target, form and quantity (Figure 3 of the paper): what was published in 2020 beside the same cell today, unrounded, and whether they differ.
-- grain: domain, target, form, quantity
with published as (
    select split_part(cell, '/', 1) as benchmark, split_part(cell, '/', 2) as target, split_part(cell, '/', 3) as form, split_part(cell, '/', 4) as quantity, cell, published::integer as published_power
    from staging.published
    where printed_in = 'figure_3'
),

reproduced as (
    select cell, unrounded from marts.reproduction where printed_in = 'figure_3' and agrees
),

benchmarks as (
    select benchmark, domain, title from staging.benchmark
),

keys as (
    -- The published tables call test-dev by the name of the data set.
    select benchmark, reads from staging.row_set_benchmark where row_set = 'paper_v1'
),

costs as (
    select *
    from marts.costs
    where
        compute_measure = 'hardware_burden' and estimator = 'ols' and scenario = 'paper_2020' and region = 'USA'
        and form in ('polynomial', 'exponential')
),

cells as (
    select
        row_set, benchmark, metric, target, form, error, status, log10_gflop,
        unnest([
            {'quantity': 'gflop', 'middle': log10_gflop, 'low': log10_gflop_low, 'high': log10_gflop_high},
            {'quantity': 'lb_co2', 'middle': log10_lb_co2, 'low': log10_lb_co2_low, 'high': log10_lb_co2_high},
            {'quantity': 'usd', 'middle': log10_usd, 'low': log10_usd_low, 'high': log10_usd_high}
        ], recursive := true),
    from costs
),

fit_rule as (
    select supported_ranges from staging.fit_rule
),

lines as (
    -- The line of today's costs: computation in FLOP at the response of an error, and how far the points go.
    select
        sets.benchmark, sets.metric, lines.form, lines.intercept, lines.slope, lines.is_sloped,
        if(sets.compute_unit = 'gflop', 0, 9) as shift,
        sizes.log10_compute_min, sizes.log10_compute_max,
    from fits.surest_lines as lines
    join fits.sample_sets as sets using (sample_id)
    join fits.sample_sizes as sizes using (sample_id)
    where sets.row_set = 'current' and sets.compute_measure = 'hardware_burden' and sets.is_headline and lines.slope > 0
),

then_and_now as (
    select
        benchmarks.domain,
        published.target,
        published.form,
        published.quantity,
        benchmarks.title as published_title,
        titles.title,
        now.benchmark,
        now.metric,
        before.error as published_error,
        published.published_power,
        reproduced.unrounded as published_log10,
        before.low as published_log10_low,
        before.high as published_log10_high,
        before.status as published_status,
        now.error,
        now.middle as log10_today,
        now.low as log10_today_low,
        now.high as log10_today_high,
        -- Costs of two errors are not compared: of `today` the error is another than the published, and today's line is read there.
        now.error is not distinct from before.error as is_same_error,
        (response(published.form, before.error) - lines.intercept) / lines.slope as log10_compute_then,
        if(
            is_same_error,
            now.middle,
            now.middle - now.log10_gflop + log10_compute_then - lines.shift
        ) as log10_at_published_error,
        log10_at_published_error - reproduced.unrounded as log10_ratio,
        greatest(lines.log10_compute_min - log10_compute_then, log10_compute_then - lines.log10_compute_max, 0)
            / nullif(lines.log10_compute_max - lines.log10_compute_min, 0) as ranges_beyond_then,
        coalesce(
            if(is_same_error, now.status = 'ok', lines.is_sloped and ranges_beyond_then <= fit_rule.supported_ranges), false
        ) as is_comparable,
        now.status,
        coalesce(now.status = 'ok', false) as is_supported,
        list_position(['imagenet', 'coco', 'squad', 'conll', 'wmt_en_fr'], published.benchmark) as place,
    from published
    join benchmarks on published.benchmark = benchmarks.benchmark
    left join reproduced using (cell)
    join cells as before on
        before.row_set = 'paper_v1'
        and published.benchmark = before.benchmark
        and published.target = before.target
        and published.form = before.form
        and published.quantity = before.quantity
    left join keys on published.benchmark = keys.benchmark
    left join cells as now on
        now.row_set = 'current'
        and coalesce(keys.reads, published.benchmark) = now.benchmark
        and before.metric = now.metric
        and published.target = now.target
        and published.form = now.form
        and published.quantity = now.quantity
    left join lines on now.benchmark = lines.benchmark and now.metric = lines.metric and now.form = lines.form
    left join benchmarks as titles on now.benchmark = titles.benchmark
    cross join fit_rule
)

select
    domain,
    target,
    form,
    quantity,  -- gflop: computation; lb_co2: emissions; usd: price
    benchmark,  -- the benchmark of today's value; null where no line is fitted today
    title,  -- its name
    metric,
    round(published_error * 100, 3) as published_error_percent,  -- the error of the published cell, percent
    published_power,  -- the power of ten as printed, cut off
    published_log10,  -- the same with all its digits, recomputed from the published rows; null where these do not give the printed power
    published_log10_low,  -- lower end of the interval of the published line
    published_log10_high,  -- upper end of the same; null where it is not bounded
    published_status,  -- whether the published rows support their number: ok, or why not
    round(error * 100, 3) as error_percent,  -- today's error, percent: of `today` another than the published
    log10_today,  -- log10 of today's value, by the paper's own conversion (scenario paper_2020, USA)
    log10_today_low,  -- lower end of its interval
    log10_today_high,  -- upper end of the same; null where it is not bounded
    log10_at_published_error,  -- log10 of what today's line gives at the published error: of `today` another value than log10_today, of the targets the same
    log10_ratio,  -- log10 of that over the published value, so that like is compared with like; never a difference of printed powers
    if(abs(log10_ratio) < 300, 10 ** log10_ratio, null) as ratio,  -- the same, not as a logarithm; null beyond 1e300
    is_supported,  -- whether today's points support today's value (status ok)
    is_comparable,  -- whether they support what today's line gives at the published error
    coalesce(is_comparable and abs(log10_ratio) > log10(3), false) as more_than_three_times,  -- whether the values at the published error differ by more than three times either way, and today's is supported
    coalesce(
        log10_at_published_error < published_log10_low or log10_at_published_error > published_log10_high, false
    ) as is_beyond_published,  -- whether today's value at the published error lies outside the interval of the published line
    status,  -- whether today's points support the number: ok, or why not
from then_and_now
order by place, list_position(['today', 'target_1', 'target_2'], target), form desc, list_position(['gflop', 'lb_co2', 'usd'], quantity)
