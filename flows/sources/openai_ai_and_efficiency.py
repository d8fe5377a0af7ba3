"""Trainings that reach the quality of an earlier network, and how much less computation they need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from flows.readers.record import CellError, Record, Rejected, csv_records, day
from flows.readers.row_types import ListedTraining, Row
from flows.sources import Page

FLOP_PER_TERAFLOP_S_DAY = 1e12 * 86_400
_ARXIV = re.compile(r"arxiv\.org/abs/(\d\d)(\d\d)\.")


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per training."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:  # noqa: ARG001
    """The training under the network whose quality it reaches, with the factor that the page prints."""
    listed_under = record.text("Metric")
    if listed_under is None:
        raise Rejected("no_list", "the row does not name the network whose quality is reached", "Metric")
    literal = record.fields.get("Reduction Factor", "").strip()
    factor = record.number("Reduction Factor")
    address = record.text("Publication link")
    yield ListedTraining(
        listed_under,
        name=record.name("Publication"),
        published_on=_published_on(record, address),
        training_compute_flop=record.needed("Compute (teraflops-s/days)", 0) * FLOP_PER_TERAFLOP_S_DAY,
        paper_url=address,
        reduction_factor=factor,
        reduction_factor_literal=None if factor is None else literal,
    )


def _published_on(record: Record, address: str | None) -> date | None:
    """The printed day; None where it is none, or lies before the month that the paper's own arXiv id tells."""
    column = "Publication Date"
    literal = record.raw(column)
    try:
        published_on = day(literal, "%m/%d/%Y")
    except CellError as error:
        record.reject_cell(column, literal, error.rule, error.reason)
        return None
    paper = _ARXIV.search(address or "")
    if paper and (published_on.year, published_on.month) < (2000 + int(paper[1]), int(paper[2])):
        reason = f"the paper at {address} is of 20{paper[1]}-{paper[2]}, and none is published before it is there"
        record.reject_cell(column, literal, "before_the_paper", reason)
        return None
    return published_on
