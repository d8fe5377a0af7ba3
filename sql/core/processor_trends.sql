-- One row per point of a series on microprocessors over time, which does not name them.
-- grain: source, page, locator
select
    source,
    page,
    locator,
    quantity,
    year,
    -- Noon of the last day of a year is not in the next.
    make_date(floor(year)::integer, 1, 1) + floor((year - floor(year)) * 365)::integer as released_on,  -- the same as a day
    value,
from staging.trend_point
order by source, page, locator
