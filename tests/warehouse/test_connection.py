"""flows/warehouse/connection.py: one thread, and what is in a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from flows.warehouse import connection

ODD = 'it\'s; a "remark"\nof two lines, with Σ and {braces}'


def test_a_connection_has_one_thread(tmp_path: Path) -> None:
    for path in (":memory:", tmp_path / "x.duckdb"):
        with connection.connect(path) as con:
            assert con.execute("select current_setting('threads')").fetchone() == (1,)


def test_tables_of_few_rows_take_no_more_than_they_need(tmp_path: Path) -> None:
    with connection.connect(tmp_path / "x.duckdb") as con:
        for number in range(100):
            con.execute(f"create table t{number} as select {number} as n, 'one' as text")
    # A table takes whole blocks, of which the usual ones are four times as large.
    assert (tmp_path / "x.duckdb").stat().st_size < 100 * 128 * 1024


def test_what_is_committed_is_in_the_file_and_in_no_log(tmp_path: Path) -> None:
    with connection.connect(tmp_path / "it's.duckdb") as con:
        con.execute("create schema core; create table core.t as select 1 as n")
        con.begin()
        con.execute("create view main.v as from core.t")
        con.commit()
        assert [one.name for one in tmp_path.iterdir()] == ["it's.duckdb"]
    # Under another name, and by any client.
    (tmp_path / "it's.duckdb").rename(tmp_path / "y.duckdb")
    with duckdb.connect(tmp_path / "y.duckdb", read_only=True) as con:
        assert con.execute("from v").fetchall() == [(1,)]
        storage = "select tags['storage_version'] from duckdb_databases() where database_name = 'y'"
        assert con.execute(storage).fetchone() == ("v1.2.0+",)


@pytest.mark.parametrize("is_large", [False, True])
def test_a_file_is_as_large_as_it_was_begun_for_whoever_opens_it(tmp_path: Path, is_large: bool) -> None:
    connection.connect(tmp_path / "x.duckdb", is_large=is_large).close()
    with connection.connect(tmp_path / "x.duckdb") as con:
        assert connection.is_large(con) == is_large


def test_another_connection_has_the_same_file(tmp_path: Path) -> None:
    with connection.connect(tmp_path / "x.duckdb") as con, connection.another(con) as further:
        further.execute("create table t as select 1 as n")
        assert con.execute("from t").fetchall() == [(1,)]
        assert further.execute("select current_setting('enable_progress_bar')").fetchone() == (False,)
    with duckdb.connect(tmp_path / "x.duckdb", read_only=True) as con:
        assert con.execute("from t").fetchall() == [(1,)]


def test_nothing_is_drawn_among_what_is_printed() -> None:
    # A program without a file, as a notebook is one: there DuckDB draws a bar on standard output after two seconds.
    script = (
        "from flows.warehouse import connection; con = connection.connect(':memory:'); "
        "print(con.execute(\"select current_setting('enable_progress_bar')\").fetchone()[0])"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert ended.stdout == "False\n"


def test_read_only_writes_nothing(tmp_path: Path) -> None:
    connection.connect(tmp_path / "x.duckdb").close()
    with connection.connect(tmp_path / "x.duckdb", read_only=True) as con, pytest.raises(duckdb.InvalidInputException):
        con.execute("create table t (n integer)")
    with pytest.raises(duckdb.IOException):
        connection.connect(tmp_path / "none.duckdb", read_only=True)


def test_tables_are_named_with_their_schema_in_alphabetical_order() -> None:
    with connection.connect(":memory:") as con:
        con.execute(
            "create schema b; create schema a; create table b.x (n int); create table a.z (n int); create table a.y (n int)"
        )
        con.execute("create view a.v as select 1")
        assert connection.tables(con) == ["a.y", "a.z", "b.x"]


def test_comments_come_back_as_they_were_said() -> None:
    with connection.connect(":memory:") as con:
        con.execute('create schema a; create schema b; create table a.t (n int, "order" int, "An odd one" int)')
        con.execute("create table b.t (n int)")
        connection.comment(con, "a.t", ODD, {"order": ODD, "An odd one": "odd"})
        assert connection.comments(con, "a.t") == {"order": ODD, "An odd one": "odd"}
        assert connection.comments(con, "b.t") == {}
        assert con.execute("select comment from duckdb_tables() where schema_name = 'a'").fetchall() == [(ODD,)]


def spilled(path: Path) -> set[str]:
    """What lies beside a file while more is sorted than fits into memory."""
    with connection.connect(path) as con:
        rows = con.sql(
            "select hash(i) as a, repeat('x', 100) as b from range(1_000_000) as t(i) order by a"
        ).to_arrow_reader()
        assert len(next(iter(rows))) > 0
        return {one.name for one in path.parent.iterdir()}


@pytest.mark.slow
def test_what_does_not_fit_into_memory_lies_beside_the_file_and_goes_with_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_MEMORY", "60MB")
    assert "x.duckdb.tmp" in spilled(tmp_path / "x.duckdb")
    assert [one.name for one in tmp_path.iterdir()] == ["x.duckdb"]


def test_memory_is_bound_by_default_and_by_a_size_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limit() -> object:
        with connection.connect(tmp_path / "x.duckdb") as con:
            return con.execute("select current_setting('memory_limit')").fetchall()[0][0]

    monkeypatch.delenv("COMPUTE_LIMITS_MEMORY", raising=False)
    quarter = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 4
    assert limit() == "762.9 MiB" or quarter < 8e8
    monkeypatch.setenv("COMPUTE_LIMITS_MEMORY", "3GiB")
    assert limit() == "3.0 GiB"
    monkeypatch.setenv("COMPUTE_LIMITS_MEMORY", "much'")
    with pytest.raises(
        connection.BuildError, match=r"COMPUTE_LIMITS_MEMORY=\"much'\" is no size; write it as 500MB, 4GB"
    ):
        limit()
