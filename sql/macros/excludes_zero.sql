-- Whether an interval leaves 0 out: only then is the inverse of what lies in it one bounded interval.
create temp macro excludes_zero(low, high) as
    low > 0 or high < 0
