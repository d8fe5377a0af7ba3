-- One row per name of a processor, with the processor that it stands for and the rule that says so.
-- grain: alias
with names as (
    select * from core.processor_names
),

standard as (
    -- The name in a hardware sheet, where there is one, is the one that the processor goes by; never one declared to stand for another.
    select processor_key, first(alias order by is_declared, in_sheet desc, alias) as processor_id
    from names
    group by processor_key
),

aliases as (
    select
        names.alias,
        standard.processor_id,  -- the processor: key of core.processors
        case
            when names.is_declared then 'declared in merges.toml'
            when names.alias = standard.processor_id then 'same name'
            else 'same name but for maker, case and blanks'
        end as rule,  -- why the name stands for the processor
    from names
    join standard on names.processor_key = standard.processor_key
)

select * from aliases
order by alias
