"""wer_are_we: word error rates of speech recognition, a pipe table a corpus; what a row names is its paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from flows.readers.page_tables import Cell, Table, check_declared, check_header, fields, markdown_tables
from flows.readers.record import RAGGED, CellError, PageError, Record, Rejected, number
from flows.readers.row_types import Model, Row, UnboundedScore
from flows.sources import Page

_PAPER, _NOTES, _LINK, _TABLE = "Paper", "Notes", "(link)", "(table)"
_SAME = re.compile(r"same\b")
_YEAR = re.compile(r"\b(19|20)\d\d\b")


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per row of the tables that the TOML names; "same" in the place of a paper is that of the row above."""
    wanted, passed_over = page.lookups["tables"], page.lookups["passed_over"]
    missing = set(wanted)
    tables = [(_heading(table, page), table) for table in markdown_tables(path.read_text(encoding="utf-8"))]
    tables = [(heading, table) for heading, table in tables if heading not in passed_over]
    check_declared((table for heading, table in tables if heading not in wanted), "tables or passed_over")
    for heading, table in tables:
        missing.discard(heading)
        check_header(table, {_PAPER, "Published", _NOTES, *wanted[heading]})
        if _PAPER not in table.header:
            raise PageError(
                f"the table under {heading!r} has no column {_PAPER!r}, but {table.header}; if it was renamed, declare it in "
                "the source's TOML"
            )
        yield from _records(table, heading, frozenset(page.lookups["secret"]))
    if missing:
        raise PageError(
            f"no table under the heading {', '.join(sorted(missing))}; if one was renamed, declare it in the source's TOML "
            "(the page's renamed)"
        )


def _heading(table: Table, page: Page) -> str:
    heading = table.headings[-1] if table.headings else ""
    return str(page.lookups["renamed"].get(heading, heading))


def _records(table: Table, heading: str, secret: frozenset[str]) -> Iterator[Record]:
    at, above = table.header.index(_PAPER), Cell("", ())
    for row_number, row in enumerate(table.rows, 2):
        texts = fields(table, row, may_lack=[_NOTES])
        paper = row[at] if at < len(row) else Cell("", ())
        above = above if _SAME.match(paper.text) else paper
        about = {_PAPER: above.text, _LINK: above.links[0] if above.links else "", _TABLE: heading}
        yield Record(f"table {table.number} row {row_number}", texts | about, secret)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A system, under the title of its paper, for the page names none, and its word error rates."""
    heading, published, notes = record.raw(_TABLE), record.text("Published"), record.text(_NOTES)
    paper, link = record.text(_PAPER), record.text(_LINK)
    if ragged := record.text(RAGGED):
        raise Rejected("ragged_row", f"{ragged}: its figures may stand in the wrong columns", None, ragged)
    if paper is None:
        raise Rejected("no_model", "the row names no paper", _PAPER)
    if paper.startswith("Humans") or notes == "Humans":
        raise Rejected("not_a_model", "the row is the performance of people", _PAPER, paper)
    scores = [
        UnboundedScore(benchmark, page.lookups["metric"], value, "test")
        for column, benchmark in page.lookups["tables"][heading].items()
        if (value := _rate(record, column)) is not None
    ]
    if not scores:
        raise Rejected("no_score", "the row has no word error rate", _PAPER, paper)
    year = _YEAR.search(published or "")
    yield Model(paper, year=int(year[0]) if year else None, paper_title=paper, paper_url=link)
    yield from scores


def _rate(record: Record, column: str) -> float | None:
    """The errors per 100 words in a cell, "12.69%" or "12.69"; None where it is blank or no number."""
    literal = record.raw(column)
    if not literal.strip():
        return None
    try:
        return number(literal.strip().removesuffix("%"))
    except CellError as error:
        record.reject_cell(column, literal, error.rule, error.reason)
        return None
