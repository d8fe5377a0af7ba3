-- One row per quantity of a model, training or architecture on which two sources differ by more than 3 %, or two scores by more than 0.1 points.
-- grain: model_id, benchmark?, quantity, image_size?, chosen_source, source
with pages as (
    select source, page, preference from core.page_order
),

records as (
    select source, page, locator, training_id, printed_name from core.training_records
),

compared as (
    -- What one source names alone, in a training that no other prints, differs from nothing.
    select model_id from core.models where n_sources > 1
    union
    select records.model_id
    from core.training_records as records
    join core.trainings as trainings using (training_id)
    where trainings.n_sources > 1
),

observations as (
    -- One value a source: its first where it prints several.
    select printed.*, pages.preference
    from core.observations as printed
    join pages using (source, page)
    where model_id in (select model_id from compared)
    qualify row_number() over (
        partition by model_id, benchmark, quantity, image_size, source order by pages.preference, locator
    ) = 1
),

things as (
    -- Each observation is of its model, and of its training where that goes by several models' keys.
    select *, model_id as thing, concat_ws(' ', benchmark, quantity, image_size) as what, from observations
    union all by name
    (
        select observations.*, records.training_id as thing, concat_ws(' ', benchmark, quantity, image_size) as what,
        from observations
        join records using (source, page, locator)
        window of_training as (partition by records.training_id)
        qualify min(model_id) over of_training != max(model_id) over of_training
    )
),

pairs as (
    select
        chosen.thing as model_id,
        chosen.benchmark,
        chosen.quantity,
        chosen.image_size,
        chosen.unit,
        chosen.value as chosen_value,
        chosen.source as chosen_source,
        chosen.page as chosen_page,
        chosen.locator as chosen_locator,
        other.value as other_value,
        other.source,
        other.page,
        other.locator,
        other.value / nullif(chosen.value, 0) as ratio,
    from things as chosen
    join things as other on chosen.thing = other.thing and chosen.what = other.what
    where
        chosen.source != other.source
        and chosen.preference < other.preference
        -- What one model's key joins is a pair of that model already.
        and (chosen.thing = chosen.model_id or chosen.model_id != other.model_id)
    -- One pair of two sources, where a training stands in a page more than once.
    qualify row_number() over (
        partition by chosen.thing, chosen.what, chosen.source, other.source
        order by chosen.preference, chosen.locator, other.preference, other.locator
    ) = 1
),

of_architectures as (
    -- Weights of one architecture have one pass, whatever paper or name a source gives them.
    select
        'architecture#' || architecture_key as model_id,
        'imagenet' as benchmark,
        'operations_per_pass' as quantity,
        image_size,
        'flop' as unit,
        if(one.preference < other.preference, one_flop, other_flop) as chosen_value,
        if(one.preference < other.preference, one_source, other_source) as chosen_source,
        if(one.preference < other.preference, one_page, other_page) as chosen_page,
        if(one.preference < other.preference, one_locator, other_locator) as chosen_locator,
        if(one.preference < other.preference, other_flop, one_flop) as other_value,
        if(one.preference < other.preference, other_source, one_source) as source,
        if(one.preference < other.preference, other_page, one_page) as page,
        if(one.preference < other.preference, other_locator, one_locator) as locator,
        other_value / chosen_value as ratio,
    from core.architecture_pairs as pairs
    join pages as one on pairs.one_source = one.source and pairs.one_page = one.page
    join pages as other on pairs.other_source = other.source and pairs.other_page = other.page
),

all_pairs as (
    select * from pairs
    union all by name
    select * from of_architectures
)

select
    all_pairs.model_id,  -- the model, training or architecture
    -- Of a training without what it is trained for.
    name_key(regexp_extract(all_pairs.model_id, '([^#]+?)( [^#]*)?$', 1)) as name_key,  -- its name in lower case, without blanks and punctuation: resnet50
    chosen_of.printed_name as chosen_name,  -- as the better-ranked source prints it
    other_of.printed_name as other_name,  -- as the other prints it
    benchmark,
    quantity,
    image_size,  -- side of the square input that it was taken at, pixels
    unit,  -- percent, flop or count
    chosen_value,  -- the value of the better-ranked source
    other_value,  -- the value of the other
    ratio,  -- other_value / chosen_value
    chosen_source,  -- the better-ranked source
    chosen_page,  -- its page
    chosen_locator,  -- where in it
    all_pairs.source,  -- the other source
    all_pairs.page,
    all_pairs.locator,
from all_pairs
left join records as chosen_of on
    all_pairs.chosen_source = chosen_of.source
    and all_pairs.chosen_page = chosen_of.page
    and all_pairs.chosen_locator = chosen_of.locator
left join records as other_of on
    all_pairs.source = other_of.source and all_pairs.page = other_of.page and all_pairs.locator = other_of.locator
where case unit when 'percent' then abs(other_value - chosen_value) > 0.1 else not ratio between 0.97 and 1 / 0.97 end
order by all_pairs.model_id, benchmark, quantity, image_size, chosen_source, all_pairs.source, all_pairs.locator, chosen_locator
