"""flows/publish/artifacts.py: what a run leaves in Prefect, in words that no page can turn into markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import part_of_it
import pytest

from flows.publish import artifacts
from flows.warehouse import connection

CHANGED = (
    *(
        "meta.sources",
        "meta.pages",
        "meta.kept_keys",
        "meta.unmet_expectations",
        "meta.runs",
        "meta.this_build",
        "meta.past_builds",
    ),
    *("meta.changed_pages", "marts.changes", "marts.changed_points", "staging.benchmark"),
)


@pytest.fixture
def own(warehouse_path: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """What of a warehouse is to be changed."""
    with connection.connect(part_of_it.copy(warehouse_path, tmp_path / "own.duckdb", *CHANGED)) as con:
        yield con


def rows(text: str) -> list[list[str]]:
    """The cells of all tables in a text, their heads among them."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_cost_table_has_the_published_numbers(db: duckdb.DuckDBPyConnection) -> None:
    text = artifacts.cost_table(db)
    today, published = text.index("current"), text.index("paper\\_v1")
    assert today < published
    # Figure 3 as printed, ImageNet: today 14, 6, 6 in both forms; 5 % lies beyond what the points support.
    printed = rows(text[published:])
    assert ["ImageNet", "top1", "today", "11.5", "14", "6", "6", "14", "6", "6"] in printed
    assert ["ImageNet", "top1", "target 1", "5", r"\*19", "10", "11", r"\*27", "19", "19"] in printed
    assert {len(row) for row in rows(text)} == {10}
    assert "figure\\_3 90 of 90" in text


def test_what_moved_stands_with_its_cause(own: duckdb.DuckDBPyConnection) -> None:
    own.execute("delete from marts.changes")
    assert "no number moved" in artifacts.what_changed(own)
    line = {"benchmark": "imagenet", "metric": "top1", "compute_measure": "hardware_burden", "quantity": "exponent"}
    values = {"target": "", "scenario": "", "cause": "added", "n_points": 3, "is_within": False}
    numbers = {"value_before": 12.0, "value_after": 13.5, "contribution": 1.5}
    given = line | values | numbers
    names = ", ".join(f"? as {name}" for name in given)
    own.execute(f"insert into marts.changes by name select {names}", list(given.values()))
    text = artifacts.what_changed(own)
    moved = ["ImageNet, hardware burden", "12", "13.5", "added +1.5 (3 points); beyond its interval"]
    assert rows(text) == [["exponents", "before", "after", "why"], moved]
    assert "no number moved" not in text


def test_the_states_of_sources_begin_with_those_that_are_not_fresh(own: duckdb.DuckDBPyConnection) -> None:
    said = "a | b\n<img src=x onerror=y> [c](javascript:d)\n`e`\nf\ng"
    own.execute(
        "update meta.sources set state = 'stale', age_days = 3, message = ? where source = 'timm'",
        [said],
    )
    text = artifacts.source_states(own)
    head, first, *rest = rows(text)
    told = dict(zip(head, first, strict=True))
    assert (told["source"], told["state"]) == ("timm", "stale (3 days)")
    assert len(rest) == own.execute("select count(*) - 1 from meta.sources").fetchall()[0][0]
    assert [line for line in text.splitlines() if line.startswith("- ")] == [
        r"- a \| b", r"- \<img src=x onerror=y\> \[c\](javascript:d)", r"- \`e\`", "- timm: and 2 more",
    ]  # fmt: skip


def test_validation_tells_what_became_of_all_records_and_what_is_unmet(own: duckdb.DuckDBPyConnection) -> None:
    own.execute("delete from meta.unmet_expectations")
    text = artifacts.validation(own)
    counts = own.execute("select rows_read, rows_accepted, rows_duplicate, rows_quarantined from meta.pages").fetchall()
    read, accepted, duplicate, quarantined = (f"{sum(count):,}" for count in zip(*counts, strict=True))
    assert f"{read} records of {len(counts)} pages were read: {accepted} accepted, {duplicate} duplicate, " in text
    assert f" {quarantined} quarantined;" in text
    assert "all that is expected of them is met" in text
    own.execute(
        "insert into meta.unmet_expectations values ('core.results', 'expect_no_such(x)', 'warning', '3 of <b>')"
    )
    assert artifacts.validation(own).endswith(
        " tables were checked; warnings: 1.\n\n- core.results: expect\\_no\\_such(x): 3 of \\<b\\>\n"
    )
