-- One row per candidate with all rules as declared, and with one, all or none of them in force where that makes another of it: whether it is a point, and which rules leave it out.
-- grain: variant, row_set, benchmark, metric, compute_measure, result_id
with rules as (
    select rule, is_active from staging.point_rule
),

variants as (
    -- '' is all as declared; a rule's name is that rule switched and all others as declared.
    select
        variant.rule as variant,
        rules.rule,
        case variant.rule
            when 'all rules' then true
            when 'no rules' then false
            when rules.rule then not rules.is_active
            else rules.is_active
        end as is_on,
    from (select rule from rules union all select unnest(['', 'all rules', 'no rules']) as rule) as variant
    cross join rules
),

by_themselves as (
    select variants.variant, marks.* exclude (evidence, rule), list(marks.rule order by marks.rule) as rules
    from core.rule_marks as marks
    join variants using (rule)
    where variants.is_on
    group by all
),

switches as (
    select
        variant,
        bool_or(is_on) filter (rule = 'superseded') as superseded_is_on,
        bool_or(is_on) filter (rule = 'same_weights') as same_weights_is_on,
        bool_or(is_on) filter (rule = 'one_reproduction') as one_reproduction_is_on,
    from variants
    group by variant
),

as_found as (
    -- What no rule changes, once for all variants. A pool is what is fitted together, a recipe what one trainer runs again; by
    -- numbers, which windows sort sooner than texts.
    select
        dense_rank() over (order by row_set, benchmark, metric, compute_measure) as pool,
        dense_rank() over (order by evaluation_id) as evaluation,
        purpose = 'reproduction' as is_reproduction,
        name_key(printed_name) as name_key,
        dense_rank() over (order by is_reproduction, coalesce(trainer, training_id), name_key) as recipe,
        row_set, benchmark, metric, compute_measure, result_id, training_id, evaluation_id, paper_id, trainer, purpose,
        result_source, is_copy, nearness, error, compute_flop,
        of_results.preference as result_preference,
        of_measures.preference as measure_preference,
        count(*) over (partition by row_set, benchmark, metric, compute_measure, evaluation_id) > 1 as has_others,
    from core.candidates as candidates
    join core.page_order as of_results on
        candidates.result_source = of_results.source and candidates.result_page = of_results.page
    join core.page_order as of_measures on candidates.source = of_measures.source and candidates.page = of_measures.page
),

touching as (
    -- What a rule can change anything of: a pool that it has marked something in, or that it finds several in to choose among.
    select as_found.pool, marks.rule
    from as_found
    join core.rule_marks as marks using (row_set, benchmark, metric, compute_measure, result_id)
    union
    select pool, 'same_weights' as rule from as_found group by pool, evaluation having count(*) > 1
    union
    select pool, 'one_reproduction' as rule from as_found where is_reproduction group by pool, recipe having count(*) > 1
    union
    select old.pool, 'superseded' as rule
    from (select distinct pool, result_source from as_found) as old
    join staging.supersedes as supersedes on old.result_source = supersedes.older
    join (select distinct pool, result_source from as_found) as newer on
        old.pool = newer.pool and supersedes.source = newer.result_source
),

touched as (
    select distinct pool, '' as variant from as_found
    union
    select touching.pool, variants.variant
    from touching
    join variants using (rule)
    join rules using (rule)
    where variants.is_on != rules.is_active
),

candidates as (
    select
        switches.*,
        as_found.*,
        coalesce(by_themselves.rules, []) as rules,
        by_themselves.rules is not null as is_taken,
    from as_found
    join touched using (pool)
    join switches using (variant)
    left join by_themselves using (variant, row_set, benchmark, metric, compute_measure, result_id)
),

newer as (
    -- What stands in a list that replaces another, for the same training or the same name with the score within 0.15.
    select supersedes.older, candidates.*
    from candidates
    join staging.supersedes as supersedes on candidates.result_source = supersedes.source
    where not is_taken
),

superseded as (
    select
        old.variant, old.pool, old.result_id,
        min(newer.result_id) as newer_result_id,
    from candidates as old
    join newer on
        old.variant = newer.variant
        and old.pool = newer.pool
        and old.result_source = newer.older
        and (
            old.training_id = newer.training_id
            or old.paper_id = newer.paper_id and old.name_key = newer.name_key
            or old.paper_id is null and weights_key(old.name_key) = weights_key(newer.name_key) and abs(old.error - newer.error) < 0.0015
        )
    where old.superseded_is_on
    group by all
),

after_superseded as (
    select candidates.*, superseded.newer_result_id, newer_result_id is not null as is_superseded,
    from candidates
    left join superseded using (variant, pool, result_id)
),

with_middle as (
    -- Of scores that have others of their evaluation beside them: the others stand for themselves.
    select
        *,
        median(error) over (
            partition by variant, pool, evaluation
        ) as median_error,
    from after_superseded
    where has_others
),

ranked_weights as (
    -- The list that has the weights under their own name before those that copy it; the score from the record that has the
    -- computation before others, then the middle one of the scores, then the preferred page; those taken already come last.
    select
        variant, pool, result_id,
        first_value(result_id) over of_evaluation as first_of_evaluation,
    from with_middle
    where same_weights_is_on
    window of_evaluation as (
        partition by variant, pool, evaluation
        order by
            is_taken or is_superseded, is_copy, nearness, round(abs(error - median_error), 9),
            result_preference, measure_preference, result_id
    )
),

after_weights as (
    select
        after_superseded.*, first_of_evaluation,
        coalesce(result_id != first_of_evaluation, false) as is_same_weights,
    from after_superseded
    left join ranked_weights using (variant, pool, result_id)
),

of_recipes as (
    -- Runs of one recipe by one trainer, and their median computation among those that nothing else has taken.
    select
        *,
        median(log10(compute_flop)) filter (not (is_taken or is_superseded or is_same_weights)) over (
            partition by variant, pool, recipe
        ) as median_log10_compute,
    from after_weights
    where is_reproduction and one_reproduction_is_on
),

ranked_runs as (
    select
        variant, pool, result_id,
        first_value(result_id) over of_recipe as first_of_recipe,
    from of_recipes
    window of_recipe as (
        partition by variant, pool, recipe
        order by
            is_taken or is_superseded or is_same_weights,
            abs(round(log10(compute_flop) - median_log10_compute, 9)), result_preference, result_id
    )
),

standing as (
    select
        after_weights.*, first_of_recipe,
        coalesce(result_id != first_of_recipe, false) as is_another_run,
        not (is_taken or is_superseded or is_same_weights or is_another_run) as is_point,
    from after_weights
    left join ranked_runs using (variant, pool, result_id)
),

as_declared as (
    select pool, result_id, is_point from standing where variant = ''
)

select
    variant,  -- the rule that is switched; all rules or no rules, whatever is declared; blank for all as declared
    row_set,
    benchmark,
    metric,
    compute_measure,
    result_id,
    training_id,
    list_concat(
        rules,
        list_filter(
            [if(is_superseded, 'superseded', null), if(is_same_weights, 'same_weights', null), if(is_another_run, 'one_reproduction', null)],
            lambda rule: rule is not null
        )
    ) as rules,  -- the rules that leave it out
    case
        when is_superseded then newer_result_id
        when is_same_weights then first_of_evaluation
        when is_another_run then first_of_recipe
    end as stands_for_it,  -- the result that stands in its place, by the first of the rules that choose among several
    standing.is_point,  -- whether no rule leaves it out
    error,
    compute_flop,
from standing
join as_declared using (pool, result_id)
where variant = '' or standing.is_point != as_declared.is_point
order by variant, row_set, benchmark, metric, compute_measure, result_id
