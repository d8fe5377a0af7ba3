-- One row per row set, benchmark, metric, compute measure and point: what a plot shows of it and a reader asks about it.
-- grain: row_set, benchmark, metric, compute_measure, point
with samples as (
    select
        row_set, benchmark, metric, compute_measure, result_id,
        bool_or(selection = 'one_per_training') as is_one_per_training,
        bool_or(selection = 'frontier') as is_frontier,
    from fits.samples
    group by all
),

once_declared as (
    select distinct row_set from fits.sample_sets where selection = 'one_per_training'
),

kinds as (
    select trainer, min(kind_of_run) as kind from staging.trainer group by trainer
),

papers as (
    select
        paper_id,
        title as paper_title,
        case
            when arxiv_id is not null then 'https://arxiv.org/abs/' || arxiv_id
            when doi is not null then 'https://doi.org/' || doi
            when url like 'http%' then url
        end as paper_address,
    from core.papers
),

homepages as (
    select source, homepage from staging.source_setting
),

pages as (
    -- What a program fetches is not what a person reads: a raw file has a page on GitHub, and an archive its publisher's.
    select
        source,
        page,
        case
            when url like 'https://raw.githubusercontent.com/%'
                then regexp_replace(url, '^https://raw\.githubusercontent\.com/([^/]+/[^/]+)/', 'https://github.com/\1/blob/')
            when regexp_matches(url, '\.(zip|csv|json)$') then homepage
            else url
        end as row_address,
    from meta.pages
    join homepages using (source)
),

hardware as (
    select source, page, locator, string_agg(told, '; ' order by total desc, told) as hardware, sum(total)::double as processor_count
    from (
        select
            source, page, locator, processor_count as total,
            if(processor_count >= 1, processor_count::bigint || ' × ', '') || coalesce(processor_id, processor) as told,
        from core.run_phases
        where processor is not null
        group by all
    )
    group by all
),

landmarks as (
    select distinct benchmark, rank as landmark_rank, label as landmark_label, name_key(name) as landmark_key from staging.landmark
),

points as (
    select
        points.row_set,
        points.benchmark,
        points.metric,
        points.compute_measure,
        points.result_id as point,
        records.printed_name,
        points.trainer,
        case
            when points.purpose = 'time_to_target' then 'contest'
            when points.trainer = 'authors' then 'paper'
            when kinds.kind is not null then kinds.kind
            else 'list'
        end as kind_of_run,
        points.purpose,
        coalesce(results.year, year(results.released_on)) as year,
        results.released_on,
        points.released_precision,
        points.compute_unit,
        points.log10_compute as log10_computation,
        points.error,
        points.paper_id,
        papers.paper_title,
        papers.paper_address,
        pages.row_address,
        hardware.hardware,
        hardware.processor_count,
        if(once_declared.row_set is null, null, samples.is_one_per_training) as is_one_per_training,
        samples.is_frontier,
        landmarks.landmark_rank,
        landmarks.landmark_label,
        points.source,
        points.page,
        points.locator,
        if(
            landmark_rank is null,
            null,
            row_number() over (
                partition by points.row_set, points.benchmark, points.metric, points.compute_measure, landmark_rank
                order by kind_of_run != 'paper', not samples.is_one_per_training, points.error, points.result_id
            )
        ) as place,
    from samples
    -- An error of 0 is no point of a fit.
    join fits.points as points using (row_set, benchmark, metric, compute_measure, result_id)
    join core.results as results using (result_id)
    join core.training_records as records on
        results.source = records.source and results.page = records.page and results.locator = records.locator
    join pages on points.source = pages.source and points.page = pages.page
    left join kinds on points.trainer = kinds.trainer
    left join papers on points.paper_id = papers.paper_id
    left join hardware on
        points.source = hardware.source and points.page = hardware.page and points.locator = hardware.locator
    left join once_declared on points.row_set = once_declared.row_set
    left join landmarks on points.benchmark = landmarks.benchmark and name_key(records.printed_name) = landmarks.landmark_key
)

select
    row_set,
    benchmark,
    metric,
    compute_measure,
    point,  -- the point: result_id, key of core.results
    readable_name(printed_name) as label,  -- the model's name without the codes of its list; two trainings may share it
    printed_name,  -- the name as the page of the score prints it
    trainer,
    year,  -- year of publication; null where no page tells
    released_on,  -- day of the weights or the paper as far as it is known, see released_precision
    released_precision,  -- day, month, year; listed: in a list by then, and perhaps before
    kind_of_run,  -- paper: its own authors' training; vendor: a model zoo's training of a known recipe; contest: a race to a target; list: of a list of weights that does not say whose they are
    purpose,
    compute_unit,
    10 ** log10_computation as computation,  -- the computation, in compute_unit
    log10_computation,  -- log10 of the same
    error,
    paper_id,
    paper_title,  -- title of the paper of its recipe
    paper_address,  -- where a person reads the paper
    row_address,  -- where a person sees the page that the computation is from: page and locator say where in it
    coalesce(paper_address, row_address) as address,  -- the paper's, else the page's
    hardware,  -- processors of the training with their count, the most first; null where the record of the computation tells none
    processor_count,  -- how many they are together; null where no page tells
    coalesce(place = 1, false) as is_landmark,  -- whether people know the model by name: flows/declared/landmarks.toml
    if(place = 1, landmark_rank, null) as landmark_rank,  -- 1 is named first, where there is room for few
    if(place = 1, landmark_label, null) as landmark_label,  -- what it is called in a plot
    is_one_per_training,  -- whether it is the one evaluation of its training; null in row sets that do not choose
    is_frontier,  -- whether no result was better at its release
    source,
    page,
    locator,
from points
order by row_set, benchmark, metric, compute_measure, point
