"""Past versions of PyTorch Image Models' table of scores: which weights were in the list on the day of each.

Scores, parameters and sizes are the newest table's to tell (source `timm`); a row here says that weights were there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import Record, Rejected, csv_records
from flows.readers.row_types import Listing, Row
from flows.sources import Page

# Score and error are rounded to three decimals each.
_ROUNDING = 0.0015


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per weights and image size."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The listing of weights. The score stands beside the name, for old names were given to other weights later."""
    name = record.name("model")
    if name is None:
        raise Rejected("no_model", "the row names no model", "model")
    column, metric = "top1", page.lookups["metric"]
    literal, value, error = record.fields.get(column, ""), record.needed(column, 0, 100), record.number(f"{column}_err")
    if error is not None and abs(value + error - 100) > _ROUNDING:
        raise Rejected("disagrees_with_error", f"with the error beside it, {error}, not 100", column, literal)
    size = record.count("img_size")
    yield Listing(name, page.lookups["listed_on"], page.lookups["benchmark"], metric, value, image_size=size)
