-- Which of the points of one training that a line goes through this is, by error; there is one, but where the headline is of all points.
create temp macro nth_of_training(benchmark, metric, compute_measure, training_id, error, log10_compute, result_id) as
    row_number() over (
        partition by benchmark, metric, compute_measure, training_id order by error, log10_compute, result_id
    )
