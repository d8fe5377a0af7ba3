"""Karl Rupp's data behind "50 years of microprocessor trend data": one quantity a page, by year."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.plain_tables import blank_separated_records
from flows.readers.record import Record
from flows.readers.row_types import Row, TrendPoint
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:  # noqa: ARG001
    """One record per processor, which the page does not name."""
    return blank_separated_records(path, ("year", "value"))


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The point, in base units."""
    yield TrendPoint(page.lookups["quantity"], record.needed("year"), record.needed("value") * page.lookups["unit"])
