"""What the published warehouse has that the next build may take over, each under a key of all that it depends on.

The published file is the only store: what is taken over is read out of its own tables, and the keys are published with it,
by the same rename. A file that has no keys (version 0.1) or cannot be read keeps nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.columns import column
from flows.errors import UserError
from flows.warehouse import reading
from flows.warehouse.reading import ReadError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

UNMET = "meta.unmet_expectations"
BUILD, BYTES, PAGE, SAMPLE, SUITE = "build", "bytes", "page", "sample", "suite"
TABLE, CONTENT = "table", "content"


class DamagedError(UserError):
    """The published warehouse has the keys of something that cannot be read out of it: all is to be built anew."""


@dataclass(frozen=True, slots=True)
class KeptKey:
    """One row per thing that a later build may take over while its key is the same."""

    kind: str = column(
        "build: the whole; bytes: versions of a page; page: its rows; sample: lines of a set of points; suite: expectations "
        "of a table; table: what it is made of; content: its rows"
    )
    name: str = column("which of that kind; blank for the whole")
    key: str = column(
        "SHA-256 of all that it depends on: content, settings, code, libraries; of bytes the versions that were looked at, "
        "each with what was kept of it: + its bytes, ! others in their place, - nothing; of a suite two: what is asked, and what "
        "it saw"
    )


@dataclass
class Keys:
    """The keys of what a build makes, as it makes them."""

    rows: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, kind: str, name: str, key: str) -> None:
        """Say under which key something can be taken over."""
        self.rows[kind, name] = key

    def write(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make meta.kept_keys."""
        from flows.warehouse import staging

        rows = [KeptKey(kind, name, key) for (kind, name), key in sorted(self.rows.items())]
        staging.create(con, "meta.kept_keys", staging.of_rows(KeptKey, rows))


@dataclass(eq=False)
class Kept:
    """A published warehouse, open for reading; without a connection it keeps nothing."""

    con: duckdb.DuckDBPyConnection | None = None
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)
    path: Path | None = None
    _parts: dict[str, tuple[pa.Table, dict[tuple[object, ...], tuple[int, int]]]] = field(default_factory=dict)

    def has(self, kind: str, name: str, key: str) -> bool:
        """Whether it holds this thing under this key."""
        return self.keys.get((kind, name)) == key

    @cached_property
    def is_empty(self) -> bool:
        """Whether there is nothing to take over."""
        return not self.keys

    def part(self, table: str, by: tuple[str, ...], value: tuple[object, ...]) -> pa.Table:
        """The rows of a table whose columns `by` have these values, in their order; such rows stand together.

        Raises:
            DamagedError: the table cannot be read, or is none of a build.
        """
        if table not in self._parts:
            self._parts[table] = self._indexed(table, by)
        rows, starts = self._parts[table]
        start, count = starts.get(value, (0, 0))
        return rows.slice(start, count)

    def rows(self, table: str, row_type: type[Any]) -> list[tuple[Any, ...]]:
        """The rows of a table, with the columns that a type of rows has.

        Raises:
            DamagedError: as `query`.
        """
        return self.query(f"select {', '.join(one.name for one in fields(row_type))} from {table}")

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query over the published warehouse.

        Raises:
            DamagedError: they cannot be read.
        """
        with self._reading() as con:
            return con.execute(sql, parameters).fetchall()

    def _indexed(self, table: str, by: tuple[str, ...]) -> tuple[pa.Table, dict[tuple[object, ...], tuple[int, int]]]:
        with self._reading() as con:
            rows = con.sql(f"select * from {table}").to_arrow_table()
            return rows, runs(rows, by)

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        import duckdb

        if self.con is None:
            raise ValueError("nothing is kept")
        try:
            yield self.con
        except (duckdb.Error, KeyError, ValueError) as error:
            raise DamagedError(
                f"the published warehouse is damaged: {error}; run `compute-limits build --fresh`"
            ) from error


NOTHING = Kept()


def runs(rows: pa.Table, by: tuple[str, ...]) -> dict[tuple[object, ...], tuple[int, int]]:
    """{values of the columns `by`: (first row, how many)} of rows that stand together."""
    if not len(rows):
        return {}
    arrays = [rows[name].combine_chunks() for name in by]
    starts = [0, *(at + 1 for at in _changes(arrays))]
    ends = [*starts[1:], len(rows)]
    places: dict[tuple[object, ...], tuple[int, int]] = {}
    values = zip(*(array.take(starts).to_pylist() for array in arrays), strict=True)
    for value, start, end in zip(values, starts, ends, strict=True):
        if value in places:
            raise ValueError(f"rows of {value} do not stand together: row {start}")
        places[value] = (start, end - start)
    return places


def _changes(arrays: Iterable[pa.Array]) -> list[int]:
    """The numbers of the rows after which one of the arrays has another value."""
    import numpy as np
    import pyarrow.compute as pc

    changes: set[int] = set()
    for array in arrays:
        before, after = array[:-1], array[1:]
        differs = pc.or_kleene(pc.not_equal(before, after), pc.xor(pc.is_null(before), pc.is_null(after)))
        changes.update(np.flatnonzero(pc.fill_null(differs, False).to_numpy(zero_copy_only=False)).tolist())
    return sorted(changes)


@contextmanager
def published(path: Path | None) -> Iterator[Kept]:
    """What a published warehouse keeps; nothing where no path is given, there is no file, or none that can be read."""
    if path is None or not path.is_file():
        yield NOTHING
        return
    try:
        con = reading.read(path)
    except ReadError:
        # It is replaced whole by the build that asks; whoever else reads it hears what is wrong with it.
        yield NOTHING
        return
    with con:
        yield Kept(con, keys_in(con), path)


def keys_in(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """The keys that stand in a file; none where it has none."""
    import duckdb

    try:
        rows = con.execute("select kind, name, key from meta.kept_keys").fetchall()
    except duckdb.Error:
        return {}
    return {(kind, name): key for kind, name, key in rows}
