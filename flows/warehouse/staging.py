"""Rows into tables: each dataclass of rows becomes one table, with the comments of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import columns
from flows.columns import ADDRESS
from flows.warehouse import connection, publishing

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SCHEMAS = ("staging", "core", "fits", "marts", "exports", "meta")


@dataclass(frozen=True)
class Staged:
    """What becomes one table: the type of its rows, which has its comments, and its content."""

    row_type: type[Any]
    content: pa.Table


def stage(path: Path, tables: Mapping[str, Staged]) -> None:
    """Make a new file with these tables in the schema `staging`, and the other schemas empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    publishing.remove(path)
    with connection.connect(path) as con:
        con.begin()
        for schema in SCHEMAS:
            con.execute(f"create schema {schema}")
        for name, staged in tables.items():
            create(con, f"staging.{name}", staged)
        con.commit()
        con.execute("checkpoint")


def of_rows(row_type: type[Any], rows: list[Any]) -> Staged:
    """Rows that have no address in a page."""
    return Staged(row_type, columns.table(row_type, rows))


def create(con: duckdb.DuckDBPyConnection, table: str, staged: Staged) -> dict[str, str]:
    """Make one table, or make it anew, by way of Arrow: five million rows a second. Returns {column: its comment}."""
    given = staged.content  # noqa: F841  # DuckDB finds it by its name: to register it takes longer than to make a small table
    con.execute(f"create or replace table {table} as select * from given")
    addressed = ADDRESS if set(ADDRESS) <= set(staged.content.column_names) else {}
    return _comment(con, table, staged.row_type, addressed)


def replace(con: duckdb.DuckDBPyConnection, table: str, row_type: type[Any], rows: list[Any]) -> None:
    """Make a table that is there anew, with other rows: few, and without Arrow, which takes longer to import than that."""
    con.execute(f"create or replace table {table} as select * from {table} where false")
    if rows:
        row = f"({', '.join('?' for _ in columns.columns(row_type))})"
        values = [value for one in rows for value in astuple(one)]
        con.execute(f"insert into {table} values {', '.join([row] * len(rows))}", values)
    _comment(con, table, row_type, {})


def _comment(
    con: duckdb.DuckDBPyConnection, table: str, row_type: type[Any], addressed: Mapping[str, str]
) -> dict[str, str]:
    comments = {**addressed, **{column: text for column, (_, text) in columns.columns(row_type).items()}}
    connection.comment(con, table, columns.comment(row_type), comments)
    return comments
