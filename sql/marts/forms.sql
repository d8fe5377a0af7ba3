-- One row per row set, benchmark, metric, compute measure, selection and form: how well the form describes and predicts.
-- grain: row_set, benchmark, metric, compute_measure, selection, form
with sample_sets as (
    select * from fits.sample_sets
),

form_scores as (
    select * from fits.form_scores
),

lines as (
    select distinct row_set, benchmark, metric, compute_measure, selection, form from marts.scaling
),

splits as (
    select
        sample_id,
        form,
        count(*) as n_time_splits,
        sqrt(sum(rmse_decades * rmse_decades * n_scored) / sum(n_scored)) as time_split_rmse_decades,
        sum(coverage * n_scored) / sum(n_scored) as time_split_coverage,
    from fits.time_splits
    group by sample_id, form
)

select
    sample_sets.row_set,
    sample_sets.benchmark,
    sample_sets.metric,
    sample_sets.compute_measure,
    sample_sets.selection,
    -- Of a form that no line is fitted in it is null, which no part of a key may be.
    lines.form,
    form_scores.n,
    form_scores.coefficients,
    form_scores.log_likelihood,
    form_scores.aic,
    form_scores.aicc,
    form_scores.bic,
    form_scores.aicc - min(form_scores.aicc) over (partition by sample_id) as aicc_above_best,  -- aicc less that of the best form; above 10 it has practically no support (Burnham and Anderson 2002, 2.6)
    form_scores.left_out_rmse_decades,
    splits.n_time_splits,  -- years up to which the form was fitted and scored on what came later
    splits.time_split_rmse_decades,  -- root mean square of log10(predicted / achieved error) over all of these
    splits.time_split_coverage,  -- share of later points in their prediction intervals; null for the asymptotic and logistic forms
from form_scores
join sample_sets using (sample_id)
left join splits using (sample_id, form)
left join lines using (row_set, benchmark, metric, compute_measure, selection, form)
order by row_set, benchmark, metric, compute_measure, selection, form
