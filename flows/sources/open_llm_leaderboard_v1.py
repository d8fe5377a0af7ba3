"""Leaderboards that are a sheet: a model a row, a column of scores for each benchmark, in percent or as shares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.readers.record import RAGGED, Record, Rejected, csv_records
from flows.readers.row_types import ListedScore, Row
from flows.sources import Page


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per row, of which a model may have several."""
    return csv_records(path, page.lookups)


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A score for each column that has one."""
    column = page.lookups["model"]
    if page.lookups.get("ragged") and (ragged := record.text(RAGGED)):
        raise Rejected("ragged_row", f"{ragged}: its scores may stand in the wrong columns", None, ragged)
    name = record.name(column)
    read_score = record.percent if page.lookups.get("fractions") else record.number
    scores = {column: read_score(column) for column in page.lookups["scores"]}
    flag = page.lookups.get("flagged")
    flagged = record.raw(flag).strip() if flag else "False"
    if name is None:
        raise Rejected("no_model", "the row names no model", column)
    if flagged not in ("True", "False"):
        raise Rejected("unknown_word", f"{flagged!r} is neither True nor False", flag, flagged)
    if flagged == "True":
        raise Rejected("withdrawn", "the leaderboard flagged the model and withdrew it", flag, flagged)
    withdrawn = page.lookups.get("withdrawn")
    if withdrawn is not None and withdrawn in name:
        raise Rejected("withdrawn", "the leaderboard flagged the model and withdrew it", column, name)
    if all(score is None for score in scores.values()):
        raise Rejected("no_score", "the row has no score", column, name)
    for column, told in page.lookups["scores"].items():
        score = scores[column]
        if score is not None:
            yield ListedScore(name, told["benchmark"], told["metric"], score, told.get("shots"))
