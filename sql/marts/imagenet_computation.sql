-- One row per row set, compute measure and ImageNet model with a known date: its computation relative to AlexNet's of 2012.
-- grain: row_set, compute_measure, model_id
with points as (
    select * from fits.points where benchmark = 'imagenet' and metric = 'top1'
),

results as (
    select result_id, released_on, released_precision from core.results
),

models as (
    select model_id, name from core.models
),

of_models as (
    -- A model with several runs counts with the one of the lowest error.
    select points.*, models.name, results.released_on, results.released_precision,
    from points
    join models on points.model_id = models.model_id
    join results on points.result_id = results.result_id
    qualify row_number() over (
        partition by points.row_set, points.compute_measure, points.model_id
        order by points.error, points.log10_compute, points.result_id
    ) = 1
),

alexnets as (
    -- The rows of 2020 have it as "AlexNet (7 CNNs)" only; where it stands by itself, that counts.
    select row_set, compute_measure, log10_compute as log10_compute_of_alexnet
    from of_models
    where name ilike 'alexnet%'
    qualify row_number() over (partition by row_set, compute_measure order by length(name), model_id) = 1
)

select
    of_models.row_set,
    of_models.compute_measure,
    of_models.model_id,
    of_models.name,
    of_models.released_on,
    of_models.released_precision,
    of_models.error,
    of_models.compute_unit,
    of_models.log10_compute,
    of_models.log10_compute - alexnets.log10_compute_of_alexnet as log10_compute_to_alexnet,  -- log10 of the computation over AlexNet's, of the same row set and measure
    10 ** (of_models.log10_compute - alexnets.log10_compute_of_alexnet) as compute_to_alexnet,  -- how many times AlexNet's computation
    of_models.is_predicted,
    of_models.result_id,
from of_models
join alexnets using (row_set, compute_measure)
where of_models.released_on is not null
order by row_set, compute_measure, released_on, model_id
