-- One row per score of a leaderboard whose model another page has under the very same name, with the computation of its training: listed, not fitted.
-- grain: source, page, locator, benchmark
select
    source,
    page,
    locator,
    name,
    benchmark,
    metric,
    shots,
    value,
    place,
    training_compute_flop,
    log10(training_compute_flop) as log10_training_compute,  -- log10 of the computation, FLOP
    confidence,
    measure_source,
    measure_page,
    measure_locator,
    other_value,
from core.listed_scores
where training_compute_flop is not null
order by source, page, benchmark, place, locator
