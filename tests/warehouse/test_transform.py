"""flows/warehouse/transform.py: every table after those that it reads, with comments and lineage; and some made again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from flows import columns
from flows.columns import column, key
from flows.warehouse import connection, pool, sql_files, staging, transform
from flows.warehouse.connection import BuildError
from flows.warehouse.sql_files import SqlFile
from flows.warehouse.transform import Functions


@dataclass(frozen=True)
class Number:
    """One row per number."""

    n: int = key("the number")


@dataclass(frozen=True)
class Square:
    """One row per number and its square."""

    n: int = key("the number that is squared")
    squared: int = column("its square")


FILES = {
    "macros/twice.sql": """
-- Two times a number.
create temp macro twice(x) as x * 2;
""",
    "core/doubles.sql": """
-- One row per number, doubled.
-- grain: n
select
    n,
    twice(n) as doubled,  -- two times it
from staging.number
order by n desc
""",
    "core/others.sql": """
-- One row per other.
-- grain: m
select m from staging.other
""",
    "core/states.sql": """
-- One row per state.
-- grain: s
select s from staging.state
""",
    "marts/sums.sql": """
-- One row per number.
-- grain: n
select
    n,
    squared + doubled as sum,  -- of both
    squared,
from core.squares join core.doubles using (n)
""",
    "marts/states.sql": """
-- One row per state and how many numbers there are.
-- grain: s
select
    s,
    count(*) as many,  -- of numbers
from core.states cross join core.doubles
group by s
""",
}
GIVEN = ["staging.number", "staging.other", "staging.state"]
MADE = [name.removesuffix(".sql").replace("/", ".") for name in FILES if not name.startswith("macros/")]


@dataclass
class Squares:
    """A computed table: it notes which tables were there when it was started, and when it was asked for its content."""

    busy: int = 0

    row_types: Mapping[str, type[Any]] = field(default_factory=lambda: {"core.squares": Square})
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"core.squares": ("core.doubles",)})
    at_start: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    at_end: list[str] = field(default_factory=list)
    con: duckdb.DuckDBPyConnection | None = None

    def start(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.at_start += connection.tables(con)
        self.numbers += [n for (n,) in con.execute("select n from core.doubles").fetchall()]

    def tables(self) -> Mapping[str, pa.Table]:
        assert self.con is not None
        self.at_end += connection.tables(self.con)
        return {"core.squares": columns.table(Square, [Square(n, n * n) for n in self.numbers])}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "sql" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    return tmp_path / "sql"


def made(path: Path, root: Path, functions: Functions = {}, busy: int = 0) -> tuple[list[str], Squares]:  # noqa: B006
    """A warehouse of three given tables; the tables in the order in which they were there, and what was computed."""
    seen: list[str] = []
    staging.stage(path, {"number": staging.of_rows(Number, [Number(1), Number(3)])})
    with connection.connect(path) as con:
        con.execute("create table staging.other as select 7 as m; create table staging.state as select 'old' as s")
        connection.comment(con, "staging.state", "One row per state.", {"s": "the state"})
    squares = Squares(busy)

    def last(con: duckdb.DuckDBPyConnection) -> None:
        assert "meta.lineage" in connection.tables(con)
        con.execute("create table meta.said as select 1 as n")

    transform.transform(path, root, GIVEN, squares, functions, lambda _, table, __: seen.append(table), last)
    return seen, squares


def test_each_table_is_there_when_one_that_reads_it_is_made(tmp_path: Path, root: Path) -> None:
    seen, squares = made(tmp_path / "x.duckdb", root)
    assert sorted(seen) == sorted([*GIVEN, *MADE, "core.squares"])
    assert seen[: len(GIVEN)] == GIVEN
    before = [("core.doubles", "core.squares"), ("core.squares", "marts.sums"), ("core.states", "marts.states")]
    assert [pair for pair in before if seen.index(pair[0]) > seen.index(pair[1])] == []
    # What it needs is there, and of the rest no more than could be made while that was: it is made while it is computed.
    assert {*GIVEN, "core.doubles"} <= set(squares.at_start) <= {*GIVEN, "core.doubles", "core.others", "core.states"}
    with connection.connect(tmp_path / "x.duckdb", read_only=True) as con:
        assert con.execute("from core.doubles").fetchall() == [(3, 6), (1, 2)]
        assert con.execute("from marts.sums order by n").fetchall() == [(1, 3, 1), (3, 15, 9)]
        assert con.execute("from meta.said").fetchall() == [(1,)]


@pytest.mark.parametrize(("processors", "busy", "is_beside"), [(2, 0, True), (2, 1, True), (2, 2, False), (1, 1, True)])
def test_what_nothing_waits_for_is_made_beside_the_computing_where_a_processor_is_left(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, processors: int, busy: int, is_beside: bool
) -> None:
    for module in (transform, pool):
        monkeypatch.setattr(module, "processors", lambda: processors)
    seen, squares = made(tmp_path / "x.duckdb", root, busy=busy)
    assert sorted(seen) == sorted([*GIVEN, *MADE, "core.squares"])
    beside = {"core.others", "core.states", "marts.states"}
    # With one connection it would be no sooner there if it were left for later.
    assert beside <= set(squares.at_end) if is_beside else "marts.states" not in squares.at_end
    if processors == 1:
        assert set(squares.at_start) == {*GIVEN, "core.doubles"}


def test_what_nothing_waits_for_is_made_while_a_connection_would_wait_for_another(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_made, waits_s, create = threading.Event(), 60, transform._create

    def created(con: duckdb.DuckDBPyConnection, file: SqlFile) -> int:
        if file.table == "core.doubles":
            assert is_made.wait(waits_s)
        found = create(con, file)
        if file.table == "core.others":
            is_made.set()
        return found

    for module in (transform, pool):
        monkeypatch.setattr(module, "processors", lambda: 2)
    monkeypatch.setattr(transform, "_create", created)
    _, squares = made(tmp_path / "x.duckdb", root)
    # All that could be made without it, and no more: what also reads it is for later.
    assert set(squares.at_start) == {*GIVEN, "core.doubles", "core.others", "core.states"}


def test_comments_are_those_of_the_file_and_else_inherited(tmp_path: Path, root: Path) -> None:
    made(tmp_path / "x.duckdb", root)
    with connection.connect(tmp_path / "x.duckdb", read_only=True) as con:
        assert connection.comments(con, "core.doubles") == {"n": "the number", "doubled": "two times it"}
        assert connection.comments(con, "core.squares") == {"n": "the number that is squared", "squared": "its square"}
        assert connection.comments(con, "marts.sums")["squared"] == "its square"
        assert connection.comments(con, "marts.sums")["sum"] == "of both"
        assert connection.comments(con, "marts.states") == {"s": "the state", "many": "of numbers"}
        tables = dict(
            con.execute("select table_name, comment from duckdb_tables() where schema_name = 'marts'").fetchall()
        )
        assert tables == {"sums": "One row per number.", "states": "One row per state and how many numbers there are."}


def test_lineage_is_what_each_table_reads(tmp_path: Path, root: Path) -> None:
    made(tmp_path / "x.duckdb", root)
    with connection.connect(tmp_path / "x.duckdb", read_only=True) as con:
        assert sorted(con.execute("from meta.lineage").fetchall()) == [
            ("core.doubles", "staging.number"), ("core.others", "staging.other"), ("core.squares", "core.doubles"),
            ("core.states", "staging.state"), ("marts.states", "core.doubles"), ("marts.states", "core.states"),
            ("marts.sums", "core.doubles"), ("marts.sums", "core.squares"),
        ]  # fmt: skip


def test_a_file_in_main_makes_a_view_with_comments_and_its_key(tmp_path: Path, root: Path) -> None:
    view = "-- One row per number.\n-- grain: n, m?\nselect n, doubled as m from core.doubles\n"
    (root / "main").mkdir()
    (root / "main" / "numbers.sql").write_text(view, encoding="utf-8")
    seen, _ = made(tmp_path / "x.duckdb", root)
    # It has the rows of a table that was looked at.
    assert "main.numbers" not in seen
    assert set(sql_files.grains(root)) == set(MADE)
    with connection.connect(tmp_path / "x.duckdb") as con:
        con.execute("insert into core.doubles values (5, 10)")
        assert con.execute("from numbers order by n").fetchall() == [(1, 2), (3, 6), (5, 10)]
        ((comment,),) = con.execute("select comment from duckdb_views() where view_name = 'numbers'").fetchall()
        assert comment == "One row per number. Key: n, m (may be null)."
        assert connection.comments(con, "main.numbers") == {"n": "the number"}
        assert ("main.numbers", "core.doubles") in con.execute("from meta.lineage").fetchall()


def described(path: Path) -> dict[str, Any]:
    with connection.connect(path, read_only=True) as con:
        return {
            table: (
                con.execute(f"from {table}").fetchall(),
                connection.comments(con, table),
                con.execute(
                    "select comment from duckdb_tables() where schema_name || '.' || table_name = ?", [table]
                ).fetchall(),
            )
            for table in connection.tables(con)
        }


def again(path: Path, root: Path, changed: str) -> list[str]:
    with connection.connect(path) as con:
        files = transform.downstream(con, root, [changed])
        transform.again(con, root, files)
    return [file.table for file in files]


def test_again_makes_what_reads_the_changed_table_and_nothing_else(tmp_path: Path, root: Path) -> None:
    path = tmp_path / "x.duckdb"
    made(path, root)
    before = described(path)
    with connection.connect(path) as con:
        con.execute("update staging.state set s = 'new'")
        # To be seen if one of these were made again.
        con.execute("update core.doubles set doubled = 0; update core.others set m = 0; update marts.sums set sum = 0")
    assert again(path, root, "staging.state") == ["core.states", "marts.states"]
    after = described(path)
    assert after["core.states"] == ([("new",)], *before["core.states"][1:])
    assert after["marts.states"] == ([("new", 2)], *before["marts.states"][1:])
    assert after["core.doubles"][0] == [(3, 0), (1, 0)]
    assert after["core.others"][0] == [(0,)]
    assert after["marts.sums"][0] != before["marts.sums"][0]


def test_again_knows_the_macros(tmp_path: Path, root: Path) -> None:
    path = tmp_path / "x.duckdb"
    made(path, root)
    with connection.connect(path) as con:
        con.execute("update staging.number set n = 5 where n = 3")
    assert "core.doubles" in again(path, root, "staging.number")
    assert described(path)["core.doubles"][0] == [(5, 10), (1, 2)]


def test_functions_of_python_are_known_and_no_part_of_the_file(tmp_path: Path, root: Path) -> None:
    path = tmp_path / "x.duckdb"
    (root / "core" / "halves.sql").write_text(
        "-- One row per half.\n-- grain: h\nselect half(n) as h from staging.number\n"
    )
    made(path, root, {"half": (lambda n: n / 2, ["DOUBLE"], "DOUBLE")})
    with connection.connect(path, read_only=True) as con:
        assert con.execute("from core.halves").fetchall() == [(0.5,), (1.5,)]
        for call in ("half(1.0)", "twice(1)"):
            with pytest.raises(duckdb.CatalogException):
                con.execute(f"select {call}")


def test_a_macro_that_cannot_be_made_is_named(tmp_path: Path, root: Path) -> None:
    (root / "macros" / "bad.sql").write_text("-- A macro.\ncreate temp macro bad(x) as no_such_function(x) +;\n")
    with pytest.raises(BuildError, match=r"macros/bad\.sql: "):
        made(tmp_path / "x.duckdb", root)


def test_a_select_that_fails_leaves_no_table_of_its_own(tmp_path: Path, root: Path) -> None:
    (root / "marts" / "broken.sql").write_text(
        "-- One row per fault.\n-- grain: n\nselect nothing as n from core.doubles\n"
    )
    with pytest.raises(BuildError, match=r"^marts\.broken: "):
        made(tmp_path / "x.duckdb", root)
    with connection.connect(tmp_path / "x.duckdb", read_only=True) as con:
        left = connection.tables(con)
    # What was made before it may stand: a file that is not whole is nobody's but the next build's, which begins anew.
    assert set(GIVEN) <= set(left)
    assert "marts.broken" not in left


@pytest.mark.parametrize(
    "select",
    ["select no_such_column from staging.number", "select 'x'::integer as x from staging.other", "select 1 +"],
)
def test_a_select_that_fails_is_named(tmp_path: Path, root: Path, select: str) -> None:
    (root / "marts" / "broken.sql").write_text(f"-- One row per fault.\n{select}\n", encoding="utf-8")
    with pytest.raises((BuildError, sql_files.SqlFileError), match=r"marts.broken"):
        made(tmp_path / "x.duckdb", root)
