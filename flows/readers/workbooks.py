"""Records of a sheet of a workbook (`.xlsx`)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from flows.readers.record import PageError, Record, mapping, renamed, strings


def workbook_records(path: Path, lookups: Mapping[str, object]) -> Iterator[Record]:
    """Every record of one sheet, blank rows left out; the header is row 1. A number becomes the shortest text that is it.

    Lookups used: `sheet` (its name), `aliases` {old column: new}, `ignore` [columns not needed], `optional` [columns that other
    pages have].

    Raises:
        PageError: it is no workbook, has no such sheet, or a row has cells beyond the header.
    """
    rows = _rows(path, str(lookups["sheet"]))
    unread = strings(lookups, "ignore")
    named = [_text(value) for value in next(rows, ())]
    # Each row has as many cells as the widest.
    while named and not named[-1].strip():
        named.pop()
    header = renamed(named, mapping(lookups, "aliases"), unread)
    optional = dict.fromkeys(strings(lookups, "optional"), "")
    for row, values in enumerate(rows, 2):
        cells = [_text(value) for value in values]
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(header) :]):
            raise PageError(f"row {row} has cells beyond the {len(header)} columns of the header")
        cells += [""] * (len(header) - len(cells))
        record = Record(f"row {row}", optional | dict(zip(header, cells, strict=False)))
        record.ignore(unread)
        yield record


def _rows(path: Path, sheet: str) -> Iterator[tuple[Any, ...]]:
    # Its import takes half as long as that of all that a parser loads otherwise.
    import openpyxl

    try:
        # By its bytes: kept pages are not named as workbooks are, and openpyxl goes by the name.
        book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError) as error:
        raise PageError(f"not a workbook: {error}") from error
    if sheet not in book.sheetnames:
        raise PageError(
            f"there is no sheet {sheet!r} (there are: {', '.join(map(repr, book.sheetnames))}); if it was renamed, change "
            "lookups.sheet in the source's TOML"
        )
    return iter(book[sheet].iter_rows(values_only=True))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
