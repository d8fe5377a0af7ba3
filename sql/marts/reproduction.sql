-- One row per published number, beside the same number recomputed.
-- grain: printed_in, cell
with published as (
    select * from staging.published
),

costs as (
    unpivot (
        select
            benchmark || '/' || target || '/' || form as cost_cell,
            log10_gflop as gflop,
            log10_lb_co2 as lb_co2,
            log10_usd as usd,
        from marts.costs
        where published
    )
    on gflop, lb_co2, usd
    into name quantity value recomputed
),

lines as (
    unpivot (
        select
            concat_ws('/', row_set, benchmark, metric, compute_measure, form) as fit_cell,
            n::double as n,
            intercept,
            slope,
            r_squared,
            exponent,
            exponent_low,
            exponent_high,
        from marts.scaling
        where selection = 'all' and estimator = 'ols' and direction = 'y_on_x'
    )
    on n, intercept, slope, r_squared, exponent, exponent_low, exponent_high
    into name statistic value recomputed
),

consolidations as (
    unpivot (
        select
            concat_ws('/', row_set, benchmark, 'consolidation') as line_cell,
            n::double as n,
            intercept,
            slope,
            r_squared,
        from fits.consolidation_lines
    )
    on n, intercept, slope, r_squared
    into name statistic value recomputed
),

with_year as (
    select
        concat_ws('/', row_set, benchmark, metric, compute_measure) as line_cell,
        * exclude (row_set, benchmark, metric, compute_measure),
    from marts.algorithmic_progress
    where selection = 'all'
),

progress as (
    unpivot (
        select
            line_cell || '/with_year' as progress_cell,
            n::double as n,
            intercept,
            compute_slope,
            year_slope,
            r_squared,
            years_per_tenfold,
        from with_year
    )
    on n, intercept, compute_slope, year_slope, r_squared, years_per_tenfold
    into name statistic value recomputed
),

frontiers as (
    -- As the notebooks have it: log10(error) on the computation relative to that of the earliest model.
    unpivot (
        select
            line_cell || '/' || scaling.estimator as frontier_cell,
            -(scaling.intercept + scaling.slope * with_year.reference_log10_compute) as intercept,
            -scaling.slope as slope,
        from marts.scaling as scaling
        join with_year on
            with_year.line_cell = concat_ws('/', scaling.row_set, scaling.benchmark, scaling.metric, scaling.compute_measure)
        where scaling.selection = 'all' and scaling.form = 'polynomial' and scaling.estimator = 'quantile:0.1'
    )
    on intercept, slope
    into name statistic value recomputed
),

recomputed as (
    select cost_cell || '/' || quantity as cell, recomputed from costs
    union all
    select fit_cell || '/' || statistic as cell, recomputed from lines
    union all
    select line_cell || '/' || statistic as cell, recomputed from consolidations
    union all
    select progress_cell || '/' || statistic as cell, recomputed from progress
    union all
    select frontier_cell || '/' || statistic as cell, recomputed from frontiers
),

as_printed as (
    select
        published.printed_in,
        published.cell,
        published.published,
        case published.printed_as
            when 'floor' then floor(recomputed.recomputed)
            when 'rounded' then round(recomputed.recomputed, published.decimals::integer)
        end as recomputed,  -- the recomputed number, printed as the published one is
        recomputed.recomputed as unrounded,  -- the recomputed number with all its digits
        published.decimals,
        published.printed_as,
    from published
    left join recomputed on published.cell = recomputed.cell
)

select
    printed_in,
    cell,
    published,
    recomputed,
    coalesce(abs(published - recomputed) < 1e-9, false) as agrees,  -- whether all printed digits agree
    unrounded,
    decimals,
    printed_as,
from as_printed
order by printed_in, cell
