-- One row per row set, compute measure and ImageNet model (Figure 2b of the brief): its computation relative to AlexNet's of 2012.
-- grain: row_set, compute_measure, model_id
with models as (
    select * from marts.imagenet_computation
)

select
    row_set,
    compute_measure,
    model_id,
    readable_name(name) as label,  -- the model's name without the codes of its list
    released_on,
    released_precision,
    year(released_on) + (dayofyear(released_on) - 1) / 366 as year,  -- the day of release as a year with its fraction
    error,
    log10_compute_to_alexnet,
    compute_to_alexnet,
    row_set = 'paper_v2' and compute_measure = 'hardware_burden' as is_headline,  -- whether it is of the series that the figure shows: the authors' newest rows, by hardware burden as their Figure 3
from models
order by row_set, compute_measure, released_on, model_id
