"""flows/warehouse/standing.py: in a copy of the build before stays what would be made of the same, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from flows import columns
from flows.columns import column
from flows.warehouse import checksums, connection, kept, staging, standing, transform
from flows.warehouse.kept import CONTENT, TABLE, Keys


@dataclass(frozen=True)
class Number:
    """One row per number."""

    n: int = column("the number")


@dataclass(frozen=True)
class Square:
    """One row per square."""

    n: int = column("the number that is squared")


@dataclass
class Squares:
    """A computed table."""

    row_types: Mapping[str, type[Any]] = field(default_factory=lambda: {"core.squares": Square})
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"core.squares": ("core.signs",)})
    numbers: list[int] = field(default_factory=list)
    busy: int = 0

    def start(self, con: duckdb.DuckDBPyConnection) -> None:
        self.numbers += [n for (n,) in con.execute("select n from core.signs order by n").fetchall()]

    def tables(self) -> Mapping[str, pa.Table]:
        return {"core.squares": columns.table(Square, [Square(n * n) for n in self.numbers])}


FILES = {
    "core/signs": "-- One row per sign.\n-- grain: n\nselect distinct sign(n)::bigint as n from staging.number order by n\n",
    "core/doubles": "-- One row per double.\n-- grain: n\nselect 2 * n as n from staging.number\n",
    "marts/of_signs": "-- One row per sign.\n-- grain: n\nselect n from core.signs\n",
    "marts/of_squares": "-- One row per square.\n-- grain: n\nselect n + 1 as n from core.squares\n",
    "main/doubles": "-- One row per double.\n-- grain: n\nselect n from core.doubles\n",
}
MADE = {name.replace("/", ".") for name in FILES} | {"core.squares", "staging.number"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "sql" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "sql"


def built(path: Path, root: Path, numbers: list[int], base: Path | None = None, code: str = "") -> set[str]:
    """Make a file of some numbers, over that of the build before where one is given; which tables are made anew."""
    keys = Keys(staging.stage(path, {"number": staging.of_rows(Number, [Number(n) for n in numbers])}, base))
    transform.transform(path, root, ["staging.number"], Squares(), {}, last=keys.write, keys=keys, code=code)
    assert {name for kind, name in keys.rows if kind == TABLE} <= MADE | {"core.halves"}
    return remade(base, keys)


def remade(base: Path | None, keys: Keys) -> set[str]:
    if base is None:
        return {name for kind, name in keys.rows if kind == TABLE}
    with connection.connect(base, read_only=True) as con:
        before = kept.keys_in(con)
    return {name for (kind, name), key in keys.rows.items() if kind == TABLE and before.get((kind, name)) != key}


def described(path: Path) -> dict[str, Any]:
    """{table or view: rows in their order, its comment, and those of its columns}."""
    with connection.connect(path, read_only=True) as con:
        about = con.execute(
            "select schema_name || '.' || table_name, comment from duckdb_tables() union all "
            "select schema_name || '.' || view_name, comment from duckdb_views() where not internal"
        ).fetchall()
        return {
            name: (con.execute(f"from {name}").fetchall(), comment, connection.comments(con, name))
            for name, comment in about
        }


def tampered(path: Path) -> Path:
    """A file in which each table has a row that no build makes: to be seen where one stays."""
    with connection.connect(path) as con:
        # But of what is read to compute, which then would be computed of that row.
        for name in sorted(MADE - {"main.doubles", "core.signs"}):
            con.execute(f"insert into {name} values (-99)")
    return path


def tables_with_the_row(path: Path) -> set[str]:
    with connection.connect(path, read_only=True) as con:
        return {
            name for name in connection.tables(con) if not name.startswith("meta.")
            and con.execute(f"select count(*) from {name} where n = -99").fetchone() != (0,)
        }  # fmt: skip


def test_of_the_same_all_stays_and_all_is_said(tmp_path: Path, root: Path) -> None:
    first, again = tmp_path / "first.duckdb", tmp_path / "again.duckdb"
    assert built(first, root, [1, 2]) == MADE
    assert built(again, root, [1, 2], first) == set()
    assert described(again) == described(first)
    assert tables_with_the_row(tampered(first)) == MADE - {"main.doubles", "core.signs"}
    built(again, root, [1, 2], first)
    assert tables_with_the_row(again) == MADE - {"main.doubles", "core.signs"}


def test_rows_that_come_out_as_before_keep_standing_what_reads_them(tmp_path: Path, root: Path) -> None:
    first, again, fresh = (tmp_path / f"{name}.duckdb" for name in ("first", "again", "fresh"))
    built(first, root, [1, 2])
    # Other numbers of the same sign: that is made anew, and what reads it is not.
    assert built(again, root, [1, 3], first) == {"staging.number", "core.signs", "core.doubles", "main.doubles"}
    built(fresh, root, [1, 3])
    assert described(again) == described(fresh)
    built(again, root, [1, 3], tampered(first))
    assert tables_with_the_row(again) == {"core.squares", "marts.of_signs", "marts.of_squares"}
    # What is computed is another too where what it is computed from is.
    assert {"core.squares", "marts.of_squares"} <= built(tmp_path / "third.duckdb", root, [1, -1], again)


def test_another_select_or_other_code_makes_anew(tmp_path: Path, root: Path) -> None:
    first, again = tmp_path / "first.duckdb", tmp_path / "again.duckdb"
    built(first, root, [1, 2])
    (root / "core" / "doubles.sql").write_text(
        "-- One row per double.\n-- grain: n\nselect 2 * n + 0 as n from staging.number\n"
    )
    # It gives the same rows, so the view of them stays.
    assert built(again, root, [1, 2], first) == {"core.doubles"}
    assert built(tmp_path / "third.duckdb", root, [1, 2], again, code="other") == MADE - {"staging.number"}


def test_what_nothing_makes_any_more_goes(tmp_path: Path, root: Path) -> None:
    first, again, fresh = (tmp_path / f"{name}.duckdb" for name in ("first", "again", "fresh"))
    (root / "core" / "halves.sql").write_text(
        "-- One row per half.\n-- grain: n\nselect n // 2 as n from staging.number\n"
    )
    built(first, root, [1, 2])
    (root / "core" / "halves.sql").unlink()
    # And a view in the place of a table: analysts' names are of either kind.
    (root / "main" / "doubles.sql").unlink()
    built(again, root, [1, 2], first)
    built(fresh, root, [1, 2])
    assert described(again) == described(fresh)
    assert not {"core.halves", "main.doubles"} & set(described(again))


def test_a_comment_that_is_inherited_no_more_goes_from_what_stays(tmp_path: Path, root: Path) -> None:
    first, again, fresh = (tmp_path / f"{name}.duckdb" for name in ("first", "again", "fresh"))
    said = "-- One row.\n-- grain: k\nselect 7 as k,  -- a seven\n"
    (root / "core" / "halves.sql").write_text(said)
    (root / "marts" / "of_signs.sql").write_text("-- One row.\n-- grain: k\nselect k from core.halves\n")
    built(first, root, [1, 2])
    assert described(first)["marts.of_signs"][2] == {"k": "a seven"}
    (root / "core" / "halves.sql").write_text(said.replace(",  -- a seven", ""))
    assert built(again, root, [1, 2], first) == {"core.halves"}
    built(fresh, root, [1, 2])
    assert described(again) == described(fresh)
    assert described(again)["marts.of_signs"][2] == {}


def test_what_was_made_otherwise_is_forgotten(tmp_path: Path, root: Path) -> None:
    first, again = tmp_path / "first.duckdb", tmp_path / "again.duckdb"
    built(first, root, [1, 2])
    with connection.connect(first) as con:
        standing.forget(con, ["staging.number", "core.doubles"])
        keys = kept.keys_in(con)
    assert {name for (_, name), key in keys.items() if not key} == {"staging.number", "core.doubles"}
    built(again, root, [1, 2], tampered(first))
    assert tables_with_the_row(again) == {"core.squares", "marts.of_signs", "marts.of_squares"}


def based(path: Path) -> Path | None:
    with kept.published(path) as published:
        return standing.base(published)


def test_a_build_begins_with_a_file_that_is_known_to_be_whole_and_full(tmp_path: Path, root: Path) -> None:
    path = tmp_path / "x.duckdb"
    built(path, root, [1, 2])
    assert based(path) is None
    checksums.add(path, path)
    assert based(path) == path
    room = tmp_path / "room.duckdb"
    shutil.copy(path, room)
    with connection.connect(room) as con:
        con.execute("create table core.large as select hash(range) as n from range(300_000); checkpoint")
        con.execute("drop table core.large; checkpoint")
    checksums.add(room, room)
    assert based(room) is None
    with connection.connect(path) as con:
        con.execute(f"delete from meta.kept_keys where kind in ('{TABLE}', '{CONTENT}')")
    # As an older version leaves it.
    assert based(path) is None
    assert standing.base(kept.NOTHING) is None
