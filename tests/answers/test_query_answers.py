"""flows/answers/query_answers.py: what `sql` writes, and what it says of rows that it does not show."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from flows.answers import query_answers, rendering
from flows.answers.outputs import OutputError
from flows.answers.query_answers import Format
from flows.answers.query_limits import Limits, QueryError

MANY = 10_050
COUNT = f"select n, 'row ' || n as said from range({MANY}) as t(n)"
FAILS_LATE = f"select if(n < {MANY - 1}, n, error('late')) as n from range({MANY}) as t(n)"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sql") / "warehouse" / "compute_limits.duckdb"
    path.parent.mkdir()
    duckdb.connect(path).close()
    return path


def written(path: Path, sql: str, form: Format, out: Path) -> bytes:
    query_answers.write(path, sql, form, out, Limits())
    return out.read_bytes()


def test_csv_json_and_parquet_have_every_row(path: Path, tmp_path: Path) -> None:
    wanted = [(n, f"row {n}") for n in range(MANY)]
    rows = list(csv.reader(io.StringIO(written(path, COUNT, "csv", tmp_path / "o").decode(), newline="")))
    assert rows == [["n", "said"], *([str(n), said] for n, said in wanted)]
    records = json.loads(written(path, COUNT, "json", tmp_path / "o"))
    assert [tuple(record.values()) for record in records] == wanted
    written(path, COUNT, "parquet", tmp_path / "o")
    assert [tuple(record.values()) for record in pq.read_table(tmp_path / "o").to_pylist()] == wanted


def test_none_is_an_empty_answer_of_the_same_columns(path: Path, tmp_path: Path) -> None:
    none = "select 1 as n where false"
    assert written(path, none, "csv", tmp_path / "o") == b"n\n"
    assert written(path, none, "json", tmp_path / "o") == b"[]\n"
    written(path, none, "parquet", tmp_path / "o")
    assert pq.read_table(tmp_path / "o").schema.names == ["n"]
    assert b" n " in written(path, none, "table", tmp_path / "o")


@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet"])
def test_columns_of_the_same_name_are_all_there(form: Format, path: Path, tmp_path: Path) -> None:
    body = written(path, "select 41 as n, 42 as n", form, tmp_path / "o")
    found = {
        "csv": lambda: dict(zip(*csv.reader(io.StringIO(body.decode())), strict=True)),
        "json": lambda: json.loads(body)[0],
        "parquet": lambda: pq.read_table(tmp_path / "o").to_pylist()[0],
        "table": lambda: dict(zip(*([cell.strip() for cell in line[1:-1].replace("┃", "│").split("│")]
                                    for line in body.decode().splitlines() if line[0] in "┃│"), strict=True)),
    }[form]()  # fmt: skip
    assert {name: int(value) for name, value in found.items()} == {"n": 41, "n_1": 42}


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_query_that_fails_late_writes_nothing(
    form: Format, path: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "o").write_bytes(b"old")
    for output in (tmp_path / "o", None):
        with pytest.raises(QueryError, match="late"):
            query_answers.write(path, FAILS_LATE, form, output, Limits())
    assert (tmp_path / "o").read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["o"]
    assert capfdbinary.readouterr().out == b""


def test_the_place_is_looked_at_before_the_query_runs(path: Path, tmp_path: Path) -> None:
    for form in ("table", "csv", "json", "parquet"):
        with pytest.raises(OutputError, match="no folder"):
            query_answers.write(path, "select error('ran')", form, tmp_path / "none" / "o", Limits())


def test_a_table_elsewhere_says_beside_it_what_is_left(
    path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rendering.rows_shown(is_terminal=False) == 10_000
    monkeypatch.setattr(rendering, "_ROWS_ELSEWHERE", 50)  # so many are laid out in a moment
    shown = rendering.rows_shown(is_terminal=False)
    left = f"{MANY - shown:,} more rows of 10,050 are not shown; csv, json and parquet have all\n"
    body = written(path, COUNT, "table", tmp_path / "o").decode()
    assert body.count("│ row ") == shown
    assert "not shown" not in body
    assert capfd.readouterr().err == left
    written(path, f"{COUNT} limit {shown}", "table", tmp_path / "o")
    assert capfd.readouterr().err == ""


def on_a_terminal(data: Path, *arguments: str) -> str:
    """What a terminal of 24 lines and 80 columns gets."""
    ours, theirs = pty.openpty()
    environment = os.environ | {
        "COMPUTE_LIMITS_DATA": str(data),
        "COLUMNS": "80",
        "LINES": "24",
        "TERM": "xterm",
        "PAGER": "cat",
    }
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-m", "flows", "sql", *arguments]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        body = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # what Linux gives where the other side is closed
                break
            if not part:
                break
            body += part
    os.close(ours)
    assert process.returncode == 0, body
    return body.decode()


def test_a_terminal_gets_the_first_rows_and_is_told_of_the_rest(path: Path) -> None:
    told = on_a_terminal(path.parent.parent, COUNT)
    assert told.count("row ") - told.count("more row ") == rendering.rows_shown(is_terminal=True) == 200
    assert "9,850 more rows of 10,050 are not shown; csv, json and parquet have all" in told
    assert "\x1b[" in told  # it is a terminal, for the head is bold


def test_a_terminal_gets_no_escape_out_of_a_cell(path: Path) -> None:
    query = (
        """select e'\\x1b]0;owned\\x07\\x1b[2J' as a, 1 as "[link=file:///x]n", chr(155) || '2J' || chr(8238) as c"""
    )
    told = on_a_terminal(path.parent.parent, query)
    assert "\x1b]" not in told
    assert "\x1b[2J" not in told
    assert not {"\x07", "\x9b", "\u202e"} & set(told)
    assert r"\x1b]0;owned\x07\x1b[2J" in told
    assert "[link=file:///x]n" in told
