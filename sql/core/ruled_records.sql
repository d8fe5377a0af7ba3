-- One row per record, computation of it and rule of the points that it breaks, by a finding or by its day: the one place where findings become rules.
-- grain: rule, source, page, locator, compute_measure?
with findings as (
    select * from core.artefacts
),

rules as (
    select rule_finding.rule, rule_finding.finding, point_rule.is_active
    from staging.rule_finding as rule_finding
    join staging.point_rule as point_rule using (rule)
),

of_findings as (
    select
        rules.rule, rules.is_active,
        findings.source, findings.page, findings.locator, findings.compute_measure,
        min(findings.evidence) as evidence,
    from findings
    join rules on findings.rule = rules.finding
    group by all
),

dated as (
    -- The day of the training, or of the submission where the record is one.
    select
        records.source, records.page, records.locator, records.printed_name,
        coalesce(results.released_on, trainings.released_on) as released_on,
        if(results.released_on is null, trainings.released_precision, results.released_precision) as released_precision,
    from core.training_records as records
    join core.trainings as trainings on records.training_id = trainings.training_id
    left join (
        select distinct source, page, locator, released_on, released_precision from core.results
    ) as results on records.source = results.source and records.page = results.page and records.locator = results.locator
),

published_later as (
    -- What has no day is not known to have been there before.
    select
        rules.rule, rules.is_active,
        dated.source, dated.page, dated.locator, null as compute_measure,
        coalesce(
            format('{}: {} ({})', dated.printed_name, dated.released_on, dated.released_precision),
            format('{}: no day is known', dated.printed_name)
        ) as evidence,
    from dated
    cross join staging.build_setting as asked
    join staging.point_rule as rules on rules.rule = 'published_later'
    where coalesce(dated.released_on >= asked.published_before, true)
),

broken as (
    select * from of_findings
    union all
    select * from published_later
)

select
    rule,  -- the rule: key of staging.point_rule
    is_active,  -- whether it is in force
    source,
    page,
    locator,
    compute_measure,  -- the computation that the finding is about; null for the record as a whole
    evidence,  -- what breaks it, with the numbers or the day
from broken
order by rule, source, page, locator, compute_measure
