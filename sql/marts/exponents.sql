-- One row per row set, benchmark, metric and compute measure: the exponent under each choice of points, direction and estimator.
-- grain: row_set, benchmark, metric, compute_measure
with scaling as (
    -- Every line that was tried, whatever its status: a range of those that suit says nothing.
    select * from marts.scaling where form = 'polynomial'
),

choices as (
    select
        row_set,
        benchmark,
        metric,
        compute_measure,
        max(n) filter (selection = 'all') as n,
        max(n_papers) filter (selection = 'all') as n_papers,
        max(n_models) filter (selection = 'all') as n_models,
        max(n_clusters) filter (selection = 'all') as n_clusters,
        max(n_trainings) filter (selection = 'all') as n_trainings,
        max(n_trainers) filter (selection = 'all') as n_trainers,
        max(rests_on_few) filter (estimator = 'ols' and direction = 'y_on_x' and is_headline_selection) as rests_on_few,  -- clusters (papers, or models without a known paper) and trainers, where the line of `exponent` rests on fewer than five; else null
        max(exponent) filter (estimator = 'ols' and direction = 'y_on_x' and is_headline_selection) as exponent,  -- least squares, performance on computation, through the row set's headline selection
        max(exponent_low) filter (estimator = 'ols_cluster' and is_headline_selection) as exponent_low,  -- lower end of its interval, by cluster: points of one paper or model hang together
        max(exponent_high) filter (estimator = 'ols_cluster' and is_headline_selection) as exponent_high,  -- upper end of the same; null where a slope of 0 is not ruled out
        coalesce(
            max(status) filter (estimator = 'ols_cluster' and is_headline_selection),
            max(status) filter (estimator = 'ols' and direction = 'y_on_x' and is_headline_selection)
        ) as status,  -- status of that line by paper: ok, slope_not_different_from_0, or why there is no line or no interval
        count(*) as n_tried,  -- lines that were tried, over all selections, directions and estimators
        count(*) filter (exponent > 0) as n_with_exponent,  -- those that give a positive exponent, whether or not their slope may be 0
        count(*) filter (exponent > 0 and status = 'ok') as n_ok,  -- those of them with an interval whose slope differs from 0; points chosen by their error give a line and no interval
        min(exponent) filter (exponent > 0) as exponent_min,  -- lowest positive exponent of all that were tried
        max(exponent) filter (exponent > 0) as exponent_max,  -- highest of them
        max(exponent) filter (estimator = 'ols' and direction = 'y_on_x' and selection = 'all') as exponent_all,  -- least squares, performance on computation, all points
        max(exponent) filter (estimator = 'ols' and direction = 'x_on_y' and selection = 'all') as exponent_x_on_y,  -- least squares, computation on performance, all points
        max(exponent) filter (estimator = 'ols' and direction = 'y_on_x' and selection = 'best_per_paper') as exponent_best_per_paper,  -- the lowest error of each paper
        max(exponent) filter (estimator = 'ols' and direction = 'y_on_x' and selection = 'best_per_year') as exponent_best_per_year,  -- the lowest error of each year
        max(exponent) filter (estimator = 'ols' and direction = 'y_on_x' and selection = 'frontier') as exponent_frontier,  -- results that were better than all before at their release
        max(exponent) filter (estimator = 'quantile:0.1' and selection = 'all') as exponent_quantile,  -- the frontier that a tenth of the errors lie below
        max(exponent) filter (estimator = 'huber' and selection = 'all') as exponent_huber,  -- Huber's robust line
        max(exponent) filter (estimator = 'theil_sen' and selection = 'all') as exponent_theil_sen,  -- the median of all pairs' slopes
        max(exponent) filter (estimator = 'york' and selection = 'all') as exponent_york,  -- errors in both variables, where the source tells how sure the computation is
    from scaling
    group by all
)

select * from choices
order by row_set, benchmark, metric, compute_measure
