"""A tracker of what providers ask for an hour of an accelerator: one offer a day, provider, region and size of machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Offer, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per day, provider, processor, size of the machine, region and commitment."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The offer, as the page's median of those of its day."""
    told_by, count = record.raw("source_url"), record.needed_count("gpu_count")
    day, literal = record.day("date"), record.printed["date"]
    provider, processor, commitment = record.text("provider"), record.text("gpu_model"), record.text("rental_type")
    price, low = record.needed("price_median_usd"), record.usd("price_min_usd")
    high, region = record.usd("price_max_usd"), record.text("region")
    if provider is None or processor is None or day is None:
        raise Rejected("no_offer", "the row names no provider, no processor or no day")
    if commitment not in page.lookups["commitments"]:
        raise Rejected("unknown_commitment", "neither spot nor on demand", "rental_type", commitment or "")
    totals = page.lookups["totals"]
    if count > 1 and told_by == totals["source_url"] and day <= totals["until"]:
        raise Rejected("price_of_the_machine", totals["reason"], "date", literal)
    yield Offer(
        processor,
        page.lookups["processors"].get(processor),
        page.lookups["providers"].get(provider, provider),
        "rental",
        price,
        commitment=page.lookups["commitments"][commitment],
        price_usd_low=low,
        price_usd_high=high,
        offered_on=day,
        region=region,
        processor_count=count,
    )
