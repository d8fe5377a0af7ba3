"""Whether pages of different sources print the same of the same things: the TDP of a processor, the accuracy of a model.

What is compared, and how far it may be apart, stands in flows/declared/drift.toml. Two pages that are apart do not say which
of them is wrong: it is the one that is apart from more of the others, and never one that somebody vouched for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from flows.columns import schema
from flows.pages import drift
from flows.pages.drift import MODEL, Finding, Quantity
from flows.pages.parse import Gathered
from flows.readers.row_types import ROW_TYPES

# (source, page)
Address = tuple[str, str]


@dataclass(frozen=True)
class Compared:
    """The rows of a page in use. `vouched`: its facts ship, or it was accepted. `rank`: of its source, the lowest is preferred."""

    gathered: Gathered
    vouched: bool
    rank: int


@dataclass(frozen=True)
class _Pair:
    """How two pages of different sources stand to each other in a quantity: the median of the logarithms of one over the other."""

    one: Address
    other: Address
    quantity: str
    n: int
    log: float


def apart(pages: Mapping[Address, Compared]) -> dict[Address, dict[Address, list[Finding]]]:
    """{page: {page of another source: what they are too far apart in}} of the pages that are to be held back."""
    if all(page.vouched for page in pages.values()):
        return {}
    pairs, held = _pairs(pages), dict[Address, dict[Address, list[Finding]]]()
    bound = math.log(drift.settings().others.ratio_max)
    while True:
        left = [pair for pair in pairs if not {pair.one, pair.other} & held.keys()]
        suspects = {
            address
            for pair in left
            if abs(pair.log) > bound
            for address in (pair.one, pair.other)
            if not pages[address].vouched
        }
        if not suspects:
            return held
        odd = max(suspects, key=lambda address: (_share_apart(address, left, bound), pages[address].rank, address))
        held[odd] = _against(odd, left, bound)


def _share_apart(address: Address, pairs: Iterable[_Pair], bound: float) -> float:
    """Of the quantities that a page has in common with others, the share in which it is apart from them."""
    own = [abs(pair.log) > bound for pair in pairs if address in (pair.one, pair.other)]
    return sum(own) / len(own)


def _against(address: Address, pairs: Iterable[_Pair], bound: float) -> dict[Address, list[Finding]]:
    found: dict[Address, list[Finding]] = {}
    for pair in pairs:
        if address in (pair.one, pair.other) and abs(pair.log) > bound:
            other, log = (pair.other, pair.log) if address == pair.one else (pair.one, -pair.log)
            finding = Finding(
                "ratio_to_others", pair.quantity, math.exp(log), drift.settings().others.ratio_max, pair.n
            )
            found.setdefault(other, []).append(finding)
    return found


def _pairs(pages: Mapping[Address, Compared]) -> list[_Pair]:
    """All pairs of pages of different sources that have enough in common, by quantity."""
    others = drift.settings().others
    by_name: dict[str, list[Quantity]] = {}
    for quantity in others.quantities:
        by_name.setdefault(quantity.name, []).append(quantity)
    tables = {MODEL, *(quantity.row_type for quantity in others.quantities)}
    with duckdb.connect(config={"threads": 1}) as con:
        for row_type in tables:
            empty = schema(ROW_TYPES[row_type], addressed=True).empty_table()
            con.register(
                row_type, pa.concat_tables([empty, *(page.gathered.table(row_type) for page in pages.values())])
            )
        return [
            _Pair((source, page), (other_source, other_page), name, n, log)
            for name, quantities in by_name.items()
            for source, page, other_source, other_page, n, log in con.execute(
                _query(quantities), [others.shared_min]
            ).fetchall()
        ]


def _query(quantities: Sequence[Quantity]) -> str:
    printed = "\nunion all\n".join(_printed(quantity) for quantity in quantities)
    # Of a thing that a page prints several times (other sizes of input, years) the median.
    return f"""
with printed as ({printed}),
each as (
    select source, page, thing, median(ln(value)) as level
    from printed
    where thing is not null and value > 0
    group by all
)
select a.source, a.page, b.source, b.page, count(*), median(a.level - b.level)
from each as a
join each as b on a.thing = b.thing and a.source < b.source
group by all
having count(*) >= ?
order by all
"""


def _printed(quantity: Quantity) -> str:
    # Names differ in case, blanks and hyphens; a thing without its first name is none.
    keys = [
        f"{'model.name' if name == MODEL and name not in ROW_TYPES[quantity.row_type].__slots__ else f'printed.{name}'}"
        for name in quantity.by
    ]
    plain = [f"regexp_replace(lower(coalesce({key}::varchar, '')), '[^a-z0-9]', '', 'g')" for key in keys]
    return f"""
select
    printed.source,
    printed.page,
    case when {keys[0]} is not null then concat_ws('|', {", ".join(plain)}) end as thing,
    printed.{quantity.column} as value,
from {quantity.row_type} as printed
left join model on printed.source = model.source and printed.page = model.page and printed.locator = model.locator
"""
