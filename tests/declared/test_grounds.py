"""grounds.toml: every row of core, fits, marts and exports has a way down, and no way leads in a circle or to nothing."""

from __future__ import annotations

from graphlib import TopologicalSorter
from pathlib import Path

import duckdb
import pytest
from running import ROOT

from flows.declared.grounds import Way, grounds
from flows.errors import SettingError
from flows.warehouse import connection

TRACED = ("core", "fits", "marts", "exports")


def columns_of(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [name for name, *_ in con.execute(f"describe {table}").fetchall()]


def addresses(columns: list[str]) -> list[str]:
    """Conditions of a row that names a page by itself."""
    prefixes = [name.removesuffix("source") for name in columns if name == "source" or name.endswith("_source")]
    return [
        f"here.{one}source is not null and here.{one}page is not null" for one in prefixes if f"{one}page" in columns
    ]


def declared() -> list[str]:
    """All tables that the file has ways for."""
    return [f"{schema}.{name}" for schema, ways in grounds() for name in ways]


def leads_on(way: Way) -> str:
    if way.table is not None:
        return f"exists (select 1 from {way.table} as there where {way.conditions()})"
    return "true" if way.says is None else f"here.{way.says} is not null"


def test_every_row_of_every_table_has_a_way_down(db: duckdb.DuckDBPyConnection) -> None:
    without = {}
    for table in connection.tables(db):
        if table.partition(".")[0] in TRACED:
            ways = [*addresses(columns_of(db, table)), *map(leads_on, grounds().of(table)), "false"]
            ((count,),) = db.execute(
                f"select count(*) from {table} as here where not ({' or '.join(f'({way})' for way in ways)})"
            ).fetchall()
            if count:
                without[table] = count
    assert without == {}


def test_what_is_declared_is_in_a_file_that_is_there(db: duckdb.DuckDBPyConnection) -> None:
    missing = set()
    for table in declared():
        for way in grounds().of(table):
            if way.file is not None:
                columns = columns_of(db, table)
                rows = db.execute(f"select distinct * from {table}").fetchall()
                files = {way.file.format_map(dict(zip(columns, row, strict=True))) for row in rows}
                missing |= {(table, file) for file in files if not (ROOT / file).is_file()}
    assert missing == set()


def test_ways_name_tables_that_are_there_and_lead_in_no_circle(db: duckdb.DuckDBPyConnection) -> None:
    known = set(connection.tables(db))
    graph = {table: {way.table for way in grounds().of(table) if way.table} for table in declared()}
    assert set(graph) | {table for below in graph.values() for table in below} <= known
    TopologicalSorter(graph).prepare()


def test_ways_lead_to_no_table_that_the_row_does_not_depend_on(db: duckdb.DuckDBPyConnection) -> None:
    """Held against meta.lineage, which is read out of the SQL: a step goes to what the table reads, or to what that reads."""
    edges: dict[str, set[str]] = {}
    for table, reads in db.execute("select table_name, reads from meta.lineage").fetchall():
        edges.setdefault(table, set()).add(reads)

    def below(table: str) -> set[str]:
        found, new = set[str](), {table}
        while new:
            new = {read for one in new for read in edges.get(one, ())} - found
            found |= new
        return found

    astray = [
        (table, way.table)
        for table in declared()
        for way in grounds().of(table)
        if way.table is not None and table.partition(".")[0] != "staging" and way.table not in below(table)
    ]
    assert astray == []


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ('what = "x"', "which is neither table with on nor file"),
        ('what = "x", table = "core.results"', "which is neither table with on nor file"),
        ('what = "x", file = "a.toml", on = ["a"]', "which is neither table with on nor file"),
        ('what = "x", table = "core.results", on = ["a"], file = "a.toml"', "which is neither table with on nor file"),
        ('what = "x", tabel = "core.results", on = ["a"]', "unknown key 'core.models[0].tabel'; near it: 'table'"),
        ('table = "core.results", on = ["a"]', "missing key 'core.models[0].what'"),
    ],
)
def test_a_slip_is_told_in_one_sentence(way: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "declared" / "grounds.toml"
    path.parent.mkdir()
    empty = "".join(f"[{schema}]\n" for schema in ("exports", "marts", "fits", "meta", "staging"))
    path.write_text(f"{empty}[core]\nmodels = [{{ {way} }}]\n")
    with pytest.raises(SettingError) as refused:
        grounds(tmp_path)
    assert said in str(refused.value)


def test_a_null_is_the_same_as_a_null() -> None:
    way = Way(what="x", table="t", on=["a", "b = c", "here.d > there.e"])
    with duckdb.connect() as con:
        con.execute("create table h as select * from (values (null, 1, 2), (5, 1, 0), (null, 9, 2)) as _(a, b, d)")
        con.execute("create table t as select null::integer as a, 1 as c, 1 as e")
        found = con.execute(f"select here.* from h as here join t as there on {way.conditions()}").fetchall()
    assert found == [(None, 1, 2)]
