"""Lists of the 500 fastest computers: processors, clock and the peak rate that each list prints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.plain_tables import delimited_records
from flows.readers.record import RAGGED, Record, Rejected, told_by
from flows.readers.row_types import Row, Supercomputer
from flows.readers.workbooks import workbook_records
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per system."""
    reads = workbook_records if page.content == "xlsx" else delimited_records
    return reads(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The system. Lists print GFLOP/s until 2016 and TFLOP/s since; which is told by the name of the column."""
    uneven = record.fields.pop(RAGGED, "")
    if uneven:
        # A quote within a cell stands as an end of the cell, so that what follows is under the next column.
        raise Rejected("cells_shifted", uneven)
    processor = record.text("Processor")
    if processor is None:
        raise Rejected("no_processor", "the row names no processor", "Processor")
    in_giga, in_tera = record.number("Rpeak [GFlop/s]"), record.number("Rpeak [TFlop/s]")
    peak = None if in_tera is None else in_tera * 1e12
    peak = peak if in_giga is None else in_giga * 1e9
    if peak is None:
        raise Rejected("no_rate", "the row has no peak rate", "Rpeak")
    megahertz, computer = record.number("Processor Speed (MHz)"), record.text("Computer") or ""
    accelerator = record.text("Accelerator/Co-Processor") or told_by(computer, page.lookups["accelerators"])
    yield Supercomputer(
        page.lookups["listed_on"],
        record.needed_count("Rank"),
        installed_in=record.count("Year"),
        processor=processor,
        processor_technology=record.text("Processor Technology"),
        accelerator=None if accelerator == "None" else accelerator,
        cores=record.needed("Total Cores"),
        clock_hz=None if megahertz is None else megahertz * 1e6,
        peak_flop_per_s=peak,
    )
