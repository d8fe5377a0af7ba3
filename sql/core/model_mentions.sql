-- One row per record of a page that names a model, with the paper and the model it is taken for.
-- grain: source, page, locator
with models as (
    select * from staging.model
),

merges as (
    select what, into_name from staging.merge where kind = 'model'
),

apart as (
    select name from staging.apart where kind = 'model'
),

evaluated as (
    -- The benchmark that the record is about; a record without one (Epoch's) is about the model itself.
    select source, page, locator, min(benchmark) as benchmark
    from (
        select source, page, locator, benchmark from staging.result
        union all
        select source, page, locator, benchmark from staging.operations
        union all
        select source, page, locator, benchmark from staging.run_phase
        union all
        select source, page, locator, benchmark from staging.unbounded_score
    )
    group by all
),

printed as (
    select
        models.source,
        models.page,
        models.locator,
        evaluated.benchmark,
        models.name as printed_name,
        models.architecture,
        nullif(regexp_extract(paper_url, 'arxiv\.org/(?:abs|pdf|html)/(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})', 1), '') as arxiv_id,
        nullif(regexp_extract(paper_url, '\b(10\.\d{4,9}/[^\s?#]+)', 1), '') as doi,
        nullif(trim(regexp_replace(lower(strip_accents(paper_title)), '[^\p{L}\p{N}]+', ' ', 'g')), '') as title_key,
        apart.name is not null as is_apart,
        coalesce(merges.into_name, models.name) as standard_name,
        merges.into_name is not null as is_declared,
    from models
    left join merges on models.name = merges.what
    left join apart on models.name = apart.name
    left join evaluated on
        models.source = evaluated.source and models.page = evaluated.page and models.locator = evaluated.locator
),

keyed as (
    select
        * exclude (is_apart, standard_name),
        if(is_apart, printed_name, name_key(standard_name)) as name_key,
    from printed
),

ids_of_title as (
    select title_key, arxiv_id, count(distinct source) as n_sources, count(*) as n_records
    from keyed
    where title_key is not null and arxiv_id is not null
    group by all
),

arxiv_of_title as (
    -- A title stands for one paper everywhere: that of the id which most sources give it, then most records. A link to another
    -- (the paper that compares with it, the page before) does not stand against that.
    select title_key, arxiv_id
    from ids_of_title
    window of_title as (partition by title_key order by n_sources desc, n_records desc, arxiv_id)
    qualify
        row_number() over of_title = 1
        and (n_sources, n_records) > coalesce(lead((n_sources, n_records)) over of_title, (0, 0))
),

with_paper as (
    select
        keyed.* exclude (arxiv_id),
        coalesce(arxiv_of_title.arxiv_id, keyed.arxiv_id) as arxiv_id,
        coalesce(
            'arxiv:' || coalesce(arxiv_of_title.arxiv_id, keyed.arxiv_id),
            'doi:' || lower(keyed.doi),
            'title:' || keyed.title_key
        ) as own_paper_id,
    from keyed
    left join arxiv_of_title on keyed.title_key = arxiv_of_title.title_key
),

without_paper as (
    select benchmark, name_key from with_paper where own_paper_id is null
),

paper_of_name as (
    -- Within a benchmark, a name that only one paper has stands for that paper where a page names none.
    select benchmark, name_key, min(own_paper_id) as paper_id
    from with_paper
    where own_paper_id is not null and benchmark is not null and (benchmark, name_key) in (select benchmark, name_key from without_paper)
    group by all
    -- Least and most are the same where there is one, which takes less than to count them.
    having min(own_paper_id) = max(own_paper_id)
),

mentions as (
    select
        with_paper.source,
        with_paper.page,
        with_paper.locator,
        with_paper.benchmark,  -- the benchmark that the record gives a result on; null where it gives none
        with_paper.architecture,
        with_paper.printed_name,  -- the model's name as the page prints it
        with_paper.name_key,  -- the name in lower case, without blanks and punctuation (but + and *, and a point between digits)
        with_paper.title_key,  -- the paper's title in lower case, letters and digits only
        with_paper.arxiv_id,  -- arXiv identifier of the paper, without version
        with_paper.doi,  -- digital object identifier of the paper
        coalesce(with_paper.own_paper_id, paper_of_name.paper_id) as paper_id,  -- the paper: arxiv:, doi: or title:; null where the page names none
        with_paper.own_paper_id is null and paper_of_name.paper_id is not null as paper_by_name,  -- whether the paper is known by the model's name only
        with_paper.is_declared,  -- whether merges.toml declares what the name stands for
        coalesce(with_paper.own_paper_id, paper_of_name.paper_id, benchmarks.trained_for, with_paper.benchmark, with_paper.source)
            || '#' || with_paper.name_key as model_id,  -- the model: its paper (else what it is trained for or its benchmark, else its source), # and its name
    from with_paper
    left join staging.benchmark as benchmarks using (benchmark)
    left join paper_of_name
        on with_paper.benchmark = paper_of_name.benchmark and with_paper.name_key = paper_of_name.name_key
)

select * from mentions
order by source, page, locator
