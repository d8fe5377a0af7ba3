-- One row per record that names a model, with the training that it is of and how that is known.
-- grain: source, page, locator
with own as not materialized (
    select * from core.own_trainings
),

scored as not materialized (
    select models.source, models.page, models.locator, models.name as printed_name, results.benchmark, results.metric, results.value, results.image_size
    from staging.model as models
    join staging.result as results using (source, page, locator)
),

declared as (
    -- Of the sizes at which the other source has the weights, the one with the nearest score is the record's.
    select
        same.source, own.page, own.locator, same.as_source, same.as_name, same.benchmark, same.reason,
        arg_min(theirs.image_size, abs(theirs.value - ours.value)) as image_size,
    from staging.same_training as same
    join own using (source, printed_name, benchmark)
    left join scored as ours using (source, page, locator, benchmark)
    left join scored as theirs on
        same.as_source = theirs.source
        and same.as_name = theirs.printed_name
        and same.benchmark = theirs.benchmark
        and ours.metric = theirs.metric
    group by all
),

named as not materialized (
    select
        own.* exclude (own_model, own_training_id, is_ambiguous, own_rule),
        coalesce(longer_names.own_model, own.own_model) as own_model,
        coalesce(longer_names.own_training_id, own.own_training_id) as own_training_id,
        own.is_ambiguous and longer_names.own_model is null as is_ambiguous,
        if(longer_names.own_model is null, own.own_rule, 'longer name') as own_rule,
    from own
    left join core.longer_names as longer_names using (source, page, locator)
),

burdens as (
    select source, page, locator, max(compute_flop) as burden_flop
    from core.measures
    where compute_measure = 'hardware_burden'
    group by all
),

several_runs as (
    -- A page that prints a name again with another burden prints another run. Least and most differ where several do, which
    -- takes a fifth of the time of counting them.
    select source, page, own_training_id, benchmark
    from named
    join burdens using (source, page, locator)
    group by all
    having min(burden_flop) != max(burden_flop)
),

told_apart as (
    select named.*, several_runs.source is not null as is_one_of_several,
    from named
    left join several_runs on
        named.source = several_runs.source
        and named.page = several_runs.page
        and named.own_training_id = several_runs.own_training_id
        and named.benchmark is not distinct from several_runs.benchmark
),

originals as (
    -- Of those alone that are declared to be another's: all names there are would be held at once.
    select source, printed_name, benchmark, min(own_training_id) as own_training_id
    from named
    where (source, printed_name, benchmark) in (select as_source, as_name, benchmark from declared)
    group by all
),

matched as (
    select
        told_apart.*,
        case
            when same_weights.weights_name is not null then same_weights.of_source || '#' || same_weights.weights_name
            when original.own_training_id is not null then original.own_training_id
            when is_one_of_several then told_apart.own_training_id || '@' || told_apart.page || ':' || told_apart.locator
            else told_apart.own_training_id
        end as training_id,
        case
            when same_weights.weights_name is not null then 'the same weights, by ' || same_weights.rule
            when original.own_training_id is not null then 'declared in points.toml'
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
    left join declared using (source, page, locator)
    left join originals as original on
        declared.as_source = original.source
        and declared.as_name = original.printed_name
        and declared.benchmark = original.benchmark
),

-- Materialized: the joins of ten million rows leave DuckDB 2.0 no memory to sort them in.
records as materialized (
    select
        source,
        page,
        locator,
        training_id,  -- the training: its paper, else its list or what it is trained for, # its name, and what it is trained for
        own_model as model_of_paper,  -- the same without what it is trained for: what a page means that names no benchmark
        is_ambiguous,  -- whether its paper has several of that name in different sizes, and this is none of them
        printed_name,
        model_id,
        training_paper_id as paper_id,
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
