"""flows/answers/layouts.py: whatever the width of a terminal, every number of every answer is whole."""

from __future__ import annotations

import fcntl
import io
import json
import math
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from flows import cli
from flows.answers import layouts, rendering
from flows.answers.queries import Result

WIDTHS = (60, 80, 120, 200)
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]*\d)")
Shown = Callable[..., str]


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def shown(width: int, warehouse_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """What a command shows on a terminal of this width; nothing of it but addresses and digests is wider."""
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(warehouse_path.parents[1]))
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def shown(*arguments: str) -> str:
        out = Console(file=io.StringIO(), force_terminal=True, no_color=True, width=width, color_system=None)
        monkeypatch.setattr(rendering, "console", lambda: out)
        cli.app(arguments, result_action="return_value")
        text = out.file.getvalue()  # type: ignore[attr-defined]
        wide = [line for line in text.splitlines() if len(line) > width and max(map(len, line.split())) < width / 2]
        assert wide == []
        return re.sub(r"\x1b\[[\d;]*m", "", text)

    return shown


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    cli.app(arguments, result_action="return_value")
    return json.loads(capsys.readouterr().out)


def numbers(text: str) -> Counter[str]:
    return Counter(NUMBER.findall(text))


def missing(wanted: Iterable[str], text: str) -> Counter[str]:
    return Counter(wanted) - numbers(text)


def six(value: float) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def leaves(value: Any) -> Iterator[float]:
    """The numbers of a JSON document, but for booleans."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from leaves(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def test_report(shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    query = (
        "select error_percent, columns('log10.*') from exports.figure_3_costs where row_set in ('paper_v1', 'current')"
    )
    wanted = [f"{value:g}" for value in leaves(told(capsys, "sql", query, "--format", "json"))]
    assert len(wanted) > 200
    assert missing(wanted, shown("report")) == Counter()


def test_sources(shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    query = "select source, columns('rows.*') from meta.sources"
    rows = told(capsys, "sql", query, "--format", "json")
    text = shown("sources")
    assert missing(map(str, leaves(rows)), text) == Counter()
    assert all(re.search(rf"^ ?{row['source']} .*\d{{4}}-\d\d-\d\d", text, re.MULTILINE) for row in rows)


@pytest.mark.parametrize(
    "query",
    [
        "select * from marts.scaling where benchmark = 'imagenet' and form = 'polynomial' order by all limit 5",
        "select benchmark, n, exponent, exponent_low, exponent_high from marts.scaling order by all limit 7",
        "select name, image_size, value, url from core.results join core.models using (model_id) join meta.pages using "
        "(source, page) order by all limit 20",
        "select -1.5e-30 as small, 123456789012345678 as whole, -0.1::double as x, '2026-11-26' as day",
    ],
)
def test_sql(query: str, shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    rows = told(capsys, "sql", query, "--format", "json")
    text = shown("sql", query)
    assert missing(map(six, leaves(rows)), text) == Counter()
    texts = {word for row in rows for value in row.values() if isinstance(value, str) for word in value.split()}
    # Words are whole too, but for those that are wider than a line has room for.
    assert all(word in text for word in texts if len(word) <= 30)


FIT = "select 10 ** log10_compute as flop, error, paper from fits.samples where row_set = 'paper_v2' and benchmark = 'imagenet' "
FIT += "and compute_measure = 'hardware_burden' and selection = 'all'"


def test_fit(shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("fit", "--query", FIT, "--x", "flop", "--y", "error", "--cluster", "paper", "--solve", "0.05")
    wanted = [six(value) for value in leaves(told(capsys, *arguments, "--json"))]
    assert len(wanted) > 30
    assert missing(wanted, shown(*arguments)) == Counter()


def test_cost(shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("cost", "--benchmark", "imagenet", "--error", "5%", "--region", "FR")
    text = shown(*arguments)
    results = told(capsys, *arguments, "--json")["results"]
    names = [f"log10_{one}{end}" for one in ("gflop", "hours", "kwh", "kg_co2", "lb_co2", "usd", "usd_constant")
             for end in ("", "_low", "_high")]  # fmt: skip
    for result in results:
        wanted = [scientific(result[name]) for name in names if result[name] is not None]
        assert len(wanted) == len(names)
        assert missing(wanted, text) == Counter()


def scientific(log10: float) -> str:
    mantissa, exponent = f"{10 ** (log10 - math.floor(log10)):.1e}".split("e")
    return f"{mantissa}e{math.floor(log10) + int(exponent)}"


def test_trace(shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("trace", "marts.costs", "row_set=current", "benchmark=imagenet", "compute_measure=hardware_burden",
                 "form=polynomial", "target=target_1", "scenario=h100_2026", "region=FRA")  # fmt: skip
    text = shown(*arguments)
    tree = told(capsys, *arguments, "--json")
    # How many rows each step has, and the error of the row that is traced.
    wanted = [str(len(step["rows"])) for step in steps(tree)]
    assert len(wanted) > 5
    assert missing([*wanted, "0.05"], text) == Counter()
    # Names of pages, numbers in them included, are broken behind hyphens alone.
    assert "wmt2014" in text


def steps(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        if "rows" in tree:
            yield tree
        for value in tree.values():
            yield from steps(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from steps(value)


def test_quarantine(shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    rows = told(capsys, "quarantine", "epoch_prices", "--json")
    text = shown("quarantine", "epoch_prices")
    counts = {(row["what"], row["rule"]): row["n_of_rule"] for row in rows}
    assert missing(map(str, counts.values()), text) == Counter()


def test_a_table_that_is_piped_has_whole_values_and_whole_lines() -> None:
    out = Console(file=io.StringIO(), width=60, no_color=True)
    row = ("a " * 60 + "b", 1 / 3, 12345678.9)
    rendering.show_table(Result(("said", "x", "y"), (False, True, True), [row]), out)
    (line,) = [one for one in out.file.getvalue().splitlines() if one.startswith("│")]  # type: ignore[attr-defined]
    assert [cell.strip() for cell in line[1:-1].split("│")] == [row[0], "0.3333333333333333", "12345678.9"]


@pytest.mark.parametrize(
    "cells",
    [["x" * 30_000, "y"], ["a " * 20_000, "\u5e45" * 6_000], [f"c{n}" for n in range(3_000)], ["a\n" * 9_000 + "b" * 8_000] * 2],
    ids=["long", "words and wide letters", "many", "lines"],
)  # fmt: skip
def test_what_is_too_wide_to_be_piped_as_a_table_is_records_and_nothing_of_it_is_left_out(cells: list[str]) -> None:
    names = [f"n{at}" for at in range(len(cells))]
    result = Result(names, [True] * len(cells), [tuple(cells)])
    text = rendering.as_text(lambda out: rendering.show_table(result, out)).decode()
    assert text.startswith("── row 1 of 1 ─")
    for name, cell in zip(names, cells, strict=True):
        assert name in text
        assert all(word in text for word in set(cell.split()))
    assert sum(map(text.count, "xab\u5e45")) >= sum(sum(map(cell.count, "xab\u5e45")) for cell in cells)


def test_records_name_what_is_empty_in_all_rows_once() -> None:
    out = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=40)
    columns = tuple(f"column_number_{n}" for n in range(6))
    rows: list[tuple[Any, ...]] = [(1, None, 2.5, None, "x", None), (3, None, None, None, "y", None)]
    rendering.show_table(Result(columns, (True,) * 6, rows), out)
    lines = [" ".join(line.split()) for line in out.file.getvalue().splitlines()]  # type: ignore[attr-defined]
    assert lines[:4] == ["── row 1 of 2 " + "─" * 26, "column_number_0 1", "column_number_2 2.5", "column_number_4 x"]
    assert lines[4:8] == ["── row 2 of 2 " + "─" * 26, "column_number_0 3", "column_number_2 –", "column_number_4 y"]
    assert " ".join(lines[9:]).strip() == "empty in all rows: column_number_1, column_number_3, column_number_5"


@pytest.mark.parametrize(
    ("text", "width", "folded"),
    [
        ("one two", 10, "one two"),
        ("one two three", 8, "one two\nthree"),
        ("a_long_name_of_a_column", 8, "a_long_\nname_of_\na_column"),
        # A number is never broken, not at its sign either.
        ("1.23456e-05 2", 4, "1.23456e-05\n2"),
        ("123456789012", 4, "123456789012"),
    ],
)
def test_lines_are_broken_outside_of_numbers(text: str, width: int, folded: str) -> None:
    assert layouts.folded(text, width) == folded


def test_a_line_goes_on_below_the_text_behind_its_name() -> None:
    out = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=20)
    layouts.say("price   one two three", out)
    layouts.say("  one two three four five", out)
    assert out.file.getvalue() == "price   one two\n        three\n  one two three four\n    five\n"  # type: ignore[attr-defined]


def on_terminal(data: Path, width: int, height: int, *arguments: str, pager: str = "cat") -> str:
    """What the real command shows on a real terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    env |= {"COMPUTE_LIMITS_DATA": str(data), "PAGER": pager, "TERM": "xterm"}
    running = subprocess.Popen(
        [sys.executable, "-m", "flows", *arguments], stdin=slave, stdout=slave, stderr=slave, env=env
    )
    os.close(slave)
    text = b""
    try:
        while chunk := os.read(master, 65536):
            text += chunk
    except OSError:  # Linux: the other end is closed
        pass
    os.close(master)
    assert running.wait(60) == 0, text
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", text.decode().replace("\r", ""))


@pytest.mark.slow
def test_a_long_answer_goes_through_the_pager_of_a_terminal(warehouse_path: Path) -> None:
    query = "select 'row ' || range as said, range + 0.5 as n from range(100)"
    data = warehouse_path.parents[1]
    paged = on_terminal(data, 60, 24, "sql", query, pager="sed s/row/line/")
    assert (paged.count("line "), paged.count("row ")) == (100, 0)
    short = on_terminal(data, 60, 24, "sql", query.replace("100", "5"), pager="sed s/row/line/")
    assert (short.count("line "), short.count("row ")) == (0, 5)
    assert missing([str(n) + ".5" for n in range(100)], paged) == Counter()
