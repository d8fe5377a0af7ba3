"""The declared tables: each reads a table and columns that are there, and cites what sources.bib has."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from flows.errors import SettingError
from flows.publish import bibliography, words
from flows.publish.tables import declared, layout, markup

TABLES = declared.tables()


@pytest.mark.parametrize("name", sorted(TABLES))
@pytest.mark.parametrize("width", ["column", "page"])
def test_a_table_has_rows_heads_and_what_it_cites(
    db: duckdb.DuckDBPyConnection, name: str, width: declared.Width
) -> None:
    sheet = layout.sheet(db, name, TABLES[name], (), width)
    rows = [row for _, block in sheet.blocks for row in block]
    assert rows
    assert {len(row) for row in rows} == {len(sheet.heads)}
    assert "$" not in sheet.caption  # nothing is left to fill in
    entries = set(re.findall(r"@\w+\{([^,]+),", bibliography.bibtex(db)))
    cited = {bibliography.key(one) for row in rows for cell in row for one in cell.cited}
    assert (
        cited | {key for text in (sheet.caption, *dict(sheet.notes).values()) for key in markup.citations(text)}
        <= entries
    )
    assert re.search(r"\d{4}-\d\d-\d\d", sheet.caption)


@pytest.mark.parametrize("name", ["exponents", "growth", "backtest", "scores", "target_trends"])
def test_a_caption_tells_the_level_of_the_intervals(db: duckdb.DuckDBPyConnection, name: str) -> None:
    query = {
        "exponents": "select level from staging.fit_rule",
        "growth": "select distinct level from exports.growth where level is not null",
        "backtest": "select distinct level from exports.backtest",
        "scores": "select level from staging.fit_rule",
        "target_trends": "select distinct level from exports.target_trends where level is not null",
    }[name]
    ((level,),) = db.execute(query).fetchall()
    heads = "".join(f" {column.head}" for column in TABLES[name].columns)
    assert set(re.findall(r"(\d+) %", TABLES[name].caption + heads)) == {f"{level * 100:.0f}"}


def test_the_sign_of_residuals_is_told_as_the_warehouse_has_it(db: duckdb.DuckDBPyConnection) -> None:
    """A residual below 0 is of an error lower than predicted."""
    ((better, below),) = db.execute(
        "select count(*) filter (achieved_error < predicted_error), count(*) filter (residual_decades < 0) from marts.backtest "
        "where achieved_error < predicted_error"
    ).fetchall()
    assert better == below > 0
    assert "below 0 is better than predicted" in TABLES["backtest"].notes[0]


def test_no_code_is_printed(db: duckdb.DuckDBPyConnection) -> None:
    for name, table in TABLES.items():
        if name in ("reproduction", "leaderboards"):
            continue  # its numbers are told by their addresses; its models by the names that the leaderboard has
        sheet = layout.sheet(db, name, table, (), "page")
        texts = [title for title, _ in sheet.blocks]
        texts += [cell.text for _, block in sheet.blocks for row in block for cell in row if cell.kind == "text"]
        assert [text for text in texts if "_" in text] == [], name


def test_a_mark_is_explained_below_the_table(db: duckdb.DuckDBPyConnection) -> None:
    for name, table in TABLES.items():
        sheet = layout.sheet(db, name, table)
        marks = {cell.mark for column in sheet.columns() for cell in column if cell.mark}
        assert marks == {mark for mark, _ in sheet.notes if mark}, name


def test_a_slip_in_a_table_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('reads = "a"\ncaption = "b"\n[[columns]]\ncolumn = "c"\nhed = "d"\n')
    with pytest.raises(SettingError, match=r"x\.toml.*hed"):
        declared.tables(tmp_path)


def test_each_mark_means_one_thing() -> None:
    marks = [one.mark for one in words.words().marks.values()]
    assert len(set(marks)) == len(marks)
