"""Ad hoc SQL over the published warehouse, read only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from flows.answers import table_names
from flows.answers.query_limits import Limits, bounded, is_nearly_full, out_of_memory, out_of_time
from flows.answers.query_limits import QueryError as QueryError
from flows.warehouse import connection, reading
from flows.warehouse.reading import ReadError

if TYPE_CHECKING:
    import threading

    import pyarrow as pa

# DuckDB's names of the types of numbers, DECIMAL(18,3) by its beginning.
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_NUMERIC = (*_WHOLE, *(f"U{kind}" for kind in _WHOLE), "FLOAT", "DOUBLE", "DECIMAL")
# Rows that are taken at once: many enough for speed, few enough that wide ones fit into memory.
_BATCH = 2_000
_BATCH_OF_ARROW = 50_000
# No file, no network, no extension, no file of what does not fit into memory either.
_CLOSED = (
    "temp_directory = ''",
    "enable_external_access = false",
    "autoinstall_known_extensions = false",
    "lock_configuration = true",
)
_EXPLAIN = re.compile(r"\s*explain\s+(analyze\s+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Result:
    """The rows of a query as Python's values, and for each column its name and whether its type is one of numbers.

    No two columns have the same name (`unique`). `total` is the number of rows where these are only its first, else None.
    """

    columns: tuple[str, ...]
    is_numeric: tuple[bool, ...]
    rows: list[tuple[Any, ...]]
    total: int | None = None

    def records(self) -> list[dict[str, Any]]:
        """Each row as {column: value}."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Streamed:
    """As `Result`, with the rows batch by batch as they are computed."""

    columns: tuple[str, ...]
    is_numeric: tuple[bool, ...]
    batches: Iterator[list[tuple[Any, ...]]]


def connect(path: Path, limits: Limits | None = None) -> duckdb.DuckDBPyConnection:
    """A connection on which SQL can read the warehouse and nothing else: no files, no network, no extensions, no ATTACH.

    Raises:
        QueryError: there is no warehouse, or it cannot be read.
    """
    con = _opened(path)
    of_memory = [] if limits is None else [f"memory_limit = '{limits.memory_bytes}B'"]
    for setting in (*of_memory, *_CLOSED):
        con.execute(f"set {setting}")
    return con


def attached(path: Path, name: str) -> duckdb.DuckDBPyConnection:
    """A connection in memory, with the warehouse attached under a name, for reading. Raises `QueryError` as `connect`."""

    def attach() -> duckdb.DuckDBPyConnection:
        con = connection.connect(":memory:")
        con.execute(f"attach {connection.quoted(str(path))} as {name} (read_only)")
        return con

    return _opened(path, attach)


def _opened(path: Path, attach: Any = None) -> duckdb.DuckDBPyConnection:
    if not path.is_file():
        raise QueryError(
            f"no warehouse at {path}; run `compute-limits build` (no network needed) or `compute-limits refresh`"
        )
    try:
        return reading.read(path) if attach is None else reading.opened(path, attach)
    except ReadError as error:
        raise QueryError(str(error)) from error


@contextmanager
def of_this_version(path: Path) -> Iterator[None]:
    """Around the project's own queries of a warehouse, which name tables and columns as this version builds them.

    Raises:
        QueryError: one of them is not there, or the file is damaged.
    """
    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        reason = str(error).partition("\n")[0]
        raise QueryError(f"{path} was built by another version; run `compute-limits build` ({reason})") from error
    except duckdb.Error as error:
        raise QueryError(str(reading.damaged(path, error))) from error


@contextmanager
def streamed(path: Path, sql: str, limits: Limits) -> Iterator[Streamed]:
    """The rows of a query as they are computed.

    Raises:
        QueryError: it is not one SELECT or EXPLAIN, DuckDB refuses it (also while its rows are taken), or a limit is reached.
    """
    with connect(path, limits) as con, bounded(con, limits) as over:
        con.execute(readable(con, sql))
        described = con.description or []
        columns = unique([name for name, *_ in described])
        yield Streamed(columns, _numeric([kind for _, kind, *_ in described]), _batches(con, over, limits))


def _batches(con: duckdb.DuckDBPyConnection, over: threading.Event, limits: Limits) -> Iterator[list[tuple[Any, ...]]]:
    while rows := con.fetchmany(_BATCH):
        if over.is_set():
            raise out_of_time(limits)
        if is_nearly_full():
            raise out_of_memory(limits)
        yield rows


def run(path: Path, sql: str, limits: Limits | None = None) -> Result:
    """All rows of a query, in memory. Raises `QueryError` as `streamed`."""
    with streamed(path, sql, limits or Limits()) as found:
        rows = [row for batch in found.batches for row in batch]
        return Result(found.columns, found.is_numeric, rows)


def own(path: Path, sql: str) -> Result:
    """All rows of one of the project's own queries. Raises `QueryError` as `connect` and `of_this_version`."""
    with of_this_version(path), connect(path) as con:
        described = con.execute(sql).description or []
        kinds = [kind for _, kind, *_ in described]
        return Result(unique([name for name, *_ in described]), _numeric(kinds), con.fetchall())


def first(path: Path, sql: str, many: int, limits: Limits) -> Result:
    """The first rows of a query, and how many it has. Raises `QueryError` as `streamed`."""
    with connect(path, limits) as con, bounded(con, limits):
        relation = con.sql(readable(con, sql))
        # One more than is shown tells whether the rest has to be counted, which may take as long as computing it.
        rows = relation.limit(many + 1).fetchall()
        total = relation.count("*").fetchall()[0][0] if len(rows) > many else None
        return Result(unique(relation.columns), _numeric(relation.types), rows[:many], total)


@contextmanager
def arrow_batches(path: Path, sql: str, limits: Limits) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """As `streamed`, with the types of Arrow, for Parquet; only this loads pyarrow. Raises `QueryError` as `streamed`."""
    import pyarrow as pa

    with connect(path, limits) as con, bounded(con, limits) as over:
        reader = con.sql(readable(con, sql)).to_arrow_reader(_BATCH_OF_ARROW)
        names = unique(reader.schema.names)
        fields = [field.with_name(name) for field, name in zip(reader.schema, names, strict=True)]

        def batches() -> Iterator[pa.RecordBatch]:
            # By way of Arrow a fault of DuckDB comes as one of Arrow's, with its text.
            try:
                for batch in reader:
                    if over.is_set():
                        raise out_of_time(limits)
                    yield batch.rename_columns(list(names))
            except (pa.ArrowException, OSError) as error:
                ended = out_of_memory(limits) if "Out of Memory" in str(error) else QueryError(str(error))
                raise out_of_time(limits) if over.is_set() else ended from error

        yield pa.schema(fields), batches()


def readable(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The one statement of a query, which is a SELECT (SHOW, DESCRIBE, SUMMARIZE, FROM and VALUES are) or EXPLAIN of one.

    Raises:
        QueryError: it is anything else.
    """
    statement = _only(con, table_names.told(con, sql))
    kind = statement.type
    if kind == duckdb.StatementType.EXPLAIN:
        # EXPLAIN ANALYZE does what it explains, and whatever that is the statement's type is EXPLAIN.
        kind = _explained(con, statement.query)
    if kind == duckdb.StatementType.MULTI and re.search(r"\bpivot", sql, re.IGNORECASE):
        raise QueryError("PIVOT without IN is several statements; name the values: pivot t on c in ('a', 'b') using …")
    if kind != duckdb.StatementType.SELECT:
        raise QueryError(
            f"{kind.name} is not accepted; this command is for SELECT (with SHOW, DESCRIBE, SUMMARIZE) and EXPLAIN"
        )
    return statement


def _explained(con: duckdb.DuckDBPyConnection, query: str) -> duckdb.StatementType:
    # Nothing may stand before the SELECT that DuckDB could read otherwise than it is read here: no options, no comments.
    prefix = _EXPLAIN.match(query)
    try:
        return _only(con, query[0 if prefix is None else prefix.end() :]).type
    except QueryError as error:
        raise QueryError(
            "EXPLAIN is accepted of a SELECT, written as `explain select …` or `explain analyze select …`"
        ) from error


def _only(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    try:
        statements = con.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    if len(statements) != 1:
        many = "no statement" if not statements else f"{len(statements)} statements"
        raise QueryError(f"the query is {many}; this command takes one SELECT or EXPLAIN at a time")
    return statements[0]


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names of columns, of which no two are the same: those that stand twice get a number, n, n_1, n_2."""
    told: list[str] = []
    for name in names:
        number, candidate = 0, name
        while candidate in told or (number and candidate in names):
            number += 1
            candidate = f"{name}_{number}"
        told.append(candidate)
    return tuple(told)


def _numeric(kinds: Sequence[object]) -> tuple[bool, ...]:
    return tuple(str(kind).startswith(_NUMERIC) and not str(kind).endswith("]") for kind in kinds)
