"""From a page to typed rows, with every record accounted for: accepted, duplicate or quarantined."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import columns, sources
from flows.readers.bounds import within_bounds
from flows.readers.record import PageError, Record, Rejected
from flows.readers.row_types import (
    ROW_TYPES,
    TYPE_NAMES,
    CloudRegion,
    Compute,
    Duplicate,
    ListedScore,
    Offer,
    Operations,
    PageCount,
    Price,
    PriceIndex,
    RegionCarbon,
    Result,
    Row,
    RunPhase,
    UnboundedScore,
)
from flows.readers.row_types import Rejected as RejectedRow
from flows.sources import Page, Source

if TYPE_CHECKING:
    import pyarrow as pa

# What tells the rows of one record apart, where it may have several of a type; of every other type it has one. Of two rows that
# are not told apart the tables of core could hold only one (tests/pages/test_parse.py holds these against their grains).
TOLD_APART: Mapping[type[Any], tuple[str, ...]] = {
    Result: ("benchmark", "metric"),
    Operations: ("convention",),
    RunPhase: ("benchmark", "phase", "processor_kind", "processor", "precision"),
    Compute: ("compute_measure",),
    Price: ("processor", "kind", "commitment"),
    ListedScore: ("benchmark", "metric"),
    UnboundedScore: ("benchmark", "metric", "split"),
    Offer: ("processor", "kind", "commitment"),
}
# What a page says once: a second record of the same region or month contradicts the first.
ONCE_A_PAGE: Mapping[type[Any], tuple[str, ...]] = {
    CloudRegion: ("provider", "region"),
    PriceIndex: ("series", "month"),
    RegionCarbon: ("provider", "region", "year"),
}

# The longest messages of a real page name some ten columns; a spoilt page may have a million of them.
_MESSAGE_HEAD, _MESSAGE_TAIL = 1200, 400


@dataclass
class Gathered:
    """The rows of pages, {row type: [(source, page, locator, row)]}, or the same as tables, where nobody needs them one by one.

    `again`: {row type: what reads its table} of those that are too large to be held.
    """

    rows: dict[str, list[tuple[str, str, str, Any]]] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    again: dict[str, Callable[[], pa.Table]] = field(default_factory=dict)

    def add(self, row_type: str, page: Page, locator: str, row: object) -> None:
        """Add one row under its address."""
        self.rows.setdefault(row_type, []).append((page.source, page.name, locator, row))

    def table(self, row_type: str) -> pa.Table:
        """All rows of a type with their addresses."""
        if row_type in self.tables:
            return self.tables[row_type]
        if row_type in self.again:
            return self.again[row_type]()
        rows = self.rows.get(row_type, [])
        addresses = [(source, page, locator) for source, page, locator, _ in rows]
        return columns.table(ROW_TYPES[row_type], [row for *_, row in rows], addresses)

    def read_count(self) -> int:
        """Records read in all pages."""
        if self.tables:
            return sum(self.table("page_count")["rows_read"].to_pylist())
        return sum(row.rows_read for *_, row in self.rows.get("page_count", []))


@dataclass
class _Seen:
    """What the records of a page have given so far."""

    locators: set[str] = field(default_factory=set)
    # {rows of a record: where it stands}
    records: dict[tuple[Row, ...], str] = field(default_factory=dict)
    # {what a page says once: where it stands}
    once: dict[tuple[object, ...], str] = field(default_factory=dict)


def parse_page(path: Path, source: Source, page: Page, sha256: str) -> Gathered:
    """All rows of one page, with its rejected and duplicate records and the number of records read.

    Raises:
        PageError: the page is not what its source's TOML says (an undeclared or missing column, no table, broken CSV,
            too few records), or its parser fails on it in a way that nobody foresaw, of which the message has the name;
            it names source, page and file, and the record where one is at fault.
        MemoryError: there is not enough memory for it.
    """
    parser, gathered, seen = sources.parser(source), Gathered(), _Seen()
    try:
        for record in _records(parser, path, page, seen):
            _take(record, parser, page, gathered, seen)
    except MemoryError:
        # Of the process, which is not to go on as if it were the page's fault alone (flows/pages/limited.py).
        raise
    except Exception as error:
        # Whatever a page of the web makes a parser do is a fault of that page: the other sources go on without it.
        raise PageError(f"{source.key}, page {page.name} ({path}): {told(error)}") from error
    gathered.add("page_count", page, "", PageCount(sha256, len(seen.locators)))
    return gathered


def told(error: Exception) -> str:
    """An error in one printable line that is not too long, with its name where it was not foreseen."""
    text = str(error) if isinstance(error, PageError | UnicodeDecodeError) else f"{type(error).__name__}: {error}"
    line = "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in " ".join(text.split())
    )
    if len(line) <= _MESSAGE_HEAD + _MESSAGE_TAIL:
        return line
    return f"{line[:_MESSAGE_HEAD]} … {line[-_MESSAGE_TAIL:]}"


def _records(parser: sources.Parser, path: Path, page: Page, seen: _Seen) -> Iterator[Record]:
    """Each record of the page, of which there is at least one; no two stand at one place."""
    for record in parser.read(path, page):
        record.locator = _encodable(record.locator)
        if record.locator in seen.locators:
            raise PageError(f"{record.locator}: two records of the page stand there")
        seen.locators.add(record.locator)
        yield record
    if not seen.locators:
        raise PageError("no record in the page")


def _take(record: Record, parser: sources.Parser, page: Page, gathered: Gathered, seen: _Seen) -> None:
    """Put one record where it belongs; a record that gives no row and no reason is a fault of the parser."""
    try:
        rows = _told_apart(tuple(within_bounds(parser.rows(record, page), record)), record)
        record.exhausted()
        _require_once(rows, seen)
    except Rejected as outcome:
        gathered.add("quarantine", page, record.locator, _rejected(outcome, _encodable(record.literal)))
        return
    except MemoryError:
        raise
    except Exception as error:
        raise PageError(f"{record.locator}: {told(error)}") from error
    if not rows:
        raise PageError(f"{record.locator}: the parser gave neither a row nor a reason for {record.literal}")
    if rows in seen.records:
        gathered.add("duplicate", page, record.locator, Duplicate(seen.records[rows], _encodable(record.literal)))
        return
    seen.records[rows] = record.locator
    seen.once |= dict.fromkeys(_said_once(rows), record.locator)
    for column, literal, rule, reason in record.rejected_cells:
        gathered.add("rejected_cell", page, record.locator, _rejected(Rejected(rule, reason, column, literal)))
    for row in rows:
        gathered.add(TYPE_NAMES[type(row)], page, record.locator, row)


def _rejected(outcome: Rejected, record: str | None = None) -> RejectedRow:
    column = None if outcome.column is None else _encodable(outcome.column)
    return RejectedRow(column, _encodable(outcome.literal or ""), outcome.rule, _encodable(outcome.reason), record)


def _told_apart(rows: tuple[Row, ...], record: Record) -> tuple[Row, ...]:
    """The rows without those that say another thing of what an earlier one is of; each of these is a rejected cell."""
    first: dict[tuple[object, ...], Row] = {}
    for row in rows:
        names = TOLD_APART.get(type(row), ())
        key = (type(row), *(getattr(row, name) for name in names))
        if first.setdefault(key, row) is not row:
            of = " ".join(str(part) for part in key[1:] if part is not None)
            kind, literal = TYPE_NAMES[type(row)], ", ".join(map(str, dataclasses.astuple(row)))
            record.reject_cell(kind, literal, "stands_twice", f"the record has another {kind} {of}".rstrip())
    return tuple(first.values())


def _said_once(rows: tuple[Row, ...]) -> list[tuple[object, ...]]:
    return [
        (type(row), *(getattr(row, name) for name in ONCE_A_PAGE[type(row)]))
        for row in rows
        if type(row) in ONCE_A_PAGE
    ]


def _require_once(rows: tuple[Row, ...], seen: _Seen) -> None:
    """Raise `Rejected` where an earlier record says another thing of the same; the same thing again is a duplicate."""
    for key in _said_once(rows):
        if key in seen.once and rows not in seen.records:
            what = " ".join(map(str, key[1:]))
            raise Rejected("contradicts", f"{seen.once[key]} says another thing of {what}", None, what)


def _encodable(text: str) -> str:
    """The text with half surrogate pairs, which are no characters, written as a page of JSON writes them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
