-- One row per candidate and rule that by itself, whatever other rules do, would leave it out of the points, with the evidence.
-- grain: row_set, benchmark, metric, compute_measure, result_id, rule
with candidates as (
    select * from core.candidates
),

findings as (
    select * from core.ruled_records
),

of_findings as (
    -- Of the record of the computation, or as a whole of that of the score.
    select candidates.*, findings.rule, findings.evidence
    from candidates
    join findings on
        candidates.source = findings.source
        and candidates.page = findings.page
        and candidates.locator = findings.locator
        and coalesce(findings.compute_measure, candidates.compute_measure) = candidates.compute_measure
    union all
    select candidates.*, findings.rule, findings.evidence
    from candidates
    join findings on
        candidates.result_source = findings.source
        and candidates.result_page = findings.page
        and candidates.result_locator = findings.locator
        and findings.compute_measure is null
),

score_and_computation as (
    select
        *, 'score_and_computation' as rule,
        format('{} ({}) has the computation of another training ({} {})', printed_name, result_source, source, locator) as evidence,
    from candidates
    where nearness = 4
),

purpose as (
    select
        candidates.*, 'purpose' as rule,
        format('{}: {} ({})', candidates.purpose, trainings.purpose_reason, coalesce(trainings.purpose_evidence, printed_name)) as evidence,
    from candidates
    join core.trainings as trainings using (training_id)
    where candidates.purpose in ('time_to_target', 'probe', 'test', 'ablation')
),

shots as (
    select
        *, 'shots' as rule,
        coalesce(format('{} shots, not {}', shots, shots_wanted), 'the page tells no shots') as evidence,
    from candidates
    where shots is distinct from shots_wanted and shots_wanted is not null
),

unknown_convention as (
    select *, 'unknown_convention' as rule, format('{}: {}', printed_name, convention_reason) as evidence,
    from candidates
    where is_of_unknown_convention
),

marks as (
    select * from of_findings
    union all
    select * from score_and_computation
    union all
    select * from purpose
    union all
    select * from shots
    union all
    select * from unknown_convention
)

select
    row_set,
    benchmark,
    metric,
    compute_measure,
    result_id,
    rule,  -- the rule: key of staging.point_rule
    min(evidence) as evidence,  -- what it rests on, with the numbers or the words
from marks
group by all
order by row_set, benchmark, metric, compute_measure, result_id, rule
