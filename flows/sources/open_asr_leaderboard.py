"""The Open ASR leaderboard: speech recognisers and their word error rates on LibriSpeech."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Model, Row, UnboundedScore
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per model."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The model and its word error rates on both test sets of LibriSpeech."""
    name, billions = record.name("model"), record.number("Model size (B)")
    rates = {benchmark: record.number(column) for column, benchmark in page.lookups["scores"].items()}
    if name is None:
        raise Rejected("no_model", "the row names no model", "model")
    scores = [
        UnboundedScore(benchmark, page.lookups["metric"], rate, "test")
        for benchmark, rate in rates.items()
        if rate is not None
    ]
    if not scores:
        raise Rejected("no_score", "the row has no word error rate on LibriSpeech", "model", name)
    known = billions is not None and billions != page.lookups["unknown_size"]
    yield Model(name, parameters=float(Decimal(repr(billions)).scaleb(9)) if known else None)
    yield from scores
