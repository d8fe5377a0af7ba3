"""Ad hoc SQL over the published warehouse, read only, and the points of a CSV file or a query for a fit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.answers import rendering
from flows.answers.line_fits import Data
from flows.errors import UserError
from flows.readers.record import CellError, PageError, csv_records, number
from flows.warehouse import connection

# Wider than any result: a piped table is for grep, not for a screen.
_UNCUT = 10_000


class QueryError(UserError, ValueError):
    """A query or the data of a fit cannot be used; the message says why and what to do."""


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection on which SQL can read the warehouse and nothing else: no files, no network, no extensions, no ATTACH.

    Raises:
        QueryError: there is no warehouse.
    """
    if not path.is_file():
        raise QueryError(
            f"no warehouse at {path}; run `compute-limits build` (no network needed) or `compute-limits refresh`"
        )
    con = connection.connect(path, read_only=True)
    for setting in (
        "enable_external_access = false",
        "autoinstall_known_extensions = false",
        "lock_configuration = true",
    ):
        con.execute(f"set {setting}")
    return con


@contextmanager
def of_this_version(path: Path) -> Iterator[None]:
    """Around the project's own queries of a warehouse, which name tables and columns as this version builds them.

    Raises:
        QueryError: one of them is not there.
    """
    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        reason = str(error).partition("\n")[0]
        raise QueryError(f"{path} was built by another version; run `compute-limits build` ({reason})") from error


def run(path: Path, sql: str) -> pa.Table:
    """The result of a query. Raises `QueryError` with DuckDB's message."""
    with connect(path) as con:
        try:
            found = con.sql(sql)
            if found is None:
                raise QueryError("the statement gives no rows; this command is for SELECT")
            return found.to_arrow_table()
        except duckdb.Error as error:
            raise QueryError(str(error)) from error


def rendered(table: pa.Table, form: str) -> bytes:
    """A result as csv, json (an array of records) or parquet."""
    if form == "json":
        return (rendering.as_json(table.to_pylist()) + "\n").encode()
    if form == "csv":
        text = io.StringIO(newline="")
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(table.column_names)
        lines.writerows(row.values() for row in table.to_pylist())
        return text.getvalue().encode()
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


def show(table: pa.Table, console: Console) -> None:
    """Print a result as a table; where it is piped no cell is cut."""
    shown = Table()
    numeric = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in table.schema.types]
    for name, right in zip(table.column_names, numeric, strict=True):
        shown.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in table.to_pylist():
        shown.add_row(*(escape(_shown(value)) for value in row.values()))
    if not console.is_terminal:
        console.width = _UNCUT
    console.print(shown)


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def csv_data(path: Path, columns: Mapping[str, str]) -> Data:
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
                    values[name].append(
                        _cell(path, record.locator, column, record.fields[column], is_text=name == "cluster")
                    )
    except (PageError, UnicodeDecodeError, csv.Error) as error:
        raise QueryError(f"{path}: {error}") from error
    return _data(rows, values)


def _cell(path: Path, locator: str, column: str, literal: str, *, is_text: bool) -> float | str:
    try:
        return literal.strip() if is_text else number(literal)
    except CellError as error:
        raise QueryError(f"{path}, {locator}, column {column!r}: {error.reason}") from error


def query_data(warehouse_path: Path, sql: str, columns: Mapping[str, str]) -> Data:
    """The points of a query, as `csv_data`; a row in which x or y is null is no point. Raises `QueryError`."""
    table = run(warehouse_path, sql)
    for column in columns.values():
        if column not in table.column_names:
            raise QueryError(f"the query has no column {column!r}; it has: {', '.join(map(repr, table.column_names))}")
    rows: list[str] = []
    values: dict[str, list[Any]] = {name: [] for name in columns}
    given = {name: table[column].to_pylist() for name, column in columns.items()}
    for at, cells in enumerate(zip(*given.values(), strict=True)):
        row = dict(zip(given, cells, strict=True))
        if row["x"] is None or row["y"] is None:
            continue
        rows.append(f"row {at + 1}")
        for name, value in row.items():
            values[name].append(_value(at + 1, columns[name], value, is_text=name == "cluster"))
    return _data(rows, values)


def _value(at: int, column: str, value: object, *, is_text: bool) -> float | str:
    if is_text:
        return "" if value is None else str(value).strip()
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise QueryError(f"row {at} of the query, column {column!r}: {value!r} is not a number") from error


def _data(rows: list[str], values: dict[str, list[Any]]) -> Data:
    numbers = {name: np.array(given, dtype=np.float64) for name, given in values.items() if name != "cluster"}
    return Data(rows, cluster=np.array(values["cluster"], dtype=np.str_) if "cluster" in values else None, **numbers)
