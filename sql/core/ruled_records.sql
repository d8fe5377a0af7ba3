-- One row per record, computation of it and rule of the points that a finding of it breaks: the one place where findings become rules.
-- grain: rule, source, page, locator, compute_measure?
with findings as (
    select * from core.artefacts
),

rules as (
    select rule_finding.rule, rule_finding.finding, point_rule.is_active
    from staging.rule_finding as rule_finding
    join staging.point_rule as point_rule using (rule)
)

select
    rules.rule,  -- the rule: key of staging.point_rule
    rules.is_active,  -- whether it is in force
    findings.source,
    findings.page,
    findings.locator,
    findings.compute_measure,  -- the computation that the finding is about; null for the record as a whole
    min(findings.evidence) as evidence,  -- what breaks it, with the numbers
from findings
join rules on findings.rule = rules.finding
group by all
order by rules.rule, findings.source, findings.page, findings.locator, findings.compute_measure
