-- One row per score that a leaderboard prints of whatever model was put there: listed, beside the computation of that very name, never a point.
-- grain: source, page, locator, benchmark, metric
with scores as (
    select * from staging.listed_score
),

mentions as (
    select source, page, locator, printed_name from core.model_mentions
),

pages as (
    select source, page, preference from core.page_order
),

computed as (
    -- The name to the letter: whoever copies or trains on weights puts a name of their own before them.
    select mentions.printed_name as name, totals.compute_flop, totals.confidence, totals.source, totals.page, totals.locator
    from core.compute_totals as totals
    join mentions using (source, page, locator)
    join pages using (source, page)
    where
        totals.compute_measure = 'training_compute'
        and totals.benchmark is null
        and mentions.printed_name in (select name from scores)
    qualify row_number() over (partition by mentions.printed_name order by pages.preference, totals.locator) = 1
),

elsewhere as (
    select mentions.printed_name as name, results.benchmark, results.metric, results.shots, results.result_id, results.value
    from core.results as results
    join mentions using (source, page, locator)
    join pages using (source, page)
    where mentions.printed_name in (select name from scores)
    qualify
        row_number() over (
            partition by mentions.printed_name, results.benchmark, results.metric, results.shots
            order by pages.preference, results.result_id
        ) = 1
)

select
    scores.source,
    scores.page,
    scores.locator,
    scores.name,
    scores.benchmark,
    scores.metric,
    scores.shots,
    scores.value,
    rank() over (
        partition by scores.source, scores.page, scores.benchmark, scores.metric order by scores.value desc
    ) as place,  -- 1 is the best score of its page; equal scores share a place
    computed.compute_flop as training_compute_flop,  -- arithmetic done in the training that another page gives the very same name, FLOP; null where none does
    computed.confidence,
    computed.source as measure_source,  -- the source that the computation is from
    computed.page as measure_page,  -- the page that the computation is from
    computed.locator as measure_locator,  -- where in that page the computation stands
    elsewhere.result_id,  -- the result of that name on the benchmark, with as many examples in the prompt, that another page prints
    elsewhere.value as other_value,  -- the score there, percent
from scores
left join computed on scores.name = computed.name
left join elsewhere
    on
        scores.name = elsewhere.name
        and scores.benchmark = elsewhere.benchmark
        and scores.metric = elsewhere.metric
        and scores.shots = elsewhere.shots
order by scores.source, scores.page, scores.locator, scores.benchmark, scores.metric
