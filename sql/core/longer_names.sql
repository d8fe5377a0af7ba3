-- One row per record whose score stands in another page of its paper, to the digit, under a longer name: the training of that name.
-- grain: source, page, locator
with own as (
    select * from core.own_trainings where zoo is null and not is_list_of_weights
),

of_several_pages as (
    -- Few papers are: the scores of all there are would be compared with each other.
    select own.training_paper_id
    from own
    join core.page_order as pages using (source, page)
    group by all
    having min(pages.preference) != max(pages.preference)
),

scores as (
    select
        own.source, own.page, own.locator, printed_name, own_model, own_training_id, training_paper_id, weights_key, benchmark, metric, value,
        -- Another's page, which evaluates what it did not make, agrees less closely.
        if(paper_by_name, 0.151, 0.005) as tolerance,
    from own
    join staging.result as results using (source, page, locator, benchmark)
    where training_paper_id in (select training_paper_id from of_several_pages)
),

longer_names as (
    -- "MUSE" and "MUSE (Parallel Multi-scale Attention)", "Transformer" and "Transformer Base". Two names in one page are two models.
    select
        mine.source,
        mine.page,
        mine.locator,
        min(yours.own_model) as own_model,  -- of the record with the longer name
        min(yours.own_training_id) as own_training_id,  -- of the record with the longer name
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
)

select * from longer_names
order by source, page, locator
