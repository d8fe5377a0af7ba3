-- One row per set of points: how many there are, of how many papers, models and clusters, and how far they reach.
-- grain: sample_id
with sample_sets as (
    select sample_id from fits.sample_sets
),

samples as (
    select * from fits.samples
),

sizes as (
    select
        sample_id,
        count(samples.result_id) as n,  -- points
        count(distinct samples.paper_id) as n_papers,  -- papers that the points are from, as far as they are known
        count(distinct samples.model_id) as n_models,  -- models that the points are of
        count(distinct samples.cluster) as n_clusters,  -- groups of points that hang together, of one paper, model or training: what intervals by paper count
        count(distinct samples.training_id) as n_trainings,  -- trainings that the points are of
        -- Authors of one paper are one trainer; a model zoo is one, however many papers its models are from.
        count(distinct if(samples.trainer = 'authors' or samples.trainer is null, samples.cluster, samples.trainer)) as n_trainers,  -- who trained them: papers' authors and model zoos; where no page says, the cluster counts
        count(samples.released_on) as n_dated,  -- points whose release is known
        min(samples.log10_compute) as log10_compute_min,  -- least computation, log10 in the row set's unit
        max(samples.log10_compute) as log10_compute_max,  -- most computation, log10 in the row set's unit
        min(samples.error) as error_min,  -- lowest error
        max(samples.error) as error_max,  -- highest error
    from sample_sets
    left join samples using (sample_id)
    group by sample_id
)

select * from sizes
order by sample_id
