"""Google's own figures on the electricity of its cloud regions, one page a year."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import RegionCarbon, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per region."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The region in the page's year; blank is what Google does not tell of it."""
    region, location = record.text("Google Cloud Region"), record.text("Location")
    share = record.number("Google CFE")
    intensity = record.number("Grid carbon intensity (gCO2eq / kWh)")
    if region is None:
        raise Rejected("no_region", "the row names no region", "Google Cloud Region")
    if share is None and intensity is None:
        raise Rejected("no_figure", "the row tells nothing of its region")
    yield RegionCarbon(page.lookups["provider"], region, location, page.lookups["year"], intensity, share)
