"""Columns of anybody's CSV file as they are printed: what parts its cells, and which line each record stands in."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.answers.queries import QueryError

# What a spreadsheet writes between cells; of those under which a header has the columns, the first.
DELIMITERS = (",", ";", "\t")
_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t"}
# The marks of files that are not plain UTF-8; that of UTF-32 begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class Columns:
    """The wanted columns of a file: {column: cells}, each n texts, and where each of the n records stands."""

    delimiter: str
    place: list[str]
    cells: dict[str, list[str]]


def read(path: Path, wanted: Sequence[str], delimiter: str | None = None) -> Columns:
    """The wanted columns of every record, blank lines left out; UTF-8, or UTF-16 and UTF-32 with their mark.

    `delimiter` is a character or its name (comma, semicolon, tab). Without it, it is the first of comma, semicolon and tab
    under which the header has all of the columns.

    Raises:
        QueryError: there is no such file, it is no text or no CSV, or a column is missing or stands twice.
    """
    text = _text(path)
    parted_by = _delimiter(path, text, wanted) if delimiter is None else _character(delimiter)
    place: list[str] = []
    cells: dict[str, list[str]] = {column: [] for column in wanted}
    try:
        rows = _rows(text, parted_by)
        header = [name.strip() for name in next(rows, (1, []))[1]]
        at = {column: _position(path, header, column) for column in wanted}
        for record, (line, row) in enumerate(rows, 1):
            place.append(f"record {record} (line {line})")
            if len(row) != len(header):
                raise QueryError(f"{path}, {place[-1]}: the number of cells is {len(row)}, in the header {len(header)}")
            for column, position in at.items():
                cells[column].append(row[position])
    except csv.Error as error:
        raise QueryError(f"{path}: not a CSV file: {error}") from error
    return Columns(parted_by, place, cells)


def _text(path: Path) -> str:
    if not path.is_file():
        raise QueryError(f"{path}: no such file")
    body = path.read_bytes()
    encoding = next((name for mark, name in _MARKS.items() if body.startswith(mark)), "utf-8-sig")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        name = encoding.removesuffix("-sig").upper()
        raise QueryError(f"{path}, line {line}: not {name}; save the file as UTF-8") from error
    if "\0" in text:
        raise QueryError(f"{path}: not UTF-8 (UTF-16 without its mark?); save the file as UTF-8")
    return text


def _character(delimiter: str) -> str:
    character = _NAMES.get(delimiter, delimiter)
    if len(character) != 1 or character in '"\r\n':
        raise QueryError(f"--delimiter {delimiter!r}: one character is needed, or comma, semicolon or tab")
    return character


def _delimiter(path: Path, text: str, wanted: Sequence[str]) -> str:
    headers: dict[str, list[str]] = {}
    for delimiter in DELIMITERS:
        try:
            headers[delimiter] = [name.strip() for name in next(_rows(text, delimiter), (1, []))[1]]
        except csv.Error as error:
            raise QueryError(f"{path}: not a CSV file: {error}") from error
        if set(wanted) <= set(headers[delimiter]):
            return delimiter
    return max(headers, key=lambda one: len(headers[one]))


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the line that it begins in."""
    reader, line = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter), 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def _position(path: Path, header: list[str], column: str) -> int:
    if column not in header:
        raise QueryError(f"{path}: no column {column!r}; there are: {', '.join(map(repr, header))}")
    if header.count(column) > 1:
        raise QueryError(f"{path}: column {column!r} stands twice in the header")
    return header.index(column)
