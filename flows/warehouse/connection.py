"""Connections to a warehouse file, and what is in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flows.errors import UserError

if TYPE_CHECKING:
    import duckdb


# What every client from DuckDB 1.2 on reads; that of DuckDB 2 can be read by no client of 1.x.
STORAGE_VERSION = "v1.2.0"
# Trying them takes nearly a second of each build in that version, and makes the file no smaller.
_SLOW_COMPRESSION = "fsst,alp,alprd,zstd"

# A quarter of the usual: a table takes whole blocks, and most of these have few rows. The file is three fifths of the size, and
# is copied and hashed in as much less time.
_BLOCK_SIZE = "65536"  # bytes
# What DuckDB calls a file that is made, while it is.
_MADE = "made"

# So much, for a build of ten million results is to take less than 2 GB with all that is not DuckDB's. It goes over it by a tenth.
_MEMORY_MAX, MEMORY = 8 * 10**8, "COMPUTE_LIMITS_MEMORY"


class BuildError(UserError):
    """The build is not published; the message says what is wrong and where."""


class AsideError(BuildError):
    """As `BuildError`, and the file that was built is left aside to be looked at."""


class UnsureError(BuildError):
    """Not as `BuildError`: the build is published, but the disk did not say that it is so for good."""


def connect(path: Path | str, *, read_only: bool = False, is_large: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection with one thread: with more, sums of floats differ in their last bits from run to run.

    A file is written to only aside, where nobody else has it: whoever is killed at that leaves one that is good for nothing. One
    that is made and `is_large` has blocks of DuckDB's own size. What does not fit into memory is written beside the file in blocks
    of its size; what takes a larger one, as most does with small ones, becomes a file of its own each time.
    """
    # Not with the module: a process that fits opens none, and would load it for nothing.
    import duckdb

    if read_only:
        con = duckdb.connect(path, read_only=True, config={"threads": 1})
    else:
        # A file that is made is of the oldest version of storage whose compression is quick; who only reads need not say so.
        storage = {"storage_compatibility_version": STORAGE_VERSION}
        if not is_large:
            storage["default_block_size"] = _BLOCK_SIZE
        con = duckdb.connect(":memory:", config={"threads": 1, **storage})
        con.execute(f"set disabled_compression_methods = '{_SLOW_COMPRESSION}'")
    if not read_only and path != ":memory:":
        # What does not fit goes beside the file; in memory there is no place for it.
        con.execute(f"set temp_directory = {quoted(f'{path}.tmp')}")
        bound(con)
        # Without a log of what is written, which nobody would read: it would be written twice.
        con.execute(f"attach {quoted(str(path))} as {_MADE} (recovery_mode no_wal_writes)")
        con.execute(f"use {_MADE}")
    # DuckDB draws its own on standard output, among what is printed there, where it takes a program for a session.
    con.execute("set enable_progress_bar = false")
    return con


def another(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A further connection to the file that is made, for another thread."""
    further = con.cursor()
    further.execute("set enable_progress_bar = false")
    further.execute(f"use {_MADE}")
    return further


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """What is done within is there for other connections when it ends; where it fails, it goes with the connection."""
    con.begin()
    yield
    con.commit()


@contextmanager
def written_together(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """What is made within is written at its end, and nobody waits for that before.

    To a large file it is written as it is made too, for until then it takes memory.
    """
    if not is_large(con):
        con.execute("set checkpoint_threshold = '1TB'")
    yield
    con.execute("checkpoint")
    con.execute("reset checkpoint_threshold")


def is_large(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a file that is made was begun as a large one, or by a version that began all of them so."""
    query = "select block_size from pragma_database_size() where database_name = current_database()"
    ((block_size,),) = con.execute(query).fetchall()
    return bool(block_size > int(_BLOCK_SIZE))


def quoted(text: str) -> str:
    """A text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def bound(con: duckdb.DuckDBPyConnection) -> None:
    """Have DuckDB write what does not fit into some memory to a folder beside its file, which goes with the connection.

    That is `COMPUTE_LIMITS_MEMORY`, else 800 MB, or a quarter of what the machine has where that is less.

    Raises:
        BuildError: `COMPUTE_LIMITS_MEMORY` is no size.
    """
    import duckdb

    named = os.environ.get(MEMORY)
    size = named or f"{min(_MEMORY_MAX, os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') // 4)}B"
    try:
        con.execute(f"set memory_limit = {quoted(size)}")
    except duckdb.Error as error:
        raise BuildError(f"{MEMORY}={named!r} is no size; write it as 500MB, 4GB or 1.5GiB") from error


def tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """All tables with their schema, in alphabetical order."""
    rows = con.execute("select schema_name || '.' || table_name from duckdb_tables() order by all").fetchall()
    return [str(name) for (name,) in rows]


def all_columns(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """{table or view: its columns, in their order} of all."""
    found: dict[str, list[str]] = {}
    rows = con.execute(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() where not internal "
        "order by schema_name, table_name, column_index"
    ).fetchall()
    for table, column in rows:
        found.setdefault(table, []).append(column)
    return found


def comments(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """{column: its comment} of a table; a column without one is left out."""
    return all_comments(con).get(table, {})


def all_comments(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """{table: {column: its comment}} of all tables, in the order of their columns; what has no comment is left out."""
    found: dict[str, dict[str, str]] = {}
    # In one answer: DuckDB goes through all columns that there are for each.
    rows = con.execute(
        "select schema_name || '.' || table_name, column_name, comment from duckdb_columns() where comment != ''"
    ).fetchall()
    for table, column, text in rows:
        found.setdefault(table, {})[column] = text
    return found


def comment(
    con: duckdb.DuckDBPyConnection, table: str, text: str, columns: dict[str, str], *, is_view: bool = False
) -> None:
    """Say of a table or view and of its columns what they are."""
    of_table = f"comment on {'view' if is_view else 'table'} {table} is {quoted(text)}"
    of_columns = [f'comment on column {table}."{column}" is {quoted(remark)}' for column, remark in columns.items()]
    # All at once: each call takes longer than what it does. The optimizer takes as long to find nothing to do.
    con.execute(";\n".join(["pragma disable_optimizer", of_table, *of_columns, "pragma enable_optimizer"]))
