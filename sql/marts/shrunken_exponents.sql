-- One row per row set, compute measure, benchmark and metric of those that are pooled: its exponent, and the same given those of the other benchmarks.
-- grain: row_set, compute_measure, benchmark, metric
with sample_sets as (
    select * from fits.sample_sets
),

own as (
    select * from marts.scaling where form = 'polynomial' and estimator = 'ols_cluster' and is_headline_selection
),

shrunken as (
    select * from fits.shrunken_slopes
)

select
    sample_sets.row_set,
    sample_sets.compute_measure,
    sample_sets.benchmark,
    sample_sets.metric,
    own.n,
    own.n_clusters,
    own.exponent,  -- its own exponent, by least squares through the headline selection
    own.exponent_low,  -- lower end of its interval by cluster
    own.exponent_high,
    shrunken.own_weight,
    exponent('polynomial', slope_shrunken) as exponent_shrunken,  -- 1 / the slope drawn towards the mean over benchmarks (marts.pooled_exponents); null where there are too few
    inverse_low(slope_shrunken_low, slope_shrunken_high) as exponent_shrunken_low,  -- lower end of its interval
    inverse_high(slope_shrunken_low, slope_shrunken_high) as exponent_shrunken_high,  -- upper end of its interval; null where a slope of 0 is in it
from shrunken
join sample_sets using (sample_id)
join own using (row_set, benchmark, metric, compute_measure, selection)
order by row_set, compute_measure, benchmark, metric
