-- One row per figure beyond its bound of a version of a page that is held back; the last good version is used in its place.
-- grain: source, page, sha256, compared_with, measure, quantity
select
    source,
    page,
    sha256,
    retrieved_on,
    compared_with,
    measure,
    quantity,
    figure,
    bound,
    n,
from staging.held_page
order by all
