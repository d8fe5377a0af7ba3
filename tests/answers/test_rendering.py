"""How answers are written: as JSON, CSV, Parquet, a table and lines."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from flows.answers import rendering
from flows.answers.queries import Result


def test_json_has_null_for_what_is_no_number_and_text_for_what_json_does_not_know() -> None:
    answer = {
        "a": [float("nan"), float("-inf"), 1.5],
        "b": (Decimal("0.25"), None),
        "c": {date(2020, 2, 29): date(2020, 3, 1)},
    }
    assert json.loads(rendering.as_json(answer)) == {
        "a": [None, None, 1.5],
        "b": [0.25, None],
        "c": {"2020-02-29": "2020-03-01"},
    }
    assert '"–"' in rendering.as_json("–")


def test_csv_has_a_blank_for_null_and_quotes_where_they_are_needed() -> None:
    assert rendering.as_csv(["n", "said"], [(1, None), (2, 'a,"b"\nc')]) == 'n,said\n1,\n2,"a,""b""\nc"\n'
    assert rendering.as_csv(["n"], []) == "n\n"


def test_parquet_gives_the_table_back() -> None:
    table = pa.table({"n": pa.array([1, None], pa.int16()), "day": [date(2020, 2, 29), None]})
    assert pq.read_table(io.BytesIO(rendering.as_parquet(table))).equals(table)


def test_a_table_has_numbers_on_the_right_and_on_a_terminal_six_digits() -> None:
    out = Console(file=io.StringIO(), record=True, force_terminal=True)
    rendering.show_table(Result(("name", "x"), (False, True), [("[b]a", 1 / 3), (None, 12345678.9)]), out)
    rows = [line.split("│")[1:3] for line in out.export_text().splitlines() if line.startswith("│")]
    assert rows == [[" [b]a ", "    0.333333 "], ["      ", " 1.23457e+07 "]]


def test_lines_are_named_by_where_they_stand() -> None:
    answer = {"n": 3, "at": {"y": 0.123456789, "interval": [None, 2.0]}, "points": [{"row": "row 2"}, {"row": "row 5"}]}
    assert list(rendering.lines(answer)) == [
        ("n", "3"),
        ("at.y", "0.123457"),
        ("at.interval", "– … 2"),
        ("points.1.row", "row 2"),
        ("points.2.row", "row 5"),
    ]


def test_a_file_gets_neither_colour_nor_cuts() -> None:
    assert rendering.as_text(lambda out: out.print("[red]" + "x" * 100 + "[/red]")) == b"x" * 100 + b"\n"


def test_names_of_columns_are_no_markup_and_nothing_reaches_the_terminal() -> None:
    result = Result(("[red]a", "[/]b\x1b[0m"), (False, True), [("[b]x\x1b[31m\x07", 1), ("\x9b2J\u202eelif", 2)])
    shown = rendering.as_text(lambda out: rendering.show_table(result, out)).decode()
    assert "[red]a" in shown
    assert r"[/]b\x1b[0m" in shown
    assert r"[b]x\x1b[31m\x07" in shown
    assert r"\x9b2J\u202eelif" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain", "plain"), ("a\tb\nc", "a\tb\nc"), ("a\rb", r"a\rb"), ("\x00\x7f", r"\x00\x7f"), ("é\xa0–×", "é\xa0–×"),
     ("\ud800", r"\ud800"), ("\u2028", r"\u2028"), ("\u2066x\u2069", r"\u2066x\u2069"), ("\U000e0041", r"\U000e0041")],
)  # fmt: skip
def test_what_cannot_be_seen_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert rendering.printable(text) == shown


@pytest.mark.parametrize(
    ("cell", "written"),
    [("=1+1", "'=1+1"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"), ("-1+1", "'-1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("-", "'-"),
     ("-x", "'-x"), (-1, "-1"), (-1.5, "-1.5"), (Decimal("-0.25"), "-0.25"), ("-1.5", "-1.5"), ("+1e5", "+1e5"), ("-.5", "-.5"),
     ("\t=1+1", "'\t=1+1"), ("\r=1+1", "'\r=1+1"), ("\n@x", "'\n@x"), ("\uff1d1+1", "'\uff1d1+1"), (" =1", " =1"),
     ("a=1", "a=1"), ("", ""), (None, ""), (float("-inf"), "-inf"), ("'=1", "'=1")],
)  # fmt: skip
def test_a_text_that_a_spreadsheet_would_compute_has_an_apostrophe_and_a_number_none(
    cell: object, written: str
) -> None:
    header, row = csv.reader(io.StringIO(rendering.as_csv(["=n", "m"], [(cell, 1)]), newline=""), strict=True)
    assert header == ["'=n", "m"]
    assert row == [written, "1"]


@pytest.mark.parametrize("cell", ["a\rb", "a\nb", "a\r\nb", "a\n", "\r\r", 'a"b', "a,b", "a\u2028b", "a\0b"])
def test_every_text_is_read_back_as_it_was(cell: str) -> None:
    written = rendering.as_csv(["n", "m"], [(f"x{cell}", 1), ("y", 2)])
    assert written.startswith("n,m\n")
    assert list(csv.reader(io.StringIO(written, newline=""))) == [["n", "m"], [f"x{cell}", "1"], ["y", "2"]]


def test_parts_are_the_whole() -> None:
    rows = [(n, f'{n}\n"[,') for n in range(7)]
    batches = [rows[:3], [], rows[3:]]
    assert "".join(rendering.csv_parts(("n", "s"), batches)) == rendering.as_csv(("n", "s"), rows)
    for some in (batches, [rows], [[]], []):
        records = [dict(zip(("n", "s"), row, strict=True)) for batch in some for row in batch]
        assert "".join(rendering.json_parts(("n", "s"), some)) == rendering.as_json(records)


def test_what_is_not_shown_is_counted() -> None:
    assert rendering.rest(Result(("n",), (True,), [(1,), (2,)])) is None
    assert rendering.rest(Result(("n",), (True,), [(1,), (2,)], 1234)) == (
        "1,232 more rows of 1,234 are not shown; csv, json and parquet have all"
    )
