"""What moved since the state before, and why; and exponents and lowest errors as each state of the ledger said them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from flows.declared.domains import titles
from flows.publish.report.page import Page, Row, rows

if TYPE_CHECKING:
    import duckdb

_MOVED = """
select
    benchmark, metric, compute_measure, quantity, target, scenario,
    any_value(value_before) as value_before, any_value(value_after) as value_after, any_value(is_within) as is_within,
    any_value(name_before) as name_before, any_value(name_after) as name_after,
    (select place from meta.past_builds where is_before) as place,
    list(
        {'cause': cause, 'contribution': contribution, 'n_points': n_points} order by abs(contribution) desc, cause
    ) as causes,
from marts.changes
where quantity in ('exponent', 'lowest_error')
group by benchmark, metric, compute_measure, quantity, target, scenario
order by quantity, benchmark, metric, compute_measure
"""
_HISTORY = """
select as_of, place, benchmark, metric, compute_measure, quantity, value, low, high, name
from marts.history
where quantity in ('exponent', 'lowest_error')
order by quantity, benchmark, metric, compute_measure, place
"""
_QUANTITIES = ("exponent", "lowest_error")
_LINE = itemgetter("quantity", "benchmark", "metric", "compute_measure")


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The page of changes."""
    before = rows(con, "select as_of from meta.past_builds where is_before")
    moved, history = rows(con, _MOVED), rows(con, _HISTORY)
    changed = rows(con, "select * from meta.changed_pages order by source, page")
    states = sorted({(row["place"], row["as_of"]) for row in history})
    yield Page(
        file="changes.html",
        here="changes",
        title="What moved and why",
        description="Exponents and lowest errors since the state before, by cause, and as each past state said them.",
        template="changes.html",
        values={
            "since": before[0]["as_of"] if before else None,
            "headline": _headline(before, moved),
            "sources": sorted(Counter(page["source"] for page in changed).items()),
            "n_pages": len(changed),
            "moved": {quantity: [row for row in moved if row["quantity"] == quantity] for quantity in _QUANTITIES},
            "states": states,
            "history": _by_line(history, [place for place, _ in states]),
            "titles": titles(),
        },
        scripts=("tables.js",),
        tables={
            "changes.csv": rows(con, "select * from marts.changes order by all"),
            "changed_points.csv": rows(con, "select * from marts.changed_points order by all"),
            "history.csv": rows(con, "select * from marts.history order by all"),
        },
    )


def _headline(before: Sequence[Row], moved: Sequence[Row]) -> str:
    if not before:
        return "No earlier state to hold this one against"
    exponents, lowest = (sum(row["quantity"] == quantity for row in moved) for quantity in _QUANTITIES)
    since = f"since {before[0]['as_of']}"
    if not moved:
        return f"No exponent and no lowest error has moved {since}"
    return f"{_many(exponents, 'exponent')} and {_many(lowest, 'lowest error')} moved {since}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _by_line(history: Sequence[Row], places: Sequence[int]) -> dict[str, list[tuple[Row, list[Row | None]]]]:
    """{quantity: of each line its first row, and its row of each state, None where that had none}."""
    found: dict[str, list[tuple[Row, list[Row | None]]]] = {quantity: [] for quantity in _QUANTITIES}
    for (quantity, *_), of_line in groupby(history, key=_LINE):
        members = list(of_line)
        by_place = {row["place"]: row for row in members}
        found[quantity].append((members[0], [by_place.get(place) for place in places]))
    return found
