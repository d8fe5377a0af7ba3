-- One row per evaluation: a training, a benchmark and how the score was taken.
-- grain: evaluation_id
with results as (
    select * from core.results
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
        count(distinct (source, page, locator)) as n_records,  -- records that print it
        count(distinct source) as n_sources,  -- sources that print it
    from results
    group by evaluation_id, training_id, benchmark, image_size, setting, shots
)

select * from evaluations
order by evaluation_id
