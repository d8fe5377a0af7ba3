-- One row per row set, benchmark, metric, compute measure, rules in force, selection, direction and estimator: the exponent under that choice, none left out.
-- grain: row_set, benchmark, metric, compute_measure, rules, selection, direction, estimator
with reconciled as (
    select distinct row_set from staging.row_set where reconciled
),

choices as (
    select *, 'ols' as estimator from fits.rule_lines
    union all by name
    select
        row_set, benchmark, metric, compute_measure,
        if(reconciled.row_set is null, 'as printed', 'as declared') as rules,
        selection, direction, estimator, is_headline, n, slope, status,
    from marts.scaling as scaling
    left join reconciled using (row_set)
    where form = 'polynomial'
)

select
    row_set,
    benchmark,
    metric,
    compute_measure,
    rules,  -- which of the rules of points.toml are in force: as declared; without or with one of them, all others as declared; all rules; no rules. as printed: a row set that none applies to
    selection,
    direction,
    estimator,  -- how the line is fitted; with other rules than as declared by ordinary least squares (ols) alone
    is_headline,
    n,  -- points
    slope,  -- b of log10(1/error) = a + b log10 C; null where there is no line
    exponent('polynomial', slope) as exponent,  -- the slope's inverse, of either sign
    status,  -- ok, slope_not_different_from_0, selected_no_interval (the points were chosen by their error), or why there is no line or no interval
from choices
order by row_set, benchmark, metric, compute_measure, rules, selection, direction, estimator
