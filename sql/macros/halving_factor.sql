-- How many times the computation half the error takes where computation grows as performance to this power; null beyond 1e300.
create temp macro halving_factor(exponent) as
    if(exponent < 996, 2 ** exponent, null)
