-- One row per phase of a training run and kind of processor used in it: processors, time and hardware burden, with model and address.
-- grain: source, page, locator, benchmark?, phase, processor_kind?, processor?, precision?
with phases as (
    select * from core.run_phases
),

models as (
    select model_id, name, year, paper_id from core.models
),

papers as (
    select paper_id, title, url from core.papers
),

pages as (
    select source, page, url from meta.pages
),

runs as (
    select
        models.name as model,  -- name of the model, as the best-ranked source prints it
        models.year,
        phases.benchmark,
        phases.phase,
        phases.processor_kind,
        phases.processor,
        phases.processor_id,
        phases.processor_count,
        phases.wall_time_s,
        phases.precision,
        phases.hardware_burden_flop,
        phases.dataset,
        phases.epochs,
        papers.title as paper,  -- title of the paper
        papers.url as paper_url,  -- address of the paper
        phases.model_id,
        phases.source,
        phases.page,
        phases.locator,
        pages.url,
    from phases
    left join models using (model_id)
    left join papers on models.paper_id = papers.paper_id
    left join pages on phases.source = pages.source and phases.page = pages.page
)

select * from runs
