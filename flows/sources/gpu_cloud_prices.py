"""Prices of GPUs that are read from the providers' own interfaces: those of one day, and a history of days."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import CellError, Record, Rejected, csv_records, day
from flows.readers.row_types import Offer, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per offer."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The offer; what the publisher made up for the years before it began is none."""
    invented, told_by = page.lookups["invented"], record.raw("source").strip()
    provider, processor, tier = record.text("provider"), record.text("gpu_type"), record.text("price_tier")
    price, region, literal = record.needed("per_gpu_hourly_usd"), record.text("region"), record.raw("date")
    count = record.count("gpu_count")
    if told_by in invented:
        raise Rejected(told_by, invented[told_by], "source", told_by)
    if told_by not in ("", "live"):
        raise Rejected(
            "unknown_origin",
            "the row says of itself neither that it was read nor that it was made up",
            "source",
            told_by,
        )
    if provider is None or processor is None:
        raise Rejected("no_offer", "the row names no provider or no processor")
    if tier not in page.lookups["commitments"]:
        raise Rejected("unknown_commitment", "no commitment that is declared", "price_tier", tier or "")
    try:
        offered_on = day(literal[:10]) if literal.strip() else None
    except CellError as error:
        raise Rejected(error.rule, error.reason, "date", literal) from error
    yield Offer(
        processor,
        page.lookups["processors"].get(processor),
        page.lookups["providers"].get(provider, provider.lower()),
        "rental",
        price,
        commitment=page.lookups["commitments"][tier],
        offered_on=offered_on,
        region=region,
        processor_count=count,
    )
