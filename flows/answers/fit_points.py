"""The points of a fit: from a CSV file, or from a query over the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from flows.answers import csv_columns, number_texts, queries, query_limits
from flows.answers.fit_requests import Data
from flows.answers.number_texts import COMMA, Texts
from flows.answers.queries import QueryError
from flows.readers.record import number

# What a record is no point without, where it is asked for.
_NEEDED = ("x", "y", "d")


def points_of_csv(
    path: Path, columns: Mapping[str, str], delimiter: str | None = None, decimal: str | None = None
) -> Data:
    """The points of a CSV file; `columns` names those of x, y and, if wanted, x_error, y_error, cluster and year.

    A record in which x, y or d is blank is no point, and is counted. What parts the cells, and whether a comma or a point begins
    the decimals, is found where it is not given, and asked for where it cannot be told.

    Raises:
        QueryError: a column is missing, or a cell is no number; the message names file, record, line, column and literal.
    """
    table = csv_columns.read(path, list(dict.fromkeys(columns.values())), delimiter)
    texts = [table.cells[columns[name]] for name in _NEEDED if name in columns]
    is_point = [all(cell.strip() for cell in cells) for cells in zip(*texts, strict=True)]
    place = _kept(table.place, is_point)
    printed = {
        name: Texts(str(path), column, place, _kept(table.cells[column], is_point)) for name, column in columns.items()
    }
    cluster = printed.pop("cluster", None)
    notes = _percents(printed)
    found = decimal or number_texts.decimal_of(list(printed.values()), table.delimiter)
    if decimal is None and found == COMMA:
        notes.append("a comma begins the decimals, as it is read here; --decimal . reads it as parting thousands")
    numbers: dict[str, Any] = {name: number_texts.values(column, found) for name, column in printed.items()}
    return Data(
        place,
        cluster=None if cluster is None else np.array([text.strip() for text in cluster.text], dtype=np.str_),
        left_out=tuple(_kept(table.place, [not kept for kept in is_point])),
        notes=tuple(notes),
        is_percent=number_texts.is_percent(printed["y"]),
        **numbers,
    )


def _kept(values: list[str], which: list[bool]) -> list[str]:
    return [value for value, is_kept in zip(values, which, strict=True) if is_kept]


def _percents(printed: Mapping[str, Texts]) -> list[str]:
    """A note for each column that is printed in percent. Raises `QueryError` where y is, and its errors are not."""
    percents = {name: column for name, column in printed.items() if number_texts.is_percent(column)}
    errors = printed.get("y_error")
    if errors is not None and ("y" in percents) != ("y_error" in percents):
        column = errors if "y" in percents else printed["y"]
        raise QueryError(
            f"{column.where(0)}: {column.text[0]!r} has no percent sign; y and its errors are given in one unit"
        )
    return [
        f"column {column.name!r} is printed in percent: {column.text[0].strip()} is read as its hundredth"
        for column in percents.values()
    ]


def points_of_query(warehouse: Path, sql: str, columns: Mapping[str, str]) -> Data:
    """The points of a query, as `points_of_csv`; a row whose x, y or d is null is no point, and is counted. Raises `QueryError`."""
    result = queries.run(warehouse, sql, query_limits.OF_FIT)
    for column in columns.values():
        if column not in result.columns:
            raise QueryError(f"the query has no column {column!r}; it has: {', '.join(map(repr, result.columns))}")
    rows: list[str] = []
    left_out: list[str] = []
    values: dict[str, list[Any]] = {name: [] for name in columns}
    for at, row in enumerate(result.records(), 1):
        if any(row[columns[name]] is None for name in _NEEDED if name in columns):
            left_out.append(f"row {at}")
            continue
        rows.append(f"row {at}")
        for name, column in columns.items():
            values[name].append(_value(at, column, row[column], is_text=name == "cluster"))
    numbers: dict[str, Any] = {
        name: np.array(column, dtype=np.float64) for name, column in values.items() if name != "cluster"
    }
    cluster = np.array(values["cluster"], dtype=np.str_) if "cluster" in values else None
    return Data(rows, cluster=cluster, left_out=tuple(left_out), **numbers)


def _value(at: int, column: str, value: object, *, is_text: bool) -> float | str:
    if is_text:
        return "" if value is None else str(value).strip()
    try:
        if isinstance(value, str) and "," not in value:
            # A text of DuckDB is read as one of a file.
            return number(value)
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise QueryError(f"row {at} of the query, column {column!r}: {value!r} is not a number") from error
