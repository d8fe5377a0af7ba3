-- One row per row set, result and compute measure: what the fits go through.
-- grain: row_set, benchmark, metric, compute_measure, result_id
with measured as (
    select * from fits.measured_points
),

lines as (
    select * from fits.consolidation_lines where slope is not null
),

consolidated as (
    -- The measured burden, else the one that network operations predict.
    select
        measured.* exclude (compute_measure, compute_flop),
        'consolidated_burden' as compute_measure,
        case measured.compute_measure
            when 'hardware_burden' then measured.compute_flop
            else 10 ** (lines.intercept + lines.slope * log10(measured.compute_flop))
        end as compute_flop,
        measured.compute_measure != 'hardware_burden' as is_predicted,
    from measured
    join lines on measured.row_set = lines.row_set and measured.benchmark = lines.benchmark
    where measured.compute_measure in ('hardware_burden', 'network_operations')
    qualify row_number() over (
        partition by measured.row_set, measured.metric, measured.result_id order by measured.compute_measure
    ) = 1
),

points as (
    select *, false as is_predicted from measured
    union all by name
    select * from consolidated
),

units as (
    select distinct row_set, compute_unit from staging.row_set
),

findings as (
    select
        source, page, locator,
        bool_or(rule = 'search_included') as is_search,
        bool_or(rule = 'without_base') as is_without_base,
        bool_or(rule = 'burden_of_another_member') as is_other_member,
    from core.artefacts
    group by all
),

whole as (
    -- A page that tells the training's processors and time tells what the burden is of.
    select distinct source, page, locator
    from core.run_phases
    where phase in ('pretraining', 'training') and (processor is not null or wall_time_s is not null)
)

select
    points.row_set,
    points.benchmark,
    points.metric,
    points.compute_measure,
    points.result_id,
    points.model_id,
    points.training_id,
    points.evaluation_id,
    points.paper_id,
    points.architecture,
    trainings.trainer,
    trainings.purpose,
    -- Of a burden: what it is of. A finding that is not left out stays as its scope.
    case
        when points.compute_measure not in ('hardware_burden', 'consolidated_burden') then null
        when findings.is_search then 'search'
        when findings.is_without_base then 'without_base'
        when findings.is_other_member then 'other_member'
        when whole.source is not null then 'whole'
        else 'unknown'
    end as scope,  -- whole, without_base, search, other_member; unknown where the page does not tell; null for what is no burden
    results.released_precision,
    points.error,
    points.compute_flop,
    units.compute_unit,
    log10(points.compute_flop) - if(units.compute_unit = 'gflop', 9, 0) as log10_compute,  -- log10 of the computation in compute_unit
    points.confidence,  -- how sure the source is of the computation: Confident (within 3x), Likely (10x), Speculative (30x)
    points.is_predicted,  -- whether the burden is predicted from network operations
    points.source,  -- the source that the computation is from; the result's own stands in core.results
    points.page,
    points.locator,
from points
join units on points.row_set = units.row_set
join core.results as results on points.result_id = results.result_id
join core.trainings as trainings on points.training_id = trainings.training_id
left join findings on points.source = findings.source and points.page = findings.page and points.locator = findings.locator
left join whole on points.source = whole.source and points.page = whole.page and points.locator = whole.locator
order by points.row_set, points.benchmark, points.metric, points.compute_measure, points.result_id
