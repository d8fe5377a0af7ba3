"""The expectations of each table, as it is made: taken over where neither table nor suite has changed, else run beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import duckdb
import pyarrow as pa

from flows.columns import column
from flows.warehouse import contents, expectations, keys, staging
from flows.warehouse.expectations import Failure, Suite
from flows.warehouse.kept import CONTENT, SUITE, UNMET, Kept, Keys
from flows.warehouse.validator import Validator


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

    def made(self, con: duckdb.DuckDBPyConnection, table: str) -> None:
        """Have a table checked that is there now."""
        suite = self._suites.get(table)
        if suite is None:
            return
        asked = asked_key(suite)
        if self._is_as_it_was(table, asked):
            # Not even looked at: its rows are those of before, and so is what is asked of them.
            self._keys.add(SUITE, table, self._published.keys[SUITE, table])
            self._taken_over += _unmet(self._published, table)
            return
        content, types = asked_of(con, suite)
        key = f"{asked} {seen_key(content, types)}"
        self._keys.add(SUITE, table, key)
        if self._published.has(SUITE, table, key):
            self._taken_over += _unmet(self._published, table)
        else:
            self._validator().submit(table, content)
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


def asked_of(con: duckdb.DuckDBPyConnection, suite: Suite) -> tuple[pa.Table, dict[str, str]]:
    """The columns of a table that its suite names, and {column: its type} of all."""
    table = con.table(suite.table)
    # Of a table without such columns still the count of its rows is asked.
    columns = expectations.named(suite, table.columns) or table.columns[:1]
    listed = ", ".join(f'"{one}"' for one in columns)
    content = con.sql(f"select {listed} from {suite.table}").to_arrow_table()
    return content, dict(zip(table.columns, map(str, table.types), strict=True))


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
