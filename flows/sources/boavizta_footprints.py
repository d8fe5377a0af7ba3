"""Boavizta's collection of what makers report of a device: emissions of its whole life, and the share of making it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Footprint, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per report of a device."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The device; shares of its life that come to more than the whole of it are left out, for one of them is wrong."""
    device, category = record.text("name"), record.text("category")
    total, literal = record.needed("gwp_total"), record.peek("gwp_manufacturing_ratio")
    making, use = record.number("gwp_manufacturing_ratio"), record.number("gwp_use_ratio")
    manufacturer, subcategory = record.text("manufacturer"), record.text("subcategory")
    lifetime, location, yearly = record.number("lifetime"), record.text("use_location"), record.number("yearly_tec")
    if device is None or category is None:
        raise Rejected("no_device", "the row names no device or no category")
    if making is not None and use is not None and making + use > page.lookups["whole"]:
        reason = f"with the share of use, {use:g}, it is more than the whole"
        record.reject_cell("gwp_manufacturing_ratio", literal, "more_than_the_whole", reason)
        making = use = None
    yield Footprint(
        device,
        manufacturer,
        category,
        page.lookups["subcategories"].get(subcategory, subcategory),
        total,
        manufacturing_share=making,
        use_share=use,
        lifetime_year=lifetime,
        use_location=location,
        yearly_kwh=yearly,
    )
