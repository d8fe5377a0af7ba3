-- The upper end of the inverse of an interval; null where the interval holds 0, for then there is none.
create temp macro inverse_high(low, high) as
    if(excludes_zero(low, high), 1 / low, null)
