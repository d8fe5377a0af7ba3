-- One row per pair of sources that print computation of the same architectures: what their ratio says of conventions and units.
-- grain: one_source, one_printed_as, one_convention, other_source, other_printed_as, other_convention
with pairs as (
    -- The printed numbers, before any convention is applied.
    select *, other_operations / one_operations as ratio from core.architecture_pairs
),

summaries as (
    select
        one_source, one_printed_as, one_convention, other_source, other_printed_as, other_convention,
        count(*) as n_architectures,
        median(ratio) as median_ratio,
        count(*) filter (where abs(log10(ratio / 2)) < 0.013 or abs(log10(ratio * 2)) < 0.013) as n_ratio_2,
        count(*) filter (where abs(log10(ratio)) < 0.013) as n_ratio_1,
        count(*) filter (where abs(log10(ratio) - round(log10(ratio))) < 0.013 and abs(log10(ratio)) > 0.5) as n_ratio_power_of_10,
        count(*) filter (where
            abs(log10(ratio / 2)) >= 0.013 and abs(log10(ratio * 2)) >= 0.013 and abs(log10(ratio)) >= 0.013
            and abs(log10(ratio) - round(log10(ratio))) >= 0.013
        ) as n_other,
    from pairs
    group by all
),

judged as (
    select
        *,
        case
            when abs(log10(median_ratio)) < 0.013 then 'same'
            when abs(log10(median_ratio / 2)) < 0.013 or abs(log10(median_ratio * 2)) < 0.013 then 'convention'
            when abs(log10(median_ratio) - round(log10(median_ratio))) < 0.013 then 'unit'
            else 'conflict'
        end as finding,
    from summaries
)

select
    one_source,  -- the first of the two sources
    one_printed_as,  -- what it calls its operations
    one_convention,  -- the convention declared for it
    other_source,  -- the second of the two sources
    other_printed_as,  -- what it calls its operations
    other_convention,  -- the convention declared for it
    n_architectures,  -- architectures that both print
    median_ratio,  -- median over them of the second's printed number over the first's
    n_ratio_1,  -- architectures at a ratio of 1 (within 3 %)
    n_ratio_2,  -- architectures at a ratio of 2 or 1/2
    n_ratio_power_of_10,  -- architectures at another power of ten
    n_other,  -- architectures at no such ratio
    finding,  -- same, convention (ratio 2), unit (power of ten) or conflict
    case finding
        when 'same' then one_convention = other_convention
        when 'convention' then one_convention != other_convention
        else false
    end as agrees_with_declared,  -- whether the declared conventions explain the ratio
    case
        when finding = 'same' and contains(lower(one_printed_as), 'flop') and not contains(lower(other_printed_as), 'flop') then one_source
        when finding = 'same' and contains(lower(other_printed_as), 'flop') and not contains(lower(one_printed_as), 'flop') then other_source
    end as prints_macs_as_flops,  -- the source that prints as FLOPs what the other prints as MACs
from judged
order by one_source, other_source, one_printed_as, other_printed_as
