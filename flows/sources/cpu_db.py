"""Stanford's CPU DB: processors since 1971, the names that it numbers, and their results in SPEC's suites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Cpu, CpuName, CpuScore, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per row of a table of the database."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A processor, a name, or a score, as the page's table is."""
    kind = page.lookups["table"]
    yield _cpu(record) if kind == "processor" else _score(record, page) if kind == "score" else _name(record, page)


def _cpu(record: Record) -> Cpu:
    megahertz, cores, threads_a_core = (
        record.number("clock"),
        record.number("hw_ncores"),
        record.number("hw_nthreadspercore"),
    )
    return Cpu(
        record.text("model"),
        number=record.needed_count("processor_id"),
        manufacturer_number=record.count("manufacturer_id"),
        family_number=record.count("processor_family_id"),
        code_name_number=record.count("code_name_id"),
        microarchitecture_number=record.count("microarchitecture_id"),
        released_on=record.day("date"),
        cores=cores,
        threads=None if cores is None or threads_a_core is None else cores * threads_a_core,
        clock_hz=None if megahertz is None else megahertz * 1e6,
        tdp_watt=record.number("tdp"),
    )


def _name(record: Record, page: Page) -> CpuName:
    name = record.name("name")
    if name is None:
        raise Rejected("no_name", "the row has no name", "name")
    return CpuName(page.lookups["table"], record.needed_count(page.lookups["number"]), name)


def _score(record: Record, page: Page) -> CpuScore:
    number, base, peak = record.needed_count("processor_id"), record.needed("basemean"), record.number("peakmean")
    if base <= 0:
        raise Rejected("no_score", "the row has no base score", "basemean", f"{base:g}")
    # The table has 0 where a result has no peak.
    return CpuScore(page.lookups["suite"], number, base, peak or None, record.day("hw_avail"), record.text("hw_model"))
