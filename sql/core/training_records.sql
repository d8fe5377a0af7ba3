-- One row per record that names a model, with the training that it is of and how that is known.
-- grain: source, page, locator
with mentions as not materialized (
    select * from core.model_mentions
),

models as (
    select source, page, locator, base_model, converted_from, weights_on, published_on, year from staging.model
),

trainers as (
    select source, trainer, released_on from staging.trainer
),

lists_of_weights as (
    -- Of weights that others trained: that list itself, and those that copy it.
    select of as source from staging.copies
    union
    select source from staging.copies where not by_authors and not converted_only
),

scored as not materialized (
    select models.source, models.page, models.locator, models.name as printed_name, results.benchmark, results.metric, results.value, results.image_size
    from staging.model as models
    join staging.result as results using (source, page, locator)
),

declared as (
    -- Of the sizes at which the other source has the weights, the one with the nearest score is the record's.
    select
        same.source, mentions.page, mentions.locator, same.as_source, same.as_name, same.benchmark, same.reason,
        arg_min(theirs.image_size, abs(theirs.value - ours.value)) as image_size,
    from staging.same_training as same
    join mentions using (source, printed_name, benchmark)
    left join scored as ours using (source, page, locator, benchmark)
    left join scored as theirs on
        same.as_source = theirs.source
        and same.as_name = theirs.printed_name
        and same.benchmark = theirs.benchmark
        and ours.metric = theirs.metric
    group by all
),

keyed as not materialized (
    select
        mentions.* exclude (title_key, arxiv_id, doi, is_declared),
        benchmarks.trained_for,
        -- Hubs put who uploaded a language model before its name, and who converted its file behind; how long it may think is a
        -- setting of the evaluation.
        weights_key(
            if(
                benchmarks.trained_for = 'language models',
                name_key(regexp_replace(printed_name, '^[\w.-]+/|-hf$|_(\d+K|minimal|low|medium|high|xhigh)$', '', 'g')),
                mentions.name_key
            )
        ) as weights_key,
        size_word(printed_name) is not null as has_size_word,
        family_key(printed_name) as family_key,
        trainers.trainer as zoo,
        trainers.released_on as zoo_released_on,
        mentions.source in (select source from lists_of_weights) as is_list_of_weights,
    from mentions
    left join trainers using (source)
    left join staging.benchmark as benchmarks using (benchmark)
),

paper_of_key as (
    -- A name that one paper has, of those that are trained for the same, stands for that paper where a page names none.
    select trained_for, weights_key, min(paper_id) as paper_id
    from keyed
    where trained_for is not null and paper_id is not null and zoo is null
    group by all
    -- Least and most are the same where there is one, which takes a tenth of the memory of counting them.
    having min(paper_id) = max(paper_id)
),

families as (
    -- "Transformer" of a paper that has a base and a big one is neither.
    select paper_id, family_key
    from keyed
    where paper_id is not null
    group by all
    having min(size_word(printed_name)) != max(size_word(printed_name))
),

own as (
    -- Whose training it is by what the page says of itself.
    select
        keyed.*,
        models.* exclude (source, page, locator),
        coalesce(keyed.paper_id, paper_of_key.paper_id) as training_paper_id,
        case
            when is_list_of_weights then keyed.source || '#' || printed_name
            when zoo is not null and converted_from is null then keyed.source || '#' || keyed.name_key
            else coalesce(keyed.paper_id, paper_of_key.paper_id, keyed.trained_for, keyed.benchmark, keyed.source) || '#' || keyed.weights_key
        end as own_model,
        -- Weights for one task are not those for another, though paper and name are the same.
        own_model || coalesce(' ' || if(is_list_of_weights or zoo is not null, null, keyed.trained_for), '') as own_training_id,
        not has_size_word and families.family_key is not null as is_ambiguous,
        -- A word, for it is kept with every row; `matched` has the sentence.
        case
            when is_list_of_weights then 'weights'
            when zoo is not null and converted_from is null then 'zoo'
            when keyed.paper_id is not null then 'paper'
            when paper_of_key.paper_id is not null then 'only paper'
            else 'name'
        end as own_rule,
    from keyed
    join models using (source, page, locator)
    left join paper_of_key using (trained_for, weights_key)
    left join families on keyed.paper_id = families.paper_id and keyed.family_key = families.family_key
),

of_several_pages as (
    -- Few papers are: the scores of all there are would be compared with each other.
    select training_paper_id from own group by all having min((source, page)) != max((source, page))
),

scores as not materialized (
    select
        own.source, own.page, own.locator, printed_name, own_model, own_training_id, training_paper_id, weights_key, benchmark, metric, value,
        -- Another's page, which evaluates what it did not make, agrees less closely.
        if(paper_by_name, 0.151, 0.005) as tolerance,
    from own
    join staging.result as results using (source, page, locator, benchmark)
    where
        zoo is null
        and not is_list_of_weights
        and training_paper_id in (select training_paper_id from of_several_pages)
),

longer_names as (
    -- A score of one paper to the digit, under a shorter and a longer name in two pages: "MUSE" and "MUSE (Parallel Multi-scale
    -- Attention)", "Transformer" and "Transformer Base". Two names in one page are two models.
    select
        mine.source, mine.page, mine.locator,
        min(yours.own_model) as own_model,
        min(yours.own_training_id) as own_training_id,
    from scores as mine
    join scores as yours on
        mine.training_paper_id = yours.training_paper_id
        and mine.benchmark = yours.benchmark
        and mine.metric = yours.metric
        and (mine.source, mine.page) != (yours.source, yours.page)
        and length(mine.weights_key) < length(yours.weights_key)
        and (
            contains(yours.weights_key, mine.weights_key)
            or list_has_all(
                regexp_split_to_array(lower(yours.printed_name), '[^a-z0-9+*]+'),
                regexp_split_to_array(lower(mine.printed_name), '[^a-z0-9+*]+')
            )
        )
        and abs(mine.value - yours.value) < mine.tolerance
    group by all
    having count(distinct yours.own_training_id) = 1
),

named as not materialized (
    select
        own.* exclude (own_model, own_training_id, is_ambiguous, own_rule),
        coalesce(longer_names.own_model, own.own_model) as own_model,
        coalesce(longer_names.own_training_id, own.own_training_id) as own_training_id,
        own.is_ambiguous and longer_names.own_model is null as is_ambiguous,
        if(longer_names.own_model is null, own.own_rule, 'longer name') as own_rule,
    from own
    left join longer_names using (source, page, locator)
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
