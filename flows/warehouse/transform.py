"""Every table after those that it reads: the SQL files, and between them what is computed otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from flows.children import processors
from flows.warehouse import connection, sql_files, staging
from flows.warehouse.connection import BuildError
from flows.warehouse.kept import Keys
from flows.warehouse.pool import Pool
from flows.warehouse.sql_files import Node, SqlFile
from flows.warehouse.staging import Staged
from flows.warehouse.standing import Standing

if TYPE_CHECKING:
    import pyarrow as pa

_LINEAGE = "One row per table and table that it reads."

# Scalar functions for SQL: {name: (function, types of its parameters, type of its result)}.
Functions = Mapping[str, tuple[Callable[..., Any], list[Any], str]]
# What is done with each table: the connection, its name, its rows if they are at hand.
Made = Callable[[duckdb.DuckDBPyConnection, str, "pa.Table | None"], None]


class Computed(Protocol):
    """Tables that SQL cannot make.

    `row_types`: {table: type of its rows}; `reads`: what each reads, for lineage. As soon as all of that is there `start` is
    called, and `tables` where the first table is due that reads one of them: in between they may be computed elsewhere, on
    so many processors of this machine as are `busy`.
    """

    row_types: Mapping[str, type[Any]]
    reads: Mapping[str, tuple[str, ...]]
    busy: int

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
        # What stands says so in a table that nothing here makes.
        standing = Standing(con, keys, code)
        with connection.transaction(con):
            _drop_others(con, {*given, *computed.row_types}, [*before, *beside, *after])
        maker = _Maker(standing, made, given, connection.all_comments(con))
        for table in given:
            made(con, table, None)
        with Pool(con, lambda further: make_known(further, root, {})) as pool:
            with connection.written_together(con):
                beside = pool.run(before, maker.make, besides=beside)
                # As early as can be: all else waits for it.
                computed.start(con)
            # Tables that nothing waits for are made meanwhile where that takes nothing from what all wait for, or where they could
            # not be made side by side with the rest.
            if (spare := processors() - computed.busy) > 0 or pool.size == 1:
                pool.run(beside, maker.make, max(spare, 1))
                beside = []
            for table, content in computed.tables().items():
                with connection.transaction(con):
                    maker.known[table] = staging.put(con, standing, table, Staged(computed.row_types[table], content))
                made(con, table, None)
            pool.run([*after, *beside], maker.make)
        with connection.transaction(con):
            _lineage(con, tables, computed)
        with connection.transaction(con):
            last(con)
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


class _Maker:
    """What makes the table of a SQL file, by whichever connection; all that it reads is made or `known` by then.

    `known` has {column: its comment} of tables, `texts` what stands in the file, where those that are `given` are known by.
    """

    def __init__(
        self, standing: Standing, made: Made, given: Iterable[str], texts: Mapping[str, dict[str, str]]
    ) -> None:
        self._standing, self._made, self._texts = standing, made, texts
        self.known = {table: texts.get(table, {}) for table in given}
        # Whoever is told of tables is told of one at a time.
        self._telling = Lock()

    def make(self, con: duckdb.DuckDBPyConnection, file: SqlFile) -> None:
        """Make a table, unless it stands as it would be made, and say what it is."""
        rows, count = None, None
        with connection.transaction(con):
            if not self._standing.stays(file.table, file.select, file.reads):
                count = _create(con, file)
            self._tell(con, file)
        # Not before it is written: until then it takes memory twice.
        if count is not None and file.is_view:
            self._standing.is_made_of(file.table)
        elif count is not None:
            rows = self._standing.holds_rows(con, file.table, count)
        # A view has the rows of tables that were looked at when they were made.
        if not file.is_view:
            with self._telling:
                self._made(con, file.table, rows)

    def _tell(self, con: duckdb.DuckDBPyConnection, file: SqlFile) -> None:
        """Say what it is, and of each column what its file says, or a table that it reads."""
        inherited = {column: text for table in file.reads for column, text in self.known[table].items()}
        own = inherited | dict(file.column_comments)
        told = {column: own[column] for column in con.table(file.table).columns if column in own}
        self.known[file.table] = told
        if file.table not in self._standing.new:
            if self._texts.get(file.table, {}) == told:
                return
            # What it inherits is another: made anew it has no comment that is to go.
            _create(con, file)
        connection.comment(con, file.table, _comment(file), told, is_view=file.is_view)


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
