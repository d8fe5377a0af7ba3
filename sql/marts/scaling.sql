-- One row per row set, benchmark, metric, compute measure, form, estimator, selection and direction: a fitted line.
-- grain: row_set, benchmark, metric, compute_measure, form, estimator, selection, direction
with sample_sets as (
    select * from fits.sample_sets
),

sample_sizes as (
    select sample_id, n_papers, n_models, n_clusters, n_trainings, n_trainers from fits.sample_sizes
),

least_squares as (
    select *, 'ols' as estimator from fits.ols_directions
),

others as (
    select
        *,
        exponent(form, slope) as exponent,
        if(exponent is not null, inverse_low(slope_low, slope_high), null) as exponent_low,
        if(exponent is not null, inverse_high(slope_low, slope_high), null) as exponent_high,
        -- Null where the estimator gives no interval of the slope.
        case when exponent is not null and coalesce(slope_low, slope_high) is not null then
            if(coalesce(excludes_zero(slope_low, slope_high), false), 'bounded', 'unbounded')
        end as exponent_interval,
    from fits.estimates
),

lines as (
    select * from least_squares
    union all by name
    select * from others
),

estimators as (
    select estimator, selection from staging.estimator
    union all
    select distinct 'ols' as estimator, selection from staging.fit
),

declared as (
    -- The curves are declared by their estimator alone; the logistic one begins at the error of guessing.
    select distinct
        sample_sets.sample_id,
        unnest(
            case
                when estimators.estimator != 'nls' then [fit.form]
                when fit.error_of_guessing is null then ['asymptotic']
                else ['asymptotic', 'logistic']
            end
        ) as form,
        estimators.estimator,
        fit.is_leading and estimators.estimator != 'nls' as is_leading,
        fit.metric_rank,
    from staging.fit as fit
    join sample_sets using (row_set, benchmark, metric, compute_measure, selection)
    join estimators using (selection)
),

headlines as (
    -- Costs are of least squares with standard errors by cluster; where there are too few clusters, as if each point stood alone.
    select sample_id, form, estimator, direction
    from lines
    join sample_sets using (sample_id)
    join declared using (sample_id, form, estimator)
    where
        sample_sets.is_headline
        and declared.is_leading
        and estimator in ('ols_cluster', 'ols')
        and direction = 'y_on_x'
        and slope is not null
    qualify row_number() over (
        partition by row_set, benchmark, compute_measure order by metric_rank, estimator = 'ols'
    ) = 1
),

scaling as (
    -- Of a line that is not declared form and estimator are null, which no part of a key may be.
    select
        sample_sets.row_set,
        sample_sets.benchmark,
        sample_sets.metric,
        sample_sets.compute_measure,
        declared.form,  -- polynomial: log10(1/error) = a + b log10 C; exponential: 1/error = a + b log10 C; asymptotic: error = E + 10^-(a + b log10 C); logistic, g being the error of guessing: log10((g - error) / (error - E)) = a + b log10 C
        declared.estimator,  -- how the line is fitted: ols is ordinary least squares; for the others see fits.estimates
        sample_sets.selection,  -- all; one_per_training; or chosen by the error: best_per_paper, best_per_year, frontier, whose lines carry a selection bias and no interval
        sample_sets.is_headline as is_headline_selection,  -- whether lines of the selection lead in tables, and give costs
        headlines.sample_id is not null as is_headline,  -- whether it is the one line of its row set, benchmark and compute measure that pages and costs quote: of the leading metric, selection and form
        declared.is_leading,  -- whether costs lead with the form, as the benchmark's file declares
        lines.direction,  -- y_on_x: performance regressed on computation; x_on_y: computation on performance, turned to y = a + b x; symmetric: both have errors
        sample_sets.compute_unit,
        lines.n,
        sample_sizes.n_papers,
        sample_sizes.n_models,
        sample_sizes.n_clusters,
        sample_sizes.n_trainings,
        sample_sizes.n_trainers,
        rests_on_few(sample_sizes.n_clusters, sample_sizes.n_papers, sample_sizes.n_trainers) as rests_on_few,  -- clusters (papers, or models without a known paper) and trainers, where the line rests on fewer than five: 3 trainers; else null
        lines.intercept,  -- a of the form
        lines.intercept_se,
        lines.slope,  -- b of the form
        lines.slope_se,
        lines.slope_low,  -- lower end of the slope's interval; null where it has none
        lines.slope_high,  -- upper end of the slope's interval; null where it has none
        lines.p_value,  -- two-sided p of a slope of 0; null where the estimator has none
        lines.r_squared,  -- share of the variance of y explained; of least squares (ols) only
        lines.exponent,  -- computation grows as performance to this power: 1/b of the polynomial form; of the asymptotic form as error - E falls, of the logistic one as (g - error) / (error - E) rises
        lines.exponent_low,  -- lower end of the exponent's interval; null where it has none
        lines.exponent_high,
        if(lines.exponent > 0 and lines.form = 'polynomial', halving_factor(lines.exponent), null) as halving_factor,  -- how many times the computation half the error takes: 2 to the exponent; null where the polynomial form has no positive one
        if(lines.exponent > 0 and lines.form = 'polynomial', halving_factor(lines.exponent_low), null) as halving_factor_low,  -- lower end of its interval
        if(lines.exponent > 0 and lines.form = 'polynomial', halving_factor(lines.exponent_high), null) as halving_factor_high,  -- upper end of the same; null where it is not bounded, and beyond 1e300
        lines.exponent_interval,  -- bounded, or unbounded: a slope of 0 cannot be ruled out; null where there is no interval
        lines.residual_sd,  -- scatter of single points around the line, along y; of least squares with n - 2 degrees of freedom
        lines.irreducible_error,
        lines.irreducible_error_low,
        lines.irreducible_error_high,
        lines.irreducible_error_status,
        lines.status,  -- ok; slope_not_different_from_0; selected_no_interval: selection bias, the points were chosen by their error and no interval means what it says; or why there is no line: see fits.estimates
    from lines
    join sample_sets using (sample_id)
    join sample_sizes using (sample_id)
    left join declared using (sample_id, form, estimator)
    left join headlines using (sample_id, form, estimator, direction)
)

select * from scaling
order by row_set, benchmark, metric, compute_measure, form, estimator, selection, direction
