"""Base language models with their training compute and scores on eight benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Compute, Model, Result, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per model."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The model, its training compute and its scores, which the sheet prints as fractions."""
    name, billions = record.name("Model"), record.number("Model Size (B)")
    if name is None:
        raise Rejected("no_model", "the row names no model", "Model")
    trillions, compute = _training(record, page.lookups["tokens_max"])
    yield Model(
        name,
        parameters=_scaled(billions, 9),
        training_set_size=_scaled(trillions, 12),
    )
    flop = _scaled(compute, 21)
    if flop is not None:
        yield Compute(None, "training_compute", flop, "flop")
    for column, (benchmark, metric) in page.lookups["scores"].items():
        score = record.percent(column)
        if score is not None:
            yield Result(benchmark, metric, score, shots=page.lookups["shots"].get(column))


def _training(record: Record, tokens_max: float) -> tuple[float | None, float | None]:
    """Tokens in 1e12 and training compute in 1e21 FLOP; neither where the count of tokens cannot be."""
    literals = {column: record.fields.get(column, "") for column in ("Pretraining Data Size (T)", "FLOPs (1E21)")}
    trillions, compute = (record.number(column) for column in literals)
    if trillions is None or trillions <= tokens_max:
        return trillions, compute
    for column, literal in literals.items():
        if literal.strip():
            reason = f"more than {tokens_max} trillion tokens cannot be: the unit is wrong"
            record.reject_cell(column, literal, "out_of_range", reason)
    return None, None


def _scaled(value: float | None, digits: int) -> float | None:
    """The value times a power of ten, to the digits that are printed."""
    return None if value is None else float(Decimal(repr(value)).scaleb(digits))
