"""NVIDIA's READMEs: tables of accuracy and time of training, one or two runs (precisions) a row.

The system stands in the heading. A record is one run, so that a score finds the time of its own precision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from flows.readers.page_tables import Cell, Table, check_declared, fields, markdown_tables
from flows.readers.processor_phrases import Processors, processors
from flows.readers.record import RAGGED, CellError, PageError, Record, Rejected, clock_s, duration_s, number
from flows.readers.row_types import Model, Result, Row, RunPhase
from flows.sources import Page

# What editors left behind the last pipe of a row: "# PBR".
_REMARK = re.compile(r"#\s?\w*")
_SCORE = re.compile(r"([\d.]+)%?(?: \+/- ([\d.]+))?")
_SIZE = re.compile(r"(\d+) ?x ?\1")
# Fields that the page's tables do not have as columns.
_HEADING, _MODEL, _RUN = "(heading)", "(model)", "(run)"


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per run in the tables of results that the TOML names by their headings."""
    results, ignored, undeclared = list[Table](), page.lookups["results_ignored"], list[Table]()
    for table in markdown_tables(path.read_bytes().decode("utf-8")):
        if _is_named(table, page.lookups["results"]):
            results.append(table)
        elif not _is_named(table, ignored):
            undeclared.append(table)
    check_declared(undeclared, "lookups.results or lookups.results_ignored")
    for table in results:
        yield from _runs(table, page)


def _is_named(table: Table, patterns: list[str]) -> bool:
    title = table.headings[-1] if table.headings else ""
    return any(re.fullmatch(pattern, title) for pattern in patterns)


def _runs(table: Table, page: Page) -> Iterator[Record]:
    scores, where = page.lookups["score"], " ".join((*table.headings, *table.header))
    runs = [run for run, columns in scores.items() if set(columns) & set(table.header)]
    models = page.lookups.get("models", {})
    model = next((name for text, name in models.items() if text in where), page.lookups["model"])
    for at, row in enumerate(table.rows, 2):
        texts = fields(table, _without_remark(row, len(table.header)))
        for run in runs or ["none"]:
            about = {_HEADING: table.headings[-1], _MODEL: texts.get("Model", "") or model, _RUN: run}
            yield Record(f"table {table.number} row {at} {run}", {**texts, **about})


def _without_remark(row: tuple[Cell, ...], width: int) -> tuple[Cell, ...]:
    return row[:width] if all(_REMARK.fullmatch(cell.text) for cell in row[width:]) else row


def rows(record: Record, page: Page) -> Iterator[Row]:
    """One run: the model, its scores, and the processors with their time."""
    lookups, run, name = page.lookups, record.raw(_RUN), record.raw(_MODEL)
    ragged, used = record.raw(RAGGED), _system(record.raw(_HEADING))
    outside = {column: record.fields.pop(column) for column in lookups["out_of_scope"] if column in record.fields}
    record.ignore([*lookups["ignore"], "Model"])
    cells = {what: _columns(record, lookups[what], run) for what in ("score", "mask", "time")}
    version, precision, size = (
        record.fields.pop(column, "") for column in ("SQuAD version", "Precision", "Image size")
    )
    count, epochs = (_number(record, lookups[what]) for what in ("processor_count", "epochs"))
    record.exhausted()
    if outside:
        raise Rejected("out_of_scope", "a table of another task", *next(iter(outside.items())))
    if ragged:
        raise Rejected(
            "ragged_row", "a cell too many or too few, so that others stand under the wrong column", None, ragged
        )
    benchmark = lookups["versions"].get(version) if version else lookups["benchmark"]
    if benchmark is None:
        raise Rejected("unknown_version", "the version of the benchmark is not declared", "SQuAD version", version)
    image_size = _SIZE.fullmatch(size)
    side = int(image_size[1]) if image_size else lookups.get("image_size")
    yield Model(name)
    yield from _results(page, cells["score"], benchmark, lookups["metrics"], side)
    if cells["mask"][1] not in lookups["no_value"]:
        yield from _results(page, cells["mask"], benchmark, ["mask_ap"], side)
    yield RunPhase(
        benchmark,
        lookups.get("phase", "training"),
        used.kind,
        used.full_name,
        count if count is not None else used.count,
        wall_time_s=_wall_time_s(record, page, *cells["time"]),
        wall_time_literal=cells["time"][1] or None,
        epochs=epochs or lookups.get("printed_epochs"),
        precision=_precision(lookups, run, precision, used),
    )


def _system(heading: str) -> Processors:
    """The processors in brackets at the end of a heading: "NVIDIA DGX A100 (8x A100 80GB)"."""
    try:
        (used,) = processors(heading.rpartition("(")[2].removesuffix(")"))
    except (CellError, ValueError) as error:
        raise PageError(f"the heading {heading!r} does not end with one kind of processor in brackets") from error
    return used


def _columns(record: Record, columns: dict[str, list[str]], run: str) -> tuple[str, str]:
    """(column, text) of one quantity for the run; those of the other run in the row are read over."""
    mine = [column for column in columns.get(run, []) if column in record.fields]
    if len(mine) > 1:
        raise PageError(f"columns {mine} hold the same quantity")
    text = " ".join(record.fields[mine[0]].split()) if mine else ""
    record.ignore(column for names in columns.values() for column in names)
    return (mine[0] if mine else "", text)


def _number(record: Record, columns: list[str]) -> float | None:
    numbers = [record.number(column) for column in columns if column in record.fields]
    return numbers[0] if numbers else None


def _results(
    page: Page, cell: tuple[str, str], benchmark: str, metrics: list[str], side: int | None
) -> Iterator[Result]:
    """The score, or several divided by " / ", with the spread behind "+/-"; all in percent."""
    column, text = cell
    if text in page.lookups["no_value"]:
        raise Rejected("no_score", "the row has no run at this precision", column, text)
    parts = [_SCORE.fullmatch(part) for part in text.split(" / ")]
    if len(parts) != len(metrics):
        raise Rejected("not_a_score", f"{len(metrics)} scores are expected", column, text)
    scale = Decimal(page.lookups.get("scale", 1))
    for part, metric in zip(parts, metrics, strict=True):
        try:
            value, spread = (None if text is None else number(text) for text in part.groups()) if part else (None, None)
        except CellError:
            value = None
        if value is None or not 0 < float(Decimal(repr(value)) * scale) < 100:
            raise Rejected("not_a_score", "no score in percent", column, text)
        printed = None if spread is None else float(Decimal(repr(spread)) * scale)
        yield Result(benchmark, metric, float(Decimal(repr(value)) * scale), side, printed)


def _wall_time_s(record: Record, page: Page, column: str, text: str) -> float | None:
    """A clock, a duration with its units, or a number of what the column (or the TOML for the page) says."""
    if text in page.lookups["no_value"]:
        return None
    units = [unit for name, unit in page.lookups["units_s"].items() if name in column]
    unit = units[0] if units else page.lookups.get("bare_time_s")
    try:
        bare = re.fullmatch(r"[\d.]+", text)
        if bare and unit is None:
            raise CellError("no_unit", "neither the column nor the page says of what this is a number")
        seconds = number(text) * unit if bare and unit else clock_s(text) if ":" in text else duration_s(text)
        if seconds <= 0:
            raise CellError("out_of_range", "a time is positive")
    except CellError as error:
        record.reject_cell(column, text, error.rule, error.reason)
        return None
    return seconds


def _precision(lookups: Any, run: str, printed: str, used: Processors) -> str | None:
    if printed:
        if printed not in lookups["precisions"]:
            raise Rejected("unknown_precision", "the precision is not declared", "Precision", printed)
        return str(lookups["precisions"][printed])
    return "mixed" if run == "mixed" else lookups["full_precision"].get(used.name)
