"""Rows into tables: each dataclass of rows becomes one table, with the comments of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from flows import columns
from flows.columns import ADDRESS
from flows.warehouse import connection

SCHEMAS = ("staging", "core", "fits", "marts", "exports", "meta")
_ARROW = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_(), date: pa.date32()}


@dataclass(frozen=True)
class Staged:
    """What becomes one table: its row type and its rows; `addresses` are (source, page, locator), one a row, if it has them."""

    row_type: type[Any]
    rows: list[Any]
    addresses: list[tuple[str, str, str]] | None = None


def stage(path: Path, tables: Mapping[str, Staged]) -> None:
    """Make a new file with these tables in the schema `staging`, and the other schemas empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in (path, path.with_name(path.name + ".wal")):
        old.unlink(missing_ok=True)
    with connection.connect(path) as con:
        con.begin()
        for schema in SCHEMAS:
            con.execute(f"create schema {schema}")
        for name, staged in tables.items():
            load(con, f"staging.{name}", staged)
        con.commit()
        con.execute("checkpoint")


def load(con: duckdb.DuckDBPyConnection, table: str, staged: Staged) -> None:
    """Make a table of rows, with its comments; by way of Arrow, five million rows a second."""
    con.register("given", _arrow(staged))
    con.execute(f"create table {table} as select * from given")
    con.unregister("given")
    about = ({} if staged.addresses is None else ADDRESS) | {
        column: text for column, (_, text) in columns.columns(staged.row_type).items()
    }
    connection.comment(con, table, columns.comment(staged.row_type), about)


def _arrow(staged: Staged) -> pa.Table:
    given: dict[str, pa.Array] = {}
    if staged.addresses is not None:
        for at, column in enumerate(ADDRESS):
            given[column] = pa.array([address[at] for address in staged.addresses], pa.string())
    for column, (kind, _) in columns.columns(staged.row_type).items():
        given[column] = pa.array(_values(staged.rows, column), _ARROW[kind], size=len(staged.rows))
    return pa.table(given)


def _values(rows: list[Any], column: str) -> Iterable[Any]:
    return map(attrgetter(column), rows)
