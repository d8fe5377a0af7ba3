"""What a person should look at before a line is cited: marts.audit, in the order in which it is gone through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.answers import queries
from flows.answers.queries import QueryError
from flows.answers.rendering import printable
from flows.errors import near

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

# The line that is gone through, where the measure is not asked for: the first of these that a benchmark has.
MEASURES = (
    "hardware_burden",
    "operations_per_pass",
    "training_compute",
    "consolidated_burden",
    "network_operations",
)
# Items of each kind: what takes some ten minutes for one line, and for all of them a glance at each.
OF_ONE, OF_EACH = 5, 1
_LINE = ("row_set", "benchmark", "metric", "compute_measure")
_SECTIONS = {
    "influence": "Points that decide the line",
    "residual": "Farthest from the line",
    "finding": "Findings on its points",
    "conflict": "Sources that differ twofold or more",
    "unknown": "Unknown",
    "look_alike": "Look-alikes: two trainings, or one?",
}
_NOTHING = {"unknown": "nothing"}
# Kinds whose second address is that of something else, not of the score.
_HELD_AGAINST = ("conflict", "look_alike")
_WIDTH = 80


@dataclass(frozen=True)
class Request:
    """Which lines, and how many items of each kind."""

    benchmark: str | None = None
    metric: str | None = None
    measure: str | None = None
    limit: int | None = None


def items(path: Path, request: Request) -> list[dict[str, Any]]:
    """The rows of marts.audit that are asked for, in its order.

    Raises:
        QueryError: there is no warehouse, it was built by another version, or there is no such line.
    """
    with queries.of_this_version(path), queries.connect(path) as con:
        cursor = con.execute("select * from marts.audit")
        names = [column[0] for column in cursor.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for name in ("benchmark", "metric"):
        rows = _of(rows, name, getattr(request, name))
    rows = _of(rows, "compute_measure", request.measure) if request.measure else _preferred(rows)
    limit = request.limit or (OF_ONE if request.benchmark else OF_EACH)
    return [row for row in rows if row["rank"] <= limit or row["kind"] == "unknown_count"]


def _of(rows: list[dict[str, Any]], name: str, given: str | None) -> list[dict[str, Any]]:
    there = {row[name] for row in rows}
    if given is not None and given not in there:
        raise QueryError(f"no line of {name.replace('_', ' ')} {given!r}; {near(given, there)}")
    return [row for row in rows if given in (None, row[name])]


def _preferred(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each benchmark and metric the line of the first measure that it has one of."""
    first: dict[tuple[str, ...], str] = {}
    for row in sorted(rows, key=lambda row: MEASURES.index(row["compute_measure"])):
        first.setdefault((row["row_set"], row["benchmark"], row["metric"]), row["compute_measure"])
    return [row for row in rows if first[row["row_set"], row["benchmark"], row["metric"]] == row["compute_measure"]]


def show(rows: list[dict[str, Any]], out: Console) -> None:
    """Print the items line by line and kind by kind; where the output is no terminal, 80 columns wide."""
    if not out.is_terminal:
        out.width = _WIDTH
    for _, of_line in groupby(rows, key=itemgetter(*_LINE)):
        _show_line(list(of_line), out)
    out.print(
        "The address of a page stands in meta.pages and, with the keys of all rows, in --format csv and json; the whole "
        "table is marts.audit.",
        highlight=False,
    )


def _show_line(rows: list[dict[str, Any]], out: Console) -> None:
    from rich.text import Text

    by_kind = {kind: list(of_kind) for kind, of_kind in groupby(rows, key=itemgetter("kind"))}
    (line,) = by_kind["line"]
    out.print(Text(f"{line['name']}, {line['metric']}, {line['compute_measure']}", style="bold"))
    out.print(Text(printable(line["seen"])))
    for kind, title in _SECTIONS.items():
        found = by_kind.get(kind, [])
        counts = by_kind.get("unknown_count", []) if kind == "unknown" else []
        many = f"{len(found)} of {found[0]['n_items']}" if found else _NOTHING.get(kind, "none")
        out.print()
        out.print(Text(f"{title} ({many if found or not counts else 'counts alone'})", style="bold"))
        for count in counts:
            out.print(Text(f"   {printable(count['name'])}: {printable(count['seen'])}"))
        if found:
            out.print(_table(found))
    out.print()


def _table(rows: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, expand=True)
    table.add_column(justify="right", width=3)
    table.add_column(ratio=1, overflow="fold")
    for row in rows:
        table.add_row(str(row["rank"]), _cell(row))
    return table


def _cell(row: dict[str, Any]) -> Text:
    from rich.text import Text

    cell = Text.assemble((printable(row["name"]), "bold"), ": ", printable(row["seen"]))
    for address in _addresses(row):
        cell.append("\n")
        cell.append(printable(address), style="dim")
    return cell


def _addresses(row: dict[str, Any]) -> Iterator[str]:
    """Where the item can be opened: the computation, and the score or the other of two where they stand elsewhere."""
    yield f"{row['source']} {row['page']} {row['locator']}"
    if row["other_source"] is not None:
        what = "other" if row["kind"] in _HELD_AGAINST else "score"
        yield f"{what}: {row['other_source']} {row['other_page']} {row['other_locator']}"
