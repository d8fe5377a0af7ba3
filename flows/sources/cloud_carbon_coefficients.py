"""Cloud Carbon Footprint's coefficients: power of servers as SPEC measured it, and factors of the clouds' regions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from flows.readers.record import RAGGED, CellError, Record, Rejected, csv_records, day
from flows.readers.row_types import RegionCarbon, Row, ServerPower
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per server or region."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A server or a region, as the page's `kind` says."""
    ragged = record.raw(RAGGED)
    if ragged:
        raise Rejected("ragged_row", f"the row is cut off: {ragged}", None, "")
    yield _server(record, page) if page.lookups["kind"] == "servers" else _region(record, page)


def _server(record: Record, page: Page) -> ServerPower:
    """The server; of a measurement that broke the rules of the benchmark the page prints that it does not comply."""
    void = page.lookups["void"]
    literal = record.fields.get("avg. watts @ 100%", "")
    if literal.strip() == void:
        raise Rejected("not_compliant", "SPEC found that the measurement broke its rules", "avg. watts @ 100%", literal)
    system, processor = record.text("System Enclosure (if applicable)"), record.text("CPU Description")
    if system is None or processor is None:
        raise Rejected("no_server", "the row names no server or no processor")
    submitted = record.raw("Date Submitted")
    try:
        submitted_on = day(submitted, "%b %d, %Y")
    except CellError as error:
        raise Rejected(error.rule, error.reason, "Date Submitted", submitted) from error
    return ServerPower(
        system,
        processor,
        submitted_on,
        chips=record.count("Chips"),
        cores=record.count("Cores"),
        full_watt=record.needed("avg. watts @ 100%"),
        idle_watt=record.needed("avg. watts @ active idle"),
        ssj_op_per_s=record.number("ssj_ops @ 100%"),
    )


def _region(record: Record, page: Page) -> RegionCarbon:
    """The region's factor, printed in metric tons for a kWh."""
    region, location = record.text("Region"), record.text("Location")
    # The dirtiest fuel emits 0.0013: a cell such as "000402" has lost its point.
    tons, told_by = record.needed("CO2e (metric ton/kWh)", 0, 0.01), record.text("Source")
    if region is None:
        raise Rejected("no_region", "the row names no region", "Region")
    return RegionCarbon(
        page.lookups["provider"],
        region,
        location,
        carbon_intensity_g_per_kwh=float(Decimal(repr(tons)) * 10**6),
        told_by=told_by,
    )
