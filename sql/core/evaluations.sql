-- One row per evaluation: a training, a benchmark and how the score was taken.
-- grain: evaluation_id
with records as (
    -- Once a record, then once a source: to count what is distinct takes twice the time.
    select
        evaluation_id, training_id, benchmark, image_size, setting, shots, source, page, locator,
        bool_or(is_ensemble) as is_ensemble,
    from core.results
    group by evaluation_id, training_id, benchmark, image_size, setting, shots, source, page, locator
),

sources as (
    select
        evaluation_id, training_id, benchmark, image_size, setting, shots, source,
        bool_or(is_ensemble) as is_ensemble,
        count(*) as n_records,
    from records
    group by evaluation_id, training_id, benchmark, image_size, setting, shots, source
),

-- Materialized: the groups of ten million rows leave DuckDB 2.0 no memory to sort them in.
evaluations as materialized (
    select
        evaluation_id,
        training_id,
        benchmark,  -- the benchmark, split included
        image_size,  -- side of the square input, pixels
        setting,  -- multi-scale, 10-crop, linear evaluation …; null where nothing is told
        shots,  -- worked examples in the prompt
        bool_or(is_ensemble) as is_ensemble,  -- whether the score is of several networks together; null where no page says
        sum(n_records)::bigint as n_records,  -- records that print it
        count(*) as n_sources,  -- sources that print it
    from sources
    group by evaluation_id, training_id, benchmark, image_size, setting, shots
)

select * from evaluations
order by evaluation_id
