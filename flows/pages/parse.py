"""From a page to typed rows, with every record accounted for: accepted, duplicate or quarantined."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import columns, sources
from flows.readers.bounds import within_bounds
from flows.readers.record import PageError, Record, Rejected
from flows.readers.row_types import ROW_TYPES, TYPE_NAMES, Duplicate, PageCount, Row
from flows.readers.row_types import Rejected as RejectedRow
from flows.sources import Page, Source

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Gathered:
    """The rows of pages, {row type: [(source, page, locator, row)]}, or the same as tables, where nobody needs them one by one."""

    rows: dict[str, list[tuple[str, str, str, Any]]] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)

    def add(self, row_type: str, page: Page, locator: str, row: object) -> None:
        """Add one row under its address."""
        self.rows.setdefault(row_type, []).append((page.source, page.name, locator, row))

    def table(self, row_type: str) -> pa.Table:
        """All rows of a type with their addresses."""
        if row_type in self.tables:
            return self.tables[row_type]
        rows = self.rows.get(row_type, [])
        addresses = [(source, page, locator) for source, page, locator, _ in rows]
        return columns.table(ROW_TYPES[row_type], [row for *_, row in rows], addresses)

    def read_count(self) -> int:
        """Records read in all pages."""
        if "page_count" in self.tables:
            return sum(self.tables["page_count"]["rows_read"].to_pylist())
        return sum(row.rows_read for *_, row in self.rows.get("page_count", []))


def parse_page(path: Path, source: Source, page: Page, sha256: str) -> Gathered:
    """All rows of one page, with its rejected and duplicate records and the number of records read.

    Raises:
        PageError: the page is not what its source's TOML says (an undeclared or missing column, no table, broken CSV,
            too few records); the message names source, page and file.
    """
    parser, gathered, count = sources.parser(source), Gathered(), 0
    seen: dict[tuple[Row, ...], str] = {}
    try:
        for record in parser.read(path, page):
            count += 1
            _take(record, parser, page, gathered, seen)
        if count == 0:
            raise PageError("no record in the page")
    except (PageError, UnicodeDecodeError) as error:
        raise PageError(f"{source.key}, page {page.name} ({path}): {error}") from error
    gathered.add("page_count", page, "", PageCount(sha256, count))
    return gathered


def _take(
    record: Record, parser: sources.Parser, page: Page, gathered: Gathered, seen: dict[tuple[Row, ...], str]
) -> None:
    """Put one record where it belongs; a record that gives no row and no reason is a fault of the parser."""
    try:
        rows = tuple(within_bounds(parser.rows(record, page), record))
        record.exhausted()
    except Rejected as outcome:
        rejected = RejectedRow(outcome.column, outcome.literal, outcome.rule, outcome.reason, record.literal)
        gathered.add("quarantine", page, record.locator, rejected)
        return
    except PageError as error:
        raise PageError(f"{record.locator}: {error}") from error
    if not rows:
        raise PageError(f"{record.locator}: the parser gave neither a row nor a reason for {record.literal}")
    if rows in seen:
        gathered.add("duplicate", page, record.locator, Duplicate(seen[rows], record.literal))
        return
    seen[rows] = record.locator
    for column, literal, rule, reason in record.rejected_cells:
        gathered.add("rejected_cell", page, record.locator, RejectedRow(column, literal, rule, reason))
    for row in rows:
        gathered.add(TYPE_NAMES[type(row)], page, record.locator, row)
