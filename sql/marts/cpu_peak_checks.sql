-- One row per declared micro-architecture that systems of TOP500 are of: the peaks that the lists print over those derived.
-- grain: microarchitecture
with systems as (
    select *, printed_flop_per_clock / declared_flop_per_clock as ratio
    from core.supercomputers
    where printed_flop_per_clock is not null and declared_flop_per_clock is not null
)

select
    microarchitecture,
    count(*) as n_systems,  -- systems on all lists, the same system on each of them
    min(listed_on) as first_listed_on,  -- the first list with such a system
    max(listed_on) as last_listed_on,  -- the last
    any_value(declared_flop_per_clock) as declared_flop_per_clock,  -- operations at FP64 of one core in a clock, as declared
    median(printed_flop_per_clock) as printed_flop_per_clock,  -- the same by the printed peaks, median over the systems
    median(ratio) as ratio,  -- the printed peak over the derived, median over the systems
    quantile_cont(ratio, 0.1) as ratio_low,  -- a tenth of the systems is below
    quantile_cont(ratio, 0.9) as ratio_high,  -- a tenth is above
    avg((ratio between 1 / 1.2 and 1.2)::integer) as share_within,  -- share of the systems whose two peaks are within a factor of 1.2
from systems
group by microarchitecture
order by microarchitecture
