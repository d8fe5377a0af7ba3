-- One row per name that was taken for a thing that goes by another name or is known from another source, with the rule.
-- grain: kind, what, into_id, source, rule
with mentions as (
    select * from core.model_mentions
),

models as (
    select * from core.models
),

aliases as (
    select * from core.processor_aliases
),

of_models as (
    select
        'model' as kind,
        mentions.printed_name as what,
        mentions.model_id as into_id,
        case
            when mentions.is_declared then 'declared in merges.toml'
            when mentions.paper_by_name then 'the only paper of the benchmark with a model of that name'
            when mentions.paper_id is not null then 'same paper, same name but for case, blanks and punctuation'
            else 'same name but for case, blanks and punctuation'
        end as rule,
        mentions.source,
    from mentions
    join models using (model_id)
    where models.n_mentions > 1
),

of_processors as (
    select
        'processor' as kind,
        aliases.alias as what,
        aliases.processor_id as into_id,
        aliases.rule,
        names.source,
    from aliases
    join (
        select name as alias, source from staging.processor
        union
        select processor as alias, source from staging.run_phase where processor is not null
        union
        select processor as alias, source from staging.price
    ) as names using (alias)
    where aliases.rule != 'same name'
),

merges as (
    select * from of_models
    union
    select * from of_processors
)

select
    kind,  -- model or processor
    what,  -- the name as printed
    into_id,  -- the thing that it is taken for: key of core.models or core.processors
    rule,  -- why; a merge by rule is undone by an [[apart]] line in merges.toml, a declared one by deleting its line
    source,
from merges
order by kind, into_id, what, source
