-- One row per published number, beside the same number recomputed.
select
    printed_in,
    cell,
    published,
    recomputed,
    agrees,
from marts.reproduction
order by printed_in, cell
