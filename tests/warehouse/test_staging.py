"""flows/warehouse/staging.py: rows into tables, to the last digit, with the comments of their columns."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from conftest import AS_OF

from flows import build, columns
from flows.columns import column
from flows.declared.setting_types import FitRule
from flows.pages.parse import Gathered
from flows.readers.row_types import Model, Result
from flows.sources import Page
from flows.warehouse import connection, pool, staging
from flows.warehouse.staging import Parts, Staged


@dataclass(frozen=True)
class Bird:
    """One row per bird: it's for this test.

    What follows is no comment.
    """

    name: str = column('what it\'s called; not "bird"')
    weight_g: float | None = column("its weight, grams")
    seen_on: date | None = column("the day")  # noqa: RUF009
    is_owl: bool = column("whether it is an owl")


BIRDS = [Bird("it's", 0.1 + 0.2, AS_OF, True), Bird("", None, None, False), Bird("Σ", -0.0, None, True)]


def test_a_table_has_the_rows_in_their_order_and_the_comments_of_their_type(tmp_path: Path) -> None:
    staging.stage(tmp_path / "x.duckdb", {"bird": staging.of_rows(Bird, BIRDS), "none": staging.of_rows(Bird, [])})
    with connection.connect(tmp_path / "x.duckdb", read_only=True) as con:
        assert connection.tables(con) == ["staging.bird", "staging.none"]
        assert con.execute("from staging.bird").fetchall() == [
            ("it's", 0.1 + 0.2, AS_OF, True), ("", None, None, False), ("Σ", -0.0, None, True),
        ]  # fmt: skip
        for table in ("bird", "none"):
            assert connection.comments(con, f"staging.{table}") == {
                "name": 'what it\'s called; not "bird"', "weight_g": "its weight, grams", "seen_on": "the day",
                "is_owl": "whether it is an owl",
            }  # fmt: skip
            comment = con.execute("select comment from duckdb_tables() where table_name = ?", [table]).fetchall()
            assert comment == [("One row per bird: it's for this test.",)]
            types = con.execute("select data_type from duckdb_columns() where table_name = ?", [table]).fetchall()
            assert types == [("VARCHAR",), ("DOUBLE",), ("DATE",), ("BOOLEAN",)]


def test_rows_that_are_replaced_leave_the_table_as_if_made_with_the_others(tmp_path: Path) -> None:
    def described(rows: list[Bird], then: list[Bird] | None) -> tuple[object, ...]:
        path = tmp_path / f"{len(rows)} {then is None}.duckdb"
        staging.stage(path, {"bird": staging.of_rows(Bird, rows)})
        with connection.connect(path) as con:
            if then is not None:
                staging.replace(con, "staging.bird", Bird, then)
            about = "select comment, estimated_size from duckdb_tables()"
            queries = ("from staging.bird", "describe staging.bird", about)
            return *(con.execute(query).fetchall() for query in queries), connection.comments(con, "staging.bird")

    assert described(BIRDS[:1], BIRDS) == described(BIRDS, None)
    assert described(BIRDS, []) == described([], None)


def test_rows_with_an_address_have_its_comments_too(tmp_path: Path) -> None:
    content = columns.table(Bird, BIRDS[:1], [("s", "p", "row 2")])
    staging.stage(tmp_path / "x.duckdb", {"bird": Staged(Bird, content)})
    with connection.connect(tmp_path / "x.duckdb", read_only=True) as con:
        assert con.execute("select source, page, locator from staging.bird").fetchall() == [("s", "p", "row 2")]
        comments = connection.comments(con, "staging.bird")
        assert {column: comments[column] for column in columns.ADDRESS} == columns.ADDRESS


def test_the_schemas_of_all_layers_are_there(tmp_path: Path) -> None:
    staging.stage(tmp_path / "deep" / "x.duckdb", {})
    with connection.connect(tmp_path / "deep" / "x.duckdb", read_only=True) as con:
        schemas = {
            name for (name,) in con.execute("select schema_name from duckdb_schemas() where not internal").fetchall()
        }
    assert set(staging.SCHEMAS) <= schemas


def test_a_table_is_made_anew_with_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    staging.stage(path, {"bird": staging.of_rows(Bird, BIRDS)})
    with connection.connect(path) as con:
        staging.create(con, "staging.bird", staging.of_rows(Bird, BIRDS[2:]))
        assert con.execute("select name from staging.bird").fetchall() == [("Σ",)]
        assert set(connection.comments(con, "staging.bird")) == {"name", "weight_g", "seen_on", "is_owl"}


def test_two_tables_are_made_at_a_time_of_which_each_has_its_own_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, create = threading.Barrier(2), staging.create

    def created(con: duckdb.DuckDBPyConnection, table: str, staged: Staged) -> dict[str, str]:
        both.wait(60)
        return create(con, table, staged)

    monkeypatch.setattr(pool, "processors", lambda: 2)
    monkeypatch.setattr(staging, "create", created)
    birds = {f"bird_{at}": staging.of_rows(Bird, BIRDS[at:]) for at in range(2)}
    keys = staging.stage(tmp_path / "x.duckdb", birds)
    assert {name for _, name in keys} == {"staging.bird_0", "staging.bird_1"}
    with connection.connect(tmp_path / "x.duckdb", read_only=True) as con:
        names = [con.execute(f"select name from staging.{bird}").fetchall() for bird in birds]
    assert names == [[("it's",), ("",), ("Σ",)], [("",), ("Σ",)]]


def test_pieces_of_a_table_come_one_after_the_other(tmp_path: Path) -> None:
    pieces = [columns.table(Bird, [bird]) for bird in BIRDS]
    staging.stage(tmp_path / "x.duckdb", {"bird": Staged(Bird, pa.concat_tables(pieces))})
    with connection.connect(tmp_path / "x.duckdb", read_only=True) as con:
        assert con.execute("select name from staging.bird").fetchall() == [("it's",), ("",), ("Σ",)]


def test_values_reach_staging_as_they_are(tmp_path: Path) -> None:
    page, rows = Page("s", "p", "https://example.org/p", "csv"), Gathered()
    result = Result("it's", 'a "metric"\n', 0.1 + 0.2)
    model = Model("Σ", year=None, published_on=AS_OF, parameters=1e300)
    rows.add("result", page, "row 2", result)
    rows.add("model", page, "row 2", model)
    build.stage(tmp_path / "x.duckdb", [rows], {"fit_rule": [FitRule(0.95, 1.5, 3, 10_000, 2**40)]})
    with connection.connect(tmp_path / "x.duckdb", read_only=True) as con:
        assert con.execute("select source, page, locator, benchmark, metric, value from staging.result").fetchall() == [
            ("s", "p", "row 2", "it's", 'a "metric"\n', 0.1 + 0.2)
        ]
        assert con.execute("select name, year, published_on, parameters from staging.model").fetchall() == [
            ("Σ", None, AS_OF, 1e300)
        ]
        assert con.execute("from staging.fit_rule").fetchall() == [(0.95, 1.5, 3, 10_000, 2**40)]


def test_staging_starts_from_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    path.write_bytes(b"what a killed build left")
    path.with_name("x.duckdb.wal").write_bytes(b"and its log")
    build.stage(path, [], {})
    with connection.connect(path, read_only=True) as con:
        assert con.execute("select count(*) from staging.result").fetchone() == (0,)


def test_a_table_in_parts_is_as_the_whole_and_no_part_is_held(tmp_path: Path) -> None:
    whole = columns.table(Bird, BIRDS)
    held: list[Any] = []

    def parts() -> Iterator[pa.Table]:
        for at in range(len(BIRDS)):
            part = pa.Table.from_batches(whole.slice(at, 1).combine_chunks().to_batches())
            assert all(one() is None for one in held[:-1])
            held.append(weakref.ref(part))
            yield part

    keys = [
        staging.stage(tmp_path / f"{name}.duckdb", {"bird": Staged(Bird, content)})
        for name, content in (("whole", whole), ("parts", Parts(whole.schema, parts)))
    ]
    assert keys[0] == keys[1]
    # Once for the key, once for the table.
    assert len(held) == 2 * len(BIRDS)
    found = []
    for name in ("whole", "parts"):
        with connection.connect(tmp_path / f"{name}.duckdb", read_only=True) as con:
            found.append((con.sql("from staging.bird").fetchall(), connection.comments(con, "staging.bird")))
    assert found[0] == found[1]
    assert len(found[0][0]) == len(BIRDS)


def test_what_is_too_large_to_be_held_has_larger_blocks_than_a_usual_warehouse(tmp_path: Path) -> None:
    whole = columns.table(Bird, BIRDS)
    sizes = {}
    for name, content in (("whole", whole), ("parts", Parts(whole.schema, lambda: [whole]))):
        path = tmp_path / f"{name}.duckdb"
        staging.stage(path, {"bird": Staged(Bird, content)})
        # Whoever goes on writing to it has those that it was made with.
        with connection.connect(path) as con:
            sizes[name] = con.execute("select block_size from pragma_database_size()").fetchone()
    assert sizes == {"whole": (65_536,), "parts": (262_144,)}


@pytest.mark.parametrize(("base", "is_copied"), [("whole", False), ("parts", True)])
def test_what_became_too_large_is_not_made_in_a_file_that_was_begun_small(
    tmp_path: Path, base: str, is_copied: bool
) -> None:
    whole = columns.table(Bird, BIRDS)
    large = {"bird": Staged(Bird, Parts(whole.schema, lambda: [whole]))}
    staging.stage(tmp_path / "base.duckdb", large if base == "parts" else {"bird": Staged(Bird, whole)})
    with connection.connect(tmp_path / "base.duckdb") as con:
        con.execute("create table marts.of_before as select 1 as n")
    staging.stage(tmp_path / "x.duckdb", large, tmp_path / "base.duckdb")
    with connection.connect(tmp_path / "x.duckdb") as con:
        assert connection.is_large(con)
        assert ("marts.of_before" in connection.tables(con)) == is_copied
        assert con.sql("from staging.bird").to_arrow_table() == whole
