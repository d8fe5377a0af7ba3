"""flows/warehouse/kept.py: what a published warehouse gives to the next build, and what it gives when it is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.warehouse import connection, kept
from flows.warehouse.kept import BUILD, NOTHING, PAGE, SAMPLE, DamagedError, Keys

PLACES = ["b", "b", "a", "a", "a", "c"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A warehouse with two keys and a table of three pages."""
    path = tmp_path / "published.duckdb"
    keys = Keys()
    keys.add(PAGE, "s/a", "1" * 64)
    keys.add(BUILD, "", "2" * 64)
    keys.add(PAGE, "s/a", "3" * 64)
    with connection.connect(path) as con:
        con.execute("create schema meta; create schema staging")
        con.register("places", pa.table({"source": ["s"] * 6, "page": PLACES, "n": range(6)}))
        con.execute("create table staging.t as select * from places")
        keys.write(con)
    return path


def test_keys_are_written_once_a_thing_and_read_again(path: Path) -> None:
    with kept.published(path) as published:
        assert published.keys == {(BUILD, ""): "2" * 64, (PAGE, "s/a"): "3" * 64}
        assert not published.is_empty
        assert published.has(PAGE, "s/a", "3" * 64)
        assert not published.has(PAGE, "s/a", "1" * 64)
        assert not published.has(SAMPLE, "s/a", "3" * 64)
        assert not published.has(PAGE, "s/b", "3" * 64)


def test_a_part_is_the_rows_of_its_value_in_their_order(path: Path) -> None:
    with kept.published(path) as published:
        for page in ("a", "b", "c", "d"):
            rows = published.part("staging.t", ("source", "page"), ("s", page))
            assert rows["n"].to_pylist() == [n for n, place in enumerate(PLACES) if place == page]
        assert published.query("select n from staging.t where page = ?", "c") == [(5,)]


def test_runs_say_where_rows_stand_together() -> None:
    rows = pa.table({"source": ["s", "s", "t", "s"], "page": ["b", "b", "b", "a"]})
    assert kept.runs(rows, ("source", "page")) == {("s", "b"): (0, 2), ("t", "b"): (2, 1), ("s", "a"): (3, 1)}
    assert kept.runs(rows.slice(0, 0), ("source",)) == {}
    with pytest.raises(ValueError, match=r"rows of \('s',\) do not stand together: row 3"):
        kept.runs(rows, ("source",))


def test_without_a_file_nothing_is_kept(tmp_path: Path) -> None:
    for missing in (None, tmp_path / "none.duckdb", tmp_path):
        with kept.published(missing) as published:
            assert published is NOTHING
    assert NOTHING.is_empty
    assert not NOTHING.has(BUILD, "", "")


@pytest.mark.parametrize("damage", ["empty", "text", "cut off", "header"])
def test_what_is_no_database_keeps_nothing_and_raises_nothing(path: Path, damage: str) -> None:
    body = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "text": b"what is this",
            "cut off": body[: len(body) // 3],
            "header": b"\0" * 4096 + body[4096:],
        }[damage]
    )
    with kept.published(path) as published:
        assert published.is_empty


@pytest.mark.parametrize(
    "statements",
    ["create table t (n integer)", "create schema meta; create table meta.kept_keys (n integer)"],
    ids=["no keys", "a table of that name"],
)
def test_a_foreign_warehouse_keeps_nothing(tmp_path: Path, statements: str) -> None:
    foreign = tmp_path / "foreign.duckdb"
    with duckdb.connect(foreign) as con:
        con.execute(statements)
    with kept.published(foreign) as published:
        assert published.is_empty


def test_one_that_another_process_writes_to_keeps_nothing(path: Path) -> None:
    code = "import sys, duckdb; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"open\n"
        with kept.published(path) as published:
            assert published.is_empty
        writer.communicate()
    with kept.published(path) as published:
        assert not published.is_empty


def spoilt(path: Path, statement: str) -> None:
    with connection.connect(path) as con:
        con.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "drop table staging.t",
        "alter table staging.t drop column page",
        "insert into staging.t values ('s', 'a', 7)",
    ],
)
def test_a_table_that_is_none_of_a_build_is_said_to_be_damaged(path: Path, statement: str) -> None:
    spoilt(path, statement)
    with (
        kept.published(path) as published,
        pytest.raises(DamagedError, match=r"(?s)damaged: .*compute-limits build --fresh"),
    ):
        published.part("staging.t", ("source", "page"), ("s", "a"))


@pytest.mark.slow
def test_a_block_that_is_damaged_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "published.duckdb"
    with connection.connect(path) as con:
        con.execute("create schema staging")
        con.execute(
            "create table staging.t as select 's' || range as source, md5(range::varchar) as page from range(99999)"
        )
    body, became = path.read_bytes(), set()
    for at in range(13_000, len(body), 100_000):
        path.write_bytes(body[:at] + bytes([body[at] ^ 255]) + body[at + 1 :])
        with kept.published(path) as published:
            if published.con is None:
                became.add("nothing")
                continue
            try:
                rows = published.part("staging.t", ("source",), ("s7",)).to_pylist()
            except DamagedError:
                became.add("damaged")
            else:
                assert [row["source"] for row in rows] == ["s7"]
    assert "damaged" in became


def test_nothing_is_not_asked_for_its_rows() -> None:
    with pytest.raises(ValueError, match="nothing is kept"):
        NOTHING.query("select 1")
    with pytest.raises(ValueError, match="nothing is kept"):
        NOTHING.part("staging.t", ("page",), ("a",))


VALUES = st.sampled_from([None, "", "a", "b"])


@given(st.lists(st.tuples(VALUES, st.sampled_from([None, 0, 1]), st.integers(1, 3)), unique_by=lambda one: one[:2]))
def test_runs_are_found_where_they_were_put(groups: list[tuple[str | None, int | None, int]]) -> None:
    names = [name for name, _, many in groups for _ in range(many)]
    numbers = [number for _, number, many in groups for _ in range(many)]
    rows = pa.table({"name": pa.array(names, pa.string()), "number": pa.array(numbers, pa.int64())})
    expected, start = {}, 0
    for name, number, many in groups:
        expected[name, number] = (start, many)
        start += many
    assert kept.runs(rows, ("name", "number")) == expected
