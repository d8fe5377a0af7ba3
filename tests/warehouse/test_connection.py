"""flows/warehouse/connection.py: one thread, and what is in a file."""

from __future__ import annotations

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
