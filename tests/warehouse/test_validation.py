"""flows/warehouse/validation.py: what is taken over of the expectations, what is run anew, and under which key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from flows.warehouse import connection, expectations, kept, validation
from flows.warehouse.expectations import Failure, suite_of
from flows.warehouse.kept import NOTHING, SUITE, Kept, Keys
from flows.warehouse.validation import Validation

SUITES = {
    "core.t": suite_of("core.t", ("a",), [{"type": "x", "kwargs": {"column": "b"}, "severity": "warning"}]),
    "core.u": suite_of("core.u", ("a",)),
}
OF_T = Failure("core.t", "x({'column': 'b'})", "warning", "1 of 2 rows, such as [3]")
TABLES = (
    "create schema if not exists core; create or replace table core.t as select {t}; "
    "create or replace table core.u as select {u}"
)


class Checking:
    """In place of the process that checks: what was submitted, and what each table fails."""

    def __init__(self, *failures: Failure) -> None:
        self.submitted: dict[str, pa.Table] = {}
        self._failures = failures

    def submit(self, table: str, rows: pa.Table) -> None:
        self.submitted[table] = rows

    def submit_slices(self, table: str, rows: pa.RecordBatchReader, slices: int) -> None:
        content = rows.read_all()
        assert set(content["slice"].to_pylist()) == set(range(slices))
        self.submitted[table] = content

    def failures(self) -> list[Failure]:
        return [failure for failure in self._failures if failure.table in self.submitted]


def built(
    path: Path, before: Kept, checking: Checking, t: str = "1 as a, 3 as b, 5 as c", u: str = "1 as a"
) -> Validation:
    """A build of two tables (and one without a suite), which ends with its keys and what is not met written."""
    keys = Keys()
    asked: Callable[[], Any] = lambda: checking  # noqa: E731
    with connection.connect(path) as con:
        con.execute(TABLES.format(t=t, u=u) + "; create table core.v as select 1 as a; create schema meta")
        build = Validation(before, keys, SUITES, asked)
        for table in ("core.u", "core.t", "core.v"):
            build.made(con, table)
        build.write(con)
        keys.write(con)
    return build


@pytest.fixture
def first(tmp_path: Path) -> Path:
    path = tmp_path / "first.duckdb"
    checking = Checking(OF_T)
    assert built(path, NOTHING, checking).failures == [OF_T]
    assert set(checking.submitted) == set(SUITES)
    return path


def test_where_nothing_has_changed_nothing_is_run_and_the_findings_stand(tmp_path: Path, first: Path) -> None:
    checking = Checking()
    with kept.published(first) as before:
        assert built(tmp_path / "next.duckdb", before, checking).failures == [OF_T]
    assert checking.submitted == {}
    with connection.connect(first, read_only=True) as one, connection.connect(tmp_path / "next.duckdb") as other:
        for table in (kept.UNMET, "meta.kept_keys"):
            assert one.sql(f"from {table}").fetchall() == other.sql(f"from {table}").fetchall() != []
        # And so in the build after that one.
        assert other.sql(f"from {kept.UNMET}").fetchall() == [("core.t", OF_T.expectation, "warning", OF_T.finding)]


def test_only_the_table_that_changed_is_run_and_its_findings_are_the_new_ones(tmp_path: Path, first: Path) -> None:
    checking = Checking()
    with kept.published(first) as before:
        assert built(tmp_path / "next.duckdb", before, checking, t="1 as a, 4 as b, 5 as c").failures == []
    assert {table: rows.to_pylist() for table, rows in checking.submitted.items()} == {
        # Nothing is asked of c.
        "core.t": [{"a": 1, "b": 4}]
    }


def test_a_table_is_checked_again_where_a_column_that_nothing_is_asked_of_has_another_type(
    tmp_path: Path, first: Path
) -> None:
    checking = Checking()
    with kept.published(first) as before:
        built(tmp_path / "next.duckdb", before, checking, t="1 as a, 3 as b, 'x' as c")
    assert set(checking.submitted) == {"core.t"}


def test_findings_that_are_taken_over_and_new_ones_stand_by_table(tmp_path: Path, first: Path) -> None:
    new = Failure("core.u", "y", "critical", "observed 0")
    with kept.published(first) as before:
        assert built(tmp_path / "next.duckdb", before, Checking(new), u="2 as a").failures == [OF_T, new]


def test_a_table_without_a_suite_is_not_checked(first: Path) -> None:
    with kept.published(first) as published:
        assert {name for kind, name in published.keys if kind == SUITE} == set(SUITES)


# --- the key


def test_rows_that_are_at_hand_are_seen_as_if_they_had_been_read(first: Path) -> None:
    with connection.connect(first, read_only=True) as con:
        rows = con.sql("from core.t").to_arrow_table()
        given, read = (validation.Seen.of(con, SUITES["core.t"], one) for one in (rows, None))
        assert given.key() == read.key()
        # They are what is looked at, and not the table once more.
        other = rows.set_column(0, "a", pa.array([9], rows.schema.field("a").type))
        assert validation.Seen.of(con, SUITES["core.t"], other).whole == other.select(["a", "b"])


def key(content: pa.Table, *particular: dict[str, Any], grain: tuple[str, ...] = ("a", "b")) -> str:
    suite = suite_of("core.t", grain, particular)
    types = {field.name: str(field.type) for field in content.schema}
    seen = content.select(expectations.named(suite, content.column_names))
    return f"{validation.asked_key(suite)} {validation.seen_key(seen, types)}"


def test_only_columns_that_an_expectation_names_count_by_their_values() -> None:
    with connection.connect(":memory:") as con:
        one, other = (con.sql(f"select 1 as a, 2 as b, {c} as c").to_arrow_table() for c in (3, 4))
    assert key(one) == key(other)
    for named in (
        {"column": "c"},
        {"column_list": ["a", "c"]},
        {"column": "a", "row_condition": 'col("c") > 3'},
        {"column_A": "a", "column_B": "c"},
    ):
        particular = {"type": "x", "kwargs": named, "severity": "warning"}
        assert key(one, particular) != key(other, particular), named


def test_a_suite_that_says_something_else_has_another_key() -> None:
    content = pa.table({"a": [1], "b": [2]})
    bound = {"type": "x", "kwargs": {"column": "a", "max_value": 1}, "severity": "warning"}
    variants = [
        (),
        (bound,),
        (bound | {"severity": "critical"},),
        (bound | {"kwargs": {"column": "a", "max_value": 2}},),
        (bound | {"type": "y"},),
    ]
    assert len({key(content, *particular) for particular in variants} | {key(content, grain=("a",))}) == 6


def test_a_failing_suite_cannot_be_read_of_a_damaged_file(tmp_path: Path, first: Path) -> None:
    with duckdb.connect(first) as con:
        con.execute(f"drop table {kept.UNMET}")
    with kept.published(first) as before, pytest.raises(kept.DamagedError):
        built(tmp_path / "next.duckdb", before, Checking())


def test_a_large_table_is_submitted_in_slices_under_the_same_key(
    tmp_path: Path, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = "i // 2 as a, 3 as b from range(40) as t(i)"
    whole, sliced = Checking(), Checking()
    with kept.published(first) as before:
        one = built(tmp_path / "whole.duckdb", before, whole, u=many)
        monkeypatch.setattr(validation, "SLICE", 10)
        other = built(tmp_path / "sliced.duckdb", before, sliced, u=many)
    assert one._keys.rows == other._keys.rows
    rows = sliced.submitted["core.u"]
    assert rows.column_names == ["a", "slice"]
    assert rows.select(["a"]).equals(whole.submitted["core.u"])
    # The rows of a key are in one slice, wherever they stand.
    by_key = {(row["a"], row["slice"]) for row in rows.to_pylist()}
    assert len(by_key) == 20
    # Of no more slices than files may be open; whatever their number, the key is the same.
    few = Checking()
    monkeypatch.setattr(validation, "SLICES_MAX", 2)
    with kept.published(first) as before:
        assert built(tmp_path / "few.duckdb", before, few, u=many)._keys.rows == one._keys.rows
    assert set(few.submitted["core.u"]["slice"].to_pylist()) == {0, 1}
    # What is as it was is taken over, however large it is.
    with kept.published(tmp_path / "sliced.duckdb") as before:
        again = Checking()
        built(tmp_path / "again.duckdb", before, again, u=many)
    assert again.submitted == {}
