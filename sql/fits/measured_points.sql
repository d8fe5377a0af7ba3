-- One row per row set, result and compute measure that a source gives: what the fits go through, before consolidation.
-- grain: row_set, benchmark, metric, compute_measure, result_id
with row_sets as (
    select * from staging.row_set
),

pages as (
    -- A source stands where its best page does.
    select source, page, preference, min(preference) over (partition by source) as source_preference from core.page_order
),

wanted as (
    select distinct row_set, benchmark, metric from staging.fit
),

results as (
    select row_sets.row_set, row_sets.reconciled, results.*, pages.preference, pages.source_preference
    from core.results as results
    join row_sets on results.source = row_sets.source
    join pages on results.source = pages.source and results.page = pages.page
    join wanted on
        row_sets.row_set = wanted.row_set
        and results.benchmark = wanted.benchmark
        and results.metric = wanted.metric
),

measures as (
    select row_sets.row_set, row_sets.reconciled, measures.*, pages.preference, pages.source_preference
    from core.measures as measures
    join row_sets on measures.source = row_sets.source
    join pages on measures.source = pages.source and measures.page = pages.page
),

as_printed as (
    -- The paper's row sets take a row as it stands: the result and the computation of one record.
    select
        results.row_set, results.benchmark, results.metric, measures.compute_measure,
        results.result_id, results.model_id, results.paper_id, results.architecture, results.error,
        measures.compute_flop, measures.confidence, measures.source, measures.page, measures.locator,
    from results
    join measures on
        results.row_set = measures.row_set
        and results.source = measures.source
        and results.page = measures.page
        and results.locator = measures.locator
    where not results.reconciled and not measures.is_derived
),

excluded as (
    -- Records that break a rule of core.artefacts which the row set declares to leave out.
    select distinct exclusions.row_set, artefacts.source, artefacts.page, artefacts.locator
    from core.artefacts as artefacts
    join staging.exclusion as exclusions using (rule)
),

usable_measures as (
    -- What a source prints for the benchmark stands before what is the model's own, printed before derived, the better-ranked
    -- source before the others (standing); within one standing the order of pages decides (measure_order).
    select
        row_set, model_id, architecture, image_size, benchmark as measured_for, compute_measure, compute_flop, confidence,
        source as measure_source, page as measure_page, locator as measure_locator,
        dense_rank() over (order by benchmark is null, is_derived, source_preference) as standing,
        row_number() over (
            order by
                benchmark is null, is_derived, preference, locator, precision, benchmark, image_size, compute_measure, compute_flop
        ) as measure_order,
    from measures
    anti join excluded using (row_set, source, page, locator)
    where reconciled
),

best_of_models as (
    select * exclude (architecture, image_size)
    from usable_measures
    qualify row_number() over (partition by row_set, model_id, measured_for, compute_measure order by measure_order) = 1
),

best_of_architectures as (
    select * exclude (model_id, measured_for)
    from usable_measures
    where architecture is not null
    qualify row_number() over (
        partition by row_set, measure_source, architecture, image_size, compute_measure order by measure_order
    ) = 1
),

same_record as (
    select
        results.*,
        measures.* exclude (row_set, model_id, architecture, image_size, measured_for),
        true as is_same_run,
    from results
    join usable_measures as measures on
        results.row_set = measures.row_set
        and results.source = measures.measure_source
        and results.page = measures.measure_page
        and results.locator = measures.measure_locator
        and coalesce(measures.measured_for, results.benchmark) = results.benchmark
),

same_architecture as (
    -- Weights take the computation that their source prints for the architecture (at the same image size).
    select
        results.*,
        measures.* exclude (row_set, architecture, image_size),
        true as is_same_run,
    from results
    join best_of_architectures as measures on
        results.row_set = measures.row_set
        and results.source = measures.measure_source
        and results.architecture = measures.architecture
        and coalesce(measures.image_size, results.image_size, 0) = coalesce(results.image_size, measures.image_size, 0)
),

same_model as (
    select
        results.*,
        measures.* exclude (row_set, model_id, measured_for),
        false as is_same_run,
    from results
    join best_of_models as measures on
        results.row_set = measures.row_set
        and results.model_id = measures.model_id
        and coalesce(measures.measured_for, results.benchmark) = results.benchmark
),

candidates as (
    select * from same_record
    union all by name
    select * from same_architecture
    union all by name
    select * from same_model
),

best_sources as (
    -- For each model and measure one source.
    select *
    from candidates
    qualify standing = min(standing) over (partition by row_set, benchmark, metric, model_id, compute_measure)
),

reconciled as (
    -- Of that source every run (a result with the computation of the same run) is a point; where it has none, the result of
    -- the best-ranked source with the lowest error is.
    select
        row_set, benchmark, metric, compute_measure, result_id, model_id, paper_id, architecture, error, compute_flop, confidence,
        measure_source as source, measure_page as page, measure_locator as locator,
    from best_sources
    qualify
        is_same_run = bool_or(is_same_run) over (partition by row_set, benchmark, metric, model_id, compute_measure)
        and row_number() over (
            partition by row_set, benchmark, metric, model_id, compute_measure, if(is_same_run, result_id, '')
            order by measure_order, source_preference, error, preference, locator, result_id
        ) = 1
),

points as (
    select * from as_printed
    union all
    select * from reconciled
)

select
    row_set,
    benchmark,
    metric,
    compute_measure,
    result_id,  -- the result: key of core.results
    model_id,
    paper_id,
    architecture,
    error,
    compute_flop,  -- the computation, FLOP
    confidence,
    source,  -- the source that the computation is from; the result's own stands in core.results
    page,  -- the page that the computation is from
    locator,  -- where in that page the computation stands
from points
order by row_set, benchmark, metric, compute_measure, result_id
