-- One row per benchmark, metric and compute measure of all domains but long tasks: the exponent of all sources' points, and whether it lies between the smallest and the largest that the brief states.
-- grain: benchmark, metric, compute_measure?
with stated as (
    -- As far as the printed digits go: 7.7 and 50.
    select min(exponent_low) as least, max(exponent_high) as most
    from staging.claim
    where claim in ('smallest_exponent', 'largest_exponent')
),

bounded as (
    select
        benchmarks.domain, exponents.benchmark, exponents.metric, exponents.compute_measure,
        coalesce(exponents.n, 0) as n, coalesce(exponents.n_papers, 0) as n_papers,
        exponents.exponent, exponents.exponent_low, exponents.exponent_high, exponents.status, null as reason,
        'marts.exponents' as from_table,
    from marts.exponents as exponents
    join staging.benchmark as benchmarks using (benchmark)
    where exponents.row_set = 'current'
),

unbounded as (
    select
        domain, benchmark, metric, compute_measure, n, n_papers, exponent, exponent_low, exponent_high, status, reason,
        'marts.unbounded_scaling' as from_table,
    from marts.unbounded_scaling
    -- A length of time is no inverse of an error, which the stated exponents are of.
    where (form = 'polynomial' or form is null) and metric != 'time_horizon'
),

domains as (
    select * from bounded
    union all
    select * from unbounded
)

select
    domain,
    benchmark,
    metric,
    compute_measure,
    n,
    n_papers,
    exponent,  -- computation grows as performance to this power; null where there is no line
    exponent_low,  -- lower end of its interval, by paper
    exponent_high,  -- upper end of the same; null where it is not bounded or there is none
    status,
    reason,
    case
        when exponent is null then 'no_exponent'
        when status = 'slope_not_different_from_0' then 'not_told'
        when exponent_low is null or exponent_high is null then
            if(exponent between least and most, 'between_without_interval', 'beyond_without_interval')
        when exponent_low >= least and exponent_high <= most then 'between'
        when exponent_high < least or exponent_low > most then 'beyond'
        else 'interval_holds_both'
    end as verdict,  -- between, beyond: with its whole interval; interval_holds_both; …_without_interval: the exponent alone; not_told: a slope of 0 is not ruled out; no_exponent
    from_table,  -- the table that it is taken from
from domains
cross join stated
order by benchmark, metric, compute_measure
