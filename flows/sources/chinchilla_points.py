"""Trainings of language models of many sizes, their computation and loss, as the replication of Chinchilla read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import LossPoint, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per point of the figure."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:  # noqa: ARG001
    """The point: counts of at least 1, and a loss above 0, as their logarithms need."""
    parameters, compute = (record.needed(column, 1) for column in ("Model Size", "Training FLOP"))
    literal, loss = record.fields.get("loss", ""), record.needed("loss", 0)
    if loss == 0:
        raise Rejected("out_of_range", f"{literal!r} is not above 0", "loss", literal)
    yield LossPoint(parameters, compute, loss)
