"""Markdown tables: one line a row, as many cells as heads."""

from __future__ import annotations

import re

import duckdb

from flows.publish.tables import declared, layout
from flows.publish.tables.markdown import markdown


def test_every_row_has_a_cell_a_head(db: duckdb.DuckDBPyConnection) -> None:
    for name, table in declared.tables().items():
        lines = markdown(layout.sheet(db, name, table, (), "page")).splitlines()
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("|")]
        assert len(rows) > 2, name
        assert len({len(row) for row in rows}) == 1, name


def test_figure_3_has_its_powers_and_citations(db: duckdb.DuckDBPyConnection) -> None:
    text = markdown(layout.sheet(db, "figure_3", declared.tables()["figure_3"], (), "page"))
    assert "| target 1 | 5 | <sup>†</sup>10<sup>19</sup> | 10<sup>10</sup> | 10<sup>11</sup> |" in text
    assert "[@thompson2020computational]" in text
    assert "| Error | (%) | Polynomial Gflop | Polynomial lb CO<sub>2</sub> |" in text
