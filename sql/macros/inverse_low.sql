-- The lower end of the inverse of an interval; null where it has none.
-- An interval that holds 0 has an inverse in two parts: all numbers from 1/high up, and all negative ones from 1/low down.
create temp macro inverse_low(low, high) as
    if(excludes_zero(low, high) or high > 0, 1 / high, null)
