-- One row per benchmark and metric that is fitted: the lowest error of all results, and the lowest of those with computation.
-- grain: benchmark, metric
with wanted as (
    select distinct fits.benchmark, fits.metric
    from staging.fit as fits
    join staging.row_set as row_sets using (row_set)
    where row_sets.reconciled
),

impossible as (
    -- What a finding shows to be no score, whatever computation stands beside it.
    select source, page, locator from core.ruled_records where is_active and compute_measure is null
),

results as (
    select results.*, records.printed_name, pages.preference
    from core.results as results
    join wanted using (benchmark, metric)
    join core.training_records as records using (source, page, locator)
    join core.page_order as pages using (source, page)
    anti join impossible using (source, page, locator)
    -- Of an error of 0 there is no logarithm, and no cost.
    where results.error > 0
),

lowest as (
    select *
    from results
    qualify row_number() over (partition by benchmark, metric order by error, preference, result_id) = 1
),

with_computation as (
    select results.benchmark, results.metric, results.result_id, results.error, results.printed_name
    from results
    join core.point_variants as points using (result_id)
    where points.variant = '' and points.is_point
    qualify row_number() over (
        partition by results.benchmark, results.metric order by results.error, results.preference, results.result_id
    ) = 1
)

select
    lowest.benchmark,
    lowest.metric,
    lowest.error,  -- the lowest error of all results, computation known or not
    lowest.printed_name as name,  -- the model that has it
    lowest.result_id,
    lowest.paper_id,
    lowest.is_ensemble,
    lowest.released_on,
    lowest.released_precision,
    lowest.source,
    lowest.page,
    lowest.locator,
    with_computation.error as error_with_computation,  -- the lowest error of the points, of whatever compute measure
    with_computation.printed_name as name_with_computation,  -- the model that has that
    with_computation.result_id as result_id_with_computation,  -- and its result
from lowest
left join with_computation using (benchmark, metric)
order by lowest.benchmark, lowest.metric
