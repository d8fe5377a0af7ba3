"""What a run leaves beside its record in Prefect, as Markdown out of the published warehouse: `MAKERS`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from flows.answers import moved_numbers
from flows.publish import reports
from flows.publish.tables.markup import plain_markdown
from flows.warehouse.kept import SUITE, UNMET
from flows.warehouse.unmet import sentence

_COST_HEADS = (
    *("benchmark", "metric", "target", "error %"),
    *("polynomial Gflop", "lb", "USD", "exponential Gflop", "lb", "USD"),
)
# As flows/pages/states.py has it (DEGRADED): these are not fresh.
_SOURCES = (
    "select source, state, age_days, retrieved_on, rows_read, rows_accepted, rows_duplicate, rows_quarantined, message "
    "from meta.sources order by state not in ('stale', 'absent'), source"
)
_SOURCE_HEADS = ("source", "state", "retrieved", "read", "accepted", "duplicate", "quarantined")
# Of a repository that is gone each page says so.
_MESSAGES = 3
_ROWS = (
    "select sum(rows_read), sum(rows_accepted), sum(rows_duplicate), sum(rows_quarantined), sum(cells_rejected), count(*) "
    "from meta.pages"
)


def cost_table(con: Any) -> str:
    """The cost table of today and the published one recomputed, as at the end of a refresh."""
    parts = []
    for row_set, title in reversed(reports.TITLES.items()):
        rows = [_cost_cells(row) for block in reports.cost_rows(con, row_set) for row in block]
        parts += [f"### {plain_markdown(title)}", _table(_COST_HEADS, rows, numbers_from=3)]
    return _text([*parts, *map(plain_markdown, (*reports.NOTES, reports.reproduced(con)))])


def _cost_cells(row: reports.CostRow) -> list[str]:
    few = f" ({row.few})" if row.few else ""
    return [row.benchmark + few, row.metric, row.target, row.error, *row.forms[0].split(), *row.forms[1].split()]


def what_changed(con: Any) -> str:
    """What moved since the state before, and why, as `compute-limits changes` tells it."""
    found = moved_numbers.read(con)
    titles = dict(con.execute("select benchmark, title from staging.benchmark").fetchall())
    parts = [plain_markdown(line) for line in moved_numbers.headline(found)]
    for heads, rows in moved_numbers.tables(found, titles):
        parts.append(_table(heads, [[cell.strip() for cell in row] for row in rows]))
    return _text([*parts, plain_markdown(moved_numbers.others(found))])


def source_states(con: Any) -> str:
    """What each source gave, those first that are not fresh, and why below."""
    rows, told = [], list[str]()
    for source, state, age, day, *counts, message in con.execute(_SOURCES).fetchall():
        rows.append([source, reports.aged(state, age), str(day or "–"), *map(str, counts)])
        told += _first(source, message or "")
    return _text([_table(_SOURCE_HEADS, rows), "\n".join(f"- {plain_markdown(line)}" for line in told)])


def _first(source: str, message: str) -> list[str]:
    lines = message.splitlines()
    more = [f"{source}: and {len(lines) - _MESSAGES} more"] if len(lines) > _MESSAGES else []
    return lines[:_MESSAGES] + more


def validation(con: Any) -> str:
    """What became of all records, and which expectations are not met."""
    ((read, accepted, duplicate, quarantined, cells, pages),) = con.execute(_ROWS).fetchall()
    ((tables,),) = con.execute("select count(*) from meta.kept_keys where kind = ?", [SUITE]).fetchall()
    unmet = con.execute(f"select table_name, expectation, finding from {UNMET} order by all").fetchall()
    told = f"warnings: {len(unmet)}" if unmet else "all that is expected of them is met"
    return _text(
        [
            f"{read:,} records of {pages:,} pages were read: {accepted:,} accepted, {duplicate:,} duplicate, {quarantined:,} "
            f"quarantined; {cells:,} cells rejected.",
            f"{tables:,} tables were checked; {told}.",
            "\n".join(f"- {plain_markdown(sentence(*row))}" for row in unmet),
        ]
    )


# What is made of each run, by the key that Prefect shows it under.
MAKERS: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "cost-table": cost_table,
        "what-changed": what_changed,
        "source-states": source_states,
        "validation": validation,
    }
)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers_from: int | None = None) -> str:
    """A table of plain texts; columns from `numbers_from` on stand at the right."""
    many = len(heads) if numbers_from is None else numbers_from
    rules = ["---"] * many + ["---:"] * (len(heads) - many)
    cells = [[plain_markdown(cell) for cell in row] for row in (heads, *rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (cells[0], rules, *cells[1:]))


def _text(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"
