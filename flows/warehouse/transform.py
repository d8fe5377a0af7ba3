"""Every table after those that it reads: the SQL files, and between them what is computed otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from flows.warehouse import connection, sql_files, staging
from flows.warehouse.connection import BuildError
from flows.warehouse.staging import Staged

_LINEAGE = "One row per table and table that it reads."


@dataclass(frozen=True)
class Computed:
    """Tables that SQL cannot make: their row types, what each reads (for lineage), and the function that gives all of them.

    They are made at once, as soon as everything that any of them reads is there.
    """

    row_types: Mapping[str, type[Any]]
    reads: Mapping[str, tuple[str, ...]]
    rows: Callable[[duckdb.DuckDBPyConnection], Mapping[str, list[Any]]]

    @property
    def needed(self) -> tuple[str, ...]:
        """All that any of them reads."""
        return tuple(sorted({read for reads in self.reads.values() for read in reads}))


# Scalar functions for SQL: {name: (function, types of its parameters, type of its result)}.
Functions = Mapping[str, tuple[Callable[..., Any], list[Any], str]]


def transform(
    path: Path,
    root: Path,
    given: Iterable[str],
    computed: Computed,
    functions: Functions,
    report: Callable[[str], None] = lambda _: None,
) -> None:
    """Make every table of the SQL files below `root`, each after those that it reads, with comments and lineage.

    Raises:
        BuildError: a SELECT fails; the message names its file.
    """
    tables = sql_files.in_order(root, given, dict.fromkeys(computed.row_types, computed.needed))
    rows: Mapping[str, list[Any]] = {}
    with connection.connect(path) as con:
        make_known(con, root, functions)
        # One transaction: a commit per comment would cost more than the tables.
        con.begin()
        known = {table: connection.comments(con, table) for table in given}
        for table in tables:
            report(table.table)
            if isinstance(table, sql_files.SqlFile):
                known[table.table] = _select(con, table, known)
                continue
            rows = rows or computed.rows(con)
            staging.load(con, table.table, Staged(computed.row_types[table.table], rows[table.table]))
            known[table.table] = connection.comments(con, table.table)
        _lineage(con, tables, computed)
        con.commit()
        con.execute("checkpoint")


def make_known(con: duckdb.DuckDBPyConnection, root: Path, functions: Functions) -> None:
    """Make functions of Python and the macros below `root` known to the SQL of this connection; none is kept in its file.

    Raises:
        BuildError: a macro cannot be made; the message names its file.
    """
    for name, (function, parameters, result) in functions.items():
        con.create_function(name, function, parameters, result)
    for macro in sql_files.read_macros(root):
        try:
            con.execute(macro.statement)
        except duckdb.Error as error:
            raise BuildError(f"{sql_files.MACROS}/{macro.name}.sql: {error}") from error


def _select(
    con: duckdb.DuckDBPyConnection, file: sql_files.SqlFile, known: dict[str, dict[str, str]]
) -> dict[str, str]:
    """Make the table of a SQL file; returns the comments of its columns, its own and those of the tables that it reads."""
    try:
        con.execute(f"create table {file.table} as\n{file.select}")
    except duckdb.Error as error:
        raise BuildError(f"{file.table}: {error}") from error
    inherited = {column: text for table in file.reads for column, text in known[table].items()}
    columns, texts = _columns(con, file.table), inherited | dict(file.column_comments)
    comments = {column: texts[column] for column in columns if column in texts}
    connection.comment(con, file.table, file.comment, comments)
    return comments


def _lineage(con: duckdb.DuckDBPyConnection, tables: Iterable[sql_files.Node], computed: Computed) -> None:
    con.execute("create table meta.lineage (table_name varchar, reads varchar)")
    for table in tables:
        for read in computed.reads.get(table.table, table.reads):
            con.execute("insert into meta.lineage values (?, ?)", [table.table, read])
    about = {"table_name": "a table, with its schema", "reads": "a table that it is computed from"}
    connection.comment(con, "meta.lineage", _LINEAGE, about)


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [column[0] for column in con.execute(f"select * from {table} limit 0").description or []]
