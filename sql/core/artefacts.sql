-- One row per finding of a rule that looks for faults of hand entry: the record, the rule and the evidence.
-- grain: none, a rule may say the same of two phases of a record
with mentions as not materialized (
    select
        *,
        try_cast(regexp_extract(locator, '(\d+)\D*$', 1) as integer) as position,
        lower(regexp_extract(printed_name, '[A-Za-z]+')) as family,
    from core.model_mentions
),

burdens as (
    select totals.*, mentions.printed_name, mentions.position, mentions.family, mentions.paper_id
    from core.compute_totals as totals
    join mentions using (source, page, locator)
    where totals.compute_measure = 'hardware_burden'
),

phases as (
    select runs.*, mentions.paper_id, mentions.printed_name, mentions.family
    from core.run_phases as runs
    join mentions using (source, page, locator)
),

increments as (
    -- The step from the row before, only where the rows stand next to each other.
    select
        *,
        round(value - lag(value) over before, 3) as step,
        position - lag(position) over before as distance,
    from burdens
    window before as (partition by source, page order by position)
),

runs_of_steps as (
    select
        *,
        row_number() over (partition by source, page order by position)
            - row_number() over (partition by source, page, step, distance order by position) as run,
    from increments
),

constant_steps as (
    select source, page, step, run, count(*) + 1 as n_rows, min(position) - 1 as first_position, max(position) as last_position
    from runs_of_steps
    where distance = 1 and step != 0
    group by source, page, step, run
    having count(*) >= 3
),

constant_increment as (
    select
        'constant_increment' as rule, burdens.source, burdens.page, burdens.locator,
        format('{} consecutive burdens rise by exactly {:.0f} {}: a column dragged down', n_rows, step, unit) as evidence,
    from constant_steps
    join burdens on
        burdens.source = constant_steps.source
        and burdens.page = constant_steps.page
        and burdens.position between first_position and last_position
),

copied_burden as (
    -- The same burden to the last digit for models of different families; the earlier row is taken for the original.
    select
        'copied_burden' as rule, copy.source, copy.page, copy.locator,
        format('{} has the burden of {} ({}) to the digit: {} {}', copy.printed_name, original.printed_name, original.locator, copy.value, copy.unit) as evidence,
    from burdens as copy
    join burdens as original on
        copy.source = original.source
        and copy.page = original.page
        and copy.value = original.value
        and not starts_with(copy.family, original.family)
        and not starts_with(original.family, copy.family)
        and coalesce(copy.paper_id != original.paper_id, true)
        and copy.position > original.position
    -- Two numbers of two or three digits are the same by chance often enough.
    where copy.value != round(copy.value, 2 - floor(log10(copy.value))::integer)
    qualify row_number() over (partition by copy.source, copy.page, copy.locator order by original.position) = 1
),

of_phases as (
    select
        source, page, locator,
        sum(hardware_burden_flop) as burden_flop,
        bool_and(hardware_burden_flop is not null) as is_complete,
        string_agg(processor_count::varchar || ' × ' || coalesce(processor, processor_kind, 'processor') || ' × ' || wall_time_s::bigint || ' s', ' + ' order by phase, processor_kind) as factors,
    from phases
    where processor is not null or wall_time_s is not null or processor_count is not null
    group by all
),

burden_not_product as (
    select
        'burden_not_product' as rule, burdens.source, burdens.page, burdens.locator,
        format('printed {:.3e} FLOP; {} gives {:.3e}', burdens.compute_flop, factors, burden_flop) as evidence,
    from burdens
    join of_phases using (source, page, locator)
    where is_complete and not burdens.compute_flop / burden_flop between 0.9 and 1.1
),

epochs as (
    select
        source, page, locator,
        sum(epochs * training_set_size) as examples,
        sum(epochs * training_set_size) filter (phase = 'training') as training_examples,
        string_agg(phase, ' + ' order by phase) as counted,
    from (select distinct source, page, locator, phase, epochs, training_set_size from phases)
    where epochs is not null and training_set_size is not null
    group by all
),

products as (
    select
        totals.source, totals.page, totals.locator, totals.compute_flop, counted,
        measures.compute_flop as pass_flop,
        examples,
        totals.compute_flop / (pass_flop * 3 * examples) as ratio,
        training_examples,
        totals.compute_flop / (pass_flop * 3 * training_examples) as training_ratio,
    from core.compute_totals as totals
    join core.measures as measures on
        totals.source = measures.source and totals.page = measures.page and totals.locator = measures.locator
        and measures.compute_measure = 'operations_per_pass'
    join epochs on totals.source = epochs.source and totals.page = epochs.page and totals.locator = epochs.locator
    where totals.compute_measure = 'network_operations'
),

network_operations_not_product as (
    select
        'network_operations_not_product' as rule, source, page, locator,
        format(
            'printed {:.3e} FLOP; {:.3e} per pass × 3 × {:.3e} examples ({}) gives {:.3e}: a ratio of {:.2f}',
            compute_flop, pass_flop, examples, counted, pass_flop * 3 * examples, ratio
        ) as evidence,
    from products
    where not ratio between 0.9 and 1.1
),

network_operations_of_several_phases as (
    -- Beside rows that count the training only, these are of another thing.
    select
        'network_operations_of_several_phases' as rule, source, page, locator,
        format(
            'printed {:.3e} FLOP; {:.3e} per pass × 3 × {:.3e} examples (training) gives {:.3e}: a ratio of {:.2f}, of {:.2f} over {}',
            compute_flop, pass_flop, training_examples, pass_flop * 3 * training_examples, training_ratio, ratio, counted
        ) as evidence,
    from products
    where not training_ratio between 0.9 and 1.1 and ratio between 0.9 and 1.1
),

utilization_out_of_range as (
    select
        'utilization_out_of_range' as rule, burdens.source, burdens.page, burdens.locator,
        format('training compute {:.3e} FLOP over a burden of {:.3e}: {:.4f}', trained.compute_flop, burdens.compute_flop, trained.compute_flop / burdens.compute_flop) as evidence,
    from burdens
    join core.compute_totals as trained on
        burdens.model_id = trained.model_id and trained.compute_measure = 'training_compute'
    join core.page_order as pages on trained.source = pages.source and trained.page = pages.page
    where not trained.compute_flop / burdens.compute_flop between 0.001 and 1
    qualify row_number() over (partition by burdens.source, burdens.page, burdens.locator order by pages.preference, trained.locator) = 1
),

top5_error_above_top1 as (
    select
        'top5_error_above_top1' as rule, top1.source, top1.page, top1.locator,
        format('top-1 {} %, top-5 {} %', top1.value, top5.value) as evidence,
    from core.results as top1
    join core.results as top5 using (source, page, locator, benchmark)
    where top1.metric = 'top1' and top5.metric = 'top5' and top5.value < top1.value
),

paper_older_than_processor as (
    select
        'paper_older_than_processor' as rule, phases.source, phases.page, phases.locator,
        format('the paper is of {}, {} was released in {}', models.year, phases.processor, coalesce(processors.release_year, year(processors.released_on))) as evidence,
    from phases
    join core.models as models using (model_id)
    join core.processors as processors using (processor_id)
    where models.year < coalesce(processors.release_year, year(processors.released_on))
    qualify row_number() over (partition by phases.source, phases.page, phases.locator order by phases.phase) = 1
),

rate_not_of_processor as (
    select
        'rate_not_of_processor' as rule, phases.source, phases.page, phases.locator,
        format('{} at {:.3e} FLOP/s, the data sheet says {:.3e}', phases.processor, phases.peak_flop_per_s, processors.paper_rate_flop_per_s) as evidence,
    from phases
    join core.processors as processors using (processor_id)
    where not phases.peak_flop_per_s / processors.paper_rate_flop_per_s between 0.85 and 1.15
    qualify row_number() over (partition by phases.source, phases.page, phases.locator order by phases.phase) = 1
),

implausible_wall_time as (
    select
        'implausible_wall_time' as rule, source, page, locator,
        format('{} of {}: longer than two years', coalesce(wall_time_literal, wall_time_s::bigint || ' s'), phase) as evidence,
    from phases
    where wall_time_s > 2 * 365.25 * 86400
),

processors_without_count as (
    select
        'processors_without_count' as rule, source, page, locator,
        format('{} of {} without a number', string_agg(processor, ', ' order by processor), phase) as evidence,
    from phases
    where processor is not null and processor_count is null
    group by source, page, locator, phase
),

count_without_processor as (
    select
        'count_without_processor' as rule, source, page, locator,
        format('{} processors of {} without a name', string_agg(processor_count::varchar, ', ' order by processor_kind), phase) as evidence,
    from phases
    where processor is null and processor_count is not null
    group by source, page, locator, phase
),

with_burdens as materialized (
    -- A few: known before the names are read, which are millions where much is read.
    select distinct source from burdens
),

same_model_twice as (
    select
        'same_model_twice' as rule, source, page, locator,
        format('{} stands {} times in the page', printed_name, count(*) over same) as evidence,
    from mentions
    -- Only of tables of burdens, whose fits would count the model twice: elsewhere several records of a model are several runs.
    where benchmark is not null and source in (select source from with_burdens)
    window same as (partition by source, page, name_key)
    qualify count(*) over same > 1
),

of_model as (
    -- What each page of a source says of a model's training, where it says it for several benchmarks.
    select
        source, paper_id, family, page, min(locator) as locator, min(printed_name) as printed_name,
        string_agg(distinct description, '; ' order by description) as training,
    from (
        select *, concat_ws(' ', phase, processor_count, processor, wall_time_s || ' s', epochs || ' epochs') as description
        from phases
        where coalesce(processor, wall_time_s::varchar, epochs::varchar) is not null
    )
    where paper_id is not null
    group by source, paper_id, family, page
),

phases_differ_between_pages as (
    select
        'phases_differ_between_pages' as rule, here.source, here.page, here.locator,
        format('{}: {}; in {}: {}', here.printed_name, here.training, there.page, there.training) as evidence,
    from of_model as here
    join of_model as there using (source, paper_id, family)
    where here.page != there.page and here.training != there.training
    qualify row_number() over (partition by here.source, here.page, here.locator order by there.page) = 1
),

constant_column as (
    select
        'constant_column' as rule, source, '' as page, '' as locator,
        format('backward_ratio is {} on all {} rows', min(backward_ratio), count(distinct (page, locator))) as evidence,
    from phases
    where backward_ratio is not null
    group by source
    having count(distinct backward_ratio) = 1 and count(distinct (page, locator)) >= 20
),

declared as (
    select
        faults.rule, mentions.source, mentions.page, mentions.locator, faults.compute_measure,
        format('{}: {}', mentions.printed_name, faults.citation) as evidence,
    from mentions
    join staging.declared_fault as faults on
        mentions.source = faults.source and mentions.page = faults.page and mentions.printed_name = faults.printed_name
),

rejected as (
    select rule, source, page, locator, format('{}: {}', column_name, literal) as evidence
    from core.rejected_cells
),

of_records as (
    select * from constant_increment
    union all
    select * from copied_burden
    union all
    select * from burden_not_product
    union all
    select * from network_operations_not_product
    union all
    select * from network_operations_of_several_phases
    union all
    select * from utilization_out_of_range
    union all
    select * from top5_error_above_top1
    union all
    select * from paper_older_than_processor
    union all
    select * from rate_not_of_processor
    union all
    select * from implausible_wall_time
    union all
    select * from processors_without_count
    union all
    select * from count_without_processor
    union all
    select * from same_model_twice
    union all
    select * from phases_differ_between_pages
    union all
    select * from constant_column
    union all
    select * from rejected
),

findings as (
    select * from of_records
    union all by name
    select * from declared
    union all by name
    select * from core.point_findings
)

select
    rule,  -- the rule that the record breaks
    source,
    page,
    locator,
    compute_measure,  -- the computation that it is about; null for the record as a whole
    evidence,  -- what breaks it, with the numbers
from findings
order by rule, source, page, locator, evidence
