"""Facts that ship: the rows that the project's own parsers took from a page, as `data/raw/<source>/<row_type>.facts.csv`.

A fact file has the SHA-256 of the page and the locator on each row, and everything that the parse of the page gave: the
records that were rejected and the number of records read, too. So a build from facts equals one from the pages.

The SHA-256 is written by its first digits, as many as tell the versions in the lock beside it apart and eight at least: whole it
took a third of the bytes. Facts of 0.3 and before have all 64, and are read as they are. Scores of sheets are written a record a
line (flows/pages/wide.py), and read with a score a line too.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import os
import typing
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from flows.columns import columns, schema
from flows.errors import UserError
from flows.pages import snapshots, wide
from flows.pages.parse import Gathered
from flows.readers.row_types import ROW_TYPES
from flows.sources import Page
from flows.warehouse import keys
from flows.warehouse.kept import runs

_ADDRESS = ["sha256", "page", "locator"]
_SUFFIX = ".facts.csv"
# Digits of a whole SHA-256, and the fewest that a version is named by: among some hundred of them no two begin with the same eight.
_WHOLE, _DIGITS_MIN = 64, 8
# Bytes of a file from which on it is read page by page, for whole it would take some four times as much memory.
LARGE = 64 * 10**6
# Lines that are looked at together.
_LINES = 1000


class FactsError(UserError, ValueError):
    """A facts file cannot be read; the message names file, row, column and literal."""


_Reader = tuple[str, Callable[[str], Any], bool]


def _readers(row_type: type[Any]) -> list[_Reader]:
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
        FactsError: a row has a column too many or too few, a literal that its column cannot hold, or first digits that name no
            version in the lock, or more than one.
        LockError: the lock cannot be read.
    """
    gathered, versions = Gathered(), _locked(folder)
    for row_type, path, stat in _files(folder):
        for locator, row in _parsed(path, row_type, stat, versions).get((page.name, sha256), ()):
            gathered.add(row_type, page, locator, row)
    return gathered if "page_count" in gathered.rows else None


def as_tables(folder: Path, page: Page, sha256: str) -> Gathered | None:
    """The same as `read`, as tables: a tenth of its time and memory. What Arrow cannot read is left to `read` and its messages.

    Rows of a large file are read whenever they are asked for, and never held.

    Raises:
        FactsError, LockError: as `read`.
    """
    tables, again, versions = dict[str, pa.Table](), dict[str, Callable[[], pa.Table]](), _locked(folder)
    for row_type, path, stat in _files(folder):
        is_large = stat[1] > LARGE
        try:
            rows = (
                _of_large(path, row_type, page, sha256)
                if is_large
                else _of_page(path, row_type, stat, versions, page, sha256)
            )
        except (ValueError, pa.ArrowKeyError):  # ArrowInvalid is a ValueError
            return read(folder, page, sha256)
        if rows is None:
            continue
        if is_large:
            again[row_type] = partial(_again, path, row_type, page, sha256)
        else:
            tables[row_type] = rows
    if "page_count" not in tables and "page_count" not in again:
        return None
    empty = {row_type: _empty(row_type) for row_type in ROW_TYPES if row_type not in again}
    return Gathered(tables=empty | tables, again=again)


def _files(folder: Path) -> list[tuple[str, str, tuple[int, int]]]:
    """[(row type, path, (time of change, size))] of the facts in a folder, in the order of the row types."""
    files = _facts_in(folder)
    return [(row_type, *files[row_type]) for row_type in ROW_TYPES if row_type in files]


@cache
def _empty(row_type: str) -> pa.Table:
    return schema(ROW_TYPES[row_type], addressed=True).empty_table()


def _addressed(rows: pa.Table, page: Page, row_type: str) -> pa.Table:
    """Rows of a facts file under the address that staging has: source, page and locator."""
    source = pa.array([page.source] * len(rows), pa.string())
    _, *own = rows.columns  # without the SHA-256
    return pa.table([source, *own], schema=schema(ROW_TYPES[row_type], addressed=True))


def _of_page(
    path: str, row_type: str, stat: tuple[int, int], versions: tuple[str, ...], page: Page, sha256: str
) -> pa.Table | None:
    """The rows of a version of a page, None where there are none. Raises an error of Arrow's for a bad file."""
    rows, places = _table(path, row_type, stat, versions)
    start, count = places.get((page.name, sha256), (0, 0))
    return _addressed(rows.slice(start, count), page, row_type) if count else None


def _of_large(path: str, row_type: str, page: Page, sha256: str) -> pa.Table | None:
    """The same of the lines of that version alone, which stand together."""
    folder = Path(path).parent
    versions = _locked(folder)
    places = _looked_through(_stats(folder), frozenset(versions))[1]
    if (sha256, path) not in places:
        return None
    ((start, end),) = places[sha256, path]  # a ValueError where they do not stand together
    with Path(path).open("rb") as handle:
        handle.seek(start)
        rows, pages = _parts(pa.BufferReader(handle.read(end - start)), path, row_type, versions, skipped=0)
    start, count = pages.get((page.name, sha256), (0, 0))
    return _addressed(rows.slice(start, count), page, row_type) if count else None


def _again(path: str, row_type: str, page: Page, sha256: str) -> pa.Table:
    """Rows that were read once. Raises `FactsError` where they are away meanwhile."""
    rows = _of_large(path, row_type, page, sha256)
    if rows is None:
        raise FactsError(f"{path}: the rows of page {page.name} are away since they were read first; build again")
    return rows


@cache
def _table(
    path: str,
    row_type: str,
    version: tuple[int, int],  # noqa: ARG001  (a changed file is read anew)
    versions: tuple[str, ...],
) -> tuple[pa.Table, dict[tuple[object, ...], tuple[int, int]]]:
    """A whole file, as `_parts`."""
    return _parts(path, path, row_type, versions, skipped=1)


def _parts(
    lines: str | pa.NativeFile, path: str, row_type: str, versions: tuple[str, ...], *, skipped: int
) -> tuple[pa.Table, dict[tuple[object, ...], tuple[int, int]]]:
    """The `lines` of a file, and where in them the rows of each page and version stand. Raises an error of Arrow's for bad ones."""
    readers, wanted = _readers(ROW_TYPES[row_type]), schema(ROW_TYPES[row_type])
    # Not by the names of the header: a row type may have a column that is named as one of the address.
    address = [f"address {name}" for name in _ADDRESS]
    form, heads = _form(row_type, _header(path))
    own = dict(zip(wanted.names, wanted.types, strict=True))
    if form is not None:
        own = {name: own[name] for name in form.record} | {f"score {head}": own[form.cell] for head in heads}
    types = dict.fromkeys(address, pa.string()) | own
    rows = arrow_csv.read_csv(
        lines,
        read_options=arrow_csv.ReadOptions(column_names=list(types), skip_rows=skipped),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
        ),
    )
    if form is not None:
        rows = wide.unfold_table(form, rows, heads, wanted)
    for at, (name, _, optional) in enumerate(readers, len(_ADDRESS)):
        if optional or not rows[name].null_count:
            continue
        if wanted.field(name).type != pa.string():
            raise pa.ArrowInvalid(f"{name} is blank")
        # A text that must be there may be blank.
        rows = rows.set_column(at, name, pc.fill_null(rows[name], ""))
    sha256, page, locator = address
    rows = rows.set_column(2, locator, pc.fill_null(rows[locator], ""))
    places: dict[tuple[object, ...], tuple[int, int]] = {}
    for (of_page, digits), place in runs(rows, (page, sha256)).items():
        (meant,) = _meant(str(digits or ""), versions)  # a ValueError where it is not one
        if (of_page, meant) in places:
            raise ValueError(f"rows of {of_page}, {meant} do not stand together")
        places[of_page, meant] = place
    return rows, places


def _header(path: str) -> list[str]:
    with Path(path).open(encoding="utf-8", newline="") as handle:
        return handle.readline().rstrip("\n").split(",")


def _form(row_type: str, header: list[str]) -> tuple[wide.Form | None, list[str]]:
    """The form that a file is in, None with a row a line, and the heads of its columns of scores.

    Raises:
        ValueError: the header is of neither.
    """
    wanted = [*_ADDRESS, *columns(ROW_TYPES[row_type])]
    if header == wanted:
        return None, []
    if (form := wide.FORMS.get(row_type)) is None:
        raise ValueError(f"the columns are {header}, not {wanted}")
    return form, wide.heads_in(form, _ADDRESS, header)


# --- how a version is named


def digits(versions: Iterable[str]) -> int:
    """How many first digits tell each of some SHA-256 from all others: eight at least."""
    every = set(versions)
    return next(n for n in range(_DIGITS_MIN, _WHOLE + 1) if len({version[:n] for version in every}) == len(every))


def _locked(folder: Path) -> tuple[str, ...]:
    """The versions in the lock beside a source's facts, sorted; () where there is no lock."""
    try:
        stat = (folder / snapshots.LOCK).stat()
    except FileNotFoundError:
        return ()
    return _versions_in(folder, (stat.st_mtime_ns, stat.st_size))


@cache
def _versions_in(folder: Path, version: tuple[int, int]) -> tuple[str, ...]:  # noqa: ARG001  (as above)
    return tuple(sorted({line.sha256 for line in snapshots.read(folder.parent, folder.name)}))


def _meant(first: str, versions: Sequence[str]) -> Sequence[str]:
    """The versions, of some that are sorted, that a cell may mean. All 64 digits mean themselves, also where no lock has them."""
    if len(first) == _WHOLE:
        return [first]
    if len(first) < _DIGITS_MIN:
        return []
    after = itertools.islice(versions, bisect_left(versions, first), None)
    return list(itertools.takewhile(lambda version: version.startswith(first), after))


def _version(path: str, number: int, first: str, versions: Sequence[str]) -> str:
    """The version that a cell of a row means. Raises `FactsError`: not one."""
    meant = _meant(first, versions)
    if len(meant) == 1:
        return meant[0]
    lock, source = Path(path).parent / snapshots.LOCK, Path(path).parent.name
    few = f"fewer than {_DIGITS_MIN} digits, which name no version" if len(first) < _DIGITS_MIN else ""
    which = few or f"no version in {lock} begins so"
    if meant:
        which = f"{len(meant)} versions in {lock} begin so: {', '.join(meant)}"
    raise FactsError(
        f"{path}, row {number}, column {_ADDRESS[0]}: {first!r}: {which}; restore both files from version control, or run "
        f"`compute-limits bundle --source {source}`"
    )


# --- whether facts are as they were


def digest(folder: Path) -> str:
    """Digest of all facts in a source's folder."""
    return _digest(folder, _stats(folder))


def _stats(folder: Path) -> tuple[tuple[str, int, int], ...]:
    return tuple((path, *stat) for path, stat in sorted(_facts_in(folder).values()))


def _facts_in(folder: Path) -> dict[str, tuple[str, tuple[int, int]]]:
    """{name without its end: (path, (time of change, size))} of the facts in a folder; {} where there is none."""
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:  # one look at the folder, for a source may have a hundred pages
        found = [(entry, entry.stat()) for entry in entries if entry.name.endswith(_SUFFIX)]
    return {entry.name.removesuffix(_SUFFIX): (entry.path, (at.st_mtime_ns, at.st_size)) for entry, at in found}


def hashes(folder: Path, versions: Iterable[str]) -> Mapping[str, str]:
    """{SHA-256 of a page: SHA-256 of all facts in a source's folder that were taken from it} of those that it has any of.

    Of the bytes of their lines, by file: a digit, a row more or less, or another order makes another. A line that names
    none of the versions counts to the one before it, so that no row goes unseen: the further lines of a cell, and a row whose
    64 digits are of another version.

    Raises:
        FactsError: the first digits of a row name none of the versions, or more than one.
    """
    return _looked_through(_stats(folder), frozenset(versions))[0]


@cache
def _looked_through(
    files: tuple[tuple[str, int, int], ...], versions: frozenset[str]
) -> tuple[Mapping[str, str], Mapping[tuple[str, str], list[tuple[int, int]]]]:
    """The hashes, and {(version, path): [(first byte, byte behind the last)]} of where its lines stand in a large file."""
    in_order, whole, places = sorted(versions), dict[str, Any](), dict[tuple[str, str], list[tuple[int, int]]]()
    for path, _, size in files:
        name, seen, at = Path(path).name.encode(), set[str](), 0
        for version, lines in _stretches(path, in_order):
            start, at = at, at + len(lines)
            # Of no version are the header, and what stands before the first line that is of one.
            if not version or not lines:
                continue
            if version not in seen:
                whole.setdefault(version, hashlib.sha256()).update(name + b"\n")
                seen.add(version)
            whole[version].update(lines if lines.endswith(b"\n") else lines + b"\n")
            if size > LARGE:
                of_version = places.setdefault((version, path), [])
                if of_version and of_version[-1][1] == start:
                    start = of_version.pop()[0]
                of_version.append((start, at))
    return {version: found.hexdigest() for version, found in whole.items()}, places


def _stretches(path: str, versions: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """(version, lines) of lines that stand together, the longest in pieces; "" of those before the first that is of a version."""
    current, begun, waiting, quotes = "", b"", list[bytes](), 0
    with Path(path).open("rb") as handle:
        waiting += handle.readlines(1)  # the header
        for line in handle:
            if begun and line.startswith(begun):
                waiting.append(line)
                if len(waiting) < _LINES:
                    continue
                lines, waiting = b"".join(waiting), []
                quotes += lines.count(b'"')
                yield current, lines
                continue
            lines, waiting = b"".join(waiting), [line]
            quotes += lines.count(b'"')
            yield current, lines
            if quotes % 2:  # within a cell of several lines, for a quote in a cell is written twice
                continue
            first = line[: line.find(b",") + 1]
            meant = _meant(first[:-1].decode("utf-8", "replace").strip('"'), versions)
            if len(meant) != 1:
                for number, cells in enumerate(_cells(path)[1:], 2):
                    _version(path, number, cells[0] if cells else "", versions)
            elif meant[0] in versions:
                current, begun = meant[0], first
    yield current, b"".join(waiting)


@cache
def _digest(folder: Path, files: tuple[tuple[str, int, int], ...]) -> str:
    """Of the bytes; the times only tell a process that goes on that a file has changed since it last looked."""
    return keys.files(folder, [Path(path) for path, *_ in files])


@cache
def _parsed(
    path: str,
    row_type: str,
    version: tuple[int, int],  # noqa: ARG001  (a changed file is read anew)
    versions: tuple[str, ...],
) -> dict[tuple[str, str], list[tuple[str, Any]]]:
    """{(page, sha256): [(locator, row)]} of a whole file."""
    readers, kind = _readers(ROW_TYPES[row_type]), ROW_TYPES[row_type]
    by_page: dict[tuple[str, str], list[tuple[str, Any]]] = {}
    lines, seen = _cells(path), dict[str, str]()
    try:
        header = (lines or [[]])[0]
        form, heads = _form(row_type, header)
    except ValueError as error:
        raise FactsError(f"{path}: {error}; run `compute-limits bundle` again") from error
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(header):
            raise FactsError(f"{path}, row {number}: {len(line)} cells, not {len(header)}")
        if line[0] not in seen:
            seen[line[0]] = _version(path, number, line[0], versions)
        of_page = by_page.setdefault((line[1], seen[line[0]]), [])
        for told, cells in [(readers, line)] if form is None else _unfolded(path, number, form, heads, readers, line):
            of_page.append((cells[2], kind(*_values(path, number, told, cells))))
    return by_page


def _unfolded(
    path: str, number: int, form: wide.Form, heads: list[str], readers: list[_Reader], line: list[str]
) -> Iterator[tuple[list[_Reader], list[str]]]:
    """(readers that call the value by the head of its column, cells of a row) of each score of a line."""
    scores = list(wide.unfold(form, _ADDRESS, [name for name, *_ in readers], heads, line))
    if not scores:
        raise FactsError(f"{path}, row {number}: no score; run `compute-limits bundle` again")
    for head, cells in scores:
        yield [(head if name == form.cell else name, convert, null) for name, convert, null in readers], cells


def _cells(path: str) -> list[list[str]]:
    """The rows of a file, the header among them. Raises `FactsError`."""
    # Read whole: a byte that is not UTF-8 and a quote that is not closed are faults of the file, not of a row.
    try:
        return list(csv.reader(io.StringIO(Path(path).read_bytes().decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FactsError(f"{path}: not a CSV file in UTF-8: {error}; run `compute-limits bundle` again") from error


def _values(path: str, number: int, readers: list[_Reader], cells: list[str]) -> list[Any]:
    values = []
    for (name, convert, optional), literal in zip(readers, cells[len(_ADDRESS) :], strict=True):
        try:
            values.append(None if optional and literal == "" else convert(literal))
        except ValueError as error:
            raise FactsError(f"{path}, row {number}, column {name}: {literal!r} ({error})") from error
    return values


def write(folder: Path, pages: Iterable[tuple[str, Gathered]]) -> list[Path]:
    """Write the facts of the pages, [(SHA-256, rows)], in place of what the folder has; returns the files written.

    A version that the lock beside them has is named by its first digits, another by all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"*{_SUFFIX}"):
        old.unlink()
    locked = _locked(folder)
    short = {version: version[: digits(locked)] for version in locked}
    listed, written = [(short.get(sha256, sha256), gathered) for sha256, gathered in pages], []
    for row_type, kind in ROW_TYPES.items():
        kinds = [of for of, _ in columns(kind).values()]
        rows = [
            [named, page, locator, *map(_text, row, kinds)]
            for named, gathered in listed
            for _, page, locator, *row in _lines(gathered.table(row_type))
        ]
        header = [*_ADDRESS, *columns(kind)]
        if row_type in wide.FORMS:
            header, rows = wide.fold(wide.FORMS[row_type], _ADDRESS, header[len(_ADDRESS) :], rows)
        if rows:
            path = folder / f"{row_type}{_SUFFIX}"
            with path.open("w", newline="", encoding="utf-8") as handle:
                out = csv.writer(handle, lineterminator="\n")
                out.writerow(header)
                # The csv module leaves a lone carriage return unquoted and then cannot read it.
                quoted = csv.writer(handle, lineterminator="\n", quoting=csv.QUOTE_ALL)
                for row in rows:
                    (quoted if any("\r" in cell for cell in row) else out).writerow(row)
            written.append(path)
    return written


def _lines(table: pa.Table) -> Iterable[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _text(value: Any, kind: type) -> str:
    """What `_readers` turn back to the same value: repr of a float is exact, and a whole one needs no ".0" behind it."""
    if value is None:
        return ""
    if kind is bool:
        return str(value).lower()
    return repr(float(value)).removesuffix(".0") if kind is float else str(value)
