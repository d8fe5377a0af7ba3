-- One row per row set, benchmark, metric and target (Figure 3 of the paper): the computation, emissions and price at which the line reaches it, as powers of ten.
-- grain: row_set, benchmark, metric, target
with costs as (
    select * from marts.costs
    where compute_measure = 'hardware_burden' and estimator = 'ols' and scenario = 'paper_2020' and region = 'USA'
),

by_target as (
    select
        row_set,
        benchmark,
        metric,
        target,
        first(error) as error,
        first(floor(log10_gflop)) filter (form = 'polynomial') as polynomial_gflop,
        first(floor(log10_lb_co2)) filter (form = 'polynomial') as polynomial_lb_co2,
        first(floor(log10_usd)) filter (form = 'polynomial') as polynomial_usd,
        first(floor(log10_gflop)) filter (form = 'exponential') as exponential_gflop,
        first(floor(log10_lb_co2)) filter (form = 'exponential') as exponential_lb_co2,
        first(floor(log10_usd)) filter (form = 'exponential') as exponential_usd,
        first(status) filter (form = 'polynomial') as polynomial_status,
        first(status) filter (form = 'exponential') as exponential_status,
    from costs
    group by all
)

select
    row_set,
    benchmark,
    metric,
    target,
    round(error * 100, 3) as error_percent,  -- error in percent
    -- Beyond two billion a power is of a line that tells nothing, and null here; marts.costs has it.
    try_cast(polynomial_gflop as integer) as log10_polynomial_gflop,  -- power of ten of the computation, polynomial form, Gflop
    try_cast(polynomial_lb_co2 as integer) as log10_polynomial_lb_co2,  -- power of ten of the emissions, polynomial form, lb CO2e
    try_cast(polynomial_usd as integer) as log10_polynomial_usd,  -- power of ten of the price, polynomial form, USD
    try_cast(exponential_gflop as integer) as log10_exponential_gflop,  -- power of ten of the computation, exponential form, Gflop
    try_cast(exponential_lb_co2 as integer) as log10_exponential_lb_co2,  -- power of ten of the emissions, exponential form, lb CO2e
    try_cast(exponential_usd as integer) as log10_exponential_usd,  -- power of ten of the price, exponential form, USD
    polynomial_status,  -- whether the points support the polynomial numbers: ok, or why not
    exponential_status,  -- whether the points support the exponential numbers: ok, or why not
from by_target
order by
    row_set,
    list_position(['imagenet', 'coco', 'coco_test_dev', 'squad', 'squad_dev', 'conll', 'wmt_en_fr', 'wmt_en_de'], benchmark),
    metric,
    list_position(['today', 'target_1', 'target_2'], target)
