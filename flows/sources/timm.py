"""PyTorch Image Models: scores by weights (architecture.tag), and the computation of one pass by architecture.

The two kinds of page meet on architecture and image size. That is the warehouse's work: a parser reads one page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Model, Operations, Result, Row
from flows.sources import Page

# The files print millions of parameters and 1e9 operations, to two decimals.
_MILLION, _GIGA = 1e6, 1e9
# Score and error are rounded to three decimals each.
_ROUNDING = 0.0015


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per weights or, in the benchmark files, per architecture and image size."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A model with its scores, or an architecture with the operations of one pass."""
    name = record.name("model")
    if name is None:
        raise Rejected("no_model", "the row names no model", "model")
    parameters = _positive(record, "param_count", _MILLION)
    if "convention" in page.lookups:
        yield Model(name, parameters=parameters, architecture=name)
        yield from _pass(record, page)
    else:
        yield Model(name, parameters=parameters, architecture=name.partition(".")[0])
        yield from _scores(record, page)


def _pass(record: Record, page: Page) -> Iterator[Operations]:
    """No benchmark: some of these architectures have another number of classes here than their ImageNet weights."""
    size, operations = record.count("infer_img_size"), _positive(record, "infer_gmacs", _GIGA)
    if operations is not None:
        yield Operations(None, operations, page.lookups["convention"], image_size=size, printed_as="infer_gmacs")


def _scores(record: Record, page: Page) -> Iterator[Result]:
    size = record.count("img_size")
    for column, metric in page.lookups["metrics"].items():
        literal, value, error = record.fields.get(column, ""), record.number(column), record.number(f"{column}_err")
        if value is not None and not 0 < value < 100:
            record.reject_cell(column, literal, "out_of_range", "a score lies between 0 and 100")
        elif value is not None and error is not None and abs(value + error - 100) > _ROUNDING:
            record.reject_cell(column, literal, "disagrees_with_error", f"with the error beside it, {error}, not 100")
        elif value is not None:
            yield Result(page.lookups["benchmark"], metric, value, image_size=size)


def _positive(record: Record, column: str, unit: float) -> float | None:
    """A count printed in units. The printed decimals make whole counts, so rounding takes off what floats add."""
    literal, value = record.fields.get(column, ""), record.number(column)
    if value is None:
        return None
    if value <= 0:
        record.reject_cell(column, literal, "out_of_range", "a count is above 0")
        return None
    return float(round(value * unit))
