"""Every table after those that it reads: the SQL files, and between them what is computed otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from flows.warehouse import connection, sql_files, staging
from flows.warehouse.connection import BuildError
from flows.warehouse.kept import Keys
from flows.warehouse.sql_files import Node, SqlFile
from flows.warehouse.staging import Staged
from flows.warehouse.standing import Standing

if TYPE_CHECKING:
    import pyarrow as pa

# A table of more rows than this is written at once: until then DuckDB joins it as if it had none, which takes much memory.
_MANY = 10_000
_LINEAGE = "One row per table and table that it reads."

# Scalar functions for SQL: {name: (function, types of its parameters, type of its result)}.
Functions = Mapping[str, tuple[Callable[..., Any], list[Any], str]]
# What is done with each table: the connection, its name, its rows if they are at hand.
Made = Callable[[duckdb.DuckDBPyConnection, str, "pa.Table | None"], None]


class Computed(Protocol):
    """Tables that SQL cannot make.

    `row_types`: {table: type of its rows}; `reads`: what each reads, for lineage. As soon as all of that is there `start` is
    called, and `tables` where the first table is due that reads one of them: in between they may be computed elsewhere.
    """

    row_types: Mapping[str, type[Any]]
    reads: Mapping[str, tuple[str, ...]]

    def start(self, con: duckdb.DuckDBPyConnection) -> None:
        """Take what is needed from the warehouse."""

    def tables(self) -> Mapping[str, pa.Table]:
        """{table: its content} of all of them."""


def needed(computed: Computed) -> tuple[str, ...]:
    """All that any computed table reads."""
    return tuple(sorted({read for reads in computed.reads.values() for read in reads}))


def transform(
    path: Path,
    root: Path,
    given: Sequence[str],
    computed: Computed,
    functions: Functions,
    made: Made = lambda *_: None,
    last: Callable[[duckdb.DuckDBPyConnection], None] = lambda _: None,
    *,
    keys: Keys | None = None,
    code: str = "",
) -> None:
    """Make every table of the SQL files below `root`, each after those that it reads, with comments and lineage.

    `made` is called with each table as soon as it is there, and with its rows where they were read anyway; `last` may add to
    the file before it is closed. `keys` has those of the `given` tables, and gets those of all others; `code` is the digest of
    what every SELECT may depend on beside its text and what it reads. Without `keys` all is made, also what stands in the file.

    Raises:
        BuildError: a SELECT fails; the message names its file.
    """
    tables = sql_files.in_order(root, given, dict.fromkeys(computed.row_types, needed(computed)))
    before, beside, after = _parts(tables, computed)
    with connection.connect(path) as con:
        make_known(con, root, functions)
        standing = Standing(con, keys, code)
        # Few transactions: a commit per comment would cost more than the tables.
        con.begin()
        files = [*before, *beside, *after]
        _drop_others(con, {*given, *computed.row_types}, files)
        commented = connection.all_comments(con)
        known = {table: commented.get(table, {}) for table in given}
        for table in given:
            made(con, table, None)
        _make(con, before, made, standing)
        # As early as can be: what is said of tables waits for it.
        computed.start(con)
        _tell(con, before, known, standing)
        _write(con)
        _make(con, beside, made, standing)
        _tell(con, beside, known, standing)
        _write(con)
        for table, content in computed.tables().items():
            known[table] = staging.put(con, standing, table, Staged(computed.row_types[table], content))
            made(con, table, None)
        _make(con, after, made, standing)
        _tell(con, after, known, standing)
        _lineage(con, tables, computed)
        # To write them takes a second, in which what was made last is looked at elsewhere; `last` waits for that.
        con.commit()
        con.begin()
        last(con)
        con.commit()
        con.execute("checkpoint")


def _drop_others(con: duckdb.DuckDBPyConnection, tables: set[str], files: Iterable[SqlFile]) -> None:
    """Drop what stands in the file and nothing makes any more, or makes as another kind."""
    views = {file.table for file in files if file.is_view}
    tables = tables | {file.table for file in files if not file.is_view}
    there = con.execute(
        "select schema_name || '.' || table_name, 'table' from duckdb_tables() "
        "union all select schema_name || '.' || view_name, 'view' from duckdb_views() where not internal"
    ).fetchall()
    for name, kind in there:
        if name not in (views if kind == "view" else tables):
            con.execute(f"drop {kind} {name}")


def downstream(con: duckdb.DuckDBPyConnection, root: Path, changed: Iterable[str]) -> list[SqlFile]:
    """The SQL files of a warehouse that is whole whose tables read one of the `changed`, or read such a one; in order.

    Only these files are read. A computed table is none of them, nor what reads it for that alone.
    """
    lineage = con.execute("select table_name, reads from meta.lineage").fetchall()
    stale, size = set(changed), 0
    while size < len(stale):
        size = len(stale)
        stale |= {table for table, read in lineage if read in stale}
    paths = {table: root.joinpath(*table.split(".")).with_suffix(".sql") for table in stale}
    files = {table: sql_files.read_table_file(path) for table, path in sorted(paths.items()) if path.is_file()}
    ordered = TopologicalSorter({table: set(file.reads) & set(files) for table, file in files.items()}).static_order()
    return [files[table] for table in ordered]


def again(con: duckdb.DuckDBPyConnection, root: Path, files: Iterable[SqlFile]) -> None:
    """Make the tables of these files anew, in a warehouse that is whole.

    Raises:
        BuildError: a SELECT fails; the message names its file.
    """
    make_known(con, root, {})
    texts = connection.all_comments(con)
    for file in files:
        _create(con, file)
        connection.comment(con, file.table, _comment(file), texts.get(file.table, {}), is_view=file.is_view)


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


def _parts(tables: Sequence[Node], computed: Computed) -> tuple[list[SqlFile], list[SqlFile], list[SqlFile]]:
    """The SQL files that computed tables need; those that have nothing to do with them; those that need them; each in order."""
    reads = {table.table: set(table.reads) for table in tables}
    above = set(needed(computed))
    for table in reversed(tables):
        if table.table in above:
            above |= reads[table.table]
    below = set(computed.row_types)
    for table in tables:
        if reads[table.table] & below:
            below.add(table.table)
    files = [table for table in tables if isinstance(table, SqlFile)]
    return (
        [file for file in files if file.table in above],
        [file for file in files if file.table not in above | below],
        [file for file in files if file.table in below],
    )


def _write(con: duckdb.DuckDBPyConnection) -> None:
    """Have on the disk what is made by now: while others compute nobody waits for that, and until then it takes memory."""
    con.commit()
    con.begin()


def _make(
    con: duckdb.DuckDBPyConnection,
    files: Iterable[SqlFile],
    made: Made,
    standing: Standing,
) -> None:
    for file in files:
        rows = None
        if not standing.stays(file.table, file.select, file.reads):
            count = _create(con, file)
            if count > _MANY:
                _write(con)
            if file.is_view:
                standing.is_made_of(file.table)
            else:
                rows = standing.holds_rows(con, file.table, count)
        # A view has the rows of tables that were looked at when they were made.
        if not file.is_view:
            made(con, file.table, rows)


def _tell(
    con: duckdb.DuckDBPyConnection, files: Iterable[SqlFile], known: dict[str, dict[str, str]], standing: Standing
) -> None:
    """Say of the tables of SQL files what they are: of each column what its file says, or a table that it reads."""
    names, texts = connection.all_columns(con), connection.all_comments(con)
    for file in files:
        inherited = {column: text for table in file.reads for column, text in known[table].items()}
        own = inherited | dict(file.column_comments)
        known[file.table] = {column: own[column] for column in names[file.table] if column in own}
        if file.table not in standing.new:
            if texts.get(file.table, {}) == known[file.table]:
                continue
            # What it inherits is another: made anew it has no comment that is to go.
            _create(con, file)
        connection.comment(con, file.table, _comment(file), known[file.table], is_view=file.is_view)


def _comment(file: SqlFile) -> str:
    """What a table is; of a view with its key columns, for a view can declare none."""
    return f"{file.comment} Key: {', '.join(map(_unmarked, file.grain))}." if file.is_view else file.comment


def _unmarked(column: str) -> str:
    return f"{column.removesuffix('?')} (may be null)" if column.endswith("?") else column


def _create(con: duckdb.DuckDBPyConnection, file: SqlFile) -> int:
    """Make a table or view; returns how many rows are written."""
    kind = "view" if file.is_view else "table"
    try:
        told = con.execute(f"create or replace {kind} {file.table} as\n{file.select}").fetchall()
        return 0 if file.is_view else int(told[0][0])
    except duckdb.OutOfMemoryException as error:
        raise BuildError(
            f"{file.table}: it takes more memory than DuckDB may have; give it more, as by {connection.MEMORY}=4GB"
        ) from error
    except duckdb.Error as error:
        raise BuildError(f"{file.table}: {error}") from error


def _lineage(con: duckdb.DuckDBPyConnection, tables: Iterable[Node], computed: Computed) -> None:
    import pyarrow as pa  # not with the module: to make a few tables again takes less time

    edges = [(table.table, read) for table in tables for read in computed.reads.get(table.table, table.reads)]
    content = pa.table({"table_name": [table for table, _ in edges], "reads": [read for _, read in edges]})
    con.register("edges", content)
    con.execute("create or replace table meta.lineage as select * from edges")
    con.unregister("edges")
    about = {"table_name": "a table, with its schema", "reads": "a table that it is computed from"}
    connection.comment(con, "meta.lineage", _LINEAGE, about)
