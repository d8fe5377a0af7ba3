"""Exports: the files that go into a paper. Every table of the schema exports is met by walking it."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from running import command_here, environment, files_of_at_most, tool

from flows import paths
from flows.answers.outputs import OutputError
from flows.answers.queries import QueryError
from flows.publish import exports
from flows.warehouse import connection, sql_files

TABLES = sorted(path.stem for path in (paths.SQL / "exports").glob("*.sql"))
HOSTILE = r"a&b % c$d #e f_g {h} ~i ^j \k \input{/etc/passwd} [1ex] *" + "\n\n\\end{document} <|> \x00 Ünïcode – ×"
DOCUMENT = r"""\documentclass{article}
\usepackage{booktabs,longtable}
\begin{document}
%s
\end{document}
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "made" / "here"
    exports.export(warehouse_path, folder)
    return folder


def made(path: Path, *statements: str) -> Path:
    with duckdb.connect(path) as con:
        con.execute("create schema exports")
        for statement in statements:
            con.execute(statement)
    return path


def tex(folder: Path, table: str) -> str:
    return (folder / f"{table}.tex").read_text(encoding="utf-8")


def body(text: str) -> list[list[str]]:
    """The cells of the rows of a table, without its heads."""
    rows = text.partition("\\endfoot")[2].partition("\\end{longtable}")[0]
    return [re.split(r" & ", line.removesuffix(r" \\")) for line in rows.splitlines() if " & " in line]


def compiled(folder: Path, tables: list[str]) -> str:
    """The log of pdflatex over a document with these tables; the test fails if there is no PDF."""
    program = tool("pdflatex", "texlive-latex-base texlive-latex-recommended")
    (folder / "all.tex").write_text(DOCUMENT % "\n\\clearpage\n".join(f"\\input{{{table}}}" for table in tables))
    for _ in range(3):  # a longtable finds its widths by and by
        arguments = ["-interaction=nonstopmode", "-halt-on-error", "all.tex"]
        ended = subprocess.run([program, *arguments], cwd=folder, capture_output=True, check=False)
        assert ended.returncode == 0, ended.stdout.decode("utf-8", "replace")[-2000:]
    assert (folder / "all.pdf").read_bytes().startswith(b"%PDF")
    return (folder / "all.log").read_text(encoding="latin-1")


@pytest.mark.slow
def test_the_command_writes_three_files_a_table(tmp_path: Path, warehouse_path: Path) -> None:
    (tmp_path / "data" / "warehouse").mkdir(parents=True)
    shutil.copyfile(warehouse_path, tmp_path / "data" / "warehouse" / "compute_limits.duckdb")
    ended = command_here(environment(tmp_path / "data", tmp_path), "export", str(tmp_path / "out"))
    wanted = {tmp_path / "out" / f"{table}.{suffix}" for table in TABLES for suffix in ("csv", "parquet", "tex")}
    assert ended.returncode == 0, ended
    # What figures are written: tests/publish/figures/test_figure_files.py.
    figures = set((tmp_path / "out" / "figures").iterdir())
    assert set((tmp_path / "out").iterdir()) == wanted | {tmp_path / "out" / "figures"}
    assert {Path(line) for line in ended.stdout.splitlines()} == wanted | figures
    (tmp_path / "file").touch()
    ended = command_here(environment(tmp_path / "data", tmp_path), "export", str(tmp_path / "file"))
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert str(tmp_path / "file") in ended.stderr


@pytest.mark.parametrize("table", TABLES)
def test_csv_and_parquet_have_the_rows_of_the_table(db: duckdb.DuckDBPyConnection, exported: Path, table: str) -> None:
    rows = db.sql(f"select * from exports.{table}").to_arrow_table()
    assert rows.num_rows > 0
    assert pq.read_table(exported / f"{table}.parquet").to_pylist() == rows.to_pylist()
    with (exported / f"{table}.csv").open(encoding="utf-8", newline="") as handle:
        header, *lines = csv.reader(handle)
    assert header == rows.column_names
    assert lines == [["" if value is None else str(value) for value in row.values()] for row in rows.to_pylist()]


@pytest.mark.parametrize("table", TABLES)
def test_latex_has_every_row_in_booktabs_and_the_comments(exported: Path, table: str) -> None:
    text, file = tex(exported, table), sql_files.read_table_file(paths.SQL / "exports" / f"{table}.sql")
    assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule", rf"\label{{tab:{table}}}"))
    assert "|" not in text.partition(r"\begin{longtable}")[2].partition("\n")[0]  # no vertical rules
    assert len(body(text)) == pq.read_metadata(exported / f"{table}.parquet").num_rows
    assert all(f"% {column}: {told}" in text for column, told in file.column_comments.items())
    cells = [cell for row in body(text) for cell in row]
    assert not [cell for cell in cells if re.match(r"\$?-?\d+\.\d{5}", cell)]  # nobody reads that many digits


def test_the_cost_table_is_laid_out_as_published(exported: Path) -> None:
    text = tex(exported, "figure_3_costs")
    assert r"\multicolumn{3}{c}{polynomial} & \multicolumn{3}{c}{exponential}" in text
    assert r"error \% & Gflop & lb CO$_2$ & USD & Gflop & lb CO$_2$ & USD & poly. & exp. \\" in text
    published = text[text.index(r"\textit{paper\_v1, ImageNet, top-1}") :]
    wanted = ["$10^{19}$", "$10^{10}$", "$10^{11}$", "$10^{27}$", "$10^{19}$", "$10^{19}$"]
    today, target, *_ = body(r"\endfoot" + published)
    assert (today[:2], today[-2:]) == (["today", "11.5"], ["ok", "ok"])
    # Five per cent lie further beyond the 13 points than these reach.
    assert target[1:] == ["5", *wanted, "beyond", "beyond"]


def test_the_same_warehouse_gives_the_same_bytes(exported: Path, tmp_path: Path, warehouse_path: Path) -> None:
    # Of two builds they are compared where two are made: tests/acceptance/test_warehouse.py.
    shutil.copyfile(warehouse_path, tmp_path / "another.duckdb")
    for file in exports.export(tmp_path / "another.duckdb", tmp_path / "out"):
        assert file.read_bytes() == (exported / file.name).read_bytes(), file.name


def test_text_cannot_break_out_of_its_cell(tmp_path: Path) -> None:
    path = made(
        tmp_path / "hostile.duckdb",
        'create table exports.hostile ("a_&_%" varchar, n integer, x double)',
        f"insert into exports.hostile values ({quoted(HOSTILE)}, 1, 0.5), (null, null, 'nan'), ('', 2, 'inf'), ('[x] ', 3, -1)",
        f"comment on table exports.hostile is {quoted('One row per ' + HOSTILE)}",
        f"comment on column exports.hostile.n is {quoted(HOSTILE)}",
    )
    exports.export(path, tmp_path / "out", ["hostile"])
    text = tex(tmp_path / "out", "hostile")
    escaped = (
        r"a\&b \% c\$d \#e f\_g \{h\} \textasciitilde{}i \textasciicircum{}j \textbackslash{}k "
        r"\textbackslash{}input\{/etc/passwd\} {[}1ex] {*} \textbackslash{}end\{document\} "
        r"\textless{}\textbar{}\textgreater{} Ünïcode – ×"
    )
    assert body(text)[0][0].removeprefix(r"{\raggedright ").removesuffix(r"\par}") == escaped
    assert [row[1:] for row in body(text)] == [["1", "0.5"], ["--", "--"], ["2", "--"], ["3", "$-1$"]]
    compiled(tmp_path / "out", ["hostile"])


def test_numbers_have_as_many_digits_as_they_deserve(tmp_path: Path) -> None:
    path = made(
        tmp_path / "numbers.duckdb",
        "create table exports.numbers as select * from (values "
        "(1, 0.123456789, 1e-30, 11.5, 14, true), (2, -22.98765432, 0.51234567, 5.0, -3, true)"
        ") as t(n, plain, spread, short, log10_c, ok)",
        "create table exports.empty (a varchar, b double)",
    )
    exports.export(path, tmp_path / "out", ["numbers", "empty"])
    text = tex(tmp_path / "out", "numbers")
    assert body(text) == [
        ["1", "0.12", r"$1.000 \times 10^{-30}$", "11.5", "$10^{14}$"],
        ["2", "$-22.99$", "0.5123", "5", "$10^{-3}$"],
    ]
    assert "ok: yes" in text  # the same in all rows: in the caption
    assert body(tex(tmp_path / "out", "empty")) == []
    compiled(tmp_path / "out", ["numbers", "empty"])


def test_a_column_of_long_text_is_as_wide_as_its_longest_word(tmp_path: Path) -> None:
    long = "a word, TheComputationalLimitsOfDeepLearning, openmmlab_mmdetection, and some more of them"
    path = made(
        tmp_path / "wide.duckdb",
        "create table exports.wide (name varchar, said varchar, also varchar, n integer, x double)",
        f"insert into exports.wide values ('openmmlab_mmdetection', '{long}', '{'plain words ' * 9}', 1, 0.5)",
        "insert into exports.wide values ('wwwwmmmmwwww', 'short', 'short', 2, 0.0085312345), ('x', 'so', 'so', 3, 123456.789)",
    )
    exports.export(path, tmp_path / "out", ["wide"])
    assert [row[-1] for row in body(tex(tmp_path / "out", "wide"))][:2] == ["0.5", "0.0085"]
    assert "Overfull" not in compiled(tmp_path / "out", ["wide"])


def test_the_tables_compile_and_fit_on_a_page(exported: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(exported, tmp_path / "paper")
    log = compiled(folder, TABLES)
    assert "Overfull" not in log
    assert "LaTeX Warning" not in log


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
                   tmp_path / "out", ["a", "b"])  # fmt: skip
    before = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    assert len(before) == 6
    with (
        files_of_at_most(3000),
        pytest.raises(OutputError, match=r"b\.csv cannot be written \(File too large; make room"),
    ):
        exports.export(path, tmp_path / "out", ["a", "b"])
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == before


def test_a_cell_that_a_spreadsheet_would_compute_has_an_apostrophe(tmp_path: Path) -> None:
    path = made(tmp_path / "x.duckdb", "create table exports.a as select '=1+1' as said, -1.5 as n, '-1.5' as text")
    exports.export(path, tmp_path / "out", ["a"])
    assert (tmp_path / "out" / "a.csv").read_text() == "said,n,text\n'=1+1,-1.5,-1.5\n"
    assert pq.read_table(tmp_path / "out" / "a.parquet").to_pylist()[0]["said"] == "=1+1"


def test_every_table_of_the_schema_is_exported(warehouse_path: Path) -> None:
    with connection.connect(warehouse_path, read_only=True) as con:
        there = [name.removeprefix("exports.") for name in connection.tables(con) if name.startswith("exports.")]
    assert there == TABLES


def quoted(text: str) -> str:
    return "'" + text.replace("\0", "\x01").replace("'", "''") + "'"
