-- One row per row set and compute measure: the exponent over all benchmarks by random effects, how far benchmarks differ, and what a new one may have.
-- grain: row_set, compute_measure
with pooled as (
    select * from fits.pooled_slopes
),

models as (
    -- The same models stand in several benchmarks of language: such estimates are not independent, as the pooling takes them to be.
    select row_set, compute_measure, model_id, count(distinct benchmark) as n_benchmarks
    from fits.samples
    join fits.shrunken_slopes using (sample_id)
    group by all
),

shared as (
    select row_set, compute_measure, avg((n_benchmarks > 1)::integer) as share_of_models_in_several
    from models
    group by all
)

select
    pooled.row_set,
    pooled.compute_measure,
    pooled.n_benchmarks,
    pooled.n_left_out,
    shared.share_of_models_in_several,  -- share of the models behind it that stand in more than one benchmark; where that is much, the interval of the mean is too short
    pooled.slope,
    pooled.slope_se,
    pooled.slope_low,
    pooled.slope_high,
    exponent('polynomial', slope) as exponent,  -- 1 / mean slope
    inverse_low(slope_low, slope_high) as exponent_low,  -- lower end of its interval
    inverse_high(slope_low, slope_high) as exponent_high,  -- upper end of its interval; null where a slope of 0 is in it
    inverse_low(slope_new_low, slope_new_high) as exponent_new_low,  -- lower end of the interval of a new benchmark's own exponent
    inverse_high(slope_new_low, slope_new_high) as exponent_new_high,  -- upper end of the same; null where a slope of 0 is in it
    pooled.tau_squared,
    pooled.i_squared,
    pooled.q,
    pooled.q_p_value,
    pooled.status,
from pooled
left join shared using (row_set, compute_measure)
order by row_set, compute_measure
