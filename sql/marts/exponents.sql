-- One row per row set, benchmark, metric and compute measure: the exponent under each choice of points, direction and estimator.
-- grain: row_set, benchmark, metric, compute_measure
with scaling as (
    select * from marts.scaling where form = 'polynomial' and exponent is not null and status in ('ok', 'selected_no_interval')
),

choices as (
    select
        row_set,
        benchmark,
        metric,
        compute_measure,
        max(n) filter (selection = 'all') as n,
        max(n_papers) filter (selection = 'all') as n_papers,
        max(n_trainings) filter (selection = 'all') as n_trainings,
        max(n_trainers) filter (selection = 'all') as n_trainers,
        max(rests_on_few) filter (estimator = 'ols' and direction = 'y_on_x' and is_headline) as rests_on_few,  -- papers and trainers, where the line of `exponent` rests on fewer than five; else null
        max(exponent) filter (estimator = 'ols' and direction = 'y_on_x' and is_headline) as exponent,  -- least squares, performance on computation, through the row set's headline selection
        max(exponent_low) filter (estimator = 'ols_cluster' and is_headline) as exponent_low,  -- lower end of its interval, by paper: points of one paper hang together
        max(exponent_high) filter (estimator = 'ols_cluster' and is_headline) as exponent_high,  -- upper end of the same; null where a slope of 0 is not ruled out
        count(*) as n_choices,  -- choices that give an exponent whose slope differs from 0, or through points chosen by their error
        min(exponent) as exponent_min,  -- lowest of them
        max(exponent) as exponent_max,  -- highest of them
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
