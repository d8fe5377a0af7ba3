"""HTML tables: read by lxml, every number under its head."""

from __future__ import annotations

import duckdb
import lxml.html
import pytest

from flows.publish.tables import declared, layout
from flows.publish.tables.html import html, shown
from flows.publish.tables.layout import Cell


def test_figure_3_as_a_page_that_loads_nothing(db: duckdb.DuckDBPyConnection) -> None:
    text = html(layout.sheet(db, "figure_3", declared.tables()["figure_3"], (), "page"))
    page = lxml.html.document_fromstring(text)
    rows = [[cell.text_content() for cell in row.iter("td")] for row in page.iter("tr") if row.find("td") is not None]
    assert len(rows) == 15
    assert rows[1][1:4] == ["5", "†1019", "1010"]
    assert [head.get("colspan") for head in page.iterfind(".//thead/tr[1]/th")] == ["2", "3", "3"]
    assert len(page.findall(".//thead/tr[2]/th")) == 8
    assert "http" not in text.partition("</style>")[0]
    assert "10<sup>19</sup>" in text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Cell("integer", "14701"), "14\u2009701"),
        (Cell("integer", "1408"), "1408"),
        (Cell("number", "-0.05"), "−0.05"),
        (Cell("interval", "7.9–50.7"), "(7.9–50.7)"),
        (Cell("text", "a < b"), "a < b"),
    ],
)
def test_numbers_are_read_as_numbers(cell: Cell, text: str) -> None:
    assert shown(cell) == text
