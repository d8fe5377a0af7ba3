-- One row per result of a SPEC suite: the CPU that it was run on, and its scores.
-- grain: source, page, locator
with scores as (
    select * from staging.cpu_score
),

cpus as (
    select listed.source, listed.number, cpus.name, cpus.released_on, cpus.locator,
    from staging.cpu as listed
    join core.cpus as cpus using (source, page, locator)
)

select
    scores.source,
    scores.page,
    scores.locator,
    scores.suite,
    cpus.name,  -- the CPU; null where the list has none of that number
    cpus.released_on,
    scores.base_score,
    scores.peak_score,
    scores.available_on,
    scores.machine,
from scores
left join cpus using (source, number)
order by scores.source, scores.page, scores.locator
