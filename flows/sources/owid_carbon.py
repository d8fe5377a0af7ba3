"""Our World in Data's carbon intensity of electricity."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import CarbonIntensity, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per region and year."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:  # noqa: ARG001
    """The intensity; aggregates without a code are kept as such."""
    region, code = record.text("Entity"), record.text("Code")
    year = record.needed_count("Year")
    intensity = record.needed("Carbon intensity of electricity - gCO2e/kWh", 0)
    if region is None:
        raise Rejected("no_region", "the row names no region", "Entity")
    yield CarbonIntensity(region, code, year, intensity)
