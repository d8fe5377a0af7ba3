-- One row per headline line of `current` and training (and its nth point, where a line goes through several of one) whose point came, went or moved since the state before (`meta.past_builds`), with the cause.
-- grain: benchmark, metric, compute_measure, training_id, nth
with past as (
    select * from staging.past_point
),

present as (
    select * from marts.headline_points
),

lines as (
    -- A line that is new, or gone, has no points that moved: it is told as a whole (marts.changes).
    select distinct benchmark, metric, compute_measure from past
    intersect
    select distinct benchmark, metric, compute_measure from present
),

pages as (
    select * from meta.changed_pages
),

chosen_then as (
    select
        benchmark, metric, compute_measure, training_id,
        nth_of_training(benchmark, metric, compute_measure, training_id, error, log10_compute, result_id) as nth,
        past as before,
    from past
    where is_chosen
),

chosen_now as (
    select
        benchmark, metric, compute_measure, training_id,
        nth_of_training(benchmark, metric, compute_measure, training_id, error, log10_compute, result_id) as nth,
        present as after,
    from present
    where is_chosen
),

compared as (
    select
        benchmark,
        metric,
        compute_measure,
        training_id,
        nth,
        before is not null as was,
        after is not null as is_now,
        before,
        after,
        coalesce(after, before) as either,
    from chosen_then
    full join chosen_now using (benchmark, metric, compute_measure, training_id, nth)
    semi join lines using (benchmark, metric, compute_measure)
),

moved as (
    select *
    from compared
    where
        before.log10_compute is distinct from after.log10_compute
        or before.error is distinct from after.error
),

grounds as (
    -- The pages that a point stands on, before and after: that of its error and that of its computation.
    select distinct
        benchmark, metric, compute_measure, training_id, nth,
        unnest([before.result_source, before.source, after.result_source, after.source]) as source,
        unnest([before.result_page, before.page, after.result_page, after.page]) as page,
    from moved
),

changed_grounds as (
    select
        benchmark, metric, compute_measure, training_id, nth,
        min(struct_pack(source, page, sha256_before, sha256_after)) as page,
    from grounds
    join pages using (source, page)
    group by all
),

trainings_of_evaluations as (
    select
        benchmark, metric, compute_measure,
        result_source, result_page, result_locator,
        past.training_id as training_before,
        present.training_id as training_after,
    from past
    join present using (benchmark, metric, compute_measure, result_source, result_page, result_locator)
    where past.training_id != present.training_id
),

regrouped as (
    -- An evaluation whose page is the same and which counts to another training than it did.
    select
        moved.benchmark, moved.metric, moved.compute_measure, moved.training_id, moved.nth,
        other.training_before, other.training_after,
    from moved
    join trainings_of_evaluations as other on
        moved.benchmark = other.benchmark
        and moved.metric = other.metric
        and moved.compute_measure = other.compute_measure
        and moved.training_id in (other.training_before, other.training_after)
    qualify row_number() over (
        partition by moved.benchmark, moved.metric, moved.compute_measure, moved.training_id, moved.nth
        order by other.training_before, other.training_after
    ) = 1
),

built as (
    select is_other_settings, is_other_code from meta.past_builds where is_before
),

explained as (
    select
        moved.*,
        changed_grounds.page as changed_page,
        regrouped.training_before,
        regrouped.training_after,
        case
            when changed_grounds.page is not null then
                case when not was then 'added' when not is_now then 'removed' else 'revised' end
            when regrouped.training_after is not null then 'merges'
            else cause_without_page(is_other_settings, is_other_code, exists (from pages))
        end as cause,
    from moved
    cross join built
    left join changed_grounds using (benchmark, metric, compute_measure, training_id, nth)
    left join regrouped using (benchmark, metric, compute_measure, training_id, nth)
)

select
    benchmark,
    metric,
    compute_measure,
    training_id,
    nth,  -- 1, but where the headline is of all points: then of one training in the order of their errors
    either.label as label,  -- the model's readable name
    cause,  -- added, removed, revised: a page that it stands on has other bytes; merges: the same page, counted to another training; rules: no page changed, and the declared settings did; code: no page changed, and the code did; elsewhere: another page changed what is made of it; undivided: pages changed, and settings or code
    before.log10_compute as log10_compute_before,  -- null: there was no point
    after.log10_compute as log10_compute_after,  -- null: there is none any more
    before.error as error_before,  -- the error then, a fraction
    after.error as error_after,  -- the error now
    training_before,  -- of merges: the training that its evaluation counted to
    training_after,  -- and the one that it counts to
    changed_page.source as source,  -- of added, removed, revised: the page that changed
    changed_page.page as page,  -- its name within its source
    changed_page.sha256_before as sha256_before,  -- SHA-256 of its bytes then
    changed_page.sha256_after as sha256_after,  -- and now
    either.result_locator as locator,  -- where in the result's page the row stands, or stood
from explained
order by benchmark, metric, compute_measure, cause, training_id, nth
