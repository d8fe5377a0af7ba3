-- One row per name of a processor that a page prints, with the key that the rules make of it.
-- grain: alias
with sheets as (
    select distinct name, true as in_sheet from staging.processor
),

runs as (
    select distinct processor as name, false as in_sheet from staging.run_phase where processor is not null
    union
    select distinct processor as name, false as in_sheet from staging.price
),

aliases as (
    select what as alias, into_name as name from staging.merge where kind = 'processor'
),

names as (
    select name, bool_or(in_sheet) as in_sheet
    from (select * from sheets union all select * from runs)
    group by name
),

apart as (
    select name from staging.apart where kind = 'processor'
),

declared as (
    select
        names.*,
        coalesce(aliases.name, names.name) as standard_name,
        aliases.name is not null as is_declared,
        names.name in (select name from apart) as is_apart,
    from names
    left join aliases on lower(names.name) = lower(aliases.alias)
),

keyed as (
    -- The names of the two makers that are left out as often as printed are no part of the key: "NVIDIA A100 SXM4 40 GB" is "A100 SXM4 40 GB".
    select
        name as alias,  -- the processor's name as some page prints it
        in_sheet,  -- whether a hardware sheet lists it under this name
        is_declared,  -- whether merges.toml declares what it stands for
        if(is_apart, lower(alias), trim(regexp_replace(
            regexp_replace(
                regexp_replace(lower(standard_name), '\b(nvidia|google)\b', ' ', 'g'),
                '(\d)\s+gb\b', '\1gb', 'g'
            ),
            '[\s_-]+', ' ', 'g'
        ))) as processor_key,  -- lower case, without maker, blanks evened out
    from declared
)

select * from keyed
order by alias
