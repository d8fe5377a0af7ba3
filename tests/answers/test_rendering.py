"""How answers are written: as JSON, CSV, Parquet, a table and lines."""

from __future__ import annotations

import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

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


def test_a_table_has_numbers_on_the_right_and_six_digits() -> None:
    out = Console(file=io.StringIO(), record=True, no_color=True)
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


def test_a_file_gets_neither_colour_nor_cuts(tmp_path: Path) -> None:
    out = rendering.console(tmp_path / "out")
    out.print("[red]" + "x" * 100 + "[/red]")
    out.file.close()
    assert (tmp_path / "out").read_text(encoding="utf-8") == "x" * 100 + "\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("größer\nals\tx", "größer\nals\tx"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\u202eb\x00", r"a\u202eb\x00"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert rendering.printable(text) == shown
