-- One row per published number, beside the same number recomputed.
-- grain: printed_in, cell
select
    printed_in,
    cell,
    published,
    recomputed,
    agrees,
from marts.reproduction
order by printed_in, cell
