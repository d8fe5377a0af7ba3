-- One row per finding that bears on whether a record is a point of a fit: the record, the rule, which computation, the evidence.
-- grain: none, a rule may say the same of a record twice
with records as (
    select * from core.training_records
),

burdens as (
    select
        measures.*,
        records.paper_id,
        records.printed_name,
        family_key(records.printed_name) as family,
        coalesce(evaluated.is_ensemble, false) as is_ensemble,
        list_position(['tiny', 'small', 'base', 'medium', 'large', 'big', 'huge', 'xlarge', 'xl'], size_word(records.printed_name)) as size_rank,
    from core.measures as measures
    join records using (source, page, locator)
    left join (
        select distinct source, page, locator, is_ensemble from staging.result where is_ensemble
    ) as evaluated using (source, page, locator)
    where measures.compute_measure = 'hardware_burden'
),

burden_of_another_member as (
    -- An ensemble takes as many trainings as it has members, a big model more than a base one: equal burdens are the other's.
    select
        'burden_of_another_member' as rule, one.source, one.page, one.locator, 'hardware_burden' as compute_measure,
        format('{} has the burden of {} ({}): {:.4e} FLOP', one.printed_name, other.printed_name, other.locator, one.compute_flop) as evidence,
    from burdens as one
    join burdens as other on
        one.source = other.source
        and (one.page = other.page or one.paper_id = other.paper_id)
        and one.family = other.family
        and one.locator != other.locator
        and abs(one.compute_flop / other.compute_flop - 1) < 0.01
        and ((one.is_ensemble and not other.is_ensemble) or (not one.is_ensemble and one.size_rank < other.size_rank))
    qualify row_number() over (partition by one.source, one.page, one.locator order by other.page, other.locator) = 1
),

without_base as (
    -- Only the finetuning is known, or the page names a model that the training began from and its burden is not in it.
    select
        'without_base' as rule, source, page, locator, 'hardware_burden' as compute_measure,
        format('{}: trained from {}, whose burden is not in it', printed_name, base_model) as evidence,
    from records
    join (select distinct source, page, locator from burdens where is_derived) using (source, page, locator)
    where base_model is not null
    union all
    select
        'without_base' as rule, source, page, locator, 'hardware_burden' as compute_measure,
        format('{}: {}, which another network computed', printed_name, setting) as evidence,
    from records
    join (select distinct source, page, locator, setting from staging.result) using (source, page, locator)
    where setting = 'precomputed proposals'
),

passes as (
    select
        passes.* exclude (image_size),
        -- A card has one size for its score and its operations.
        coalesce(passes.image_size, evaluated.image_size) as image_size,
        models.parameters,
        records.printed_name,
        -- "…_384" at 384 pixels is the architecture at another size; "regnety_064" is not.
        regexp_replace(
            coalesce(passes.architecture, records.printed_name),
            '[_-]' || coalesce(passes.image_size, evaluated.image_size)::varchar || '(px)?$', ''
        ) as architecture_name,
    from core.passes as passes
    join records using (source, page, locator)
    join staging.model as models using (source, page, locator)
    left join (
        select source, page, locator, min(image_size) as image_size from staging.result where image_size is not null group by all
    ) as evaluated using (source, page, locator)
),

known_architectures as (
    -- What a page of a list says of an architecture and size.
    select
        name_family(architecture_name) as family, architecture_name, image_size, source, page,
        median(operations) as operations, median(parameters) as parameters,
    from passes
    where operations > 0 and parameters > 0
    group by all
),

families as (
    -- Operations per parameter, as a family has them.
    select family, median(log10(operations / parameters)) as log10_per_parameter
    from known_architectures
    group by family
),

exchanged_cells as (
    -- "My FLOPs are your parameters, my parameters your FLOPs", digit by digit: the units' powers of ten may be wrong besides.
    select
        'exchanged_cells' as rule, mine.source, mine.page, mine.locator, 'operations_per_pass' as compute_measure,
        format(
            '{}: {:.3g} operations and {:.3g} parameters, where {} has {:.3g} and {:.3g} for {}',
            mine.printed_name, mine.operations, mine.parameters, yours.source, yours.operations, yours.parameters, yours.architecture_name
        ) as evidence,
    from passes as mine
    join known_architectures as yours on
        mine.source != yours.source
        and name_family(mine.printed_name) = yours.family
        and same_digits(mine.operations, yours.parameters)
        and same_digits(mine.parameters, yours.operations)
        and not same_digits(mine.operations, yours.operations)
        and not same_digits(mine.parameters, yours.parameters)
    join families on yours.family = families.family
    -- Of the two the one is wrong that has the stranger number of operations per parameter.
    where
        abs(log10(mine.operations / mine.parameters) - log10_per_parameter)
        > abs(log10(yours.operations / yours.parameters) - log10_per_parameter)
        and mine.parameters > 0
        and mine.operations > 0
    qualify row_number() over (partition by mine.source, mine.page, mine.locator order by yours.source, yours.page, yours.architecture_name, yours.image_size) = 1
),

falls_with_size as (
    -- Of one architecture a larger image takes more operations, never fewer.
    select
        'operations_fall_with_size' as rule, one.source, one.page, one.locator, 'operations_per_pass' as compute_measure,
        format(
            '{}: {:.1f} billion at {} pixels, {:.1f} at {}',
            one.printed_name, one.operations / 1e9, one.image_size, other.operations / 1e9, other.image_size
        ) as evidence,
    from passes as one
    join passes as other on
        one.source = other.source
        and one.page = other.page
        and one.architecture_name = other.architecture_name
        and one.convention = other.convention
        and one.image_size != other.image_size
        and (one.image_size - other.image_size) * (one.operations - other.operations) < 0
    qualify row_number() over (partition by one.source, one.page, one.locator order by other.image_size, other.locator) = 1
),

peaks as (
    -- The most that the processors of a record could have done in its time.
    select
        phases.model_id, phases.source, phases.page, phases.locator,
        sum(processor_count * wall_time_s * greatest(tensor_fp16_flop_per_s, fp16_flop_per_s, rate_flop_per_s)) as peak_flop,
    from core.run_phases as phases
    join core.processors as processors using (processor_id)
    group by all
    having bool_and(processor_count is not null and wall_time_s is not null)
),

above_tensor_peak as (
    select
        'above_tensor_peak' as rule, trained.source, trained.page, trained.locator, 'training_compute' as compute_measure,
        format(
            'training compute {:.3e} FLOP; the processors of {} could do {:.3e} at the peak of their tensor cores',
            trained.compute_flop, peaks.source, peaks.peak_flop
        ) as evidence,
    from core.compute_totals as trained
    join peaks using (model_id)
    where trained.compute_measure = 'training_compute' and trained.compute_flop > peaks.peak_flop
    qualify row_number() over (partition by trained.source, trained.page, trained.locator order by peaks.peak_flop, peaks.source) = 1
),

as_counted as (
    -- What points.toml says is multiply-adds counts twice; what it says is unknown contradicts nothing.
    select
        passes.* exclude (operations_per_pass_flop),
        passes.operations_per_pass_flop * if(conventions.convention = 'mac' and passes.convention = 'flop', 2, 1) as operations_per_pass_flop,
        models.parameters,
    from core.architecture_passes as passes
    join staging.model as models using (source, page, locator)
    left join staging.convention_rule as conventions on
        passes.source = conventions.source
        and passes.printed_as = conventions.printed_as
        and conventions.printed_name is null
    where conventions.convention is distinct from 'unknown'
),

of_lists as (
    -- What each list says of an architecture at a size, the whole name or its first part.
    select architecture_key, image_size, source, median(operations_per_pass_flop) as flop, median(parameters) as parameters
    from as_counted
    group by all
),

contradicted_cell as (
    -- More than 2.2 times from what two other lists agree on: no matter of convention, which is a factor of 2.
    select
        'contradicted_cell' as rule, mine.source, mine.page, mine.locator, 'operations_per_pass' as compute_measure,
        format(
            '{}: {:.3g} GFLOP at {} pixels, where {} have {:.3g}',
            mine.architecture_key, mine.operations_per_pass_flop / 1e9, mine.image_size,
            string_agg(yours.source, ', ' order by yours.source), median(yours.flop) / 1e9
        ) as evidence,
    from as_counted as mine
    join of_lists as yours on
        mine.source != yours.source
        and mine.architecture_key = yours.architecture_key
        and mine.image_size = yours.image_size
        -- "mobilenetv2_140" begins like mobilenetv2 and is a wider one.
        and abs(mine.parameters / yours.parameters - 1) < 0.1
    group by mine.source, mine.page, mine.locator, mine.architecture_key, mine.image_size, mine.operations_per_pass_flop
    having
        count(*) >= 2
        and max(yours.flop) < 1.35 * min(yours.flop)
        and abs(log10(mine.operations_per_pass_flop / median(yours.flop))) > log10(2.2)
),

findings as (
    select * from burden_of_another_member
    union all
    select * from without_base
    union all
    select * from exchanged_cells
    union all
    select * from falls_with_size
    union all
    select * from above_tensor_peak
    union all
    select * from contradicted_cell
)

select
    rule,  -- the rule that the record breaks
    source,
    page,
    locator,
    compute_measure,  -- the computation that it is about
    evidence,  -- what breaks it, with the numbers
from findings
order by rule, source, page, locator, evidence
