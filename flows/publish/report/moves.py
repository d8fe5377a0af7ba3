"""What moved since the state before, and why; and exponents and lowest errors as each state of the ledger said them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from flows.answers import moved_numbers
from flows.answers.moved_numbers import Changes
from flows.declared.domains import titles
from flows.publish.report.page import Page, Row, rows

if TYPE_CHECKING:
    import duckdb

_HISTORY = """
select as_of, place, benchmark, metric, compute_measure, quantity, value, low, high, name
from marts.history
where quantity in ('exponent', 'lowest_error')
order by quantity, benchmark, metric, compute_measure, place
"""
# What the page tells of; costs and projections are in its files.
_QUANTITIES = ("exponent", "lowest_error")
_LINE = itemgetter("quantity", "benchmark", "metric", "compute_measure")


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The page of changes."""
    found, history = moved_numbers.read(con), rows(con, _HISTORY)
    before = rows(con, "select place from meta.past_builds where is_before")
    moved = [
        row | {"place": place["place"]} for place in before for row in found.numbers if row["quantity"] in _QUANTITIES
    ]
    states = sorted({(row["place"], row["as_of"]) for row in history})
    yield Page(
        file="changes.html",
        here="changes",
        title="What moved and why",
        description="Exponents and lowest errors since the state before, by cause, and as each past state said them.",
        template="changes.html",
        values={
            "since": found.since,
            "headline": _headline(found),
            "pages_told": moved_numbers.of_pages(found.pages),
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


def _headline(found: Changes) -> str:
    if found.since is None:
        return "No earlier state to hold this one against"
    if not found.numbers:
        return f"No exponent and no lowest error has moved since {found.since}"
    return f"{moved_numbers.counted(found)} moved since {found.since}"


def _by_line(history: Sequence[Row], places: Sequence[int]) -> dict[str, list[tuple[Row, list[Row | None]]]]:
    """{quantity: of each line its first row, and its row of each state, None where that had none}."""
    found: dict[str, list[tuple[Row, list[Row | None]]]] = {quantity: [] for quantity in _QUANTITIES}
    for (quantity, *_), of_line in groupby(history, key=_LINE):
        members = list(of_line)
        by_place = {row["place"]: row for row in members}
        found[quantity].append((members[0], [by_place.get(place) for place in places]))
    return found
