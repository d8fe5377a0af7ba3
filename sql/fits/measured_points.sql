-- One row per row set, result and compute measure that a source gives: what the fits go through, before consolidation.
-- grain: row_set, benchmark, metric, compute_measure, result_id
with row_sets as (
    select * from staging.row_set
),

wanted as (
    -- A published table may know a benchmark by another key than core does.
    select distinct fits.row_set, fits.benchmark, fits.metric, coalesce(keys.reads, fits.benchmark) as reads
    from staging.fit as fits
    left join staging.row_set_benchmark as keys using (row_set, benchmark)
),

results as (
    select row_sets.row_set, results.* exclude (benchmark), wanted.benchmark
    from core.results as results
    join row_sets on results.source = row_sets.source
    join wanted on
        row_sets.row_set = wanted.row_set
        and results.benchmark = wanted.reads
        and results.metric = wanted.metric
    where not row_sets.reconciled
),

measures as (
    select row_sets.row_set, measures.*
    from core.measures as measures
    join row_sets on measures.source = row_sets.source
    where not row_sets.reconciled and not measures.is_derived
),

as_printed as (
    -- The paper's row sets take a row as it stands: the result and the computation of one record.
    select
        results.row_set, results.benchmark, results.metric, measures.compute_measure,
        results.result_id, results.model_id, results.training_id, results.evaluation_id, results.paper_id, results.architecture,
        results.error, measures.compute_flop, measures.confidence, measures.source, measures.page, measures.locator,
        'the same record' as computation_of,
    from results
    join measures on
        results.row_set = measures.row_set
        and results.source = measures.source
        and results.page = measures.page
        and results.locator = measures.locator
),

reconciled as (
    -- What the rules of points.toml leave of the candidates.
    select
        candidates.row_set, candidates.benchmark, candidates.metric, candidates.compute_measure, candidates.result_id,
        candidates.model_id, candidates.training_id, candidates.evaluation_id, candidates.paper_id, candidates.architecture,
        candidates.error, candidates.compute_flop, candidates.confidence, candidates.source, candidates.page, candidates.locator,
        candidates.computation_of,
    from core.candidates as candidates
    join core.point_variants as variants using (row_set, benchmark, metric, compute_measure, result_id)
    where variants.variant = '' and variants.is_point
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
    training_id,  -- the training: key of core.trainings
    evaluation_id,  -- the evaluation: key of core.evaluations
    paper_id,
    architecture,
    error,
    compute_flop,  -- the computation, FLOP
    confidence,
    source,  -- the source that the computation is from; the result's own stands in core.results
    page,  -- the page that the computation is from
    locator,  -- where in that page the computation stands
    computation_of,  -- how the computation belongs to the score: the same record, list and architecture, or training
from points
order by row_set, benchmark, metric, compute_measure, result_id
