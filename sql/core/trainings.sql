-- One row per training: weights that somebody made once, of an architecture, on data, by a recipe.
-- grain: training_id
with records as (
    select records.*, pages.preference
    from core.training_records as records
    join core.page_order as pages using (source, page)
),

papers as (
    select
        paper_id,
        published_on,
        -- An arXiv id begins with the year and month of the first version: 2007.05558.
        if(
            regexp_matches(arxiv_id, '^\d\d(0[1-9]|1[0-2])\.\d{4,5}'),
            make_date(2000 + arxiv_id[1:2]::integer, arxiv_id[3:4]::integer, 1),
            null
        ) as arxiv_month,
        year,
    from core.papers
),

mentioned as (
    select older.of_source || '#' || older.weights_name as training_id, listing.listed_on
    from staging.listing as listing
    join core.older_names as older using (name, image_size, value)
    union all
    -- Weights that the list has no longer are known by a card alone.
    select records.training_id, listing.listed_on
    from records
    join staging.result as results using (source, page, locator)
    join staging.listing as listing on
        records.printed_name = listing.name
        and results.image_size = listing.image_size
        and results.benchmark = listing.benchmark
        and results.metric = listing.metric
        and abs(results.value - listing.value) <= 0.15
    where records.trainer is null
),

listed as (
    -- The first version of a list that has the weights: they are not younger, but may be older.
    select training_id, min(listed_on) as listed_on
    from mentioned
    group by all
),

days_of_names as (
    -- A list that tells no benchmark tells the day of the model itself: "Qwen-72B" is the hub's "Qwen/Qwen-72B".
    select split_part(records.model_of_paper, '#', 2) as name_key, min(records.published_on) as named_on
    from records
    join core.model_mentions as mentions using (source, page, locator)
    where mentions.benchmark is null and records.published_on is not null
    group by all
    having count(distinct records.published_on) = 1
),

settings as (
    select source, page, locator, string_agg(distinct setting, '; ' order by setting) as setting
    from staging.result
    where setting is not null
    group by all
),

said as (
    select source, page, locator, 'name' as says_in, printed_name as text from records
    union all
    select source, page, locator, 'setting', setting from settings
),

told as (
    -- Of each text once: a pattern is read anew for each row.
    select texts.source, texts.says_in, texts.text, purposes.purpose, purposes.reason
    from (select distinct source, says_in, text from said) as texts
    join staging.purpose as purposes using (says_in)
    where coalesce(purposes.source, texts.source) = texts.source and regexp_matches(texts.text, purposes.pattern)
),

signs as (
    -- Where the setting and the name both tell of it, the setting does.
    select
        said.source,
        said.page,
        said.locator,
        told.purpose,
        told.reason as purpose_reason,
        said.text as purpose_evidence,
    from said
    join told using (source, says_in, text)
    qualify row_number() over (partition by said.source, said.page, said.locator order by told.purpose desc, said.says_in desc, told.reason) = 1
),

known as (
    -- Who submits weights has them: before their paper the submission's day counts.
    select
        records.*,
        papers.arxiv_month,
        papers.published_on as paper_on,
        papers.year as paper_year,
        if(
            records.is_submission,
            least(papers.published_on, records.published_on),
            coalesce(papers.published_on, records.published_on)
        ) as known_on,
    from records
    left join papers on records.paper_id = papers.paper_id
),

dated as (
    -- What each record says of the day; of a paper whose day is later than its own arXiv month the month counts, for the day
    -- is a later version's or a conference's.
    select
        known.*,
        signs.* exclude (source, page, locator),
        listed.listed_on,
        if(trainer = 'authors' and known.paper_id is null, days_of_names.named_on, null) as named_on,
        case
            when weights_on is not null then weights_on
            when zoo_released_on is not null then zoo_released_on
            when trainer = 'authors' and arxiv_month is not null
                and known_on <= last_day(arxiv_month)
                then known_on
            when trainer = 'authors' and arxiv_month is not null then arxiv_month + interval 14 day
            when trainer = 'authors' then coalesce(known.published_on, paper_on, make_date(coalesce(paper_year, known.year), 7, 1))
        end::date as own_day,
        case
            when weights_on is not null then 'day'
            when zoo_released_on is not null then 'day'
            when trainer = 'authors' and arxiv_month is not null
                and known_on <= last_day(arxiv_month) then 'day'
            when trainer = 'authors' and arxiv_month is not null then 'month'
            when trainer = 'authors' and coalesce(known.published_on, paper_on) is not null then 'day'
            when trainer = 'authors' and coalesce(paper_year, known.year) is not null then 'year'
        end as own_precision,
        case
            when weights_on is not null then 'the weights'' file'
            when zoo_released_on is not null then 'released with the model zoo'
            when trainer = 'authors' and arxiv_month is not null then 'the paper'
            when trainer = 'authors' then 'the record'
        end as own_evidence,
    from known
    left join signs using (source, page, locator)
    left join listed using (training_id)
    left join days_of_names on split_part(known.model_of_paper, '#', 2) = days_of_names.name_key
),

grouped as (
    select
        training_id,
        -- A list of others' weights does not say who trained them; where their authors' own page or a conversion does, that stands.
        first(trainer order by preference, locator) filter (trainer is not null) as trainer,
        first(printed_name order by preference, locator) as name,
        first(paper_id order by preference, locator) filter (paper_id is not null) as paper_id,
        first(architecture order by preference, locator) filter (architecture is not null) as architecture,
        first(base_model order by preference, locator) filter (base_model is not null) as base_model,
        first((purpose, purpose_reason, purpose_evidence) order by preference, locator) filter (purpose is not null) as sign,
        -- The earliest year that a record tells; within it a day before the middle of a month or of the year, which may lie earlier.
        first((own_day, own_precision, own_evidence) order by year(own_day), own_precision != 'day', own_day, preference, locator) filter (own_day is not null) as own,
        coalesce(own, any_value((named_on, 'day', 'the model of that name')) filter (named_on is not null)) as own_or_named,
        min(listed_on) as first_listed_on,
        count(*) as n_records,
        count(distinct source) as n_sources,
    from dated
    group by training_id
)

select
    training_id,
    trainer,  -- who trained it: authors (of its paper or entry) or a model zoo's publisher; null where no page says
    name,  -- its name, as the best-ranked source prints it
    paper_id,  -- the paper of its recipe
    architecture,
    base_model,  -- the model whose weights it began from
    case
        when sign is not null then sign[1]
        when trainer = 'authors' then 'record'
        when trainer is not null then 'reproduction'
        else 'unknown'
    end as purpose,  -- record, reproduction, time_to_target, probe, test, ablation; unknown where no page says who trained it
    case
        when sign is not null then sign[2]
        when trainer = 'authors' then 'its own authors'' training'
        when trainer is not null then 'a known recipe, trained again by ' || trainer
        else 'a list of others'' weights, which does not say'
    end as purpose_reason,  -- why it is taken for that
    sign[3] as purpose_evidence,  -- the words that say so; null where the list as a whole does
    coalesce(own_or_named[1], first_listed_on) as released_on,  -- the day of the weights as far as it is known; in the middle of the month or year that is
    case when own_or_named is not null then own_or_named[2] when first_listed_on is not null then 'listed' end as released_precision,  -- day, month, year; listed: in a list by then, and perhaps before; null where no day is known
    case when own_or_named is not null then own_or_named[3] when first_listed_on is not null then 'first listed' end as released_evidence,  -- what tells the day
    first_listed_on,  -- the first version of a list that has it
    -- "…_384" in the name of the weights.
    try_cast(nullif(regexp_extract(name, '(?:^|[_-])(\d{3})(?:px)?(?:[._-]|$)', 1), '') as integer) as image_size_in_name,  -- side of the images that its name tells, pixels
    n_records,  -- records that are of it
    n_sources,  -- sources that have it
from grouped
order by training_id
