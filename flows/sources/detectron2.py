"""Model zoos of Detectron and Detectron2: markdown pages with a table in HTML for each kind of detector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from flows.readers.page_tables import Table, check_declared, check_header, fields, markdown_tables
from flows.readers.processor_phrases import processors
from flows.readers.record import RAGGED, CellError, PageError, Record, Rejected, number, told_by
from flows.readers.row_types import Model, Result, Row, RunPhase
from flows.sources import Page

_BLANK = ("", "-")
_HOUR_S = 3600


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per row of each table; every table's heading is declared, and every declared heading has a table."""
    known = page.lookups["tables"]
    tables = [
        (table.headings[-1] if table.headings else "", table)
        for table in markdown_tables(path.read_text(encoding="utf-8"))
    ]
    check_declared((table for heading, table in tables if heading not in known), "lookups.tables")
    for heading, table in tables:
        yield from _records(table, heading, page)
    if missing := known.keys() - {heading for heading, _ in tables}:
        raise PageError(
            f"no table under the heading {', '.join(sorted(missing))}; if one was renamed, declare it in the source's TOML "
            "(lookups.tables)"
        )


def _records(table: Table, heading: str, page: Page) -> Iterator[Record]:
    lookups, about, above = page.lookups, page.lookups["tables"][heading], ""
    known = [column for part in ("columns", "optional", "ignore") for column in lookups[part]]
    check_header(table, known, lookups["aliases"])
    for row, cells in enumerate(table.rows, 2):
        texts = fields(table, cells, lookups["aliases"])
        links = [link for cell in cells for link in cell.links]
        printed = {column: "" if text in _BLANK else text for column, text in texts.items()}
        name = _name(printed, links, about, lookups["name_columns"])
        if "above" in name:
            name = name.strip("[]").replace("above", above)
        else:
            above = name
        blank = dict.fromkeys(lookups["optional"], "")
        record = Record(f"table {table.number} row {row}", blank | printed | {"name": name, "heading": heading})
        record.ignore(lookups["ignore"])
        yield record


def _name(printed: Mapping[str, str], links: list[str], about: Mapping[str, Any], columns: list[str]) -> str:
    """The name of the configuration that the row links to, for the printed one ("R50-FPN") stands for many models.

    Where there are no such links the columns make the name: detector, backbone and schedule.
    """
    configs = [link for link in links if link.startswith("configs/")]
    if configs:
        return PurePosixPath(configs[0]).stem
    if missing := [column for column in columns if column not in printed]:
        raise PageError(
            f"column {missing} is missing; if it was renamed, declare it in the source's TOML (lookups.aliases)"
        )
    detectors = about.get("detectors", {})
    return " ".join(detectors.get(printed[column], printed[column]) for column in columns if printed[column])


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A model, its scores, and its training if the row prints a time."""
    name, about = record.text("name"), page.lookups["tables"][record.raw("heading")]
    ragged = record.text(RAGGED)
    if ragged is not None:
        raise Rejected("ragged_row", "cells may stand under another column's name", None, ragged)
    if name is None:
        raise Rejected("no_model", "the row names no model", "name")
    if "out_of_scope" in about:
        raise Rejected("out_of_scope", f"the table is of {about['out_of_scope']}", "heading", name)
    setting = told_by(name, about.get("settings", {}))
    results = [
        replace(one, setting=setting or None)
        for column, score in about["scores"].items()
        for one in _result(record, column, *score.split())
    ]
    if not results:
        raise Rejected("no_score", f"the row has no {' or '.join(about['scores'])}", "name", name)
    yield Model(name, year=about.get("year"))
    yield from results
    yield from _training(record, page, about, results[0].benchmark)
    record.ignore([column for column in page.lookups["optional"] if not record.fields.get(column)])


def _result(record: Record, column: str, benchmark: str, metric: str) -> Iterator[Result]:
    literal = record.fields.get(column, "")
    value = record.number(column)
    if value is not None and not 0 <= value < 100:
        record.reject_cell(column, literal, "out_of_range", "a score lies in [0, 100)")
    elif value is not None:
        yield Result(benchmark, metric, value)


def _training(record: Record, page: Page, about: Mapping[str, Any], benchmark: str) -> Iterator[RunPhase]:
    """What the prose says of the table's training, with the row's own time; nothing where the row has no time."""
    schedule, per_image = record.text("lr sched"), record.text("train time (s/im)")
    if per_image is not None:
        reason = "seconds per image, and the hardware is not stated"
        record.reject_cell("train time (s/im)", per_image, "hardware_not_stated", reason)
    hours, each = record.text("train time total (hr)"), record.text("train time (s/iter)")
    column, literal = ("train time total (hr)", hours) if hours else ("train time (s/iter)", each)
    if literal is None:
        return
    iterations = about["iterations"].get(schedule)
    if iterations is None:
        record.reject_cell(
            "lr sched", schedule or "", "unknown_schedule", "no iterations are declared for the schedule"
        )
        return
    try:
        seconds = number(literal) * (_HOUR_S if hours else iterations)
    except CellError as error:
        # Jobs on several machines have "N/A" here: neither their time nor their hardware is stated.
        record.reject_cell(column, literal, error.rule, error.reason)
        return
    (used,) = processors(page.lookups["processors"])
    images = about.get("training_set_size")
    yield RunPhase(
        benchmark,
        "training",
        used.kind,
        used.full_name,
        used.count,
        wall_time_s=seconds,
        wall_time_literal=f"{hours} hr" if hours else f"{each} s/iter, {schedule}",
        epochs=iterations * page.lookups["images_per_iteration"] / images if images else None,
        training_set_size=images,
        dataset=about["dataset"],
        precision=page.lookups["precision"],
    )
