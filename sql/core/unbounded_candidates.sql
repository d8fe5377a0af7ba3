-- One row per score of a test set, without a full scale, whose computation a source holds: which, and how it is known to be of that training.
-- grain: score_id
with benchmarks as (
    select * from staging.unbounded_benchmark where compute_measure is not null
),

scores as (
    select
        scores.*,
        benchmarks.compute_measure,
        benchmarks.joined_by,
        benchmarks.trained_on,
        -- A paper that lists one training alone on a benchmark.
        count(distinct (name_key, parameters)) over (partition by benchmark, paper_id) as n_of_paper,
    from core.unbounded_scores as scores
    join benchmarks using (benchmark, metric)
    where scores.split = 'test'
),

of_the_record as (
    select
        scores.score_id, scores.instructions_per_s as computation, 'instructions per second' as computation_unit, null as confidence,
        'the same record' as computation_of, 1 as nearness, scores.score_id as measured_training,
        scores.source as measure_source, scores.page as measure_page, scores.locator as measure_locator, 0 as preference,
    from scores
    where compute_measure = 'instructions_per_s' and instructions_per_s is not null
    union all
    select
        scores.score_id, measures.compute_flop, 'FLOP', measures.confidence,
        'the same record', 1, scores.score_id, measures.source, measures.page, measures.locator, 0,
    from scores
    join core.measures as measures using (compute_measure, source, page, locator)
),

data_sets as (
    select source, page, locator, string_agg(distinct dataset, ', ' order by dataset) as data_set
    from staging.run_phase
    group by all
),

mentions as (
    -- Of the records those alone that name a paper or a model of a score.
    select source, page, locator, paper_id, name_key, printed_name
    from core.model_mentions
    where paper_id in (select paper_id from scores) or printed_name in (select printed_name from scores)
),

computed as (
    -- What a page tells of a model itself, and of no benchmark.
    select
        totals.source, totals.page, totals.locator, totals.compute_measure, totals.compute_flop, totals.confidence,
        mentions.paper_id, mentions.name_key, mentions.printed_name, models.parameters, data_sets.data_set, pages.preference,
    from core.compute_totals as totals
    join mentions using (source, page, locator)
    join staging.model as models using (source, page, locator)
    join core.page_order as pages using (source, page)
    left join data_sets using (source, page, locator)
    where totals.benchmark is null
),

of_the_paper as (
    select
        scores.score_id, scores.name_key, scores.n_of_paper,
        computed.name_key as measured_name_key,
        computed.compute_flop, computed.confidence, computed.paper_id,
        computed.source as measure_source, computed.page as measure_page, computed.locator as measure_locator, computed.preference,
        scores.trained_on is null or coalesce(regexp_matches(computed.data_set, scores.trained_on), false) as is_on_its_data,
        abs(scores.parameters / computed.parameters - 1) <= 0.01 as is_of_its_size,  -- null where one page tells no size
    from scores
    join computed using (paper_id, compute_measure)
    where scores.joined_by = 'paper'
),

of_the_name as (
    -- To the letter: name_key would make "o1" of "O1".
    select
        scores.score_id, computed.compute_flop as computation, 'FLOP' as computation_unit, computed.confidence,
        'the name to the letter' as computation_of, 2 as nearness, computed.printed_name as measured_training,
        computed.source as measure_source, computed.page as measure_page, computed.locator as measure_locator, computed.preference,
    from scores
    join computed using (printed_name, compute_measure)
    where scores.joined_by = 'name' and computed.source != scores.source
),

counted as (
    select
        *,
        count(distinct measured_name_key) filter (is_on_its_data) over (partition by score_id) as n_on_its_data,
        count(distinct measured_name_key) filter (is_on_its_data and is_of_its_size) over (partition by score_id) as n_of_its_size,
    from of_the_paper
),

judged as (
    select
        *,
        case
            when not is_on_its_data then 5
            when name_key = measured_name_key and coalesce(is_of_its_size, true) then 2
            when is_of_its_size and n_of_its_size = 1 then 3
            when is_of_its_size is null and n_on_its_data = 1 and n_of_paper = 1 then 4
            else 5
        end as nearness,
    from counted
),

pairings as (
    select
        score_id, compute_flop as computation, 'FLOP' as computation_unit, confidence,
        case nearness
            when 2 then 'the paper, the data and the name'
            when 3 then 'the paper, the data and the size'
            when 4 then 'the only training of the paper'
            else 'another training of the paper'
        end as computation_of,
        nearness, paper_id || '#' || measured_name_key as measured_training,
        measure_source, measure_page, measure_locator, preference,
    from judged
    union all
    select
        score_id, computation, computation_unit, confidence, computation_of, nearness, measured_training,
        measure_source, measure_page, measure_locator, preference,
    from of_the_record
    union all
    select
        score_id, computation, computation_unit, confidence, computation_of, nearness, measured_training,
        measure_source, measure_page, measure_locator, preference,
    from of_the_name
),

best as (
    select *
    from pairings
    where computation > 0
    qualify row_number() over (partition by score_id order by nearness, preference, measure_locator) = 1
)

select
    best.score_id,
    scores.benchmark,
    scores.metric,
    scores.compute_measure,
    scores.training_id,
    scores.model_id,
    scores.paper_id,
    scores.printed_name,
    scores.setting,
    scores.value,
    scores.log10_performance,
    best.computation,  -- the computation, in computation_unit
    best.computation_unit,  -- FLOP, or instructions per second of the processor that plays
    best.confidence,
    best.computation_of,  -- how the computation belongs to the score: the same record; the paper, the data and the name or size; the name to the letter; the only training of the paper; another training of the paper
    best.nearness,  -- 1 to 5, the order of computation_of; what is another training's is no point
    best.measured_training,  -- the training that the computation is of
    scores.source as score_source,  -- the source that the score is from
    scores.page as score_page,  -- the page that the score is from
    scores.locator as score_locator,  -- where in that page the score stands
    best.measure_source as source,  -- the source that the computation is from
    best.measure_page as page,  -- the page that the computation is from
    best.measure_locator as locator,  -- where in that page the computation stands
from best
join scores using (score_id)
order by score_id
