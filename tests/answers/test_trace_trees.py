"""How a trace looks on a terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from flows.answers import trace_trees
from flows.answers.traces import Page, Record, Statement, Step, Trace


def shown(traced: Trace) -> list[str]:
    out = Console(file=io.StringIO(), width=118, record=True)
    trace_trees.show(traced, out)
    return out.export_text().splitlines()


def page(name: str) -> Page:
    return Page("s", name, f"https://example.org/{'long/' * 30}{name}", "2026-01-02", "0" * 64, 12, "MIT", None)


@pytest.fixture
def traced() -> Trace:
    """A row of a value, made of nine records on eight pages and of five lines of a file."""
    records = [Record("s", f"p{at}.csv", f"row {at}") for at in range(8)] + [Record("s", "p0.csv", "row 99", "price")]
    row: dict[str, Any] = {f"column_{at}": at for at in range(20)} | {"none": None, "value": 1 / 3}
    below = Step("its points", "fits.points", [row] * 9, records, [])
    declared = Step("as declared", "staging.x", [row], [], [Statement("a.toml", f"because {at}") for at in range(5)])
    root = Step("", "marts.costs", [row], [], [], [below, declared])
    return Trace(root, {("s", f"p{at}.csv"): page(f"p{at}.csv") for at in range(8)})


def test_it_fits_a_terminal_and_says_what_it_leaves_out(traced: Trace) -> None:
    lines = shown(traced)
    # Only what is to be copied, an address or a path, is longer.
    assert [line for line in lines if len(line) > 80 and "://" not in line] == []
    assert lines[0] == "marts.costs, 1 row"
    told = " ".join("".join(letter for letter in line if letter not in "│├└─").strip() for line in lines)
    for part in (
        "column_0 0, ", "… (9 more columns)", "its points: fits.points, 9 rows", "s p0.csv row 0", "… and 6 more pages",
        "a.toml: because 2", "… and 2 more of what is declared", "… and 2 more pages; --json and --csv have all",
        "SHA-256 " + "0" * 64, "retrieved 2026-01-02, 12 bytes, MIT",
    ):  # fmt: skip
        assert part in told, part
    assert "because 3" not in told


def test_many_records_of_a_page_are_counted(traced: Trace) -> None:
    traced.root.records = [Record("s", "p0.csv", f"row {at}") for at in range(30)]
    assert any("s p0.csv row 0, row 1, row 2, row 3 … (30 records)" in line for line in shown(traced))


def test_a_record_under_another_name_says_so(traced: Trace) -> None:
    traced.root.records = [Record("s", "p0.csv", "row 5", "price"), Record("s", "p1.csv", None)]
    lines = shown(traced)
    assert any("price: s p0.csv row 5" in line for line in lines)
    assert any(line.endswith("s p1.csv") for line in lines)


def test_nothing_that_a_page_says_is_markup(traced: Trace) -> None:
    traced.root.table, traced.root.rows[0]["column_0"] = "[bold]b", "[link=x]c"
    traced.root.below[0].what = "[red]d[/red]"
    traced.root.below[1].statements = [Statement("a.toml", "[b]e\x1b[31m")]
    lines = "\n".join(shown(traced))
    assert all(part in lines for part in ("[bold]b", "[link=x]c", "[red]d[/red]", r"[b]e\x1b[31m"))
