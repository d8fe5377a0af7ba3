"""NLP-progress: leaderboards as pipe tables, told apart by the headings above them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from flows.readers.model_names import is_ensemble
from flows.readers.page_tables import Table, check_declared, check_header, fields, markdown_tables
from flows.readers.record import RAGGED, CellError, PageError, Record, Rejected, number
from flows.readers.row_types import Model, Result, Row
from flows.sources import Page

_PAPER, _LINKS, _BENCHMARK = "Paper / Source", "(links)", "(benchmark)"
# "(Devlin et al., 2018)" or "(2017)" after a name.
_CITATION = re.compile(r"(.*?)\s*\((?:[^()]*[^()\d])?((?:19|20)\d\d)\)")


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per row of the tables that the TOML names."""
    tables, missing = page.lookups["tables"], set(page.lookups["tables"]) - set(page.lookups.get("newer", []))
    aliases = page.lookups["aliases"]
    known = {"Model", _PAPER, "Code", *page.lookups["metrics"], *page.lookups.get("ignore", [])}
    found = [(_heading(table), table) for table in markdown_tables(path.read_text(encoding="utf-8"))]
    passed_over, examples = page.lookups["passed_over"], page.lookups["examples"]
    wanted = [
        (heading, table)
        for heading, table in found
        if heading not in passed_over and list(table.header) not in examples
    ]
    check_declared((table for heading, table in wanted if heading not in tables), "tables or passed_over")
    for heading, table in wanted:
        missing.discard(heading)
        check_header(table, known, aliases)
        at = _paper_column(table, aliases)
        for row_number, row in enumerate(table.rows, 2):
            about = {_LINKS: " ".join(row[at].links) if at < len(row) else "", _BENCHMARK: tables[heading]}
            texts = fields(table, row, aliases, may_lack=["Code"])
            yield Record(f"table {table.number} row {row_number}", texts | about)
    if missing:
        raise PageError(
            f"no table under the heading {', '.join(sorted(missing))}; if one was renamed, declare it in the source's TOML "
            "(the page's tables)"
        )


def _heading(table: Table) -> str:
    return table.headings[-1] if table.headings else ""


def _paper_column(table: Table, aliases: dict[str, str]) -> int:
    columns = [aliases.get(column, column) for column in table.header]
    if _PAPER not in columns:
        raise PageError(
            f"the table under {table.headings[-1]!r} has no column {_PAPER!r}, but {table.header}; if it was renamed, "
            "declare it in the source's TOML (lookups.aliases)"
        )
    return columns.index(_PAPER)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A model and its score."""
    benchmark, paper, links = record.raw(_BENCHMARK), record.text(_PAPER), record.raw(_LINKS).split()
    if ragged := record.text(RAGGED):
        raise Rejected("ragged_row", f"{ragged}: its figures may stand in the wrong columns", None, ragged)
    record.ignore(["Code", *page.lookups.get("ignore", [])])
    name, year = cited(record.text("Model") or "", page.lookups["name_marks"])
    if not name:
        raise Rejected("no_model", "the row names no model", "Model")
    results = [
        Result(benchmark, metric, _score(record, column, page.lookups["score_marks"]), is_ensemble=is_ensemble(name))
        for column, metric in page.lookups["metrics"].items()
        if column in record.fields
    ]
    if not results:
        raise PageError(
            f"no column {' or '.join(map(repr, page.lookups['metrics']))}; if it was renamed, declare it in the source's "
            "TOML (the page's metrics)"
        )
    if paper is not None and len(links) > 1:
        record.reject_cell(_PAPER, paper, "several_papers", "the cell links to more than one paper")
        paper, links = None, []
    yield Model(name, year=year, paper_title=paper, paper_url=links[0] if links else None)
    yield from results


def cited(text: str, marks: str) -> tuple[str, int | None]:
    """A model's name without the citation after it, and the citation's year: ("BERT Large", 2018)."""
    text = " ".join(text.translate(dict.fromkeys(map(ord, marks), " ")).split())
    citation = _CITATION.fullmatch(text)
    return (citation[1], int(citation[2])) if citation and citation[1] else (text, None)


def _score(record: Record, column: str, marks: str) -> float:
    """The score in percent in a column that the record is worth nothing without: "28.5*". Raises `Rejected`."""
    literal = record.raw(column)
    try:
        value = number(literal.strip().rstrip(marks))
    except CellError as error:
        raise Rejected(error.rule, error.reason, column, literal) from error
    if not 0 <= value < 100:
        raise Rejected("out_of_range", "a score lies in [0, 100)", column, literal)
    return value
