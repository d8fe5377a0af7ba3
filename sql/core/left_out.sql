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
        format('{} ({}): {} stands for it', candidates.printed_name, candidates.result_source, first_rule.stands_for_it)
    ) as evidence,  -- what it rests on, with the numbers or the words
from first_rule
join candidates using (row_set, benchmark, metric, compute_measure, result_id)
left join marks using (row_set, benchmark, metric, compute_measure, result_id, rule)
order by first_rule.row_set, first_rule.benchmark, first_rule.metric, first_rule.compute_measure, first_rule.result_id
