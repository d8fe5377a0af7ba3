-- Computation grows as performance to this power: 1/slope of a line in logarithms (and of the asymptotic form); else null.
create temp macro exponent(form, slope) as
    if(form != 'exponential' and slope != 0, 1 / slope, null)
