"""Facts that ship: the rows that the project's own parsers took from a page, as `data/raw/<source>/<row_type>.facts.csv`.

A fact file has the SHA-256 of the page and the locator on each row, and everything that the parse of the page gave: the
records that were rejected and the number of records read, too. So a build from facts equals one from the pages.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import typing
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from flows.columns import columns, schema
from flows.errors import UserError
from flows.pages.parse import Gathered
from flows.readers.row_types import ROW_TYPES
from flows.sources import Page
from flows.warehouse import keys
from flows.warehouse.kept import runs

_ADDRESS = ["sha256", "page", "locator"]
_SUFFIX = ".facts.csv"


class FactsError(UserError, ValueError):
    """A facts file cannot be read; the message names file, row, column and literal."""


def _readers(row_type: type[Any]) -> list[tuple[str, Callable[[str], Any], bool]]:
    """[(column, text -> value, may be null)] of a row type, in order."""
    hints = typing.get_type_hints(row_type)
    convert: dict[type, Callable[[str], Any]] = {
        str: str,
        float: float,
        int: int,
        bool: _truth,
        date: date.fromisoformat,
    }
    return [
        (name, convert[kind], type(None) in typing.get_args(hints[name]))
        for name, (kind, _) in columns(row_type).items()
    ]


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("neither true nor false")
    return text == "true"


def read(folder: Path, page: Page, sha256: str) -> Gathered | None:
    """The facts of one version of a page in a source's folder, or None if the folder has none of that version.

    Raises:
        FactsError: a row has a column too many or too few, or a literal that its column cannot hold.
    """
    gathered, files = Gathered(), {}
    if folder.is_dir():
        with os.scandir(folder) as entries:  # one look at the folder, for a source may have a hundred pages
            files = {entry.name: entry for entry in entries if entry.name.endswith(_SUFFIX)}
    for row_type in ROW_TYPES:
        if (entry := files.get(row_type + _SUFFIX)) is not None:
            stat = entry.stat()
            parsed = _parsed(entry.path, row_type, (stat.st_mtime_ns, stat.st_size))
            for locator, row in parsed.get((page.name, sha256), ()):
                gathered.add(row_type, page, locator, row)
    return gathered if "page_count" in gathered.rows else None


def as_tables(folder: Path, page: Page, sha256: str) -> Gathered | None:
    """The same as `read`, as tables: a tenth of its time and memory. What Arrow cannot read is left to `read` and its messages.

    Raises:
        FactsError: as `read`.
    """
    tables: dict[str, pa.Table] = {}
    for row_type in ROW_TYPES:
        path = folder / (row_type + _SUFFIX)
        stat = path.stat() if path.is_file() else None
        if stat is None:
            continue
        try:
            rows, pages = _table(str(path), row_type, (stat.st_mtime_ns, stat.st_size))
        except (ValueError, pa.ArrowKeyError):  # ArrowInvalid is a ValueError
            return read(folder, page, sha256)
        start, count = pages.get((page.name, sha256), (0, 0))
        if count:
            tables[row_type] = _addressed(rows.slice(start, count), page, row_type)
    if "page_count" not in tables:
        return None
    empty = {row_type: _empty(row_type) for row_type in ROW_TYPES}
    return Gathered(tables=empty | tables)


@cache
def _empty(row_type: str) -> pa.Table:
    return schema(ROW_TYPES[row_type], addressed=True).empty_table()


def _addressed(rows: pa.Table, page: Page, row_type: str) -> pa.Table:
    """Rows of a facts file under the address that staging has: source, page and locator."""
    source = pa.array([page.source] * len(rows), pa.string())
    _, *own = rows.columns  # without the SHA-256
    return pa.table([source, *own], schema=schema(ROW_TYPES[row_type], addressed=True))


@cache
def _table(
    path: str,
    row_type: str,
    version: tuple[int, int],  # noqa: ARG001  (a changed file is read anew)
) -> tuple[pa.Table, dict[tuple[object, ...], tuple[int, int]]]:
    """A whole file, and where in it the rows of each page and version stand. Raises an error of Arrow's for a bad file."""
    readers, wanted = _readers(ROW_TYPES[row_type]), schema(ROW_TYPES[row_type])
    # Not by the names of the header: a row type may have a column that is named as one of the address.
    types = {f"address {name}": pa.string() for name in _ADDRESS} | dict(zip(wanted.names, wanted.types, strict=True))
    _require_header(path, [*_ADDRESS, *wanted.names])
    rows = arrow_csv.read_csv(
        path,
        read_options=arrow_csv.ReadOptions(column_names=list(types), skip_rows=1),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
        ),
    )
    for at, (name, _, optional) in enumerate(readers, len(_ADDRESS)):
        if optional or not rows[name].null_count:
            continue
        if types[name] != pa.string():
            raise pa.ArrowInvalid(f"{name} is blank")
        # A text that must be there may be blank.
        rows = rows.set_column(at, name, pc.fill_null(rows[name], ""))
    sha256, page, locator = list(types)[: len(_ADDRESS)]
    rows = rows.set_column(2, locator, pc.fill_null(rows[locator], ""))
    return rows, runs(rows, (page, sha256))


def _require_header(path: str, wanted: list[str]) -> None:
    with Path(path).open(encoding="utf-8", newline="") as handle:
        header = handle.readline().rstrip("\n").split(",")
    if header != wanted:
        raise pa.ArrowInvalid(f"the columns are {header}")


def digest(folder: Path) -> str:
    """Digest of all facts in a source's folder."""
    return _digest(folder, _stats(folder))


def _stats(folder: Path) -> tuple[tuple[str, int, int], ...]:
    return tuple(
        (str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(folder.glob(f"*{_SUFFIX}"))
    )


def hashes(folder: Path, versions: Iterable[str]) -> Mapping[str, str]:
    """{SHA-256 of a page: SHA-256 of all facts in a source's folder that were taken from it} of those that it has any of.

    Of the bytes of their lines, by file: a digit, a row more or less, or another order makes another. A line that names
    none of the versions counts to the one before it, so that no row goes unseen.
    """
    return _hashes(_stats(folder), frozenset(versions))


@cache
def _hashes(files: tuple[tuple[str, int, int], ...], versions: frozenset[str]) -> Mapping[str, str]:
    known, whole = {version.encode() for version in versions}, dict[bytes, Any]()
    for path, *_ in files:
        current, name = b"", Path(path).name.encode()
        blocks: dict[bytes, list[bytes]] = {}
        for line in Path(path).read_bytes().removesuffix(b"\n").split(b"\n")[1:]:
            named = line[1:65] if line[:1] == b'"' else line[:64]
            current = named if named in known else current
            blocks.setdefault(current, []).append(line)
        for version, lines in blocks.items():
            whole.setdefault(version, hashlib.sha256()).update(b"\n".join([name, *lines, b""]))
    return {version.decode(): found.hexdigest() for version, found in whole.items() if version}


@cache
def _digest(folder: Path, files: tuple[tuple[str, int, int], ...]) -> str:
    """Of the bytes; the times only tell a process that goes on that a file has changed since it last looked."""
    return keys.files(folder, [Path(path) for path, *_ in files])


@cache
def _parsed(
    path: str,
    row_type: str,
    version: tuple[int, int],  # noqa: ARG001  (a changed file is read anew)
) -> dict[tuple[str, str], list[tuple[str, Any]]]:
    """{(page, sha256): [(locator, row)]} of a whole file."""
    readers, kind = _readers(ROW_TYPES[row_type]), ROW_TYPES[row_type]
    by_page: dict[tuple[str, str], list[tuple[str, Any]]] = {}
    # Read whole: a byte that is not UTF-8 and a quote that is not closed are faults of the file, not of a row.
    try:
        lines = list(csv.reader(io.StringIO(Path(path).read_bytes().decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FactsError(f"{path}: not a CSV file in UTF-8: {error}; run `compute-limits bundle` again") from error
    header, wanted = (lines or [[]])[0], [*_ADDRESS, *(name for name, *_ in readers)]
    if header != wanted:
        raise FactsError(f"{path}: the columns are {header}, not {wanted}; run `compute-limits bundle` again")
    for number, cells in enumerate(lines[1:], 2):
        values = _values(path, number, readers, cells)
        by_page.setdefault((cells[1], cells[0]), []).append((cells[2], kind(*values)))
    return by_page


def _values(
    path: str, number: int, readers: list[tuple[str, Callable[[str], Any], bool]], cells: list[str]
) -> list[Any]:
    if len(cells) != len(_ADDRESS) + len(readers):
        raise FactsError(f"{path}, row {number}: {len(cells)} cells, not {len(_ADDRESS) + len(readers)}")
    values = []
    for (name, convert, optional), literal in zip(readers, cells[len(_ADDRESS) :], strict=True):
        try:
            values.append(None if optional and literal == "" else convert(literal))
        except ValueError as error:
            raise FactsError(f"{path}, row {number}, column {name}: {literal!r} ({error})") from error
    return values


def write(folder: Path, pages: Iterable[tuple[str, Gathered]]) -> list[Path]:
    """Write the facts of the pages, [(SHA-256, rows)], in place of what the folder has; returns the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"*{_SUFFIX}"):
        old.unlink()
    listed, written = list(pages), []
    for row_type, kind in ROW_TYPES.items():
        kinds = [of for of, _ in columns(kind).values()]
        rows = [
            [sha256, page, locator, *map(_text, row, kinds)]
            for sha256, gathered in listed
            for _, page, locator, *row in _lines(gathered.table(row_type))
        ]
        if rows:
            path = folder / f"{row_type}{_SUFFIX}"
            with path.open("w", newline="", encoding="utf-8") as handle:
                out = csv.writer(handle, lineterminator="\n")
                out.writerow([*_ADDRESS, *columns(kind)])
                # The csv module leaves a lone carriage return unquoted and then cannot read it.
                quoted = csv.writer(handle, lineterminator="\n", quoting=csv.QUOTE_ALL)
                for row in rows:
                    (quoted if any("\r" in cell for cell in row) else out).writerow(row)
            written.append(path)
    return written


def _lines(table: pa.Table) -> Iterable[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _text(value: Any, kind: type) -> str:
    """What `_readers` turn back to the same value: repr of a float is exact, and a whole number may stand for one."""
    if value is None:
        return ""
    if kind is bool:
        return str(value).lower()
    return repr(float(value)) if kind is float else str(value)
