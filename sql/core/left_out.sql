-- One row per result with computation that is not a point, and compute measure: which rule left it out, and why.
-- grain: row_set, benchmark, metric, compute_measure, result_id
with left_out as (
    select * from core.point_variants where variant = '' and not is_point
),

marks as (
    select * from core.rule_marks
),

candidates as (
    select * from core.candidates
),

rules as (
    select rule, position, reason from staging.point_rule
),

standing as (
    -- What stands in its place, for those that something else of the same kind stands for.
    select points.*, candidates.evaluation_id, candidates.trainer, candidates.printed_name
    from core.point_variants as points
    join candidates using (row_set, benchmark, metric, compute_measure, result_id)
    where points.variant = '' and points.is_point
),

named as (
    select left_out.* exclude (rules), unnest(left_out.rules) as rule
    from left_out
),

first_rule as (
    select named.*, rules.reason, rules.position
    from named
    join rules using (rule)
    qualify row_number() over (
        partition by row_set, benchmark, metric, compute_measure, result_id order by rules.position
    ) = 1
)

select
    first_rule.row_set,
    first_rule.benchmark,
    first_rule.metric,
    first_rule.compute_measure,
    first_rule.result_id,
    first_rule.training_id,
    first_rule.rule,  -- the first rule that leaves it out, in the order of staging.point_rule
    first_rule.reason,  -- why that rule leaves results out
    coalesce(
        marks.evidence,
        case first_rule.rule
            when 'superseded' then format('{} ({}): a newer list of the same authors has it', candidates.printed_name, candidates.result_source)
            when 'same_weights' then format('{} ({}): {} stands for it', candidates.printed_name, candidates.result_source, (
                select min(standing.result_id)
                from standing
                where
                    standing.row_set = first_rule.row_set
                    and standing.metric = first_rule.metric
                    and standing.compute_measure = first_rule.compute_measure
                    and standing.evaluation_id = candidates.evaluation_id
            ))
            when 'one_reproduction' then format('{} by {}: the run nearest the median computation stands for them', candidates.printed_name, candidates.trainer)
        end
    ) as evidence,  -- what it rests on, with the numbers or the words
from first_rule
join candidates using (row_set, benchmark, metric, compute_measure, result_id)
left join marks using (row_set, benchmark, metric, compute_measure, result_id, rule)
order by first_rule.row_set, first_rule.benchmark, first_rule.metric, first_rule.compute_measure, first_rule.result_id
