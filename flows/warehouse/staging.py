"""Rows into tables: each dataclass of rows becomes one table, with the comments of its columns."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import columns
from flows.columns import ADDRESS
from flows.warehouse import connection, publishing
from flows.warehouse.kept import Keys
from flows.warehouse.pool import Pool
from flows.warehouse.sql_files import Node
from flows.warehouse.standing import Standing

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SCHEMAS = ("staging", "core", "fits", "marts", "exports", "meta")


@dataclass(frozen=True)
class Parts:
    """A table in parts, each of which is made whenever it is asked for and not held, for all would take too much memory."""

    schema: pa.Schema
    parts: Callable[[], Iterable[pa.Table]]

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        """All rows, as a table has them."""
        return (batch for part in self.parts() for batch in part.to_batches())


@dataclass(frozen=True)
class Staged:
    """What becomes one table: the type of its rows, which has its comments, and its content, whole or in parts."""

    row_type: type[Any]
    content: pa.Table | Parts


def stage(path: Path, tables: Mapping[str, Staged], base: Path | None = None) -> dict[tuple[str, str], str]:
    """Make a file with these tables in the schema `staging`: a new one, in which the other schemas are empty, or a copy of `base`.

    Of a small `base` no copy is made where a table is large: that file is made anew.
    Returns {(kind, table): key} of what the tables are made of and hold; in a copy one of the same key is left as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    publishing.remove(path)
    made = Keys()
    is_large = any(isinstance(staged.content, Parts) for staged in tables.values())
    # A file stays of the size that it was begun as.
    if base is not None and (not is_large or _is_large(base)):
        shutil.copyfile(base, path)
    with connection.connect(path, is_large=is_large) as con:
        standing = Standing(con, made)
        with connection.transaction(con):
            for schema in SCHEMAS:
                con.execute(f"create schema if not exists {schema}")

        def make(own: duckdb.DuckDBPyConnection, node: Node) -> None:
            with connection.transaction(own):
                put(own, standing, node.table, tables[node.table.removeprefix("staging.")])

        with Pool(con, lambda _: None) as pool, connection.written_together(con):
            pool.run([Node(f"staging.{name}", ()) for name in tables], make)
    return made.rows


def _is_large(path: Path) -> bool:
    with connection.connect(path, read_only=True) as con:
        return connection.is_large(con)


def put(con: duckdb.DuckDBPyConnection, standing: Standing, table: str, staged: Staged) -> dict[str, str]:
    """Make one table, unless it stands as it would be made. Returns {column: its comment}."""
    from flows.warehouse import contents  # with Arrow, which whoever replaces a few rows does without

    comments = _comments(staged)
    content = contents.key_of_batches(staged.content.schema, staged.content.to_batches())
    if not standing.stays(table, repr((columns.comment(staged.row_type), comments)), content=content):
        create(con, table, staged)
        standing.holds(table, content)
    return comments


def of_rows(row_type: type[Any], rows: list[Any]) -> Staged:
    """Rows that have no address in a page."""
    return Staged(row_type, columns.table(row_type, rows))


def create(con: duckdb.DuckDBPyConnection, table: str, staged: Staged) -> dict[str, str]:
    """Make one table, or make it anew, by way of Arrow: five million rows a second. Returns {column: its comment}."""
    # DuckDB finds it by its name: to register it takes longer than to make a small table.
    given = _readable(staged.content)  # noqa: F841
    con.execute(f"create or replace table {table} as select * from given")
    comments = _comments(staged)
    connection.comment(con, table, columns.comment(staged.row_type), comments)
    return comments


def _readable(content: pa.Table | Parts) -> pa.Table | pa.RecordBatchReader:
    """What DuckDB reads: of parts one after another."""
    if not isinstance(content, Parts):
        return content
    import pyarrow as pa

    return pa.RecordBatchReader.from_batches(content.schema, content.to_batches())


def replace(con: duckdb.DuckDBPyConnection, table: str, row_type: type[Any], rows: list[Any]) -> None:
    """Make a table that is there anew, with other rows: few, and without Arrow, which takes longer to import than that."""
    con.execute(f"create or replace table {table} as select * from {table} where false")
    if rows:
        row = f"({', '.join('?' for _ in columns.columns(row_type))})"
        values = [value for one in rows for value in astuple(one)]
        con.execute(f"insert into {table} values {', '.join([row] * len(rows))}", values)
    connection.comment(con, table, columns.comment(row_type), _told(row_type))


def _comments(staged: Staged) -> dict[str, str]:
    """{column: its comment}, of the address too where rows have one."""
    addressed = ADDRESS if set(ADDRESS) <= set(staged.content.schema.names) else {}
    return {**addressed, **_told(staged.row_type)}


def _told(row_type: type[Any]) -> dict[str, str]:
    return {column: text for column, (_, text) in columns.columns(row_type).items()}
