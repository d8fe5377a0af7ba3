"""Boavizta's list of CPU specifications."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records, number
from flows.readers.row_types import Cpu, Row
from flows.sources import Page

_CLOCK = re.compile(r"([\d.]+)\s*([GM])Hz")
_HZ = {"G": 1e9, "M": 1e6}


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per CPU."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:  # noqa: ARG001
    """The CPU; of about half of them the list has the name and little else."""
    name = record.name("name")
    if name is None:
        raise Rejected("no_processor", "the row names no processor", "name")
    yield Cpu(
        name,
        manufacturer=record.text("manufacturer"),
        family=record.text("model_range"),
        code_name=record.text("code_name"),
        released_on=record.day("release_date"),
        cores=record.number("cores"),
        threads=record.number("threads"),
        clock_hz=_clock_hz(record),
        tdp_watt=record.number("tdp"),
    )


def _clock_hz(record: Record) -> float | None:
    """The clock, Hz; a number without a unit is left out, for other pages of the kind print GHz and MHz alike."""
    literal = record.raw("frequency")
    printed = _CLOCK.fullmatch(literal.strip())
    if printed is not None:
        return number(printed[1]) * _HZ[printed[2]]
    if literal.strip():
        record.reject_cell("frequency", literal, "no_unit", f"{literal!r} is not a clock in GHz or MHz")
    return None
