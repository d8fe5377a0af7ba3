"""Epoch AI's estimates of how many accelerators were shipped in each quarter, and of what one cost in each year."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from flows.readers.record import CellError, Record, Rejected, csv_records, day
from flows.readers.row_types import Offer, Row, Shipment
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per year of prices, or span of days of shipments."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """What the page's table holds."""
    yield from _TABLES[page.lookups["table"]](record, page)


def _prices(record: Record, page: Page) -> Iterator[Row]:
    """The range of each accelerator's price in a year; in the middle the geometric mean, as the publisher has it."""
    year, offers = record.needed_count("Year"), []
    for processor, sheet_name in page.lookups["processors"].items():
        ends = {end: f"{processor} {end}" for end in ("low", "high")}
        literals = {column: record.fields.get(column, "") for column in ends.values()}
        low, high = (record.usd(column) for column in ends.values())
        if low is None or high is None:
            continue
        if reason := page.lookups["stubs"].get(processor):
            for column, literal in literals.items():
                record.reject_cell(column, literal, "stub", reason)
            continue
        offers.append(
            Offer(
                processor,
                sheet_name,
                page.lookups["provider"],
                "purchase",
                math.sqrt(low * high),
                price_usd_low=low,
                price_usd_high=high,
                offered_in=year,
            )
        )
    if not offers:
        raise Rejected("no_price", "the row has no price")
    yield from offers


def _shipments(record: Record, page: Page) -> Iterator[Row]:
    """What was shipped of one kind of accelerator in a quarter, or of all since the first."""
    columns = page.lookups["columns"]
    manufacturer, spans = record.text("Chip manufacturer"), (_day(record, "Start date"), _day(record, "End date"))
    processor = record.text(columns["processor"]) if "processor" in columns else None
    if manufacturer is None or (processor is None and "processor" in columns):
        raise Rejected("no_processor", "the row names no manufacturer or no chip")
    power = record.number(columns["power_mw"]) if "power_mw" in columns else None
    yield Shipment(
        processor,
        manufacturer,
        *spans,
        units=record.needed(columns["units"]),
        units_low=record.number(columns["units_low"]),
        units_high=record.number(columns["units_high"]),
        h100_equivalents=record.number(columns["h100_equivalents"]),
        power_watt=None if power is None else power * 1e6,
    )


def _day(record: Record, column: str) -> date:
    literal = record.raw(column)
    try:
        return day(literal, "%m/%d/%Y")
    except CellError as error:
        raise Rejected(error.rule, error.reason, column, literal) from error


_TABLES = {"prices": _prices, "shipments": _shipments}
