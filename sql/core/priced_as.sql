-- One row per processor whose hour is priced as that of another: a board or a core by its chips, a card by its family's name.
-- grain: processor
with declared as (
    select processor, chip as priced_as, chips, 'unit' as rule, citation from staging.processor_unit
    union all by name
    select processor, priced_as, 1 as chips, 'family' as rule, citation from staging.processor_family
),

aliases as (
    select alias, processor_id from core.processor_aliases
)

select
    declared.processor,
    named.processor_id,
    priced.processor_id as priced_as_id,  -- the processor that sheets of prices list: key of core.processors
    declared.chips,  -- how many of those one of these is
    declared.rule,  -- unit: a board of chips, or a part of one; family: a card that is rented under its family's name
    declared.citation,
from declared
left join aliases as named on declared.processor = named.alias
left join aliases as priced on declared.priced_as = priced.alias
order by declared.processor
