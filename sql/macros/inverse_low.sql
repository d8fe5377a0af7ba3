-- The lower end of the inverse of an interval; null where it has none.
-- An interval that holds 0 has an inverse in two parts: all numbers from 1/high up, and all negative ones from 1/low down.
-- One without an upper end (a curve's, whose points allow a step) has an inverse that begins at 0.
create temp macro inverse_low(low, high) as
    case
        when low >= 0 and high is null then 0
        when excludes_zero(low, high) or high > 0 then 1 / high
    end
