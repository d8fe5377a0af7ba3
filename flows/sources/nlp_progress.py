"""NLP-progress: leaderboards as pipe tables, told apart by the headings above them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from flows.readers.model_names import is_ensemble
from flows.readers.page_tables import Table, check_declared, check_header, fields, markdown_tables
from flows.readers.record import RAGGED, CellError, PageError, Record, Rejected, number, told_by
from flows.readers.row_types import Model, Result, Row, UnboundedScore
from flows.sources import Page

_PAPER, _LINKS, _BENCHMARK = "Paper / Source", "(links)", "(benchmark)"
# "(Devlin et al., 2018)" or "(2017)" after a name.
_CITATION = re.compile(r"(.*?)\s*\((?:[^()]*[^()\d])?((?:19|20)\d\d)\)")
# What stands behind a citation: "ensemble".
_BEHIND = re.compile(_CITATION.pattern + r"\s*(\w+)")
_SIZE, _MILLIONS = re.compile(r"~?(\d+(?:\.\d+)?)([MB])"), {"M": 6, "B": 9}
_SECOND = re.compile(r"(\d+(?:\.\d+)?)\s*\(.*\)")


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per row of the tables that the TOML names."""
    tables, missing = page.lookups["tables"], set(page.lookups["tables"]) - set(page.lookups.get("newer", []))
    aliases = page.lookups["aliases"]
    known = {"Model", _PAPER, "Code", *page.lookups["metrics"], *page.lookups.get("ignore", [])}
    if "size" in page.lookups:
        known.add(page.lookups["size"])
    found = [(_heading(table, tables), table) for table in markdown_tables(path.read_text(encoding="utf-8"))]
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


def _heading(table: Table, tables: Mapping[str, str]) -> str:
    """The last heading above a table; where the TOML has it with the one before, for it stands twice, both."""
    both = " / ".join(table.headings[-2:])
    return both if both in tables else table.headings[-1] if table.headings else ""


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
    name, year = cited(record.text("Model") or "", page.lookups["name_marks"], page.lookups.get("name_tails", []))
    if not name:
        raise Rejected("no_model", "the row names no model", "Model")
    parameters = _parameters(record, page.lookups["size"]) if "size" in page.lookups else None
    results: list[Result | UnboundedScore] = [
        Result(benchmark, metric, _score(record, column, page.lookups["score_marks"]), is_ensemble=is_ensemble(name))
        for column, metric in page.lookups["metrics"].items()
        if column in record.fields and isinstance(metric, str)
    ]
    printed = [(column, one) for column, one in page.lookups["metrics"].items() if isinstance(one, list)]
    of_splits = [(column, *one) for column, one in printed if column in record.fields]
    results += _unbounded(record, benchmark, of_splits, told_by(name, page.lookups.get("settings", {})), name)
    if of_splits and not results:
        raise Rejected("no_score", "the row has no score", "Model", name)
    if not results:
        raise PageError(
            f"no column {' or '.join(map(repr, page.lookups['metrics']))}; if it was renamed, declare it in the source's "
            "TOML (the page's metrics)"
        )
    if paper is not None and len(links) > 1:
        record.reject_cell(_PAPER, paper, "several_papers", "the cell links to more than one paper")
        paper, links = None, []
    yield Model(name, year=year, paper_title=paper, paper_url=links[0] if links else None, parameters=parameters)
    yield from results


def _unbounded(
    record: Record, benchmark: str, of_splits: list[tuple[str, str, str]], setting: str | None, name: str
) -> Iterator[UnboundedScore]:
    """The scores without a full scale, of each (column, metric, split); "-" and a blank are none."""
    for column, metric, split in of_splits:
        literal = record.raw(column).strip()
        if literal in ("", "-"):
            continue
        if second := _SECOND.fullmatch(literal):
            record.reject_cell(column, literal, "second_score", "kept without the score in brackets")
        try:
            value = number(second[1] if second else literal)
        except CellError as error:
            record.reject_cell(column, literal, error.rule, error.reason)
            continue
        yield UnboundedScore(benchmark, metric, value, split, setting, is_ensemble(name))


def _parameters(record: Record, column: str) -> float | None:
    """The count of parameters that a cell prints, "24M" or "~0.8B"; None where it has none, or does not stand by it: "43B?"."""
    literal = record.text(column)
    if literal is None or literal in ("-", "?"):
        return None
    size = _SIZE.fullmatch(literal)
    if size is None:
        record.reject_cell(column, literal, "not_a_number", f"{literal!r} is not a size such as '24M' or '0.8B'")
        return None
    return float(Decimal(size[1]).scaleb(_MILLIONS[size[2]]))


def cited(text: str, marks: str, tails: Collection[str] = ()) -> tuple[str, int | None]:
    """A model's name without the citation after it, and the citation's year: ("BERT Large", 2018).

    `tails` are remarks behind a citation that are no part of the name; another word there is: ("SNM10 ensemble", 2016).
    """
    text = " ".join(text.translate(dict.fromkeys(map(ord, marks), " ")).split())
    for tail in tails:
        text = text.removesuffix(f" {tail}")
    if behind := _BEHIND.fullmatch(text):
        return f"{behind[1]} {behind[3]}", int(behind[2])
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
