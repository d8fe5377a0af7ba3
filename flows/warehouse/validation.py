"""The expectations of each table, as it is made: taken over where neither table nor suite has changed, else run beside."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import duckdb
import pyarrow as pa

from flows.columns import column
from flows.warehouse import contents, expectations, keys, staging
from flows.warehouse.expectations import Failure, Suite
from flows.warehouse.kept import CONTENT, SUITE, UNMET, Kept, Keys
from flows.warehouse.validator import Validator

# Rows of a table that are looked at together, where it has more; a frame of so many takes some 50 MB. More where it has more than
# so many slices: each is a file that is open while rows are dealt, and a system may allow 256.
SLICE, SLICES_MAX = 100_000, 200


@dataclass(frozen=True, slots=True)
class Unmet:
    """One row per expectation that is not met and does not keep the warehouse from being published."""

    table_name: str = column("the table, with its schema")
    expectation: str = column("what is expected of it")
    severity: str = column("warning")
    finding: str = column("what is seen instead")


class Validation:
    """The expectations of one build; `validator` gives the process that runs them, when it is needed first."""

    def __init__(
        self, published: Kept, made: Keys, suites: Mapping[str, Suite], validator: Callable[[], Validator]
    ) -> None:
        self._published, self._keys, self._suites, self._validator = published, made, suites, validator
        self._taken_over: list[Failure] = []
        self._is_asked = False

    def made(self, con: duckdb.DuckDBPyConnection, table: str, rows: pa.Table | None = None) -> None:
        """Have a table checked that is there now; `rows` are all of it, where they are at hand."""
        suite = self._suites.get(table)
        if suite is None:
            return
        asked = asked_key(suite)
        if self._is_as_it_was(table, asked):
            # Not even looked at: its rows are those of before, and so is what is asked of them.
            self._keys.add(SUITE, table, self._published.keys[SUITE, table])
            self._taken_over += _unmet(self._published, table)
            return
        seen = Seen.of(con, suite, rows)
        key = f"{asked} {seen.key()}"
        self._keys.add(SUITE, table, key)
        if self._published.has(SUITE, table, key):
            self._taken_over += _unmet(self._published, table)
        else:
            seen.submit(self._validator())
            self._is_asked = True

    def _is_as_it_was(self, table: str, asked: str) -> bool:
        content = self._keys.rows.get((CONTENT, table), "")
        before = self._published.keys.get((SUITE, table), "")
        return bool(content) and self._published.has(CONTENT, table, content) and before.split(" ")[0] == asked

    @cached_property
    def failures(self) -> list[Failure]:
        """What is not met, by table; waits for those that are still being checked.

        Raises:
            SuiteError: a suite cannot be run.
            BuildError: the process that checks has ended before its time.
        """
        run = self._validator().failures() if self._is_asked else []
        return sorted([*self._taken_over, *run], key=lambda failure: failure.table)

    def write(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make meta.unmet_expectations."""
        rows = [Unmet(one.table, one.expectation, one.severity, one.finding) for one in self.failures]
        staging.create(con, UNMET, staging.of_rows(Unmet, rows))


@dataclass(frozen=True)
class Seen:
    """What the suite of a table sees of it: the columns that it names, and {column: its type} of all.

    `whole` are the columns, but of a large table None: that is read in batches, and checked in so many `slices`.
    """

    con: duckdb.DuckDBPyConnection
    suite: Suite
    columns: Sequence[str]
    types: Mapping[str, str]
    slices: int
    whole: pa.Table | None

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, suite: Suite, rows: pa.Table | None = None) -> Seen:
        """Look at a table; `rows` are all of it, where they are at hand, and few."""
        table = con.table(suite.table)
        # Of a table without such columns still the count of its rows is asked.
        columns = expectations.named(suite, table.columns) or table.columns[:1]
        types = dict(zip(table.columns, map(str, table.types), strict=True))
        if rows is not None:
            return cls(con, suite, columns, types, 1, rows.select(columns))
        ((count,),) = con.execute(f"select count(*) from {suite.table}").fetchall()
        slices = 1 if expectations.dealt_by(suite) is None else max(1, min(SLICES_MAX, math.ceil(count / SLICE)))
        seen = cls(con, suite, columns, types, slices, None)
        return seen if slices > 1 else replace(seen, whole=seen._rows().to_arrow_table())

    def key(self) -> str:
        """The digest of all of it."""
        if self.whole is not None:
            return seen_key(self.whole, self.types)
        reader = self._rows().to_arrow_reader(contents.ROWS)
        return keys.digest(repr(self.types), contents.key_of_batches(reader.schema, reader))

    def submit(self, validator: Validator) -> None:
        """Have it checked."""
        if self.whole is not None:
            validator.submit(self.suite.table, self.whole)
            return
        by = ", ".join(f'"{column}"' for column in expectations.dealt_by(self.suite) or ()) or "rowid"
        rows = self._rows(f', (hash({by}) % {self.slices})::integer as "slice"')
        validator.submit_slices(self.suite.table, rows.to_arrow_reader(contents.ROWS), self.slices)

    def _rows(self, further: str = "") -> duckdb.DuckDBPyRelation:
        listed = ", ".join(f'"{column}"' for column in self.columns)
        return self.con.sql(f"select {listed}{further} from {self.suite.table}")


def asked_key(suite: Suite) -> str:
    """All that the result of a suite depends on, but the table."""
    return keys.digest(
        keys.code("flows.warehouse.checking", "flows.warehouse.validator"),
        keys.versions("great-expectations", "pandas", "numpy", "duckdb", "pyarrow"),
        expectations.suite_key(suite),
    )


def seen_key(content: pa.Table, types: Mapping[str, str]) -> str:
    """What a suite sees of a table: the columns that it names, and the types of all."""
    return keys.digest(repr(types), contents.key(content))


def _unmet(published: Kept, table: str) -> list[Failure]:
    rows = published.query(
        f"select table_name, expectation, severity, finding from {UNMET} where table_name = ?", table
    )
    return [Failure(*row) for row in rows]
