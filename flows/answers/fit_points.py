"""The points of a fit: from a CSV file, or from a query over the warehouse."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from flows.answers import queries
from flows.answers.line_fits import Data
from flows.answers.queries import QueryError
from flows.readers.record import CellError, PageError, csv_records, number


def points_of_csv(path: Path, columns: Mapping[str, str]) -> Data:
    """The points of a CSV file; `columns` names those of x, y and, if wanted, x_error, y_error, cluster and year.

    A row in which all of them are blank is no point.

    Raises:
        QueryError: a column is missing, or a cell is no number; the message names file, row, column and literal.
    """
    if not path.is_file():
        raise QueryError(f"{path}: no such file")
    rows: list[str] = []
    values: dict[str, list[Any]] = {name: [] for name in columns}
    try:
        header = next(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")), [])
        missing = [column for column in columns.values() if column not in (name.strip() for name in header)]
        if missing:
            raise QueryError(f"{path}: no column {missing[0]!r}; there are: {', '.join(map(repr, header))}")
        for record in csv_records(path, {}):
            if any(record.fields[column].strip() for column in columns.values()):
                rows.append(record.locator)
                for name, column in columns.items():
                    literal = record.fields[column]
                    values[name].append(_cell(path, record.locator, column, literal, is_text=name == "cluster"))
    except (PageError, UnicodeDecodeError, csv.Error) as error:
        raise QueryError(f"{path}: {error}") from error
    return _data(rows, values)


def _cell(path: Path, locator: str, column: str, literal: str, *, is_text: bool) -> float | str:
    try:
        return literal.strip() if is_text else number(literal)
    except CellError as error:
        raise QueryError(f"{path}, {locator}, column {column!r}: {error.reason}") from error


def points_of_query(warehouse: Path, sql: str, columns: Mapping[str, str]) -> Data:
    """The points of a query, as `points_of_csv`; a row in which x or y is null is no point. Raises `QueryError`."""
    result = queries.run(warehouse, sql)
    for column in columns.values():
        if column not in result.columns:
            raise QueryError(f"the query has no column {column!r}; it has: {', '.join(map(repr, result.columns))}")
    rows: list[str] = []
    values: dict[str, list[Any]] = {name: [] for name in columns}
    for at, row in enumerate(result.records(), 1):
        if row[columns["x"]] is None or row[columns["y"]] is None:
            continue
        rows.append(f"row {at}")
        for name, column in columns.items():
            values[name].append(_value(at, column, row[column], is_text=name == "cluster"))
    return _data(rows, values)


def _value(at: int, column: str, value: object, *, is_text: bool) -> float | str:
    if is_text:
        return "" if value is None else str(value).strip()
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise QueryError(f"row {at} of the query, column {column!r}: {value!r} is not a number") from error


def _data(rows: list[str], values: dict[str, list[Any]]) -> Data:
    numbers = {name: np.array(column, dtype=np.float64) for name, column in values.items() if name != "cluster"}
    return Data(rows, cluster=np.array(values["cluster"], dtype=np.str_) if "cluster" in values else None, **numbers)
