"""Rows into tables: each dataclass of rows becomes one table, with the comments of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from flows import columns
from flows.columns import ADDRESS
from flows.warehouse import connection, publishing

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
    own = {column: text for column, (_, text) in columns.columns(staged.row_type).items()}
    comments = addressed | own
    connection.comment(con, table, columns.comment(staged.row_type), comments)
    return comments
