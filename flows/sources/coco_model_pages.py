"""Model zoos in markdown: what each column of each table holds stands in the TOML, for no two pages agree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from flows.readers.page_tables import Table, check_declared, check_header, fields, markdown_tables
from flows.readers.record import RAGGED, CellError, PageError, Record, Rejected, number, whole
from flows.readers.row_types import Model, Operations, Result, Row, RunPhase
from flows.sources import Page

T = TypeVar("T")

_TABLE = "(table)"
_BLANK = ("", "-", "–", "—")
_SCALES = {"K": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}
_NOT_METRICS = ("name", "variant", "dataset", "image_size", "parameters", "operations", "epochs", "processor_count", "")
# "38.3%", "56.1 ± 0.8", "48.1 (+1.6)": what stands in brackets is the difference from another row.
_SCORE = re.compile(r"(\d+(?:\.\d+)?)\s*%?\s*(?:±\s*(\d+(?:\.\d+)?)\s*%?)?\s*(?:\([+-]\d+(?:\.\d+)?\))?", re.ASCII)
# AP on val and on test-dev differ by less than one point wherever both are what their header says.
_SPLITS_DIFFER_AT_MOST = 3.0


class _Held(NamedTuple):
    """A cell that is not blank, and what it holds: `of` is the unit or the benchmark before `what` in the TOML."""

    column: str
    of: str
    what: str
    text: str


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per row of the tables that the TOML names."""
    wanted, missing, lacking = page.lookups["tables"], list(page.lookups["tables"]), set(page.lookups["columns"])
    tables = list(markdown_tables(path.read_text(encoding="utf-8")))
    # Pictures are set side by side in tables that have no rows but a header.
    known = [*wanted, *page.lookups["passed_over"]]
    check_declared(
        (table for table in tables if table.rows and not any(_is(table, entry) for entry in known)),
        "tables or passed_over",
    )
    for table in tables:
        declared = next((entry for entry in wanted if _is(table, entry)), None)
        if declared is not None:
            missing = [entry for entry in missing if entry is not declared]
            lacking -= set(table.header)
            check_header(table, {*page.lookups["columns"], *declared.get("columns", {}), *page.lookups["ignore"]})
            for row_number, row in enumerate(table.rows, 2):
                about = {_TABLE: str(wanted.index(declared))}
                yield Record(f"table {table.number} row {row_number}", fields(table, row) | about)
    if missing:
        lack = f"no table under {' / '.join(missing[0]['under'])!r}"
        raise PageError(f"{lack}; if its heading was changed, declare it in the source's TOML (the page's tables)")
    if lacking:
        lack = f"no table has the column {', '.join(map(repr, sorted(lacking)))}"
        raise PageError(f"{lack}; if it was renamed, declare it in the source's TOML (the page's columns)")


def _is(table: Table, entry: Mapping[str, Any]) -> bool:
    under = tuple(entry["under"])
    return table.headings[-len(under) :] == under and ("has" not in entry or entry["has"] in table.header)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A model, its scores, the computation of one pass and what the page says of its training."""
    table: Mapping[str, Any] = page.lookups["tables"][int(record.raw(_TABLE))]
    if ragged := record.text(RAGGED):
        raise Rejected("ragged_row", f"{ragged}: its figures may stand in the wrong columns", None, ragged)
    cells = _cells(record, page, table)
    name, benchmark = _identity(page, table, cells)
    size = table.get("image_size") or _one(record, cells, "image_size", _side)
    told = {key: table[key] for key in ("setting", "is_ensemble") if key in table}
    scores = [replace(score, **told) for score in _scores(record, cells, benchmark, size)]
    if not scores:
        raise Rejected("no_score", "the row has no score that can be read", None, name)
    # The table's own benchmark, unless the row has scores on another alone (on test-dev, not on val).
    benchmark = scores[0].benchmark
    paper: dict[str, Any] = next((entry for entry in page.lookups["papers"] if name.startswith(entry["models"])), {})
    about = {
        column: paper.get(key) for column, key in (("year", "year"), ("paper_title", "title"), ("paper_url", "url"))
    }
    yield Model(name, parameters=_one(record, cells, "parameters", _scaled), **about)
    yield from scores
    operations = _one(record, cells, "operations", _scaled)
    if operations is not None:
        yield Operations(benchmark, operations, page.lookups["convention"], image_size=size, printed_as="FLOPs")
    epochs, count = (_one(record, cells, what, lambda text, _: number(text)) for what in ("epochs", "processor_count"))
    if (epochs, count) != (None, None):
        kind = None if count is None else "gpu"
        yield RunPhase(benchmark, "training", processor_kind=kind, processor_count=count, epochs=epochs)


def _cells(record: Record, page: Page, table: Mapping[str, Any]) -> list[_Held]:
    """What the row holds, in the order of the TOML, scores of other benchmarks last."""
    record.ignore(page.lookups["ignore"])
    cells = []
    for column, holds in (page.lookups["columns"] | table.get("columns", {})).items():
        if column in record.fields:
            of, _, what = holds.rpartition(" ")
            text = record.raw(column)
            cells += [_Held(column, of, what, text)] if text not in _BLANK else []
    return sorted(cells, key=lambda cell: cell.of != "")


def _identity(page: Page, table: Mapping[str, Any], cells: list[_Held]) -> tuple[str, str]:
    """The model's name, with what tells it from its namesakes in brackets, and the row's benchmark."""
    benchmark: str = table.get("benchmark", page.lookups["benchmark"])
    name = table.get("model") or next((cell.text for cell in cells if cell.what == "name"), None)
    if name is None:
        raise Rejected("no_model", "the row names no model")
    if pattern := re.fullmatch(page.lookups.get("name_pattern", "(.*)"), name):
        name = pattern[1]
    variants = [cell.text for cell in cells if cell.what == "variant"] + [table.get("variant", "")]
    for cell in cells:
        if cell.what == "dataset":
            if cell.text not in page.lookups["datasets"]:
                raise Rejected("unknown_dataset", "not declared under lookups.datasets", cell.column, cell.text)
            benchmark = page.lookups["datasets"][cell.text]
            variants.append("" if cell.text == "COCO" else cell.text)
    told_apart = ", ".join(filter(None, variants))
    return f"{name} ({told_apart})" if told_apart else name, benchmark


def _scores(record: Record, cells: list[_Held], benchmark: str, size: int | None) -> Iterator[Result]:
    """Each score that can be read; AP on test-dev that is far from that on val is something else."""
    known: dict[str, float] = {}
    for column, of, metric, text in cells:
        if metric in _NOT_METRICS:
            continue
        score = _SCORE.fullmatch(text)
        if score is None or not 0 <= float(score[1]) < 100:
            record.reject_cell(column, text, "not_a_score", "a score is a number in [0, 100)")
            continue
        value, spread = float(score[1]), float(score[2]) if score[2] else None
        if of == "coco_test_dev" and abs(known.get(metric, value) - value) > _SPLITS_DIFFER_AT_MOST:
            record.reject_cell(column, text, "splits_disagree", f"on val the page prints {known[metric]}")
            continue
        known.setdefault(metric, value)
        yield Result(of or benchmark, metric, value, image_size=size, uncertainty=spread)


def _one(record: Record, cells: list[_Held], what: str, convert: Callable[[str, str], T]) -> T | None:
    """What the first cell of that kind holds; None where there is none or it is rejected."""
    for cell in cells:
        if cell.what == what:
            try:
                return convert(cell.text, cell.of)
            except CellError as error:
                record.reject_cell(cell.column, cell.text, error.rule, error.reason)
    return None


def _side(literal: str, _: str) -> int:
    """Pixels of "640" or "224x224"."""
    width, _, height = literal.lower().partition("x")
    if height and height != width:
        raise CellError("not_square", f"{literal!r} is no square")
    return whole(width)


def _scaled(literal: str, unit: str) -> float:
    """A count with the unit of its column, or one of its own: "7.7G", "2.54B"."""
    if literal[-1:].upper() in _SCALES:
        literal, unit = literal[:-1], literal[-1:].upper()
    if not unit:
        raise CellError("no_unit", f"{literal!r} has no unit, nor has its column")
    # In floats 4.85 * 10**6 is 4849999.999999999.
    return float(Decimal(repr(number(literal))) * _SCALES[unit])
