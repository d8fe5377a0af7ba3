"""Epoch AI's sheet of accelerators."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Processor, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per processor."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:  # noqa: ARG001
    """The processor; the sheet prints base units throughout."""
    name = record.text("Hardware name")
    if name is None:
        raise Rejected("no_processor", "the row names no processor", "Hardware name")
    yield Processor(
        name,
        manufacturer=record.text("Manufacturer"),
        processor_kind=record.text("Type"),
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
        release_price_usd=record.number("Release price (USD)"),
    )
