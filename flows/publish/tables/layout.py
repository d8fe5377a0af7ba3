"""From rows to a table without a format: heads, cells as text and kind, notes. What LaTeX, HTML and Markdown write is this."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from flows.declared import domains
from flows.publish import formats, words
from flows.publish.days import days as days_of
from flows.publish.tables.declared import Column, Kind, Pivot, Table, Width

if TYPE_CHECKING:
    import duckdb

# What a number has where its column says nothing: as many digits as were printed.
_DIGITS = 6
_NONE = "–"
# The row set of a table that says none: whatever was read.
_ALL_SOURCES = "current"

Row = dict[str, Any]


# What stands on the left of its column; all else is a number and stands on the right.
LEFT_KINDS = ("text", "day")


@dataclass(frozen=True)
class Cell:
    """What stands in a cell, as text of its kind: of a power the exponent, of scientific 1.2e19; plain text is not escaped."""

    kind: Kind
    text: str
    mark: str = ""
    is_bold: bool = False
    cited: tuple[str, ...] = ()


@dataclass(frozen=True)
class Head:
    """The head of a column; `group` is what it shares with its neighbours, or ""; `share` its part of the width, or None."""

    text: str
    group: str
    kind: Kind
    share: float | None


@dataclass(frozen=True)
class Sheet:
    """A table: `blocks` are (the line above them, or "", their rows). Caption, heads and notes are of the markup of the TOML.

    `days` are those of the warehouse, which no reader of the page sees.
    """

    name: str
    caption: str
    heads: list[Head]
    blocks: list[tuple[str, list[list[Cell]]]]
    notes: list[tuple[str, str]]
    width: Width
    days: str = ""

    def columns(self) -> list[list[Cell]]:
        """The cells of each column."""
        rows = [row for _, block in self.blocks for row in block]
        return [[row[at] for row in rows] for at in range(len(self.heads))]


def sheet(
    con: duckdb.DuckDBPyConnection, name: str, table: Table, row_sets: Sequence[str] = (), width: Width = "column"
) -> Sheet:
    """The table with its rows; those of `row_sets` where the rows have one. Raises `duckdb.Error`: a column is not there."""
    rows = _read(con, table.reads)
    has_row_sets = bool(rows) and "row_set" in rows[0]
    shown = list(row_sets) if row_sets and has_row_sets else [table.row_set or _ALL_SOURCES]
    rows = _chosen(rows, table, shown if has_row_sets else [])
    columns = [column for column in table.columns if column.width in (None, width)]
    by = [*(["row_set"] if has_row_sets and len(shown) > 1 else []), *table.blocks]
    blocks = [
        (", ".join(_words(value) for value in key), [_cells(row, columns) for row in block])
        for key, block in groupby(rows, key=lambda row: [row[column] for column in by])
    ]
    values = _values(con, shown)
    notes = [*table.notes, *(table.page_notes if width == "page" else [])]
    both = days_of(con)
    if both.published_before and _is_reconciled(con, shown):
        notes.append(f"Points are of models published before {both.published_before}.")
    return Sheet(
        name=name,
        caption=_filled(table.caption, values),
        heads=[Head(one.head, one.group, one.kind, one.share) for one in columns],
        blocks=blocks,
        notes=[*_explained(rows, columns), *(("", _filled(note, values)) for note in notes)],
        width=width,
        days=both.sentence(),
    )


def _is_reconciled(con: duckdb.DuckDBPyConnection, row_sets: Sequence[str]) -> bool:
    """Whether one of the row sets is put together from all sources; what a paper printed stays as it is, whatever day is given."""
    found = con.execute(
        "select count(*) from staging.row_set where reconciled and list_contains(?, row_set)", [list(row_sets)]
    ).fetchall()
    return bool(found[0][0])


def _read(con: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    cursor = con.execute(f"select * from exports.{table}")
    names = [column for column, *_ in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _chosen(rows: list[Row], table: Table, row_sets: Sequence[str]) -> list[Row]:
    """The rows that the table shows, in its order."""
    only: dict[str, list[Any]] = {**({"row_set": list(row_sets)} if row_sets else {}), **table.only}
    rows = [row for row in rows if all(row[column] in values for column, values in only.items())]
    rows = [row for row in rows if table.needs is None or row[table.needs] is not None]
    rows.sort(key=lambda row: [values.index(row[column]) for column, values in only.items()])
    return rows if table.pivot is None else _pivoted(rows, table.pivot)


def _pivoted(rows: list[Row], pivot: Pivot) -> list[Row]:
    wide: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        end = "_".join(str(row[column]) for column in pivot.by)
        one = wide.setdefault(tuple(row[column] for column in pivot.rows), dict(row))
        one.update({f"{column}_{end}": value for column, value in row.items()})
    return list(wide.values())


def _values(con: duckdb.DuckDBPyConnection, row_sets: Sequence[str]) -> dict[str, str]:
    """What stands for $rows, $days, $all_days and $scenario in captions and notes."""
    told = words.words().row_sets
    scenario = con.execute("select title from staging.scenario where scenario = 'paper_2020'").fetchall()
    title = scenario[0][0] if scenario else "the published table"
    return {
        "rows": " and ".join(told.get(one, one) for one in row_sets),
        "days": days(con, row_sets),
        "all_days": days(con),
        "scenario": f"Scenario: {title[0].lower()}{title[1:]}",
    }


def days(con: duckdb.DuckDBPyConnection, row_sets: Sequence[str] | None = None) -> str:
    """The first and the last day on which pages in use were retrieved: all of them, or those of row sets."""
    where = (
        ""
        if row_sets is None
        else "where source in (select source from staging.row_set where list_contains(?, row_set))"
    )
    found = con.execute(
        f"select min(retrieved_on), max(retrieved_on) from meta.pages {where}",
        [] if row_sets is None else [list(row_sets)],
    ).fetchall()
    first, last = found[0]
    return _NONE if first is None else str(first) if first == last else f"{first} to {last}"


def _filled(text: str, values: dict[str, str]) -> str:
    return " ".join(string.Template(text).safe_substitute(values).split())


def _explained(rows: list[Row], columns: Sequence[Column]) -> list[tuple[str, str]]:
    """(mark, what it means) of each mark in the table, in the order in which words.toml has them."""
    there = {
        row[column.status] for row in rows for column in columns if column.status and row[column.column] is not None
    }
    marks = words.words().marks
    return list(dict.fromkeys((one.mark, one.told) for status, one in marks.items() if status in there))


def _cells(row: Row, columns: Sequence[Column]) -> list[Cell]:
    return [_cell(row, column) for column in columns]


def _cell(row: Row, column: Column) -> Cell:
    text = _text(row[column.column], column, row[column.high] if column.high else None)
    if text == _NONE:
        return Cell("text", text)
    mark = words.words().marks.get(str(row[column.status])) if column.status else None
    cited = [part.strip() for part in str(row[column.cites] or "").split(",")] if column.cites else []
    return Cell(
        column.kind, text, mark.mark if mark else "", bool(column.bold and row[column.bold]), tuple(filter(None, cited))
    )


def _text(value: Any, column: Column, high: Any) -> str:
    """The value as text of the column's kind; an en dash where there is none."""
    if column.kind == "interval":
        return _interval(value, high, column.decimals)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return _NONE
    if column.kind == "text":
        return _words(value)
    if column.kind in ("integer", "day"):
        return str(value)
    if column.kind == "power":
        return str(math.floor(value))
    return scientific(value) if column.kind == "scientific" else number(value, column.decimals)


def _interval(low: Any, high: Any, decimals: int | None) -> str:
    if low is None and high is None:
        return _NONE
    ends = ["−∞" if low is None else number(low, decimals), "∞" if high is None else number(high, decimals)]
    return "–".join(ends)


def number(value: float, decimals: int | None) -> str:
    """With so many decimals, or as it is where it is short."""
    return f"{value:.{_DIGITS}g}" if decimals is None else f"{value:.{decimals}f}"


def scientific(log10_value: float, decimals: int = 1) -> str:
    """10 to this power, as 1.2e19."""
    mantissa, power = formats.mantissa(log10_value, decimals)
    return f"{mantissa}e{power}"


def _words(value: Any) -> str:
    if value is None:
        return _NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return words.of("tables").get(text) or domains.titles().get(text, text)
