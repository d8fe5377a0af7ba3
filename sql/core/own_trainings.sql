-- One row per record that names a model, with the training that it is of by its paper and name alone.
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
    select
        keyed.source,
        keyed.page,
        keyed.locator,
        keyed.benchmark,
        keyed.architecture,
        printed_name,
        keyed.model_id,
        models.base_model,
        models.converted_from,
        models.weights_on,  -- the weights' own day, as the page or their file tells
        models.published_on,  -- the record's own day of publication or submission
        models.year,
        keyed.trained_for,
        keyed.weights_key,  -- the name without what a hub puts before and behind it
        keyed.paper_by_name,
        zoo,  -- the publisher of the model zoo that the source is; null where it is none
        zoo_released_on,  -- the day that all weights of the model zoo were released
        is_list_of_weights,  -- whether the source lists weights that others trained
        coalesce(keyed.paper_id, paper_of_key.paper_id) as training_paper_id,  -- the paper, also where only the name tells it
        case
            when is_list_of_weights then keyed.source || '#' || printed_name
            when zoo is not null and converted_from is null then keyed.source || '#' || keyed.name_key
            else coalesce(keyed.paper_id, paper_of_key.paper_id, keyed.trained_for, keyed.benchmark, keyed.source) || '#' || keyed.weights_key
        end as own_model,  -- the training without what it is trained for
        -- Weights for one task are not those for another, though paper and name are the same.
        own_model || coalesce(' ' || if(is_list_of_weights or zoo is not null, null, keyed.trained_for), '') as own_training_id,  -- the training, before a longer name, a declaration or a list of weights tells another
        not has_size_word and families.family_key is not null as is_ambiguous,  -- whether its paper has several of that name in different sizes, and this is none of them
        case
            when is_list_of_weights then 'weights'
            when zoo is not null and converted_from is null then 'zoo'
            when keyed.paper_id is not null then 'paper'
            when paper_of_key.paper_id is not null then 'only paper'
            else 'name'
        end as own_rule,  -- by what the training is known: weights, zoo, paper, only paper or name; `rule` of core.training_records has the sentence
    from keyed
    join models using (source, page, locator)
    left join paper_of_key using (trained_for, weights_key)
    left join families on keyed.paper_id = families.paper_id and keyed.family_key = families.family_key
)

select * from own
order by source, page, locator
