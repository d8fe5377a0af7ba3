"""Epoch AI's GPU clusters: what they are made of, how much they compute, and since when; planned ones are told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import GpuCluster, Row
from flows.sources import Page

_WATT_PER_MEGAWATT = 1e6
_NUMBER = "(number)"
_FLAGS = {"": False, "True": True, "False": False}


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per cluster, or phase of one; two of the name that stands for untold ones are two, however alike."""
    untold = dict.fromkeys(page.lookups["untold"], 0)
    for record in csv_records(path, page.lookups):
        name = record.fields.get("Name", "")
        if name in untold:
            untold[name] += 1
        record.fields[_NUMBER] = str(untold.get(name, ""))
        yield record


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The cluster."""
    lookups = page.lookups
    name, status = record.text("Name"), _one_of(record, "Status", lookups["statuses"])
    certainty = _one_of(record, "Certainty", lookups["certainties"])
    if name is None:
        raise Rejected("no_name", "the row names no cluster", "Name")
    power = record.number("Power Capacity (MW)")
    yield GpuCluster(
        name,
        status=status,
        certainty=certainty,
        number=record.count(_NUMBER),
        is_counted=_flag(record, "Include in Standard Analysis"),
        is_repeated=_flag(record, "Possible Duplicate"),
        one_site=record.text("Single cluster?"),
        operational_on=record.day("First Operational Date"),
        decommissioned_on=_decommissioned_on(record),
        country=record.text("Country"),
        owner=record.text("Owner"),
        sector=record.text("Sector"),
        processor=record.text("Chip type (primary)"),
        processor_count=record.number("Chip quantity (primary)"),
        second_processor=record.text("Chip type (secondary)"),
        second_processor_count=record.number("Chip quantity (secondary)"),
        all_processors_count=record.number("Total number of AI chips"),
        op_per_s_32_bit=record.number("32-bit OP/s"),
        op_per_s_16_bit=record.number("16-bit OP/s"),
        op_per_s_8_bit=record.number("8-bit OP/s"),
        power_watt=None if power is None else power * _WATT_PER_MEGAWATT,
        hardware_cost_usd=record.number("Hardware Cost"),
    )


def _one_of(record: Record, column: str, known: Mapping[str, str]) -> str:
    """What a printed word stands for. Raises `Rejected`: a cluster whose status nobody knows is neither there nor planned."""
    literal = record.text(column) or ""
    if literal not in known:
        raise Rejected("unknown_word", f"{literal!r} is none of {', '.join(known)}", column, literal)
    return known[literal]


def _flag(record: Record, column: str) -> bool:
    """Whether a box is ticked. Raises `Rejected`: it holds something else."""
    literal = record.text(column) or ""
    if literal not in _FLAGS:
        raise Rejected("unknown_word", f"{literal!r} is neither True nor blank", column, literal)
    return _FLAGS[literal]


def _decommissioned_on(record: Record) -> date | None:
    """The printed day; of a month alone its first."""
    column = "Decommissioned Date (if applicable)"
    literal = record.fields.get(column, "").strip()
    if re.fullmatch(r"\d{4}-\d{2}", literal):
        record.fields[column] = f"{literal}-01"
    return record.day(column)
