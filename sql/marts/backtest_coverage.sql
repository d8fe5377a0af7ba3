-- One row per published line: how many of the later results its prediction interval holds.
-- grain: row_set, benchmark, metric, compute_measure, form
with backtest as (
    select * from marts.backtest
),

known as (
    -- Every line that is held against later results, those without any too, and how many results have no date.
    select
        backtests.row_set,
        backtests.published_on,
        backtests.level,
        sample_sets.benchmark,
        sample_sets.metric,
        sample_sets.compute_measure,
        ols.form,
        today.n - today.n_dated as n_undated,
    from staging.backtest as backtests
    join fits.sample_sets as sample_sets using (row_set)
    join fits.ols as ols on sample_sets.sample_id = ols.sample_id and ols.status = 'ok'
    -- What the published table calls coco is test-dev.
    left join staging.row_set_benchmark as keys on
        sample_sets.row_set = keys.row_set and sample_sets.benchmark = keys.benchmark
    join fits.sample_sets as current_sets on
        current_sets.row_set = 'current'
        and current_sets.selection = 'all'
        and current_sets.benchmark = coalesce(keys.reads, sample_sets.benchmark)
        and current_sets.metric = sample_sets.metric
        and current_sets.compute_measure = sample_sets.compute_measure
    join fits.sample_sizes as today on today.sample_id = current_sets.sample_id
    where sample_sets.selection = 'all'
),

scored as (
    select
        known.row_set,
        known.benchmark,
        known.metric,
        known.compute_measure,
        known.form,
        known.published_on,
        known.level,
        count(backtest.result_id) as n_later,  -- results in current that came out later
        count(distinct backtest.paper_id) as n_papers,  -- papers that they are from, as far as they are known
        count(distinct backtest.cluster) as n_clusters,  -- groups of them that hang together, of one paper, model or training
        first(known.n_undated) as n_undated,  -- results in current whose release is not known, and which are not scored
        count(*) filter (backtest.is_covered) as n_covered,  -- later results that the interval holds
        count(*) filter (backtest.achieved_error < backtest.predicted_error_low) as n_better,  -- later results with a lower error than the interval holds
        count(*) filter (backtest.achieved_error > backtest.predicted_error_high) as n_worse,  -- later results with a higher error than the interval holds
        n_covered / nullif(n_later, 0) as coverage,  -- share of later results that the interval holds; to be held against level
        median(backtest.residual_decades) as median_residual_decades,  -- median of log10(achieved / predicted error)
        max(backtest.decades_beyond) as decades_beyond_max,  -- how far the largest computation is beyond the line's own points, in powers of ten
    from known
    left join backtest using (row_set, benchmark, metric, compute_measure, form)
    group by all
)

select * from scored
order by row_set, benchmark, metric, compute_measure, form
