"""Wikipedia's lists of graphics processors: one JSON object of objects, whose keys are the headers of many tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from flows.readers.record import CellError, PageError, Record, Rejected, day, json_page, number
from flows.readers.row_types import Processor, Row
from flows.sources import Page

# Units that a cell may repeat: "120 W", "8 GB".
_UNIT = re.compile(r"\s*(W|GB)$")
# "8,286 10,544", "1127 (1177)" and "8.071-9.340": the rate at the base and at the boost clock.
_TWO = re.compile(r"([\d.,]+)(?: |-|–)\(?([\d.,]+)\)?")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per entry, under its key in the page. Numbers stay as they are printed."""
    entries = json_page(path)
    if not isinstance(entries, dict):
        raise PageError("not an object of processors")
    secret = frozenset(page.lookups["secret"])
    for key, entry in entries.items():
        if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
            raise PageError(f"{key}: not an object of texts and numbers")
        record = Record(key, dict(entry), secret)
        record.ignore(secret)
        yield record


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The processor, with its peak rate at FP32, its power, memory and launch."""
    lookups, cells = page.lookups, dict(record.fields)
    name = _name(record, lookups)
    rate, watt = _figure(record, lookups, "fp32"), _figure(record, lookups, "tdp")
    memory, launch = _figure(record, lookups, "memory"), record.fields.pop("Launch", "")
    vendor = record.text("Vendor")
    ignored = re.compile("|".join(lookups["ignored"]))
    record.ignore([*lookups["clocks"], *(column for column in cells if ignored.fullmatch(column))])
    if _is_header(cells):
        raise Rejected("header_row", "a row of the table's header stands among the processors", None, name or "")
    if name is None:
        raise Rejected("no_processor", "the entry names no processor", "Model name")
    if (rate, watt, memory, launch) == (None, None, None, ""):
        raise Rejected("no_figure", "the entry gives no rate, power, memory or launch", None, name)
    launched = _launch(record, launch)
    # The page writes a year alone as its first of January.
    year_only = launched is not None and (launched.month, launched.day) == (1, 1)
    yield Processor(
        name,
        manufacturer=vendor,
        processor_kind="gpu",
        released_on=None if year_only else launched,
        release_year=launched.year if launched else None,
        fp32_flop_per_s=rate,
        memory_byte=memory,
        tdp_watt=watt,
    )


def _is_header(cells: Mapping[str, str]) -> bool:
    """Whether two cells or more repeat the end of their column's name ("Size (GiB)" under "Memory Size (GiB)")."""
    return sum(column.endswith(text) for column, text in cells.items() if re.search(r"[A-Za-z]{3}", text)) >= 2


def _name(record: Record, lookups: Mapping[str, Any]) -> str | None:
    names = []
    for columns in lookups["names"]:
        parts = [" ".join(record.fields.pop(column, "").split()) for column in columns]
        parts = [part for part in parts if part not in lookups["no_value"]]
        names += [" ".join(parts)] if parts else []
    if len(names) > 1:
        raise Rejected("two_names", "the entry has two names", None, ", ".join(names))
    return names[0] if names else None


def _figure(record: Record, lookups: Mapping[str, Any], quantity: str) -> float | None:
    """The one number that the columns of a quantity give, in its base unit; what is none is left out."""
    values = {}
    for column, unit in lookups[quantity].items():
        literal = record.fields.pop(column, "")
        if literal.strip() in lookups["no_value"]:
            continue
        try:
            value = _peak(literal, record, lookups) if quantity == "fp32" else number(_UNIT.sub("", literal))
            if value <= 0:
                raise CellError("out_of_range", "a rate, a power or a size is positive")
            # In floats 66.9 * 1e12 is 66900000000000.01.
            values[column] = float(Decimal(repr(value)) * Decimal(unit))
        except CellError as error:
            record.reject_cell(column, literal, error.rule, error.reason)
    if len(values) > 1:
        raise Rejected("two_figures", "several columns give the same quantity", ", ".join(values), str(values))
    return next(iter(values.values()), None)


def _peak(literal: str, record: Record, lookups: Mapping[str, Any]) -> float:
    """The rate in a cell; of two the one at the boost clock, where two clocks of the entry stand in the same ratio."""
    two = _TWO.fullmatch(literal.strip())
    if two is None:
        return number(literal)
    base, boost = number(two[1]), number(two[2])
    texts = [record.fields.get(column, "") for column in lookups["clocks"]]
    clocks = [float(printed.replace(",", "")) for text in texts for printed in _NUMBER.findall(text)]
    # Clocks and rates are rounded to three digits or so.
    ratios = [high / low for low in clocks for high in clocks if 0 < low < high]
    if not 0 < base < boost or not any(abs(ratio * base / boost - 1) < 0.006 for ratio in ratios):
        raise CellError("several_values", f"{literal!r} holds two values, which are not those of two clocks")
    return boost


def _launch(record: Record, literal: str) -> date | None:
    if not literal.strip():
        return None
    try:
        return day(literal, "%Y-%m-%d %H:%M:%S")
    except CellError as error:
        record.reject_cell("Launch", literal, error.rule, error.reason)
        return None
