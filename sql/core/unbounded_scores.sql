-- One row per score without a full scale that a page prints: a word error rate, a perplexity, bits per character, a rating, a length of time.
-- grain: score_id
with scores as (
    select * from staging.unbounded_score
),

records as (
    select * from core.training_records
),

mentions as (
    select * from core.model_mentions
),

models as (
    select source, page, locator, parameters from staging.model
)

select
    concat_ws(':', scores.source, scores.page, scores.locator, scores.benchmark, scores.metric, scores.split) as score_id,  -- source, page, locator, benchmark, metric and split
    records.training_id,  -- the training: key of core.trainings; null where the page names no model
    mentions.model_id,
    mentions.paper_id,
    records.printed_name,
    mentions.name_key,
    scores.benchmark,
    scores.metric,
    scores.split,
    scores.value,
    scores.setting,
    scores.is_ensemble,
    scores.instructions_per_s,
    scores.scored_in,
    records.year,
    models.parameters,
    log10_performance(scores.metric, scores.value) as log10_performance,  -- log10 of what grows as the score gets better: 1/score; of Elo the odds of winning, score/400; of a time horizon log10 of the minutes
    scores.source,
    scores.page,
    scores.locator,
from scores
left join records on scores.source = records.source and scores.page = records.page and scores.locator = records.locator
left join mentions on scores.source = mentions.source and scores.page = mentions.page and scores.locator = mentions.locator
left join models on scores.source = models.source and scores.page = models.page and scores.locator = models.locator
order by score_id
