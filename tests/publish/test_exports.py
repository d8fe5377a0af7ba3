"""Exports: the files that go into a paper. Every table of the schema exports is met by walking it."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from running import command_here, environment, files_of_at_most

from flows import paths
from flows.answers.outputs import OutputError
from flows.answers.queries import QueryError
from flows.publish import exports
from flows.publish.exports import ExportError, Request
from flows.publish.tables import declared
from flows.warehouse import connection

TABLES = sorted(path.stem for path in (paths.SQL / "exports").glob("*.sql"))
DECLARED = declared.tables()
OF_A_PACKAGE = {
    "CREDITS.txt",
    "croissant.json",
    "datapackage.json",
    "numbers.json",
    "numbers.tex",
    "sources.bib",
    ".compute-limits-export",
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "made" / "here"
    exports.export(warehouse_path, folder)
    return folder


def made(path: Path, *statements: str) -> Path:
    with duckdb.connect(path) as con:
        con.execute("create schema exports; create schema meta")
        con.execute(
            "create table meta.this_build as select date '2026-01-02' as as_of, date '2020-03-04' as published_before"
        )
        for statement in statements:
            con.execute(statement)
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_tables_are_written_in_every_format(exported: Path) -> None:
    wanted = {f"{table}.{suffix}" for table in TABLES for suffix in ("csv", "parquet")}
    wanted |= {f"{table}.{suffix}" for table in DECLARED for suffix in ("html", "md")}
    wanted |= {f"{table}.tex" for table, shown in DECLARED.items() if not shown.is_long}
    assert set(files(exported)) == wanted | OF_A_PACKAGE
    assert {"figure_3", "figure_3_today", "exponents", "growth", "backtest", "forecasts", "sources"} <= set(DECLARED)


def test_the_command_takes_names_formats_and_width(tmp_path: Path, warehouse_path: Path) -> None:
    (tmp_path / "data" / "warehouse").mkdir(parents=True)
    shutil.copyfile(warehouse_path, tmp_path / "data" / "warehouse" / "compute_limits.duckdb")
    env, out = environment(tmp_path / "data", tmp_path), str(tmp_path / "out")
    ended = command_here(env, "export", out, "--table", "figure_3,exponents", "--format", "latex,md", "--width", "page")
    assert ended.returncode == 0, ended
    wanted = ["exponents.md", "exponents.tex", "figure_3.md", "figure_3.tex", "sources.bib"]
    assert [Path(line).name for line in ended.stdout.splitlines()] == wanted
    assert set(files(tmp_path / "out")) == {*wanted, ".compute-limits-export"}
    assert r"\begin{table*}" in (tmp_path / "out" / "figure_3.tex").read_text()
    (tmp_path / "file").touch()
    ended = command_here(env, "export", str(tmp_path / "file"), "--table", "figure_3")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert str(tmp_path / "file") in ended.stderr


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(tables=["figre_3"]), "no table 'figre_3'; near it: 'figure_3'"),
        (Request(formats=["latx"]), "no format 'latx'; near it: 'latex'"),
        (Request(row_sets=["curent"]), "no row set 'curent'; near it: 'current'"),
        (Request(width="colum"), "no width 'colum'; near it: 'column'"),
        (Request(tables=["reproduction"], formats=["latex"]), "reproduction does not come as latex.*--long"),
        (Request(formats=[]), "no format is named; those that there are: csv, parquet, latex"),
        (Request(tables=[], figures=[]), "no table and no figure is named"),
        (Request(tables=["backtest"], row_sets=["current"]), "backtest has no rows of current; .* paper_v1, paper_v2"),
    ],
)
def test_a_slip_is_told_with_what_is_near_it(
    request_: Request, message: str, tmp_path: Path, warehouse_path: Path
) -> None:
    with pytest.raises(ExportError, match=message):
        exports.export(warehouse_path, tmp_path / "out", request_)
    assert not (tmp_path / "out").exists()


def test_rows_are_those_of_the_row_set_asked_for(tmp_path: Path, warehouse_path: Path) -> None:
    request = Request(tables=["exponents"], formats=["csv", "md"], row_sets=["paper_v2"])
    exports.export(warehouse_path, tmp_path, request)
    with (tmp_path / "exponents.csv").open(encoding="utf-8") as handle:
        assert {row["row_set"] for row in csv.DictReader(handle)} == {"paper_v2"}
    assert "the authors' rows of 2022 [@cl-mit-futuretech]" in (tmp_path / "exponents.md").read_text(encoding="utf-8")


def test_tables_alone_read_no_figures(tmp_path: Path, warehouse_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(*_: object) -> None:
        raise AssertionError("figures are read")

    monkeypatch.setattr(exports.figures, "drawn", drawn)
    exports.export(warehouse_path, tmp_path, Request(tables=["growth"], figures=[]))
    assert (tmp_path / "growth.tex").is_file()


def test_what_is_longer_than_a_page_is_a_longtable_where_that_is_asked_for(
    tmp_path: Path, warehouse_path: Path
) -> None:
    exports.export(warehouse_path, tmp_path, Request(tables=["reproduction"], formats=["latex"], is_long=True))
    text = (tmp_path / "reproduction.tex").read_text(encoding="utf-8")
    assert r"\begin{longtable}" in text
    assert r"\begin{table}" not in text
    # A line each, and the heads twice.
    assert text.count(r" \\") >= 132


@pytest.mark.parametrize("table", TABLES)
def test_csv_and_parquet_have_the_rows_of_the_table(db: duckdb.DuckDBPyConnection, exported: Path, table: str) -> None:
    # Each row carries both days of the warehouse, for a file may be read without the others.
    rows = db.sql(
        f"select *, (select max(retrieved_on) from meta.pages) as as_of, null::date as published_before from exports.{table}"
    ).to_arrow_table()
    assert rows.num_rows > 0
    assert pq.read_table(exported / f"{table}.parquet").to_pylist() == rows.to_pylist()
    with (exported / f"{table}.csv").open(encoding="utf-8", newline="") as handle:
        header, *lines = csv.reader(handle)
    assert header == rows.column_names
    assert lines == [["" if value is None else str(value) for value in row.values()] for row in rows.to_pylist()]


def test_the_same_warehouse_gives_the_same_bytes(exported: Path, tmp_path: Path, warehouse_path: Path) -> None:
    # Of two builds they are compared where two are made: tests/acceptance/test_warehouse.py.
    shutil.copyfile(warehouse_path, tmp_path / "another.duckdb")
    exports.export(tmp_path / "another.duckdb", tmp_path / "out")
    assert files(tmp_path / "out") == files(exported)


@pytest.mark.slow
def test_the_same_warehouse_gives_the_same_figures_and_the_package_lists_them(
    tmp_path: Path, warehouse_path: Path
) -> None:
    # All of them are drawn twice in figures/test_figure_files.py, and by two builds in acceptance/test_same_everywhere.py.
    request = Request(figures=["figure_1a", "figure_2b"])
    for name in ("a", "b"):
        exports.export(warehouse_path, tmp_path / name, request)
    once = files(tmp_path / "a")
    assert once == files(tmp_path / "b")
    assert {"figures/figure_1a_column.pdf", "figures/figure_2b_page.svg"} <= set(once)
    assert b'"figures/figure_1a_column.pdf"' in once["datapackage.json"]


def test_without_a_warehouse_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="compute-limits build"):
        exports.export(tmp_path / "none.duckdb", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("what", ["a table is missing", "one more", "none"])
def test_a_warehouse_of_another_version_is_not_exported(what: str, tmp_path: Path) -> None:
    tables = {"a table is missing": TABLES[1:], "one more": [*TABLES, "zoo"], "none": []}[what]
    path = made(tmp_path / "x.duckdb", *(f"create table exports.{table} as select 1 as n" for table in tables))
    differs = {"a table is missing": TABLES[0], "one more": "zoo", "none": TABLES[0]}[what]
    with pytest.raises(
        QueryError, match=rf"another version, which differs in exports\.{differs}.*run `compute-limits build`"
    ):
        exports.export(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", ["empty", "cut off", "text"])
def test_a_damaged_warehouse_is_not_exported(damage: str, tmp_path: Path) -> None:
    path = made(tmp_path / "x.duckdb", *(f"create table exports.{table} as select 1 as n" for table in TABLES))
    path.write_bytes({"empty": b"", "cut off": path.read_bytes()[:20_000], "text": b"text"}[damage])
    with pytest.raises(QueryError, match="damaged or no warehouse; run `compute-limits build --fresh`"):
        exports.export(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_on_a_full_disk_all_files_stay_as_they_were(tmp_path: Path) -> None:
    statements = ("create table exports.a as select 1 as n", "create table exports.b as select repeat('x', 5000) as n")
    path = made(tmp_path / "x.duckdb", *statements)
    exports.export(made(tmp_path / "old.duckdb", *(one.replace("5000", "50").replace("1", "2") for one in statements)),
                   tmp_path / "out", Request(), ["a", "b"])  # fmt: skip
    before = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    assert len(before) == 5
    with (
        files_of_at_most(3000),
        pytest.raises(OutputError, match=r"b\.csv cannot be written \(File too large; make room"),
    ):
        exports.export(path, tmp_path / "out", Request(), ["a", "b"])
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == before


def test_a_cell_that_a_spreadsheet_would_compute_has_an_apostrophe(tmp_path: Path) -> None:
    path = made(tmp_path / "x.duckdb", "create table exports.a as select '=1+1' as said, -1.5 as n, '-1.5' as text")
    exports.export(path, tmp_path / "out", Request(), ["a"])
    assert (
        tmp_path / "out" / "a.csv"
    ).read_text() == "said,n,text,as_of,published_before\n'=1+1,-1.5,-1.5,2026-01-02,2020-03-04\n"
    assert pq.read_table(tmp_path / "out" / "a.parquet").to_pylist()[0]["said"] == "=1+1"


def test_an_export_of_all_removes_what_an_earlier_one_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Request(figures=None, formats=[one for one in exports.FORMATS if one not in exports.figures.FORMATS])
    assert not exports._is_whole(whole)  # of some formats
    monkeypatch.setattr(exports.figures, "drawn", lambda *_: {})  # these tables give none
    statements = ("create table exports.a as select 1 as n", "create table exports.b as select 2 as n")
    exports.export(made(tmp_path / "x.duckdb", *statements), tmp_path / "out", Request(), ["a", "b"])
    (tmp_path / "out" / "mine.csv").touch()
    path = made(tmp_path / "y.duckdb", statements[0])
    exports.export(path, tmp_path / "out", Request(formats=["csv"]), ["a"])
    assert {"a.csv", "a.parquet", "b.csv", "b.parquet"} <= set(files(tmp_path / "out"))
    exports.export(path, tmp_path / "out", Request(figures=None), ["a"])
    assert set(files(tmp_path / "out")) == {"a.csv", "a.parquet", "mine.csv", ".compute-limits-export"}


def test_every_table_of_the_schema_is_exported(warehouse_path: Path) -> None:
    with connection.connect(warehouse_path, read_only=True) as con:
        there = [name.removeprefix("exports.") for name in connection.tables(con) if name.startswith("exports.")]
    assert there == TABLES
