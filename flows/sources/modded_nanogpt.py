"""The NanoGPT speedrun: a table of records for each track, and in the prose above it the loss and the processors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from flows.readers.page_tables import check_declared, check_header, fields, markdown_tables
from flows.readers.record import RAGGED, CellError, PageError, Record, Rejected, day, duration_s
from flows.readers.row_types import Row, SpeedrunRecord
from flows.sources import Page

_TRACK = "(track)"


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per row of the tables of tracks. Raises `PageError`: the prose no longer says what the TOML has from it."""
    text, lookups = path.read_text(encoding="utf-8"), page.lookups
    prose = " ".join(re.sub(r"[*>]", " ", text).split())
    tables = [
        (next((heading for heading in table.headings if heading in lookups["tracks"]), None), table)
        for table in markdown_tables(text)
    ]
    check_declared((table for heading, table in tables if heading is None), "lookups.tracks")
    if not tables:
        raise PageError("no table of records in the page")
    for heading, table in tables:
        said = lookups["tracks"][heading]["said"]
        if not any(sentence in prose for sentence in said):
            raise PageError(
                f"the page no longer says {said[0]!r}; declare loss and processors of {heading!r} anew in the source's TOML "
                "(lookups.tracks)"
            )
        known = {*lookups["columns"], *lookups["ignore"], *lookups["secret"], "Description"}
        check_header(table, known)
        for row_number, row in enumerate(table.rows, 2):
            at = f"table {table.number} row {row_number}"
            yield Record(at, fields(table, row) | {_TRACK: str(heading)}, frozenset(lookups["secret"]))


def rows(record: Record, page: Page) -> Iterator[Row]:
    """A record of a track, or a record that was timed anew."""
    lookups, track = page.lookups, page.lookups["tracks"][record.raw(_TRACK)]
    description = record.text("Description") or ""
    record.ignore([*lookups["ignore"], *lookups["secret"]])
    if ragged := record.text(RAGGED):
        raise Rejected("ragged_row", f"{ragged}: its figures may stand in the wrong columns", None, ragged)
    number, literal = record.needed_count("#"), record.raw("Record time")
    try:
        wall_time_s = duration_s(literal.strip().removesuffix(lookups["mark"]))
    except CellError as error:
        raise Rejected(error.rule, error.reason, "Record time", literal) from error
    yield SpeedrunRecord(
        track=track["track"],
        number=number,
        target_loss=track["target_loss"],
        wall_time_s=wall_time_s,
        wall_time_literal=literal.strip(),
        processor=lookups["processor"],
        processor_count=lookups["processor_count"],
        is_retimed=re.match(lookups["retimed"], description) is not None,
        set_on=_set_on(record),
    )


def _set_on(record: Record) -> date | None:
    """The day of the record, "05/28/24"; "-" where the page tells none."""
    literal = record.raw("Date")
    if literal.strip() == "-":
        return None
    try:
        return day(literal, "%m/%d/%y")
    except CellError as error:
        record.reject_cell("Date", literal, error.rule, error.reason)
        return None
