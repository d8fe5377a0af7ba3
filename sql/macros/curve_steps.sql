-- Steps of a curve among the points; as many again go beyond them, as far as they support.
create temp macro curve_steps() as
    30
