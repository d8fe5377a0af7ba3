"""Records of tables that are no CSV: cells apart by blanks (`.dat`), and cells apart by a delimiter in an older encoding."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from flows.readers.record import RAGGED, PageError, Record, mapping, renamed, strings


def blank_separated_records(path: Path, columns: tuple[str, ...]) -> Iterator[Record]:
    """Every record of a table without a header, its cells apart by blanks; what follows a `#` is a comment.

    Args:
        path: the page, UTF-8.
        columns: names of the columns, in order.

    Raises:
        PageError: a line has more or fewer cells than there are columns.
    """
    for row, line in enumerate(path.read_bytes().decode("utf-8-sig").splitlines(), 1):
        cells = line.partition("#")[0].split()
        if not cells:
            continue
        if len(cells) > len(columns):
            raise PageError(
                f"row {row} has {len(cells)} cells, of which {' '.join(cells[len(columns) :])!r} are under an undeclared "
                "column; declare it in the source's TOML, under lookups.columns"
            )
        if len(cells) < len(columns):
            raise PageError(f"row {row} has {len(cells)} cells, the table {len(columns)} columns")
        yield Record(f"row {row}", dict(zip(columns, cells, strict=True)))


def delimited_records(path: Path, lookups: Mapping[str, object]) -> Iterator[Record]:
    """Every record of a table with a header, one a line; the header is row 1.

    Lookups used: `encoding`, `delimiter`, `aliases` {old column: new}, `ignore` [columns not needed], `optional` [columns that
    other pages have]. A record whose cells are more or fewer than the columns has a text in the field `RAGGED`, for the parser
    to raise `Rejected`; in all others it is blank.

    Raises:
        PageError: a column that is read stands twice in the header, or the page has no header.
    """
    lines = _lines(path.read_bytes().decode(str(lookups["encoding"])), str(lookups["delimiter"]))
    header = renamed(next(lines, []), mapping(lookups, "aliases"), strings(lookups, "ignore"))
    if not header:
        raise PageError("the page has no header")
    optional = dict.fromkeys(strings(lookups, "optional"), "")
    for row, cells in enumerate(lines, 2):
        if not any(cell.strip() for cell in cells):
            continue
        fields = optional | dict(zip(header, [*cells, *[""] * (len(header) - len(cells))], strict=False))
        fields[RAGGED] = f"{len(cells)} cells under {len(header)} columns" if len(cells) != len(header) else ""
        record = Record(f"row {row}", fields)
        record.ignore(strings(lookups, "ignore"))
        yield record


def _lines(text: str, delimiter: str) -> Iterator[list[str]]:
    """The cells of each line. Not strict, and one by one: a quote that is not closed spoils its own line, and none below it."""
    # Not splitlines(), which takes letters of other encodings for ends of lines.
    for row, line in enumerate(text.split("\n"), 1):
        try:
            yield next(csv.reader([line.rstrip("\r")], delimiter=delimiter), [])
        except csv.Error as error:
            raise PageError(f"row {row} cannot be read: {error}") from error
