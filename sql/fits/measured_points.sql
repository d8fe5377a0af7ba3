-- One row per row set, result and compute measure that a source gives: what the fits go through, before consolidation.
with row_sets as (
    select * from staging.row_set
),

sources as (
    select source, source_rank from meta.sources
),

pages as (
    select source, page, page_rank from meta.pages
),

wanted as (
    select distinct row_set, benchmark, metric from staging.fit
),

results as (
    select row_sets.row_set, row_sets.reconciled, results.*, sources.source_rank
    from core.results as results
    join row_sets on results.source = row_sets.source
    join sources on results.source = sources.source
    join wanted on
        row_sets.row_set = wanted.row_set
        and results.benchmark = wanted.benchmark
        and results.metric = wanted.metric
),

measures as (
    select row_sets.row_set, row_sets.reconciled, measures.*, sources.source_rank, pages.page_rank
    from core.measures as measures
    join row_sets on measures.source = row_sets.source
    join pages on measures.source = pages.source and measures.page = pages.page
    join sources on measures.source = sources.source
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
    select measures.*
    from measures
    anti join excluded using (row_set, source, page, locator)
    where reconciled
),

same_model as (
    select
        results.*,
        measures.compute_measure, measures.compute_flop, measures.confidence, measures.precision, measures.is_derived,
        measures.benchmark as measured_for, measures.source_rank as measure_rank, measures.page_rank as measure_page_rank,
        measures.source as measure_source, measures.page as measure_page, measures.locator as measure_locator,
        (results.source, results.page, results.locator) = (measures.source, measures.page, measures.locator) as is_same_run,
    from results
    join usable_measures as measures on
        results.row_set = measures.row_set
        and results.model_id = measures.model_id
        and coalesce(measures.benchmark, results.benchmark) = results.benchmark
    where results.reconciled
),

same_architecture as (
    -- Weights take the computation that their source prints for the architecture (at the same image size).
    select
        results.*,
        measures.compute_measure, measures.compute_flop, measures.confidence, measures.precision, measures.is_derived,
        measures.benchmark as measured_for, measures.source_rank as measure_rank, measures.page_rank as measure_page_rank,
        measures.source as measure_source, measures.page as measure_page, measures.locator as measure_locator,
        true as is_same_run,
    from results
    join usable_measures as measures on
        results.row_set = measures.row_set
        and results.source = measures.source
        and results.architecture = measures.architecture
        and coalesce(measures.image_size, results.image_size, 0) = coalesce(results.image_size, measures.image_size, 0)
    where results.reconciled
),

candidates as (
    select * from same_model
    union all
    select * from same_architecture
),

best_sources as (
    -- For each model and measure one source: what it prints for the benchmark stands before what is the model's own, printed
    -- before derived, the better-ranked source before the others.
    select *
    from candidates
    qualify dense_rank() over (
        partition by row_set, benchmark, metric, model_id, compute_measure
        order by measured_for is null, is_derived, measure_rank, measure_source
    ) = 1
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
            partition by
                row_set, benchmark, metric, model_id, compute_measure,
                if(is_same_run, concat_ws(':', source, page, locator), '')
            order by
                measure_page_rank, source_rank, error, measure_page, measure_locator, precision, source, page, locator, result_id
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
