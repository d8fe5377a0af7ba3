"""Epoch AI's sheets behind its study of training costs: chips, prices of hardware, and an index of prices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import RAGGED, Record, Rejected, csv_records
from flows.readers.row_types import Price, PriceIndex, Processor, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per chip, priced offer or month."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """What the page's table holds."""
    yield from _TABLES[page.lookups["table"]](record, page)


def _chip(record: Record, page: Page) -> Iterator[Row]:
    """The processor; the sheet prints base units throughout."""
    ragged, name, kind = record.raw(RAGGED), record.text("Hardware name"), record.text("Type")
    if ragged:
        raise Rejected("ragged_row", f"the row is cut off: {ragged}", None, name or "")
    if name is None:
        raise Rejected("no_processor", "the row names no processor", "Hardware name")
    yield Processor(
        name,
        manufacturer=record.text("Manufacturer"),
        processor_kind=None if kind is None else page.lookups["kinds"].get(kind, kind),
        released_on=record.day("Release date"),
        fp64_flop_per_s=record.number("FP64 (double precision) performance (FLOP/s)"),
        fp32_flop_per_s=record.number("FP32 (single precision) performance (FLOP/s)"),
        tf32_flop_per_s=record.number("TF32 (TensorFloat-32) performance (FLOP/s)"),
        fp16_flop_per_s=record.number("FP16 (half precision) performance (FLOP/s)"),
        tensor_fp16_flop_per_s=record.number("Tensor-FP16/BF16 performance (FLOP/s)"),
        fp8_flop_per_s=record.number("FP8 performance (FLOP/s)"),
        int8_op_per_s=record.number("INT8 performance (OP/s)"),
        memory_byte=record.number("Memory (bytes)"),
        memory_bandwidth_byte_per_s=record.number("Memory bandwidth (byte/s)"),
        tdp_watt=record.number("TDP (W)"),
        release_price_usd=record.usd("Release price (USD)"),
    )


def _prices(record: Record, page: Page) -> Iterator[Row]:
    """The prices of one offer: bought, or rented at up to three commitments."""
    processor, told_by = record.text("Hardware model"), record.text("Price source")
    if processor is None:
        raise Rejected("no_processor", "the row names no processor", "Hardware model")
    if told_by in page.lookups["estimates"]:
        raise Rejected("estimate", "the publisher's own estimate, nobody's price", "Price source", told_by or "")
    priced_on, vendor = record.day("Price date"), record.text("Vendor")
    bought = record.usd(page.lookups["purchase"])
    rented = {commitment: record.usd(column) for column, commitment in page.lookups["rentals"].items()}
    if bought is None and not any(rented.values()):
        raise Rejected("no_price", "the row has no price")
    if bought is not None:
        yield Price(processor, "purchase", bought, priced_on, vendor)
    for commitment, price in rented.items():
        if price is not None:
            yield Price(processor, "rental", price, priced_on, vendor, commitment)


def _month(record: Record, page: Page) -> Iterator[Row]:
    """The index of one month."""
    series = page.lookups["series"]
    month, value = record.day("observation_date"), record.needed(series)
    if month is None or month.day != 1:
        raise Rejected("not_a_month", "the row is not of the first day of a month", "observation_date", str(month))
    yield PriceIndex(series, month, value)


_TABLES = {"chips": _chip, "prices": _prices, "index": _month}
