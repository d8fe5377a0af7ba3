"""Ad hoc SQL over the published warehouse, read only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from flows.errors import UserError
from flows.warehouse import connection

if TYPE_CHECKING:
    import pyarrow as pa

# DuckDB's names of the types of numbers, DECIMAL(18,3) by its beginning.
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_NUMERIC = (*_WHOLE, *(f"U{kind}" for kind in _WHOLE), "FLOAT", "DOUBLE", "DECIMAL")


class QueryError(UserError, ValueError):
    """A query or the data of a fit cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Result:
    """The rows of a query as Python's values, and for each column its name and whether its type is one of numbers."""

    columns: tuple[str, ...]
    is_numeric: tuple[bool, ...]
    rows: list[tuple[Any, ...]]

    def records(self) -> list[dict[str, Any]]:
        """Each row as {column: value}; of columns of the same name the last."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection on which SQL can read the warehouse and nothing else: no files, no network, no extensions, no ATTACH.

    Raises:
        QueryError: there is no warehouse.
    """
    if not path.is_file():
        raise QueryError(
            f"no warehouse at {path}; run `compute-limits build` (no network needed) or `compute-limits refresh`"
        )
    con = connection.connect(path, read_only=True)
    for setting in (
        "enable_external_access = false",
        "autoinstall_known_extensions = false",
        "lock_configuration = true",
    ):
        con.execute(f"set {setting}")
    return con


@contextmanager
def of_this_version(path: Path) -> Iterator[None]:
    """Around the project's own queries of a warehouse, which name tables and columns as this version builds them.

    Raises:
        QueryError: one of them is not there.
    """
    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        reason = str(error).partition("\n")[0]
        raise QueryError(f"{path} was built by another version; run `compute-limits build` ({reason})") from error


def run(path: Path, sql: str) -> Result:
    """The result of a query. Raises `QueryError` with DuckDB's message."""
    with _relation(path, sql) as relation:
        kinds = [str(kind) for kind in relation.types]
        is_numeric = tuple(kind.startswith(_NUMERIC) and not kind.endswith("]") for kind in kinds)
        return Result(tuple(relation.columns), is_numeric, relation.fetchall())


def arrow_table(path: Path, sql: str) -> pa.Table:
    """The result of a query with its types, for Parquet; only this loads pyarrow. Raises `QueryError` as `run`."""
    with _relation(path, sql) as relation:
        return relation.to_arrow_table()


@contextmanager
def _relation(path: Path, sql: str) -> Iterator[duckdb.DuckDBPyRelation]:
    with connect(path) as con:
        try:
            relation = con.sql(sql)
            if relation is None:
                raise QueryError("the statement gives no rows; this command is for SELECT")
            yield relation
        except duckdb.Error as error:
            raise QueryError(str(error)) from error
