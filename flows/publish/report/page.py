"""What a page of the report is before it is written, and how rows are read for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
# Files of the report that are of no benchmark, without their ends; a benchmark of such a name has another file.
RESERVED = (
    *(
        "index",
        "domains",
        "leaderboards",
        "costs",
        "growth",
        "efficiency",
        "hardware",
        "theory",
        "forecasts",
        "changes",
    ),
    *("data", "dictionary", "trace", "pages", "tables", "counts", "listed_scores", "cost", "changed"),
)


@dataclass(frozen=True)
class Page:
    """A page: its file, the entry of the menu that it belongs to, what heads it, and what its template is given.

    `tables` are the rows behind what is drawn, {name of a CSV file: rows}; `scripts` what it loads beside what all pages do.
    """

    file: str
    here: str
    title: str
    description: str
    template: str
    values: Mapping[str, Any]
    scripts: Sequence[str] = ()
    tables: Mapping[str, Sequence[Row]] = field(default_factory=dict)


def stem(benchmark: str) -> str:
    """The name of the files of a benchmark, without their ends: its own, unless the report has another page of that name."""
    return f"{benchmark}-benchmark" if benchmark in RESERVED else benchmark


def rows(con: duckdb.DuckDBPyConnection, select: str, parameters: Sequence[object] = ()) -> list[Row]:
    """The rows of a SELECT as {column: value}."""
    cursor = con.execute(select, list(parameters))
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def one(con: duckdb.DuckDBPyConnection, select: str, parameters: Sequence[object] = ()) -> Row:
    """The only row of a SELECT."""
    (row,) = rows(con, select, parameters)
    return row
