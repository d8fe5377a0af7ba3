-- One row per training that was scored on a benchmark without a full scale and whose computation is known: what its lines go through.
-- grain: benchmark, measured_training
with candidates as (
    select
        candidates.*,
        -- Versions of one developer share data, and often what they began from.
        if(benchmarks.joined_by = 'name', models.organization, null) as developer,
    from core.unbounded_candidates as candidates
    join staging.unbounded_benchmark as benchmarks using (benchmark)
    left join core.model_mentions as mentions
        on candidates.source = mentions.source and candidates.page = mentions.page and candidates.locator = mentions.locator
    left join core.models as models on mentions.model_id = models.model_id
    where
        nearness < 5
        and not coalesce(regexp_matches(candidates.setting, benchmarks.settings_left_out), false)
),

one_per_training as (
    -- Never chosen by its score.
    select *
    from candidates
    qualify row_number() over (
        partition by benchmark, measured_training
        order by nearness, score_source, score_page, length(score_locator), score_locator
    ) = 1
)

select
    benchmark,
    metric,
    compute_measure,
    score_id,  -- the score: key of core.unbounded_scores
    measured_training,
    training_id,
    model_id,
    paper_id,
    coalesce(paper_id, developer, model_id) as cluster,  -- points that hang together: of one paper, where models are joined by name of one developer, else of one model
    printed_name,
    value,
    log10_performance,
    log10(computation) as log10_computation,  -- log10 of the computation, in computation_unit
    computation_unit,
    confidence,
    computation_of,
    source,
    page,
    locator,
from one_per_training
order by benchmark, measured_training
