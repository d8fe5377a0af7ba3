-- One row per training of which a source gives size, computation and loss together: for fits of loss by size and data.
-- grain: source, page, locator
with points as (
    select * from staging.loss_point
),

sets as (
    select * from staging.loss_set
),

ranked as (
    select
        points.*,
        points.training_compute_flop / (sets.flop_per_parameter_and_token * points.parameters) as tokens,
        row_number() over (
            partition by points.source
            order by points.loss desc, points.page, points.locator
        ) as place,
        sets.highest_left_out,
        sets.reason,
    from points
    left join sets using (source)
),

judged as (
    select
        source,
        page,
        locator,
        parameters,
        tokens,  -- tokens trained on: what the computation is enough for, at that of each parameter and token in staging.loss_set
        training_compute_flop,
        loss,
        coalesce(place <= highest_left_out, false) as is_left_out,  -- whether the fits that were published leave it out
        if(is_left_out, reason, null) as left_out_because,  -- why, and who did so
    from ranked
)

select * from judged
order by source, page, locator
