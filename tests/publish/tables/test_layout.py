"""How rows become cells."""

from __future__ import annotations

import duckdb
import pytest

from flows.publish.tables import declared, layout

# Figure 3 of the paper as printed (Gflop, lb CO2, USD of each form), typed from it.
PRINTED = {
    ("ImageNet, top-1", "target 1"): ["5", "19", "10", "11", "27", "19", "19"],
    ("ImageNet, top-1", "target 2"): ["1", "28", "20", "20", "120", "112", "112"],
    ("SQuAD 1.1, F1", "today"): ["4.621", "13", "4", "5", "13", "5", "5"],
    ("WMT 2014 EN-FR, BLEU", "target 2"): ["10", "43", "35", "35", "107", "99", "100"],
}


@pytest.mark.parametrize(
    ("log10_value", "text"),
    [(19.0659, "1.2e19"), (18.9999, "1.0e19"), (0.0, "1.0e0"), (-2.5, "3.2e-3"), (120.14, "1.4e120")],
)
def test_scientific(log10_value: float, text: str) -> None:
    assert layout.scientific(log10_value) == text


@pytest.mark.parametrize(
    ("value", "decimals", "text"), [(11.5, None, "11.5"), (5.0, None, "5"), (13.649, 1, "13.6"), (-0.05, 2, "-0.05")]
)
def test_number(value: float, decimals: int | None, text: str) -> None:
    assert layout.number(value, decimals) == text


def test_figure_3_is_the_printed_one(db: duckdb.DuckDBPyConnection) -> None:
    sheet = layout.sheet(db, "figure_3", declared.tables()["figure_3"])
    rows = {(title, row[0].text): [cell.text for cell in row[1:]] for title, block in sheet.blocks for row in block}
    assert len(rows) == 15
    assert {key: rows[key] for key in PRINTED} == PRINTED
    # Five per cent lie further beyond the 13 points than these reach.
    marked = next(
        row
        for title, block in sheet.blocks
        for row in block
        if title == "ImageNet, top-1" and row[0].text == "target 1"
    )
    assert [cell.mark for cell in marked] == ["", "", "†", "", "", "†", "", ""]
    assert sheet.caption.endswith("rows retrieved 2026-11-22.")


def test_differences_from_the_published_table_are_bold_where_they_are_large_and_supported(
    db: duckdb.DuckDBPyConnection,
) -> None:
    sheet = layout.sheet(db, "figure_3_today", declared.tables()["figure_3_today"], (), "page")
    bold = sum(cell.is_bold for column in sheet.columns() for cell in column)
    ((wanted,),) = db.execute(
        "select count(*) from exports.figure_3 where is_comparable and abs(log10_at_published_error - published_log10) > log10(3) "
        "and (quantity = 'gflop' or (quantity = 'usd' and form = 'polynomial'))"
    ).fetchall()
    assert bold == wanted > 0


def test_an_end_that_is_not_bounded_is_infinite(db: duckdb.DuckDBPyConnection) -> None:
    sheet = layout.sheet(db, "exponents", declared.tables()["exponents"])
    intervals = {row[0].text: row[3].text for _, block in sheet.blocks for row in block}
    assert intervals["CoNLL 2003"].endswith("–∞")
    assert next(title for title, _ in sheet.blocks) == "Image classification"
