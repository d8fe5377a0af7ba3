"""Epoch AI's notable models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Compute, Model, Row, RunPhase
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per model."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The model, its training compute, and the one training phase that the hardware columns describe."""
    name, confidence = name_and_confidence(record, page, "Model")
    published_on = record.day("Publication date")
    size = record.number("Training dataset size")
    yield Model(
        name,
        year=published_on.year if published_on else None,
        published_on=published_on,
        paper_title=record.text("Reference"),
        paper_url=record.text("Link"),
        organization=record.text("Organization"),
        model_domain=record.text("Domain"),
        parameters=record.number("Parameters"),
        training_set_size=size,
        notability_criteria=record.text("Notability criteria"),
        training_cost_usd_2023=record.usd("Training compute cost (2023 USD)"),
        base_model=record.text("Base model"),
    )
    compute = record.number("Training compute (FLOP)")
    if compute is not None:
        yield Compute(None, "training_compute", compute, "flop", confidence)
    yield from _phase(record, size)


def name_and_confidence(record: Record, page: Page, column: str) -> tuple[str, str | None]:
    """The model's name, which stands in `column`, and the publisher's class of confidence in its training compute.

    Raises:
        Rejected: the row has no name, is withdrawn, or has a class that the source's TOML does not declare.
    """
    name, confidence = record.name(column), record.text("Confidence")
    if name is None:
        raise Rejected("no_model", "the row names no model", column)
    if confidence in page.lookups["confidence_rejected"]:
        raise Rejected("withdrawn", "the publisher marks the row as wrong", "Confidence", confidence or "")
    if confidence not in (None, *page.lookups["confidence"]):
        raise Rejected("unknown_class", f"confidence {confidence!r} is not declared", "Confidence", confidence or "")
    return name, confidence


def _phase(record: Record, size: float | None) -> Iterator[RunPhase]:
    """A comma list of processors cannot be split into counts, so such a cell is left out."""
    processor, hours = record.text("Training hardware"), record.number("Training time (hours)")
    count, epochs = record.number("Hardware quantity"), record.number("Epochs")
    model_utilization = record.number("Hardware utilization (MFU)")
    hardware_utilization = record.number("Hardware utilization (HFU)")
    dataset = record.text("Training dataset")
    if processor is not None and "," in processor:
        reason = "several processors under one count"
        record.reject_cell("Training hardware", processor, "list_of_processors", reason)
        processor = None
    if (processor, count, hours, epochs, dataset) != (None, None, None, None, None):
        yield RunPhase(
            None,
            "training",
            processor=processor,
            processor_count=count,
            wall_time_s=None if hours is None else hours * 3600,
            epochs=epochs,
            training_set_size=size,
            dataset=dataset,
            utilization=model_utilization if model_utilization is not None else hardware_utilization,
        )
