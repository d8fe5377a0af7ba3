-- One row per record that names a model, with the training that it is of and how that is known.
-- grain: source, page, locator
with own as (
    select * from core.own_trainings
),

named as (
    select
        own.* exclude (own_model, own_training_id, is_ambiguous, own_rule),
        coalesce(longer_names.own_model, own.own_model) as own_model,
        coalesce(longer_names.own_training_id, own.own_training_id) as own_training_id,
        own.is_ambiguous and longer_names.own_model is null as is_ambiguous,
        if(longer_names.own_model is null, own.own_rule, 'longer name') as own_rule,
    from own
    left join core.longer_names as longer_names using (source, page, locator)
),

told_apart as (
    select named.*, several_runs.source is not null as is_one_of_several,
    from named
    left join core.several_runs as several_runs on
        named.source = several_runs.source
        and named.page = several_runs.page
        and concat_ws(' ', named.own_training_id, named.benchmark) = several_runs.training_on_benchmark
),

matched as (
    select
        told_apart.*,
        case
            when same_weights.weights_name is not null then same_weights.of_source || '#' || same_weights.weights_name
            when declared.training_id is not null then declared.training_id
            when is_one_of_several then told_apart.own_training_id || '@' || told_apart.page || ':' || told_apart.locator
            else told_apart.own_training_id
        end as training_id,
        case
            when same_weights.weights_name is not null then 'the same weights, by ' || same_weights.rule
            when declared.training_id is not null then 'declared in points.toml'
            else
                case own_rule
                    when 'weights' then 'the name of the weights'
                    when 'zoo' then 'a model zoo''s own training: its name'
                    when 'paper' then 'the paper, and the name in it'
                    when 'only paper' then 'the only paper with a model of that name that is trained for the same'
                    when 'name' then 'the name, where no page tells a paper'
                    when 'longer name' then 'the paper, the score to the digit, and a longer name in it'
                    else error('no sentence for the rule ' || own_rule)
                end || if(is_one_of_several, '; one of several runs in the page', '')
        end as rule,
        coalesce(same_weights.evidence, declared.reason, told_apart.printed_name) as evidence,
        coalesce(same_weights.image_size, declared.image_size) as weights_image_size,
        same_weights.weights_name is not null as is_same_weights,
        coalesce(copies.by_authors, false) as is_by_authors,
    from told_apart
    left join staging.copies as copies using (source)
    left join core.same_weights as same_weights using (source, page, locator)
    left join core.declared_trainings as declared using (source, page, locator)
),

records as (
    select
        source,
        page,
        locator,
        training_id,  -- the training: its paper, else its list or what it is trained for, # its name, and what it is trained for
        own_model as model_of_paper,  -- the same without what it is trained for: what a page means that names no benchmark
        is_ambiguous,  -- whether its paper has several of that name in different sizes, and this is none of them
        printed_name,
        model_id,
        training_paper_id as paper_id,  -- the paper: arxiv:, doi: or title:; null where no page names it
        case
            when zoo is not null and converted_from is null then zoo
            -- The paper of an architecture need not be that of the recipe, where others list the weights.
            when is_list_of_weights or (is_same_weights and not is_by_authors) then null
            else 'authors'
        end as trainer,  -- who trained: authors (of the paper or entry), a model zoo's publisher; null where a list of others' weights does not say
        architecture,
        base_model,
        weights_on,  -- the weights' own day, as the page or their file tells
        published_on,  -- the record's own day of publication or submission
        source in (select source from staging.submissions) as is_submission,  -- whether that is the day of a submission
        year,
        zoo_released_on,  -- the day that all weights of the model zoo were released
        weights_image_size,  -- the size that the record's score is of, where another list tells it
        rule,  -- how it is known that the record is of this training
        evidence,
    from matched
)

select * from records
order by source, page, locator
