"""The warehouse file: staged, transformed and commented aside, then published by rename, so that no reader sees half."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from flows import computed, contracts, paths, sqlfiles
from flows.contracts import ADDRESS, ROW_TYPES, SETTINGS
from flows.fits import student_t
from flows.parse import Gathered

_ARROW = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_(), date: pa.date32()}
_LINEAGE = "One row per table and table that it reads."


class BuildError(Exception):
    """The build is not published; the message says what is wrong and where."""


def connect(path: Path | str, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection with one thread: with more, sums of floats differ in their last bits from run to run."""
    return duckdb.connect(path, read_only=read_only, config={"threads": 1})


def next_path(final: Path) -> Path:
    """The file that is built aside."""
    return final.with_suffix(".next.duckdb")


def stage(path: Path, gathered: Gathered, settings: dict[str, list[Any]]) -> None:
    """Make a new file with one table in `staging` for each row type and setting, and its comments."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in (path, path.with_name(path.name + ".wal")):
        old.unlink(missing_ok=True)
    with connect(path) as con:
        con.begin()
        for schema in ("staging", "core", "fits", "marts", "exports", "meta"):
            con.execute(f"create schema {schema}")
        for name, row_type in ROW_TYPES.items():
            _load(con, f"staging.{name}", row_type, gathered.rows.get(name, []), address=True)
        for name, row_type in SETTINGS.items():
            rows = [("", "", "", row) for row in settings.get(name, [])]
            _load(con, f"staging.{name}", row_type, rows, address=False)
        con.commit()
        con.execute("checkpoint")


def load(con: duckdb.DuckDBPyConnection, table: str, row_type: type[Any], rows: list[Any]) -> None:
    """Make a table of rows, with its comments."""
    _load(con, table, row_type, [("", "", "", row) for row in rows], address=False)


def _load(
    con: duckdb.DuckDBPyConnection,
    table: str,
    row_type: type[Any],
    rows: list[tuple[str, str, str, Any]],
    *,
    address: bool,
) -> None:
    """Rows by way of Arrow: DuckDB 2.0.0 misreads some pandas and numpy views."""
    columns = contracts.columns(row_type)
    typed = [row for *_, row in rows]
    given = {
        column: pa.array(map(attrgetter(column), typed), _ARROW[kind], size=len(typed))
        for column, (kind, _) in columns.items()
    }
    if address:
        given = {column: pa.array([row[at] for row in rows], pa.string()) for at, column in enumerate(ADDRESS)} | given
    con.register("given", pa.table(given))
    con.execute(f"create table {table} as select * from given")
    con.unregister("given")
    comments = (ADDRESS if address else {}) | {column: told for column, (_, told) in columns.items()}
    _comment(con, table, contracts.comment(row_type), comments)


def transform(path: Path, report: Callable[[str], None] = lambda _: None) -> None:
    """Make every table of the SQL files, each after those that it reads, with comments and lineage.

    Raises:
        BuildError: a SELECT fails; the message names its file.
    """
    given = [f"staging.{name}" for name in (*ROW_TYPES, *SETTINGS)]
    tables = sqlfiles.in_order(paths.SQL, given, dict.fromkeys(computed.TABLES, computed.NEEDED))
    rows: dict[str, list[Any]] = {}
    with connect(path) as con:
        functions(con)
        # One transaction: a commit per comment would cost more than the tables.
        con.begin()
        known = {table: _comments(con, table) for table in given}
        for table in tables:
            report(table.table)
            if isinstance(table, sqlfiles.SqlFile):
                known[table.table] = _select(con, table, known)
                continue
            rows = rows or computed.rows(con)
            row_type = computed.TABLES[table.table]
            _load(con, table.table, row_type, [("", "", "", row) for row in rows[table.table]], address=False)
            known[table.table] = _comments(con, table.table)
        _lineage(con, tables)
        con.commit()
        con.execute("checkpoint")


def _select(con: duckdb.DuckDBPyConnection, file: sqlfiles.SqlFile, known: dict[str, dict[str, str]]) -> dict[str, str]:
    """Make the table of a SQL file; returns the comments of its columns, its own and those of the tables that it reads."""
    try:
        con.execute(f"create table {file.table} as\n{file.select}")
    except duckdb.Error as error:
        raise BuildError(f"{file.table}: {error}") from error
    inherited = {column: told for table in file.reads for column, told in known[table].items()}
    columns, told = _columns(con, file.table), inherited | dict(file.column_comments)
    comments = {column: told[column] for column in columns if column in told}
    _comment(con, file.table, file.comment, comments)
    return comments


def functions(con: duckdb.DuckDBPyConnection) -> None:
    """Make Student's t distribution known to SQL."""
    con.create_function("student_t_two_sided_p", student_t.two_sided_p, ["DOUBLE", "DOUBLE"], "DOUBLE")
    con.create_function("student_t_quantile", student_t.quantile, ["DOUBLE", "DOUBLE"], "DOUBLE")


def _lineage(con: duckdb.DuckDBPyConnection, tables: Iterable[sqlfiles.Node]) -> None:
    con.execute("create table meta.lineage (table_name varchar, reads varchar)")
    for table in tables:
        for read in computed.READS.get(table.table, table.reads):
            con.execute("insert into meta.lineage values (?, ?)", [table.table, read])
    told = {"table_name": "a table, with its schema", "reads": "a table that it is computed from"}
    _comment(con, "meta.lineage", _LINEAGE, told)


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [column[0] for column in con.execute(f"select * from {table} limit 0").description or []]


def _comments(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    schema, name = table.split(".")
    found = con.execute(
        "select column_name, comment from duckdb_columns() where schema_name = ? and table_name = ?",
        [schema, name],
    )
    return {column: told for column, told in found.fetchall() if told}


def _comment(con: duckdb.DuckDBPyConnection, table: str, comment: str, columns: dict[str, str]) -> None:
    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    con.execute(f"comment on table {table} is {quoted(comment)}")
    for column, told in columns.items():
        con.execute(f'comment on column {table}."{column}" is {quoted(told)}')


def check_conservation(path: Path) -> None:
    """Raise `BuildError` unless in every page rows read = accepted + duplicate + quarantined."""
    with connect(path, read_only=True) as con:
        lost = con.execute(
            "select source, page, rows_read, rows_accepted, rows_duplicate, rows_quarantined from meta.pages "
            "where rows_read is distinct from rows_accepted + rows_duplicate + rows_quarantined"
        ).fetchall()
    if lost:
        told = "\n".join(f"  {s}, page {p}: {r} rows read, {a} + {d} + {q} accounted for" for s, p, r, a, d, q in lost)
        raise BuildError(f"rows were lost between page and warehouse:\n{told}")


@contextmanager
def exclusive(final: Path) -> Iterator[None]:
    """Keep a second build out of the same folder while one is under way (it would write to the same file aside).

    Raises:
        BuildError: another process is building.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    with final.with_suffix(".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BuildError(f"another build is under way in {final.parent}; try again when it has ended") from error
        yield


def publish(built: Path, final: Path) -> None:
    """Put the built file in place of the published one in one step, durable on disk."""
    with built.open("rb") as handle:
        os.fsync(handle.fileno())
    final.with_name(final.name + ".wal").unlink(missing_ok=True)
    built.replace(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """All tables with their schema, in alphabetical order."""
    found = con.execute("select schema_name || '.' || table_name from duckdb_tables() order by all").fetchall()
    return [str(name) for (name,) in found]
