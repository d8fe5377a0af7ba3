"""flows/warehouse/pool.py: tables made side by side, none before what it reads; what fails ends all of it."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import duckdb
import pytest

from flows.warehouse import connection, pool
from flows.warehouse.pool import Pool
from flows.warehouse.sql_files import Node

WAITS_S = 60
FOREVER = "select max(hash(i)) from range(1_000_000_000_000) as t(i)"


@pytest.fixture(autouse=True)
def _two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "processors", lambda: 2)


def node(table: str, *reads: str) -> Node:
    return Node(table, reads)


def run(
    path: Path,
    nodes: Sequence[Node],
    make: pool.Make[Node],
    at_most: int = 2,
    *,
    is_large: bool = False,
    besides: Sequence[Node] = (),
) -> list[Node]:
    with (
        connection.connect(path, is_large=is_large) as con,
        Pool(con, lambda further: further.execute("create temp macro known() as 1")) as several,
    ):
        con.execute("create temp macro known() as 1")
        return several.run(nodes, make, at_most, besides=besides)


def test_two_are_made_at_a_time_by_connections_that_are_prepared(tmp_path: Path) -> None:
    both = threading.Barrier(2)

    def make(con: duckdb.DuckDBPyConnection, one: Node) -> None:
        both.wait(WAITS_S)
        con.execute(f"create table {one.table} as select known() as n")

    run(tmp_path / "x.duckdb", [node("a"), node("b")], make)
    with duckdb.connect(tmp_path / "x.duckdb", read_only=True) as con:
        assert con.execute("from a union all from b").fetchall() == [(1,), (1,)]


def test_each_is_made_once_and_after_what_it_reads(tmp_path: Path) -> None:
    rng = random.Random(2026)
    names = [f"t{number}" for number in range(60)]
    nodes = [
        node(name, "given", *rng.sample(names[:number], rng.randint(0, min(3, number))))
        for number, name in enumerate(names)
    ]

    def make(con: duckdb.DuckDBPyConnection, one: Node) -> None:
        # Of another connection: each sees what the others have committed.
        counts = [f"(select n from {read})" for read in one.reads if read != "given"]
        con.execute(f"create table {one.table} as select {' + '.join(['1', *counts])} as n")

    run(tmp_path / "x.duckdb", nodes, make)
    wanted: dict[str, int] = {}
    for one in nodes:
        wanted[one.table] = 1 + sum(wanted[read] for read in one.reads if read != "given")
    with duckdb.connect(tmp_path / "x.duckdb", read_only=True) as con:
        assert {name: con.execute(f"from {name}").fetchall() for name in names} == {
            name: [(wanted[name],)] for name in names
        }


def test_that_upon_which_most_stand_is_made_first(tmp_path: Path) -> None:
    nodes = [node("alone"), node("also_alone"), node("first"), node("second", "first"), node("third", "second")]
    is_second_begun = threading.Event()

    def make(_: duckdb.DuckDBPyConnection, one: Node) -> None:
        if one.table == "second":
            is_second_begun.set()
        elif not one.reads and one.table != "first":
            # Were both begun before what is long, nobody would ever come to its end.
            assert is_second_begun.wait(WAITS_S)

    run(tmp_path / "x.duckdb", nodes, make)


@pytest.mark.parametrize(("at_most", "is_large"), [(1, False), (2, True)])
def test_one_at_a_time_comes_in_the_order_given_and_here(tmp_path: Path, at_most: int, is_large: bool) -> None:
    made: list[tuple[str, str]] = []

    def make(_: duckdb.DuckDBPyConnection, one: Node) -> None:
        made.append((one.table, threading.current_thread().name))

    run(tmp_path / "x.duckdb", [node("b"), node("a"), node("c", "b")], make, at_most, is_large=is_large)
    here = threading.current_thread().name
    assert made == [("b", here), ("a", here), ("c", here)]


def test_where_one_would_wait_what_is_wanted_besides_is_made_and_what_is_left_is_told(tmp_path: Path) -> None:
    made, is_begun = list[str](), threading.Event()

    def make(_: duckdb.DuckDBPyConnection, one: Node) -> None:
        if one.table == "long":
            assert is_begun.wait(WAITS_S)
        made.append(one.table)
        if one.table == "of_both":
            # It reads what is wanted and what is made besides. Only now may the long one end.
            is_begun.set()

    besides = [node("alone"), node("of_both", "short", "alone"), node("of_long", "long"), node("last", "of_long")]
    left = run(tmp_path / "x.duckdb", [node("short"), node("long")], make, besides=besides)
    assert made == ["short", "alone", "of_both", "long"]
    assert left == besides[2:]


def test_what_is_wanted_besides_takes_no_turn_of_what_is_wanted(tmp_path: Path) -> None:
    made: list[str] = []

    def make(_: duckdb.DuckDBPyConnection, one: Node) -> None:
        made.append(one.table)

    besides = [node("many"), node("stand", "many"), node("upon", "stand"), node("it", "upon")]
    nodes = [node(f"t{number}") for number in range(20)]
    left = run(tmp_path / "x.duckdb", nodes, make, besides=besides)
    # At most while the last one of them is made.
    assert set(made[:19]) <= {one.table for one in nodes}
    assert left == besides[len(made) - 20 :]
    assert run(tmp_path / "y.duckdb", nodes, make, 1, besides=besides) == besides


def test_what_fails_of_what_is_wanted_besides_is_raised(tmp_path: Path) -> None:
    is_begun = threading.Event()

    def make(_: duckdb.DuckDBPyConnection, one: Node) -> None:
        if one.table == "bad":
            is_begun.set()
            raise ValueError("no such thing")
        assert is_begun.wait(WAITS_S)

    with pytest.raises(ValueError, match="no such thing"):
        run(tmp_path / "x.duckdb", [node("good")], make, besides=[node("bad")])


@pytest.mark.parametrize("error", [ValueError("no such thing"), KeyboardInterrupt("of a person")])
def test_what_fails_breaks_off_what_others_are_at_and_nothing_more_is_made(
    tmp_path: Path, error: BaseException
) -> None:
    is_begun, made = threading.Event(), list[str]()

    def make(con: duckdb.DuckDBPyConnection, one: Node) -> None:
        made.append(one.table)
        if one.table == "endless":
            is_begun.set()
            # Between two statements, where DuckDB forgets an interrupt.
            time.sleep(0.2)
            con.execute(FOREVER)
        assert is_begun.wait(WAITS_S)
        raise error

    with pytest.raises(type(error), match=str(error)):
        run(tmp_path / "x.duckdb", [node("endless"), node("bad"), node("later", "bad")], make)
    assert sorted(made) == ["bad", "endless"]


def test_a_stop_while_others_are_broken_off_is_raised_when_they_have_ended(tmp_path: Path) -> None:
    is_begun, ended = threading.Event(), list[str]()

    def make(con: duckdb.DuckDBPyConnection, one: Node) -> None:
        if one.table == "bad":
            assert is_begun.wait(WAITS_S)
            raise ValueError("no such thing")
        is_begun.set()
        with pytest.raises(duckdb.InterruptException):
            con.execute(FOREVER)
        # It is being broken off: now the stop comes, and there is more to do.
        signal.raise_signal(signal.SIGINT)
        time.sleep(0.2)
        try:
            con.execute(FOREVER)
        finally:
            ended.append(one.table)

    with pytest.raises(KeyboardInterrupt) as stopped:
        run(tmp_path / "x.duckdb", [node("endless"), node("bad")], make)
    assert ended == ["endless"]
    assert isinstance(stopped.value.__context__, ValueError)
    assert [one.name for one in threading.enumerate() if one.name.startswith("make tables")] == []


def test_the_connection_of_one_that_failed_is_given_to_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_failed, used = threading.Event(), dict[str, int]()
    tell = Future.set_exception

    def later(future: Future[None], error: BaseException | None) -> None:
        # Meanwhile it is not known that it failed.
        has_failed.set()
        time.sleep(0.5)
        tell(future, error)

    monkeypatch.setattr(Future, "set_exception", later)

    def make(con: duckdb.DuckDBPyConnection, one: Node) -> None:
        used[one.table] = id(con)
        con.begin()
        if one.table == "bad":
            raise ValueError("no such thing")
        assert has_failed.wait(WAITS_S)
        con.commit()

    with pytest.raises(ValueError, match="no such thing"):
        run(tmp_path / "x.duckdb", [node("bad"), node("good"), node("next", "good")], make)
    assert used["next"] == used["good"] != used["bad"]


def test_where_a_connection_cannot_be_prepared_none_is_left(tmp_path: Path) -> None:
    opened: list[duckdb.DuckDBPyConnection] = []

    def prepare(further: duckdb.DuckDBPyConnection) -> None:
        opened.append(further)
        raise ValueError("no macro")

    with (
        connection.connect(tmp_path / "x.duckdb") as con,
        pytest.raises(ValueError, match="no macro"),
        Pool(con, prepare),
    ):
        pass
    with pytest.raises(duckdb.ConnectionException, match="closed"):
        opened[0].execute("select 1")
