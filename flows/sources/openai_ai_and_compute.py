"""OpenAI's list of systems that needed much computation, and computation beside the best scores of two benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import ListedTraining, Row
from flows.sources import Page

FLOP_PER_PETAFLOP_S_DAY = 1e15 * 86_400


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per training, or per year of a benchmark."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The training, with its computation, its score or both."""
    columns = page.lookups["columns"]
    name, day = columns.get("name"), columns.get("published_on")
    year = columns.get("year")
    days = _number(record, page, columns["petaflop_s_days"])
    value = _number(record, page, columns["value"]) if "value" in columns else None
    if "fraction" in columns:
        value = record.percent(columns["fraction"])
    listed = ListedTraining(
        page.lookups["listed_under"],
        name=record.name(name) if name else None,
        published_on=record.day(day) if day else None,
        year=record.count(year) if year else None,
        training_compute_flop=None if days is None else days * FLOP_PER_PETAFLOP_S_DAY,
        benchmark=page.lookups.get("benchmark"),
        metric=page.lookups.get("metric"),
        value=value,
    )
    if listed.training_compute_flop is None and listed.value is None:
        raise Rejected("nothing_told", "neither computation nor a score can be read", columns["petaflop_s_days"])
    yield listed


def _number(record: Record, page: Page, column: str) -> float | None:
    """The number in a column; None where one of the page's own blanks stands."""
    if record.fields.get(column, "").strip() in page.lookups["blanks"]:
        record.raw(column)
        return None
    return record.number(column)
