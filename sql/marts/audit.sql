-- One row per headline line of a reconciled row set (polynomial, least squares), kind of item and rank: what a person should look at before the line is cited.
-- grain: row_set, benchmark, metric, compute_measure, kind, rank
with lines as (
    select
        sets.sample_id, sets.row_set, sets.benchmark, sets.metric, sets.compute_measure, sets.selection,
        ols.n, ols.slope, ols.intercept, ols.residual_sd,
        sizes.n_papers, sizes.n_models, sizes.n_clusters, sizes.n_trainings, sizes.n_trainers,
        exponent('polynomial', ols.slope) as exponent,
        benchmarks.title,
        benchmarks.trained_for = 'language models' as has_shots,
    from fits.sample_sets as sets
    join (select distinct row_set from staging.row_set where reconciled) using (row_set)
    join fits.ols as ols on sets.sample_id = ols.sample_id and ols.form = 'polynomial' and ols.status = 'ok'
    join fits.sample_sizes as sizes on sets.sample_id = sizes.sample_id
    join staging.benchmark as benchmarks using (benchmark)
    where sets.is_headline
),

points as (
    select
        lines.*,
        points.* exclude (row_set, benchmark, metric, compute_measure, log10_compute),
        points.log10_compute,
        residuals.residual,
        residuals.leverage,
        exponent('polynomial', residuals.slope_without) as exponent_without,
        -- How far the slope moves without the point: what all else is ordered by.
        coalesce(abs(residuals.slope_without - lines.slope), 0) as moves,
        results.shots,
        results.source as result_source,
        results.page as result_page,
        results.locator as result_locator,
        records.printed_name as name,
    from lines
    join fits.samples as samples on lines.sample_id = samples.sample_id
    join fits.residuals as residuals on
        lines.sample_id = residuals.sample_id and samples.result_id = residuals.result_id and residuals.form = 'polynomial'
    join fits.points as points on
        lines.row_set = points.row_set
        and lines.benchmark = points.benchmark
        and lines.metric = points.metric
        and lines.compute_measure = points.compute_measure
        and samples.result_id = points.result_id
    join core.results as results on points.result_id = results.result_id
    join core.training_records as records on
        results.source = records.source and results.page = records.page and results.locator = records.locator
),

line as (
    select
        lines.*, 'line' as kind, title as name, exponent as number, 'exponent' as number_is,
        -- No bound on the interval of a slope near 0 makes its exponent worth a second digit.
        format(
            'exponent {:.1f} through {} points of {} trainings, {} models, {} papers ({} clusters) and {} trainers ({}, polynomial, least squares)',
            exponent, n, n_trainings, n_models, n_papers, n_clusters, n_trainers, selection
        ) || coalesce('; it rests on ' || rests_on_few(n_clusters, n_papers, n_trainers), '') as seen,
        0 as first, 0 as second,
    from lines
),

influence as (
    select
        *, 'influence' as kind, exponent_without as number, 'exponent without it' as number_is,
        format(
            'exponent {:.2f}, {:.2f} without it; error {:.2f} % at {:.2e} FLOP', exponent, exponent_without, 100 * error, compute_flop
        ) as seen,
        moves as first, 0 as second,
    from points
    where exponent_without is not null
),

residual as (
    select
        *, 'residual' as kind, residual / residual_sd as number, 'standard deviations above the line' as number_is,
        format(
            'error {:.2f} %, by the line {:.2f} % at {:.2e} FLOP: {:.1f} standard deviations {}',
            100 * error, 100 * error_at('polynomial', intercept + slope * log10_compute), compute_flop, abs(number),
            if(residual > 0, 'better', 'worse')
        ) as seen,
        abs(residual) as first, 0 as second,
    from points
    where residual_sd > 0
),

said as (
    -- Of the record of the computation, or as a whole of that of the score.
    select points.sample_id, points.result_id, artefacts.rule, artefacts.compute_measure, artefacts.evidence, artefacts.source, artefacts.page, artefacts.locator
    from points
    join core.artefacts as artefacts using (source, page, locator)
    where coalesce(artefacts.compute_measure, points.compute_measure) = points.compute_measure
    union
    select points.sample_id, points.result_id, artefacts.rule, artefacts.compute_measure, artefacts.evidence, artefacts.source, artefacts.page, artefacts.locator
    from points
    join core.artefacts as artefacts on
        points.result_source = artefacts.source and points.result_page = artefacts.page and points.result_locator = artefacts.locator
    where artefacts.compute_measure is null
),

cells as (
    select distinct rule, source, page, locator from core.rejected_cells
),

finding as (
    select
        points.* exclude (source, page, locator), said.source, said.page, said.locator,
        'finding' as kind, exponent_without as number, 'exponent without the point' as number_is,
        said.rule || coalesce(': ' || if(starts_with(said.evidence, name || ': '), substr(said.evidence, length(name) + 3), said.evidence), '') as seen,
        case
            -- A cell that was left out is in no number of the point.
            when cells.rule is not null then 0
            -- Of operations and estimates the processors and times of the record say nothing.
            when said.compute_measure is null and not contains(points.compute_measure, 'burden') then 1
            else 2
        end as first,
        moves as second,
    from said
    join points using (sample_id, result_id)
    left join cells on
        said.rule = cells.rule and said.source = cells.source and said.page = cells.page and said.locator = cells.locator
),

twofold as (
    select *, greatest(ratio, 1 / ratio) as times
    from core.conflicts
    where ratio > 0 and not ratio between 0.5 and 2
),

conflict as (
    -- Of the model or training of a point, or of a record that the point is made of.
    select
        points.* exclude (source, page, locator),
        twofold.chosen_source as source, twofold.chosen_page as page, twofold.chosen_locator as locator,
        twofold.source as other_source, twofold.page as other_page, twofold.locator as other_locator,
        'conflict' as kind, times as number, 'times' as number_is,
        format(
            '{}: {:.3g}{} in {}, {:.3g} in {} ({}): {:.1f} times',
            quantity, chosen_value, case unit when 'flop' then ' FLOP' when 'percent' then ' %' else '' end, chosen_source,
            other_value, twofold.source, coalesce(other_name, name_key), times
        ) as seen,
        if(quantity in (points.compute_measure, points.metric), 1, 0) as first, times as second,
    from twofold
    join points on
        coalesce(twofold.benchmark, points.benchmark) = points.benchmark
        and (
            twofold.model_id in (points.model_id, points.training_id)
            or (twofold.chosen_source, twofold.chosen_page, twofold.chosen_locator) = (points.source, points.page, points.locator)
            or (twofold.source, twofold.page, twofold.locator) = (points.source, points.page, points.locator)
            or (twofold.chosen_source, twofold.chosen_page, twofold.chosen_locator) = (points.result_source, points.result_page, points.result_locator)
            or (twofold.source, twofold.page, twofold.locator) = (points.result_source, points.result_page, points.result_locator)
        )
    -- A conflict once, of the point that moves the line most.
    qualify row_number() over (
        partition by sample_id, quantity, chosen_source, chosen_page, chosen_locator, twofold.source, twofold.page, twofold.locator
        order by moves desc, result_id
    ) = 1
),

unknowns as (
    select
        points.*,
        list_filter(
            [
                if(purpose = 'unknown', 'purpose', null),
                if(scope = 'unknown', 'scope', null),
                if(released_precision is null, 'day', null),
                if(released_precision = 'listed', 'own day', null),
                if(has_shots and shots is null, 'shots', null),
            ],
            lambda what: what is not null
        ) as what,
    from points
),

meant as (
    select * from (
        values
            ('purpose', 'no page says who trained it, and for what'),
            ('scope', 'no page says what the burden is of'),
            ('day', 'no page says when it was released'),
            ('own day', 'a list has it by a day; it may be older'),
            ('shots', 'no page says how many examples its prompts show'),
            ('convention', 'operations that may be multiply-adds or FLOPs')
    ) as meant (what, meaning)
),

not_counted as (
    -- What is unknown leaves these out of the points.
    select left_out.row_set, left_out.benchmark, left_out.metric, left_out.compute_measure, if(rule = 'shots', 'shots', 'convention') as what, count(*) as n_left_out
    from core.left_out as left_out
    join core.results as results using (result_id)
    where rule = 'unknown_convention' or (rule = 'shots' and results.shots is null)
    group by all
),

counted as (
    select sample_id, what, count(*) as n_unknown
    from (select sample_id, unnest(what) as what from unknowns)
    group by all
),

unknown_count as (
    select
        lines.*, 'unknown_count' as kind, meant.what as name,
        coalesce(n_unknown, 0) + coalesce(n_left_out, 0) as number, 'results' as number_is,
        concat_ws(
            ', ', n_unknown || ' of ' || n || ' points', n_left_out || ' results left out for it'
        ) || ': ' || meant.meaning as seen,
        number as first, 0 as second,
    from lines
    cross join meant
    left join counted on lines.sample_id = counted.sample_id and meant.what = counted.what
    left join not_counted on
        lines.row_set = not_counted.row_set
        and lines.benchmark = not_counted.benchmark
        and lines.metric = not_counted.metric
        and lines.compute_measure = not_counted.compute_measure
        and meant.what = not_counted.what
    where n_unknown is not null or n_left_out is not null
),

unknown as (
    select
        *, 'unknown' as kind, exponent_without as number, 'exponent without it' as number_is,
        format(
            '{} unknown; exponent {:.2f}, {:.2f} without it', array_to_string(what, ', '), exponent, exponent_without
        ) as seen,
        moves as first, 0 as second,
    from unknowns
    where what != [] and exponent_without is not null
),

named as (
    select *, plain_name(name) as plain, regexp_extract_all(plain_name(name), '\d+') as digits from points
),

close as materialized (
    -- Before names are compared, which takes most of the time: few pairs are left.
    select one, other,
    from named as one
    join named as other on
        one.sample_id = other.sample_id
        and one.training_id != other.training_id
        and one.result_id < other.result_id
        and abs(one.error - other.error) < 0.0015 + 1e-9
        and abs(one.log10_compute - other.log10_compute) < log10(1.03)
),

look_alike as (
    -- Names of other sizes and versions have other numbers; where even the computation is the same to the digit they may not matter.
    select
        one.* exclude (plain, digits),
        other.training_id as other_training_id,
        other.result_source as other_source, other.result_page as other_page, other.result_locator as other_locator,
        'look_alike' as kind,
        round(jaro_winkler_similarity(one.plain, other.plain), 2) as number, 'likeness of names, at most 1' as number_is,
        format(
            'like {} ({}): {:.2f} and {:.2f} %, {:.3g} and {:.3g} FLOP, names {:.2f} alike; exponent {:.2f}, {:.2f} without one of them',
            other.name, other.result_source, 100 - 100 * one.error, 100 - 100 * other.error, one.compute_flop, other.compute_flop,
            number, one.exponent, coalesce(if(one.moves >= other.moves, one.exponent_without, other.exponent_without), one.exponent)
        ) as seen,
        -- A list that has both tells them apart, for it has two names for them.
        number + if(one.result_source != other.result_source, 1, 0) as first,
        greatest(one.moves, other.moves) as second,
    from close
    where
        jaro_winkler_similarity(one.plain, other.plain) >= 0.9
        and (one.digits = other.digits or one.compute_flop = other.compute_flop)
),

items as (
    select * from line
    union all by name
    select * from influence
    union all by name
    select * from residual
    union all by name
    select * from finding
    union all by name
    select * from conflict
    union all by name
    select * from unknown_count
    union all by name
    select * from unknown
    union all by name
    select * from look_alike
),

ranked as (
    select
        * exclude (seen, other_source, other_page, other_locator),
        regexp_replace(seen, '(\d)e\+(\d)', '\1e\2', 'g') as seen,
        -- Beside the computation the score, where it stands in another record.
        coalesce(other_source, if((source, page, locator) != (result_source, result_page, result_locator), result_source, null)) as other_source,
        coalesce(other_page, if((source, page, locator) != (result_source, result_page, result_locator), result_page, null)) as other_page,
        coalesce(other_locator, if((source, page, locator) != (result_source, result_page, result_locator), result_locator, null)) as other_locator,
        list_position(
            ['line', 'influence', 'residual', 'finding', 'conflict', 'unknown_count', 'unknown', 'look_alike'], kind
        ) as position,
        row_number() over (
            partition by sample_id, kind order by first desc, second desc, result_id, seen
        ) as rank,
        count(*) over (partition by sample_id, kind) as n_items,
    from items
    qualify rank <= 50
)

select
    row_set,
    benchmark,
    metric,
    compute_measure,
    kind,  -- line, influence, residual, finding, conflict, unknown_count, unknown or look_alike: in the order in which they are gone through
    rank,  -- 1 for what matters most; at most 50 of a kind
    n_items,  -- how many there are of that kind, those beyond rank 50 too
    training_id,
    result_id,
    name,  -- as the page of the score prints it; of a line the benchmark's title, of a count what is unknown
    seen,  -- what is seen, in words and numbers
    number,  -- the number that it is about: what it is of stands in number_is
    number_is,  -- exponent without the point, standard deviations, times, results, likeness of names
    ranked.source,  -- where the computation stands, of a finding what it speaks of, of a conflict the better-ranked source
    ranked.page,
    ranked.locator,
    pages.url,
    other_training_id,  -- of a look-alike: the training that it looks like
    other_source,  -- where the score stands, if in another record; of a conflict or look-alike the other one
    other_page,  -- its page
    other_locator,  -- where in it
from ranked
left join staging.page_setting as pages on ranked.source = pages.source and ranked.page = pages.page
order by row_set, benchmark, metric, compute_measure, position, rank
