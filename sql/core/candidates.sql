-- One row per result and compute measure of a reconciled row set: the computation that could stand beside the score, and whence.
-- grain: row_set, benchmark, metric, compute_measure, result_id
with row_sets as (
    select * from staging.row_set where reconciled
),

wanted as (
    select distinct fits.row_set, fits.benchmark, fits.metric, fits.compute_measure, benchmarks.trained_for, benchmarks.shots as shots_wanted
    from staging.fit as fits
    join staging.benchmark as benchmarks using (benchmark)
    where fits.compute_measure != 'consolidated_burden'
),

results as (
    select
        wanted.*, results.* exclude (benchmark, metric), records.printed_name, records.model_of_paper, records.is_ambiguous,
        copies.source is not null as is_copy,
        trainings.trainer, trainings.purpose,
    from core.results as results
    join wanted using (benchmark, metric)
    join row_sets using (row_set, source)
    join core.training_records as records using (source, page, locator)
    join core.trainings as trainings on results.training_id = trainings.training_id
    left join core.same_weights as copies on
        results.source = copies.source and results.page = copies.page and results.locator = copies.locator
),

conventions as (
    -- An exception's own line stands before that of all names.
    select records.source, records.page, records.locator, conventions.benchmark, conventions.convention, conventions.reason
    from core.training_records as records
    join core.passes as passes using (source, page, locator)
    join staging.convention_rule as conventions on
        passes.source = conventions.source
        and passes.benchmark = conventions.benchmark
        and passes.printed_as = conventions.printed_as
        and coalesce(conventions.printed_name, records.printed_name) = records.printed_name
    qualify row_number() over (
        partition by records.source, records.page, records.locator, conventions.benchmark order by conventions.printed_name nulls last
    ) = 1
),

counted_as_macs as (
    -- A record that prints multiply-adds too is counted by those.
    select source, page, locator from core.passes where convention = 'mac'
),

records as (
    -- Of the records those alone whose computation could stand beside a score.
    select source, page, locator, training_id, model_of_paper
    from core.training_records
    where
        training_id in (select training_id from results)
        or model_of_paper in (select model_of_paper from results)
        or model_id in (select model_id from results)
        or architecture is not null
),

measures as (
    -- Named apart from what stands beside the score.
    select
        row_sets.row_set,
        measures.compute_measure,
        measures.source as measure_source,
        measures.page as measure_page,
        measures.locator as measure_locator,
        measures.model_id as measured_model_id,
        records.model_of_paper as measured_model,
        records.training_id as measured_training_id,
        measures.architecture as measured_architecture,
        measures.image_size as measured_size,
        measures.benchmark as measured_benchmark,
        benchmarks.trained_for as measured_for,
        measures.precision,
        measures.confidence,
        measures.is_derived,
        -- What is called FLOPs and counts multiply-adds is half of the arithmetic; a total that was made of it is, too.
        measures.compute_flop * if(conventions.convention = 'mac' and counted_as_macs.source is null, 2, 1) as compute_flop,
        coalesce(conventions.convention = 'unknown' and counted_as_macs.source is null, false) as is_of_unknown_convention,
        conventions.reason as convention_reason,
        pages.preference as measure_preference,
    from core.measures as measures
    join row_sets using (source)
    join records using (source, page, locator)
    join core.page_order as pages using (source, page)
    left join staging.benchmark as benchmarks using (benchmark)
    left join conventions on
        measures.compute_measure in ('operations_per_pass', 'network_operations')
        and measures.source = conventions.source
        and measures.page = conventions.page
        and measures.locator = conventions.locator
    left join counted_as_macs on
        measures.source = counted_as_macs.source
        and measures.page = counted_as_macs.page
        and measures.locator = counted_as_macs.locator
),

same_record as (
    select results.*, measures.* exclude (row_set, compute_measure), 1 as nearness,
    from results
    join measures using (row_set, compute_measure)
    where
        (results.source, results.page, results.locator) = (measure_source, measure_page, measure_locator)
        -- A page prints a network's operations once for all splits that it is evaluated on.
        and coalesce(measured_for, measured_benchmark, results.trained_for) in (results.trained_for, results.benchmark)
),

same_run as (
    -- Weights take the computation that their list prints for the architecture at the same image size.
    select results.*, measures.* exclude (row_set, compute_measure), 2 as nearness,
    from results
    join measures using (row_set, compute_measure)
    where
        results.source = measure_source
        and results.architecture = measured_architecture
        and (results.page, results.locator) != (measure_page, measure_locator)
        and coalesce(measured_size, results.image_size, 0) = coalesce(results.image_size, measured_size, 0)
),

of_the_training as (
    select results.*, measures.* exclude (row_set, compute_measure),
    from results
    join measures using (row_set, compute_measure)
    where results.training_id = measured_training_id
    union all
    -- A page that tells a model's computation and no benchmark tells it of every training of that model.
    select results.*, measures.* exclude (row_set, compute_measure),
    from results
    join measures using (row_set, compute_measure)
    where
        results.model_of_paper = measured_model
        and results.training_id != measured_training_id
        and measured_benchmark is null
),

same_training as (
    select *, if(is_ambiguous, 4, 3) as nearness,
    from of_the_training
    where
        (source, page, locator) != (measure_source, measure_page, measure_locator)
        and (
            compute_measure != 'operations_per_pass'
            or coalesce(measured_size, image_size, 0) = coalesce(image_size, measured_size, 0)
        )
),

another_training as (
    -- The same name in the same paper, or trained for the same, but another training: what the name alone would join.
    select results.*, measures.* exclude (row_set, compute_measure), 4 as nearness,
    from results
    join measures using (row_set, compute_measure)
    where
        results.model_id = measured_model_id
        and results.training_id != measured_training_id
        and results.model_of_paper != measured_model
        and coalesce(measured_benchmark, results.benchmark) = results.benchmark
),

pairings as (
    select * from same_record
    union all
    select * from same_run
    union all
    select * from same_training
    union all
    select * from another_training
),

findings as (
    -- Of all computation where a finding is of the record as a whole.
    select distinct
        ruled.source as measure_source,
        ruled.page as measure_page,
        ruled.locator as measure_locator,
        every.compute_measure,
    from core.ruled_records as ruled
    join (select distinct compute_measure from wanted) as every on
        coalesce(ruled.compute_measure, every.compute_measure) = every.compute_measure
    where ruled.is_active
),

flagged as (
    -- Computation that a rule in force leaves out stands behind any other.
    select pairings.*, findings.measure_source is not null as is_flagged,
    from pairings
    left join findings using (measure_source, measure_page, measure_locator, compute_measure)
),

best as (
    select *
    from flagged
    qualify row_number() over (
        partition by row_set, benchmark, metric, compute_measure, result_id
        order by
            nearness = 4, is_flagged, nearness, measured_benchmark is null, is_derived, measure_preference, measure_locator,
            precision, compute_flop
    ) = 1
)

select
    row_set,
    benchmark,
    metric,
    compute_measure,
    result_id,  -- the result: key of core.results
    training_id,
    evaluation_id,
    model_id,
    paper_id,
    architecture,
    printed_name,
    trainer,
    purpose,
    image_size,
    setting,
    shots,
    shots_wanted,  -- worked examples in the prompts of the benchmark's points
    is_ensemble,
    error,
    compute_flop,  -- the computation, FLOP; twice the printed number where points.toml says that it counts multiply-adds
    confidence,
    case nearness
        when 1 then 'the same record'
        when 2 then 'the same list and architecture'
        when 3 then 'the same training'
        else 'another training of that name'
    end as computation_of,  -- how the computation belongs to the score
    is_copy,  -- whether the score's record lists weights that another list has under their own name
    is_of_unknown_convention,  -- whether its operations may be multiply-adds or FLOPs
    convention_reason,  -- why its convention is another than the printed one, or unknown
    source as result_source,  -- the source that the score is from
    page as result_page,  -- the page that the score is from
    locator as result_locator,  -- where in that page the score stands
    measure_source as source,  -- the source that the computation is from
    measure_page as page,  -- the page that the computation is from
    measure_locator as locator,  -- where in that page the computation stands
    nearness,  -- 1 to 4, the order of computation_of
from best
order by row_set, benchmark, metric, compute_measure, result_id
