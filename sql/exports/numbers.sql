-- One row per number that a text may want, by a short name, with its interval, unit and source.
-- grain: number
with numbers as (
    select * from marts.numbers
),

exponents as (
    select * from exports.exponents where is_leading
),

lines as (
    select * from marts.scaling where is_headline and form = 'polynomial'
),

titles as (
    select benchmark, title from staging.benchmark
),

points as (
    select row_set, benchmark, metric, compute_measure, string_agg(distinct source, ', ' order by source) as source
    from marts.points
    group by all
),

of_benchmarks as (
    -- Today's by a benchmark's name alone; the paper's with what they are of before it.
    select
        case row_set when 'current' then '' when 'paper_v1' then 'paper_' else 'paper_2022_' end || benchmark as name,
        titles.title || case row_set when 'current' then '' when 'paper_v1' then ' in the rows of 2020' else ' in the rows of 2022' end as title,
        exponents.*,
        lines.n as n_of_line,
        lines.halving_factor,
        lines.halving_factor_low,
        lines.halving_factor_high,
        points.source,
    from exponents
    join lines using (row_set, benchmark, metric, compute_measure)
    join titles using (benchmark)
    left join points using (row_set, benchmark, metric, compute_measure)
),

of_lines as (
    select
        name || '_exponent' as number, exponent as value, exponent_low as low, exponent_high as high, 'power' as unit,
        title || ': power of performance with which ' || replace(compute_measure, '_', ' ') || ' grows' as statement, source, status,
    from of_benchmarks
    union all
    select
        name || '_halving_factor', halving_factor, halving_factor_low, halving_factor_high, 'times',
        title || ': ' || replace(compute_measure, '_', ' ') || ' for half the error, as a factor', source, status,
    from of_benchmarks
    union all
    select name || '_points', n_of_line, null, null, 'points', title || ': points of the line', source, 'ok' from of_benchmarks
    union all
    select name || '_exponent_min', exponent_min, null, null, 'power', title || ': lowest exponent of all choices', source, 'ok' from of_benchmarks
    union all
    select name || '_exponent_max', exponent_max, null, null, 'power', title || ': highest exponent of all choices', source, 'ok' from of_benchmarks
),

of_operations as (
    select
        benchmark || '_operations_exponent' as number, exponent as value, exponent_low as low, exponent_high as high, 'power' as unit,
        titles.title || ': power of performance with which operations per pass grow' as statement, points.source, lines.status,
    from lines
    join titles using (benchmark)
    left join points using (row_set, benchmark, metric, compute_measure)
    where row_set = 'current' and compute_measure = 'operations_per_pass'
),

cells as (
    select
        figure_3.*,
        points.source,
        concat_ws('_', target, if(form = 'exponential', form, null), quantity) as cell,
        -- As the published table calls it: the rows of 2020 say MS COCO of its test-dev.
        split_part(figure_3.benchmark, '_test_dev', 1) as published_benchmark,
        case quantity when 'gflop' then 'log10 Gflop' when 'lb_co2' then 'log10 lb CO2e' else 'log10 USD' end as unit,
    from exports.figure_3
    left join points on row_set = 'current' and compute_measure = 'hardware_burden' and points.benchmark = figure_3.benchmark and points.metric = figure_3.metric
),

of_cells as (
    select
        concat_ws('_', 'paper', published_benchmark, cell) as number, published_log10 as value, published_log10_low as low, published_log10_high as high, unit,
        concat_ws(' ', title, 'in Figure 3 of 2020:', form, 'form at', published_error_percent::varchar, '% error') as statement,
        'computerprogress' as source, published_status as status,
    from cells
    union all
    select
        concat_ws('_', benchmark, cell), log10_today, log10_today_low, log10_today_high, unit,
        concat_ws(' ', title, 'today:', form, 'form at', error_percent::varchar, '% error'), source, status,
    from cells
    union all
    select
        concat_ws('_', benchmark, cell, 'ratio'), ratio, null, null, 'times',
        concat_ws(' ', title, 'today over 2020:', form, 'form at', error_percent::varchar, '% error'), source, status,
    from cells
    where target != 'today' and quantity = 'gflop'
    union all
    select name, error_percent, null, null, 'percent', title || ': lowest error today', source, 'ok'
    from (select distinct benchmark || '_lowest_error' as name, error_percent, title, source from cells where target = 'today')
),

of_growth as (
    select
        series || '_' || era || '_growth' as number, growth_per_year as value, growth_per_year_low as low,
        growth_per_year_high as high, 'times a year' as unit,
        replace(series, '_', ' ') || ', ' || replace(era, '_', ' ') || ': growth of ' || replace(quantity, '_', ' ') as statement, source, status,
    from exports.growth
    where rule = 'all'
    union all
    select
        series || '_' || era || '_doubling_time', doubling_time_month, doubling_time_month_low, doubling_time_month_high, 'months',
        replace(series, '_', ' ') || ', ' || replace(era, '_', ' ') || ': doubling time of ' || replace(quantity, '_', ' '), source, status,
    from exports.growth
    where rule = 'all' and growth_per_year > 1
),

of_theory as (
    select
        'theory_' || split_part(cell, '/', 2) || '_' || split_part(cell, '/', 3) as number, value, low, high,
        split_part(cell, '/', 3) as unit,
        'simulation behind Figure 1: ' || split_part(cell, '/', 3) || ', ' || replace(split_part(cell, '/', 2), '_', ' ') as statement,
        'flows/declared/theory.toml' as source, 'ok' as status,
    from numbers
    where cell like 'theory/%'
),

of_backtest as (
    select
        benchmark || '_later_results' as number, n_later as value, null as low, null as high, 'results' as unit,
        title || ': results that came out after the paper of 2020' as statement, 'all sources' as source, 'ok' as status,
    from exports.backtest
    join titles using (benchmark)
    where row_set = 'paper_v1' and form = 'polynomial'
    union all
    select
        benchmark || '_later_results_held', n_covered, null, null, 'results',
        title || ': later results within the published line''s ' || round(level * 100)::integer || ' % interval', 'all sources', 'ok',
    from exports.backtest
    join titles using (benchmark)
    where row_set = 'paper_v1' and form = 'polynomial'
),

of_prices as (
    select
        concat_ws('_', processor_kind, replace(commitment, ' ', '_'), 'cost_ratio') as number, cost_ratio as value,
        cost_ratio_low as low, cost_ratio_high as high, 'times' as unit,
        'models trained on ' || upper(processor_kind) || 's: cost by rental prices, ' || commitment || ', over Epoch AI''s (tenths on either side)'
            as statement,
        'epoch_all_models, epoch_prices' as source, 'ok' as status,
    from marts.model_cost_ratios
    where processor_kind in ('gpu', 'tpu')
),

counts as (
    select 'sources' as number, count(*) as value, 'sources' as unit, 'sources of the warehouse' as statement from staging.source_setting
    union all
    select 'pages', count(*), 'pages', 'pages in use' from meta.pages
    union all
    select 'rows_read', sum(rows_read), 'rows', 'rows read from the pages in use' from meta.pages
    union all
    select 'rows_quarantined', sum(rows_quarantined), 'rows', 'rows left out, each with its reason' from meta.pages
    union all
    select 'results', count(*), 'results', 'scores in all sources' from core.results
    union all
    select 'trainings', count(*), 'trainings', 'trainings told apart' from core.trainings
    union all
    select 'conflicts', count(*), 'pairs', 'pairs of sources that differ on a quantity' from core.conflicts
    union all
    select 'published_' || printed_in || '_cells', count(*), 'numbers', 'published numbers of ' || replace(printed_in, '_', ' ')
    from marts.reproduction
    group by printed_in
    union all
    select
        'reproduced_' || printed_in || '_cells', count(*) filter (agrees), 'numbers',
        'published numbers of ' || replace(printed_in, '_', ' ') || ' that come out to the printed digit',
    from marts.reproduction
    group by printed_in
),

all_numbers as (
    select * from of_lines
    union all
    select * from of_operations
    union all
    select * from of_cells
    union all
    select * from of_growth
    union all
    select * from of_theory
    union all
    select * from of_backtest
    union all
    select * from of_prices
    union all
    select number, value, null as low, null as high, unit, statement, 'all sources' as source, 'ok' as status from counts
)

select
    number,  -- its name; numbers.tex has it as a macro, \CL and the words of the name
    value::double as value,  -- the number
    low::double as low,  -- lower end of its interval; null where it has none
    high::double as high,  -- upper end of the same; null where it has none or is not bounded
    unit,  -- what it counts or measures; of log10 … the value is a power of ten
    statement,  -- what it is, in words
    source,  -- the sources whose pages it comes from, or the file that declares what it is computed from
    status,  -- ok, or why the points do not support it
from all_numbers
where value is not null
order by number
