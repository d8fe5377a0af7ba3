"""The ML CO2 Impact calculator's processors and cloud regions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from flows.readers.record import RAGGED, Record, Rejected, csv_records
from flows.readers.row_types import CloudRegion, Processor, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per processor or region."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A processor or a region, as the page's `kind` says."""
    return iter([_processor(record, page) if page.lookups["kind"] == "processors" else _region(record)])


def _processor(record: Record, page: Page) -> Processor:
    shifted, name = record.raw(RAGGED), record.name("name")
    if shifted:
        raise Rejected("shifted_cells", "a cell is missing, so that others stand under the wrong column", None, shifted)
    if name is None:
        raise Rejected("no_processor", "the row names no processor", "name")
    if page.lookups["not_tdp"] in record.raw("source"):
        _refuse(record, "tdp_watts", "not_tdp", "the page says that it is no TDP")
    for column, reason in page.lookups["refused"].get(name, {}).items():
        _refuse(record, column, "known_to_be_wrong", reason)
    # The page prints Tflop/s and GB.
    rate, memory = _number(record, page, "TFLOPS32"), _number(record, page, "memory")
    return Processor(
        name,
        processor_kind=record.text("type"),
        fp32_flop_per_s=None if rate is None else float(Decimal(repr(rate)) * 10**12),
        memory_byte=None if memory is None else memory * 1e9,
        tdp_watt=_number(record, page, "tdp_watts"),
    )


def _refuse(record: Record, column: str, rule: str, reason: str) -> None:
    """Leave a cell out, so that it reads as blank."""
    record.reject_cell(column, record.raw(column), rule, reason)
    record.fields[column] = ""


def _number(record: Record, page: Page, column: str) -> float | None:
    """The number in a column; none where the page writes that it has none."""
    literal = record.fields.get(column, "")
    if literal.strip() in page.lookups["no_value"]:
        record.fields[column] = ""
    value = record.number(column)
    if value is None or value > 0:
        return value
    record.reject_cell(column, literal, "out_of_range", "a rate, a power or a size is positive")
    return None


def _region(record: Record) -> CloudRegion:
    """A region; one provider's only region has no key, so that its name stands for it."""
    literals = {column: record.fields.get(column, "") for column in ("impact", "PUE")}
    provider, key, name = record.name("providerName"), record.name("region"), record.name("regionName")
    intensity, pue, country = record.number("impact"), record.number("PUE"), record.text("country")
    if provider is None or (key or name) is None:
        raise Rejected("no_region", "the row names no provider or no region", "region")
    if intensity is not None and intensity < 0:
        raise Rejected("out_of_range", "an intensity is not negative", "impact", literals["impact"])
    if pue is not None and not 1 <= pue < 5:
        reason = "a PUE is at least 1, and below 5 where the cooling works"
        record.reject_cell("PUE", literals["PUE"], "out_of_range", reason)
        pue = None
    return CloudRegion(provider, str(key or name), country, intensity, pue)
