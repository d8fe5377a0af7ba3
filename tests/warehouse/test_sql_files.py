"""flows/warehouse/sql_files.py: the order in which tables are made, and the rules of the house."""

from __future__ import annotations

from graphlib import CycleError
from pathlib import Path

import pytest

from flows import paths
from flows.analysis import computed
from flows.declared.setting_types import SETTINGS
from flows.readers.row_types import ROW_TYPES
from flows.warehouse import sql_files, transform
from flows.warehouse.sql_files import SqlFileError, in_order, load

GIVEN = [f"staging.{name}" for name in (*ROW_TYPES, *SETTINGS)]
# What Python computes between two files, and what it reads.
COMPUTED = dict.fromkeys(computed.TABLES, transform.needed(computed.Tables()))
FILES = sorted(paths.SQL.glob("*/*.sql"))


def write(root: Path, **files: str) -> Path:
    """Files named layer__table; a grain is put before what has no comment of its own."""
    for name, select in files.items():
        path = root / f"{name.replace('__', '/')}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(select if select.startswith("--") else f"-- One row.\n{select}", encoding="utf-8")
    return root


def order(root: Path, *given: str) -> list[str]:
    return [file.table for file in in_order(root, given, {})]


def test_every_table_comes_after_those_that_it_reads() -> None:
    there = set(GIVEN)
    for node in in_order(paths.SQL, GIVEN, COMPUTED):
        assert set(node.reads) <= there, node.table
        there.add(node.table)
    assert there - set(GIVEN) == {f"{path.parent.name}.{path.stem}" for path in FILES} | set(COMPUTED)


def test_what_is_computed_stands_between_the_files_that_it_reads_and_its_readers(tmp_path: Path) -> None:
    # By name alone both files would come before it.
    write(tmp_path, a__reader="select * from c.computed", b__read="select * from staging.given")
    ordered = in_order(tmp_path, ["staging.given"], {"c.computed": ("b.read", "staging.given")})
    assert [node.table for node in ordered] == ["b.read", "c.computed", "a.reader"]
    with pytest.raises(SqlFileError, match=r"c\.computed reads b\.nowhere, which nothing makes"):
        in_order(tmp_path, ["staging.given"], {"c.computed": ("b.nowhere",)})


def test_a_layer_may_read_any_other_and_names_settle_the_rest(tmp_path: Path) -> None:
    # By name alone it would be a.first, b.second, c.third.
    write(
        tmp_path,
        a__first="with x as (select 1) select * from c.third join x using (one)",
        b__second="from staging.given",
        c__third="select * from b.second",
        d__alone="select 1 as one",
    )
    assert order(tmp_path, "staging.given") == ["b.second", "d.alone", "c.third", "a.first"]
    assert order(tmp_path, "staging.given") == order(tmp_path, "staging.given")


@pytest.mark.parametrize(
    "select",
    [
        "select * from core.a as a left join core.b using (k)",
        "select * from core.a asof join core.b using (k, t)",
        "from core.a select (select max(k) from core.b)",
        "pivot (select * from core.a join core.b using (k)) on k using sum(v)",
        "select * from core.a union all by name select * from core.b",
        "select * from core.a where k in (select k from core.b)",
        "with x as (select * from core.b) select * from x, core.a",
    ],
)
def test_what_a_select_reads_is_found(tmp_path: Path, select: str) -> None:
    write(tmp_path, marts__t=select)
    assert load(tmp_path / "marts" / "t.sql").reads == ("core.a", "core.b")


def test_a_table_that_nothing_makes_is_named_with_its_reader(tmp_path: Path) -> None:
    write(tmp_path, core__a="select * from core.nowhere join staging.given using (k)")
    with pytest.raises(SqlFileError, match=r"core\.a reads core\.nowhere, which nothing makes"):
        in_order(tmp_path, ["staging.given"], {})


def test_a_table_read_without_its_schema_is_named(tmp_path: Path) -> None:
    write(tmp_path, core__a="with x as (select 1) select * from x join results using (k)")
    with pytest.raises(SqlFileError, match=r"core/a\.sql: results is read without its schema"):
        in_order(tmp_path, [], {})


@pytest.mark.parametrize("text", ["select 1 as one", "\n-- One row.\nselect 1 as one", "--no blank\nselect 1 as one"])
def test_a_file_that_does_not_state_its_grain_is_named(tmp_path: Path, text: str) -> None:
    write(tmp_path, core__a="select 1")
    (tmp_path / "core" / "a.sql").write_text(text, encoding="utf-8")
    with pytest.raises(SqlFileError, match=r"core/a\.sql: the first line must be a comment that states the grain"):
        in_order(tmp_path, [], {})


def test_tables_that_read_each_other_are_named(tmp_path: Path) -> None:
    write(tmp_path, core__a="select * from core.b", core__b="select * from marts.c", marts__c="select * from core.a")
    with pytest.raises(CycleError, match=r"core\.a|core\.b|marts\.c"):
        in_order(tmp_path, [], {})


@pytest.mark.parametrize("text", ["", "-- One row.\n", "-- One row.\nselect from where\n"])
def test_a_file_that_is_no_select_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "a.sql").write_text(text, encoding="utf-8")
    with pytest.raises(SqlFileError, match=r"core/a\.sql"):
        in_order(tmp_path, [], {})


def test_comments_are_the_grain_and_the_columns(tmp_path: Path) -> None:
    text = "-- One row per thing.\nselect\n    a,  -- the first\n    1 + 1 as b,  -- it's a sum\n    c,\nfrom core.x\n"
    write(tmp_path, marts__t=text)
    file = load(tmp_path / "marts" / "t.sql")
    assert (file.table, file.comment) == ("marts.t", "One row per thing.")
    assert dict(file.column_comments) == {"a": "the first", "b": "it's a sum"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_every_file_keeps_the_rules(path: Path) -> None:
    file = load(path)
    assert file.comment.startswith("One row per ")
    assert file.comment.endswith(".")
    assert file.select == path.read_text(encoding="utf-8")
    assert sql_files.load(path).reads, "a table that reads nothing has rows that no source gave"
