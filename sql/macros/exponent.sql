-- Computation grows as performance to this power: 1/slope of a form that has an exponent; else null.
create temp macro exponent(form, slope) as
    if(has_exponent(form) and slope != 0, 1 / slope, null)
