"""METR's time horizons: of each version of a language model the length of the tasks of which it completes half."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Model, Row, UnboundedScore
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per version of a model."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The version and its horizon in minutes."""
    name, minutes = record.name("Model version"), record.needed("Time horizon", 0)
    if name is None:
        raise Rejected("no_model", "the row names no version of a model", "Model version")
    yield Model(name)
    yield UnboundedScore(page.lookups["benchmark"], page.lookups["metric"], minutes, "test")
