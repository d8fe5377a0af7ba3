-- One row per record of a page and compute measure: the computation that the page gives for the model, in FLOP.
-- grain: source, page, locator, compute_measure, benchmark?, image_size?, precision?, is_derived
with passes as (
    select * from core.passes
),

totals as (
    select * from core.compute_totals
),

phases as (
    select * from core.run_phases
),

per_pass as (
    -- A record that prints both conventions counts with its FLOPs, as in the paper: flops, else 2 × multiadds.
    select
        source, page, locator, model_id, benchmark, architecture, image_size, null as precision,
        'operations_per_pass' as compute_measure, operations_per_pass_flop as compute_flop, null as confidence, false as is_derived,
    from passes
    qualify row_number() over (partition by source, page, locator, benchmark, image_size order by convention) = 1
),

printed as (
    select
        source, page, locator, model_id, benchmark, null as architecture, null as image_size, null as precision,
        compute_measure, compute_flop, confidence, false as is_derived,
    from totals
),

from_phases as (
    -- Processors × rate × time over all phases and kinds of processor, where every phase that names any of them has all.
    select
        source, page, locator, model_id, benchmark, architecture, null as image_size, precision,
        'hardware_burden' as compute_measure, sum(hardware_burden_flop) as compute_flop, null as confidence, true as is_derived,
    from phases
    where is_of_burden
    group by source, page, locator, model_id, benchmark, architecture, precision
    having
        bool_and(hardware_burden_flop is not null)
        -- Where only the finetuning is known, the pretraining that it builds on is missing.
        and bool_or(phase != 'finetuning')
),

-- Materialized: what is sorted as it comes from a union DuckDB 2.0 never writes to the disk.
measures as materialized (
    select * from per_pass
    union all
    select * from printed
    union all
    select * from from_phases
)

select
    source,
    page,
    locator,
    model_id,
    benchmark,
    architecture,
    image_size,
    precision,
    compute_measure,
    compute_flop,  -- the computation, FLOP
    confidence,
    is_derived,  -- whether it is computed from the phases of the run and not printed
from measures
where compute_flop > 0
order by source, page, locator, compute_measure, precision, is_derived
