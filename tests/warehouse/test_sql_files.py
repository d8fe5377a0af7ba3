"""flows/warehouse/sql_files.py: the order in which tables are made, and the rules of the house."""

from __future__ import annotations

from graphlib import CycleError
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from flows import build, paths
from flows.analysis import computed
from flows.warehouse import transform
from flows.warehouse.connection import BuildError
from flows.warehouse.sql_files import SqlFileError, in_order, read_macros, read_table_file, table_paths

GIVEN = [f"staging.{name}" for name in build.staged()]
# What Python computes between two files, and what it reads.
COMPUTED = dict.fromkeys(computed.TABLES, transform.needed(computed.Tables()))
FILES = table_paths(paths.SQL)
# What a SELECT may look like, each of core.a and core.b; the last ones say `from` where no table is read.
SELECTS = [
    "select * from core.a as a left join core.b using (k)",
    "select * from core.a asof join core.b using (k, t)",
    "from core.a select (select max(k) from core.b)",
    "pivot (select * from core.a join core.b using (k)) on k using sum(v)",
    "pivot core.a on k, l using sum(v) union all by name from core.b",
    "unpivot core.a on k, l into name n value v union all select * from core.b",
    "select * from core.a union all by name select * from core.b",
    "select * from core.a where k in (select k from core.b)",
    "with x as (select * from core.b) select * from x, core.a",
    "with x as materialized (from core.a), y (k, v) as (from core.b) select * from x join y using (k)",
    "with recursive x as (select k from core.a union select core.b.k from core.b join x on core.b.p = x.k) from x",
    "select * from (select 1 as one) as x, core.a as a, core.b where a.k = core.b.k group by a.k, core.b.v",
    "SELECT * FROM core.a JOIN core.b USING (k)",
    'select * from "core"."a" positional join core . b',
    "select * from core.a cross join lateral (select max(k) from core.b where core.b.k < core.a.k)",
    "select *, unnest(l) from core.a, core.b, unnest(core.a.l) as t(u), lateral (select 1), range(3) as r(i)",
    "select extract(year from core.c.day), trim(both ' ' from core.c.name) from core.a join core.b on true",
    "select * from core.a join core.b on core.a.k is not distinct from core.b.k and core.b.v is distinct from c.d",
    "select 'from core.c, it''s', k -- join core.d\n/* from core.e,\n core.f */ from core.a anti join core.b using (k)",
    "select k, row_number() over (partition by k order by v) as r from core.a, core.b qualify r = 1 order by k, c.d",
    "select a.k, a.l, from core.a as a join core.b as b on (a.k, a.l) = (b.k, b.l) order by a.k, c.d",
]


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


@pytest.mark.parametrize("select", SELECTS)
def test_the_reads_of_a_select_are_known(tmp_path: Path, select: str) -> None:
    write(tmp_path, marts__t=select)
    assert len(duckdb.extract_statements(select)) == 1
    assert read_table_file(tmp_path / "marts" / "t.sql").reads == ("core.a", "core.b")


def parsed(select: str) -> tuple[str, ...]:
    """What a SELECT reads, by a full parser."""
    tables = sqlglot.parse_one(select, dialect="duckdb").find_all(exp.Table)
    return tuple(sorted({f"{table.db}.{table.name}" for table in tables if table.db}))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_every_file_reads_what_a_parser_says(path: Path) -> None:
    assert read_table_file(path).reads == parsed(path.read_text(encoding="utf-8"))


def test_a_table_that_nothing_makes_is_named_with_its_reader(tmp_path: Path) -> None:
    write(tmp_path, core__a="select * from core.nowhere join staging.given using (k)")
    with pytest.raises(SqlFileError, match=r"core\.a reads core\.nowhere, which nothing makes"):
        in_order(tmp_path, ["staging.given"], {})


def test_a_table_read_without_its_schema_is_named(tmp_path: Path) -> None:
    write(tmp_path, core__a="with x as (select 1) select * from x join results using (k)")
    with pytest.raises(SqlFileError, match=r"core/a\.sql: results is read without its schema"):
        in_order(tmp_path, [], {})
    write(tmp_path, core__a="with x as (select 1) from x, Results")
    with pytest.raises(SqlFileError, match=r"core/a\.sql: Results is read without its schema"):
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


@pytest.mark.parametrize(
    "text", ["", "-- One row.\n", "-- One row.\nselect from where\n", "-- One row.\ndrop table core.a\n"]
)
def test_a_file_that_is_no_select_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "a.sql").write_text(text, encoding="utf-8")
    with pytest.raises(SqlFileError, match=r"core/a\.sql"):
        in_order(tmp_path, [], {})


def test_comments_are_the_grain_and_the_columns(tmp_path: Path) -> None:
    text = "-- One row per thing.\nselect\n    a,  -- the first\n    1 + 1 as b,  -- it's a sum\n    c,\nfrom core.x\n"
    write(tmp_path, marts__t=text)
    file = read_table_file(tmp_path / "marts" / "t.sql")
    assert (file.table, file.comment) == ("marts.t", "One row per thing.")
    assert dict(file.column_comments) == {"a": "the first", "b": "it's a sum"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_every_file_keeps_the_rules(path: Path) -> None:
    file = read_table_file(path)
    assert file.comment.startswith("One row per ")
    assert file.comment.endswith(".")
    assert file.select == path.read_text(encoding="utf-8")
    assert file.reads, "a table that reads nothing has rows that no source gave"


# --- macros


def macros(root: Path, **texts: str) -> Path:
    (root / "macros").mkdir(parents=True)
    for name, text in texts.items():
        (root / "macros" / f"{name}.sql").write_text(text, encoding="utf-8")
    return root


def test_a_macro_is_made_after_those_that_it_uses_and_is_no_table(tmp_path: Path) -> None:
    macros(
        tmp_path,
        a_twice="-- Twice.\ncreate temp macro a_twice(x) as b_same(x) + b_same(x)",
        b_same="-- The same: not a_twice.\ncreate temp macro b_same(x) as x",
    )
    write(tmp_path, core__t="select a_twice(k) as k from staging.given")
    assert [macro.name for macro in read_macros(tmp_path)] == ["b_same", "a_twice"]
    assert order(tmp_path, "staging.given") == ["core.t"]
    with duckdb.connect() as con:
        transform.make_known(con, tmp_path, {})
        assert con.execute("select a_twice(21)").fetchone() == (42,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("create temp macro m(x) as x", "the first line must be a comment that says what the macro gives"),
        ("-- Nothing.\n", r"there must be `create temp macro m\(…\) as …`"),
        ("-- Another.\ncreate temp macro n(x) as x", r"there must be `create temp macro m\(…\) as …`"),
        ("-- To stay in the file.\ncreate macro m(x) as x", r"there must be `create temp macro m\(…\) as …`"),
    ],
)
def test_a_macro_of_another_name_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SqlFileError, match=rf"macros/m\.sql: .*{message}"):
        read_macros(macros(tmp_path, m=text))


def test_a_macro_that_fails_is_named(tmp_path: Path) -> None:
    macros(tmp_path, m="-- Of nothing.\ncreate temp macro m(x) as no_such_function(x)")
    with duckdb.connect() as con, pytest.raises(BuildError, match=r"macros/m\.sql: .*no_such_function"):
        transform.make_known(con, tmp_path, {})


def test_the_published_file_holds_no_macro(db: duckdb.DuckDBPyConnection) -> None:
    names = [macro.name for macro in read_macros(paths.SQL)]
    assert names
    assert db.execute("select function_name from duckdb_functions() where not internal").fetchall() == []


def test_every_macro_is_used_and_its_rule_stands_nowhere_else() -> None:
    """Where a rule was written out before, it is called now."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(paths.SQL.glob("*/*.sql"))}
    for macro in read_macros(paths.SQL):
        users = [path for path, text in texts.items() if f"{macro.name}(" in text and path.stem != macro.name]
        assert users, macro.name
    for rule in ("453.59237", r"[\s_/,.()|:-]+", "low > 0 or", "1 / slope,", "cov_xy * cov_xy"):
        assert {path.parent.name for path, text in texts.items() if rule in text} == {"macros"}, rule
