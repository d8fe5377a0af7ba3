"""The Full Stack's lists of GPUs to rent: machines of clouds, and GPUs of serverless vendors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Offer, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per machine that is offered."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The machine's price an hour over its GPUs, at each commitment that has one.

    "Per-GPU" is not read but where it is all that there is: the list has it without processor and memory for some clouds, and as
    the price of the machine for others.
    """
    provider, processor = record.text(page.lookups["provider"]), record.text("GPU Type")
    count, each = record.needed_count("GPUs"), record.usd("Per-GPU")
    machine = {commitment: record.usd(column) for column, commitment in page.lookups["rentals"].items()}
    if provider is None or processor is None:
        raise Rejected("no_offer", "the row names no provider or no processor")
    if count < 1:
        raise Rejected("out_of_range", "a machine has at least one GPU", "GPUs", str(count))
    if not any(machine.values()):
        if each is None:
            raise Rejected("no_price", "the row has no price")
        if count > 1:
            reason = "without the price of the machine nobody knows whether this is one GPU's or the machine's"
            raise Rejected("unit_not_known", reason, "Per-GPU", f"{each:g}")
        machine = {next(iter(page.lookups["rentals"].values())): each}
    for commitment, price in machine.items():
        if price is not None:
            yield Offer(
                processor,
                page.lookups["processors"].get(processor),
                page.lookups["providers"].get(provider, provider.lower()),
                "rental",
                price / count,
                commitment=commitment,
                processor_count=count,
            )
