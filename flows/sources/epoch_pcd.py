"""Epoch's database of all systems as it stood in 2023 and 2024: what growth needs of it, and no model of `current`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, csv_records
from flows.readers.row_types import ListedTraining, Row
from flows.sources import Page, epoch_models


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per system."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The system, its day and its training computation, where they are known."""
    name, confidence = epoch_models.name_and_confidence(record, page, "System")
    yield ListedTraining(
        page.lookups["listed_under"],
        name=name,
        published_on=record.day("Publication date"),
        training_compute_flop=record.number("Training compute (FLOP)"),
        confidence=confidence,
        notability_criteria=record.text("Notability criteria"),
    )
