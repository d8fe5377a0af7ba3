"""flows/pages/wide.py: a line for each record of a sheet, from which the same rows come back in the same order."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import paths
from flows.pages import facts, wide
from flows.pages.facts import FactsError
from flows.pages.parse import Gathered
from flows.readers.row_types import ListedScore, PageCount
from flows.sources import Page

ADDRESS, COLUMNS = ["sha256", "page", "locator"], ["name", "benchmark", "metric", "value", "shots"]
FORM, PAGE = wide.FORMS["listed_score"], Page("s", "p.csv", "https://example.org/p.csv", "csv")
# Two pages: of the second one head is new between two of the first, and one is away. A name may stand in two records.
LONG = """\
aa,p.csv,row 2,heron,gpqa,accuracy,30.5,0
aa,p.csv,row 2,heron,bbh,accuracy,0,3
aa,p.csv,row 2,heron,typos,score,40.25,
aa,p.csv,row 3,egret,bbh,accuracy,20.5,3
aa,p.csv,row 4,heron,gpqa,accuracy,31.5,0
bb,q.csv,row 2,stilt,gpqa,accuracy,50.5,0
bb,q.csv,row 2,stilt,musr,accuracy,60.5,0
bb,q.csv,row 2,stilt,typos,score,70.5,
"""
WIDE = """\
sha256,page,locator,name,gpqa accuracy 0,musr accuracy 0,bbh accuracy 3,typos score
aa,p.csv,row 2,heron,30.5,,0,40.25
aa,p.csv,row 3,egret,,,20.5,
aa,p.csv,row 4,heron,31.5,,,
bb,q.csv,row 2,stilt,50.5,60.5,,70.5
"""


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(text.splitlines()))


def unfolded(header: list[str], lines: list[list[str]]) -> list[list[str]]:
    heads = wide.heads_in(FORM, ADDRESS, header)
    return [row for line in lines for _, row in wide.unfold(FORM, ADDRESS, COLUMNS, heads, line)]


def test_a_record_is_a_line_and_a_score_a_column() -> None:
    header, lines = wide.fold(FORM, ADDRESS, COLUMNS, cells(LONG))
    assert [header, *lines] == cells(WIDE)
    assert unfolded(header, lines) == cells(LONG)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.sampled_from(
    ["a", "b", "c d", "e%20f", "é", ","]
)
ROWS = st.lists(
    st.tuples(
        st.just("aa"), st.sampled_from("pq"), st.sampled_from(["", "row 2"]), st.sampled_from(["x", "y"]),
        TEXTS, st.sampled_from(["", "m"]), st.sampled_from(["1.5", "0"]), st.sampled_from(["", "0", "-3"]),
    ).map(list)
)  # fmt: skip


@given(rows=ROWS)
def test_the_same_rows_come_back_in_the_same_order(rows: list[list[str]]) -> None:
    header, lines = wide.fold(FORM, ADDRESS, COLUMNS, rows)
    if rows:
        assert unfolded(header, lines) == rows
    assert len(lines) <= len(rows)
    # A head can stand in the first line of a file, and between commas.
    assert not any(letter in head for head in header for letter in ',"\r\n')


def test_where_records_disagree_on_the_order_another_line_begins() -> None:
    there = "aa,p,row 2,heron,a,m,1,\naa,p,row 2,heron,b,m,2,\naa,p,row 3,egret,b,m,3,\naa,p,row 3,egret,a,m,4,\n"
    header, lines = wide.fold(FORM, ADDRESS, COLUMNS, cells(there))
    assert header[4:] == ["a m", "b m"]
    assert [line[4:] for line in lines] == [["1", "2"], ["", "3"], ["4", ""]]
    assert unfolded(header, lines) == cells(there)


def test_a_head_with_more_parts_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="'gpqa accuracy 0 1' has more parts than benchmark metric shots"):
        wide.heads_in(FORM, ADDRESS, [*ADDRESS, "name", "gpqa accuracy 0 1"])


# --- in a facts file


def written(folder: Path) -> Path:
    """The first of the two pages as `facts.write` has it."""
    found, sha256 = Gathered(), "a" * 64
    for _, _, locator, name, benchmark, metric, value, shots in cells(LONG)[:5]:
        row = ListedScore(name, benchmark, metric, float(value), int(shots) if shots else None)
        found.add("listed_score", PAGE, locator, row)
    found.add("page_count", PAGE, "", PageCount(sha256, 3))
    facts.write(folder, [(sha256, found)])
    return folder / "listed_score.facts.csv"


def test_older_facts_with_a_line_for_each_score_are_read_as_the_same(tmp_path: Path) -> None:
    path = written(tmp_path)
    row_by_row, table = facts.read(tmp_path, PAGE, "a" * 64), facts.as_tables(tmp_path, PAGE, "a" * 64)
    assert path.read_text(encoding="utf-8").splitlines()[1] == f"{'a' * 64},p.csv,row 2,heron,30.5,0,40.25"
    older = [line.replace("aa", "a" * 64, 1) for line in LONG.splitlines()[:5]]
    path.write_text("\n".join([",".join([*ADDRESS, *COLUMNS]), *older, ""]), encoding="utf-8")
    again, again_table = facts.read(tmp_path, PAGE, "a" * 64), facts.as_tables(tmp_path, PAGE, "a" * 64)
    assert row_by_row is not None
    assert table is not None
    assert again is not None
    assert again_table is not None
    assert again.rows == row_by_row.rows
    assert len(again.rows["listed_score"]) == 5
    for told in (table, again_table):
        assert told.table("listed_score").equals(row_by_row.table("listed_score"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("20.5", "many", "row 3, column bbh accuracy 3: 'many'"),
        ("20.5", "", "row 3: no score"),
        (",20.5", "", "row 3: 6 cells, not 7"),
        ("bbh accuracy 3", "bbh accuracy three", "row 2, column shots: 'three'"),
        ("bbh accuracy 3", "gpqa accuracy 0", "a column of scores stands twice in the header"),
        ("bbh accuracy 3", "bbh accuracy 3 4", "'bbh accuracy 3 4' has more parts than benchmark metric shots"),
        ("locator,name,", "locator,model,", "the columns are"),
    ],
)
def test_what_cannot_be_read_is_named(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = written(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    for look in (facts.read, facts.as_tables):
        with pytest.raises(FactsError) as error:
            look(tmp_path, PAGE, "a" * 64)
        assert str(path) in str(error.value)
        assert told in str(error.value)


@pytest.mark.parametrize("source", ["livebench", "open_llm_leaderboard", "open_llm_leaderboard_v1"])
def test_what_ships_has_a_line_for_each_record(source: str) -> None:
    with (paths.SHIPPED_RAW / source / "listed_score.facts.csv").open(newline="", encoding="utf-8") as handle:
        records = [tuple(row[:3]) for row in csv.reader(handle)]
    assert len(set(records)) == len(records) > 100
