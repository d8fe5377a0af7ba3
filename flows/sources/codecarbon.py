"""CodeCarbon's list of the thermal design power of CPUs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Processor, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per CPU."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:  # noqa: ARG001
    """The CPU and its power, W."""
    name, literal = record.name("Name"), record.fields.get("TDP", "")
    watt = record.needed("TDP")
    if name is None:
        raise Rejected("no_processor", "the row names no processor", "Name")
    if watt <= 0:
        raise Rejected("out_of_range", "a power is positive", "TDP", literal)
    yield Processor(name, processor_kind="cpu", tdp_watt=watt)
