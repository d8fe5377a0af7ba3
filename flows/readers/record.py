"""Records of a page, and how a parser takes fields from them: each field is popped, and what is left over is an error."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from math import inf
from pathlib import Path
from typing import Any, TypeVar

from flows.errors import UserError

T = TypeVar("T")

# A group of thousands does not begin with 0: "0,665" is a decimal comma, and no number here.
_NUMBER = re.compile(r"[+-]?(([1-9]\d{0,2}(,\d{3})+|\d+)(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_UNITS_S = {
    "sec": 1,
    "second": 1,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hr": 3600,
    "hour": 3600,
    "day": 86400,
    "week": 604800,
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+?)s?(?![a-z])\s*(?:and\s+(?=\d))?", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d(?:\.\d{1,9})?)", re.ASCII)

# A field of rows that may be shorter than the header: what is wrong with the number of cells, blank where nothing is.
RAGGED = "(cells)"


class PageError(UserError):
    """The page as a whole cannot be read; the message names the page, what is wrong and what to do."""


class CellError(ValueError):
    """A text is not what its column holds; carries `rule` and `reason`."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule, self.reason = rule, reason


class Rejected(Exception):  # noqa: N818  (it is an outcome, not a fault of the program)
    """The record cannot be used: it goes to core.quarantine."""

    def __init__(self, rule: str, reason: str, column: str | None = None, literal: str = "") -> None:
        super().__init__(reason)
        self.rule, self.reason, self.column, self.literal = rule, reason, column, literal


@dataclass
class Record:
    """One record of a page: {column: text}, and where it stands.

    `secret` columns (prose, names of people) are read over and never kept; cells that cannot be read are collected in
    `rejected_cells` as (column, literal, rule, reason).
    """

    locator: str
    fields: dict[str, str]
    secret: frozenset[str] = frozenset()
    rejected_cells: list[tuple[str, str, str, str]] = field(default_factory=list)
    _printed: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._printed = dict(self.fields)

    @property
    def printed(self) -> dict[str, str]:
        """{column: text} as it stood before fields were taken, without secret columns."""
        return {name: text for name, text in self._printed.items() if name not in self.secret}

    @property
    def literal(self) -> str:
        """The record as it stood before fields were taken, JSON; few are asked for it, so it is made only then."""
        shown = {name: text for name, text in self.printed.items() if text.strip()}
        return json.dumps(shown, ensure_ascii=False)

    def raw(self, column: str) -> str:
        """The text of a column as it stands. Raises `PageError` if the page has no such column."""
        text = self.peek(column)
        del self.fields[column]
        return text

    def peek(self, column: str) -> str:
        """As `raw`, of a column that is yet to be taken."""
        try:
            return self.fields[column]
        except KeyError:
            raise PageError(
                f"column {column!r} is missing (the page has: {', '.join(map(repr, self.fields))}); "
                "if it was renamed, declare the new name under [lookups.aliases] in the source's TOML; if the publisher no longer "
                "has it, add it to lookups.optional there"
            ) from None

    def text(self, column: str) -> str | None:
        """The text of a column with runs of white space made one blank; None where it is blank."""
        return " ".join(self.raw(column).split()) or None

    def name(self, column: str) -> str | None:
        """As `text`; that blanks were taken off the text of a name is put on record as a mended cell."""
        literal = self.raw(column)
        text = " ".join(literal.split()) or None
        if text is not None and text != literal:
            self.reject_cell(column, literal, "blanks_trimmed", "kept without leading, trailing and repeated blanks")
        return text

    def number(self, column: str) -> float | None:
        """The number in a column; None where it is blank, or cannot be read (then the cell is rejected)."""
        return self._cell(column, number)

    def percent(self, column: str) -> float | None:
        """As `number`, of a score printed as a fraction, in percent; one outside [0, 1) is rejected."""
        return self._cell(column, percent)

    def usd(self, column: str) -> float | None:
        """As `number`, of a price printed with or without a dollar sign, USD; one not above 0 is rejected."""
        return self._cell(column, usd)

    def count(self, column: str) -> int | None:
        """The whole number in a column; None where it is blank, or cannot be read (then the cell is rejected)."""
        return self._cell(column, whole)

    def day(self, column: str) -> date | None:
        """The ISO date in a column; None where it is blank, or cannot be read (then the cell is rejected)."""
        return self._cell(column, day)

    def between(self, column: str, low: float, high: float) -> float | None:
        """As `number`; a number outside of [low, high) is rejected too."""
        return self._cell(column, lambda literal: _in_range(literal, low, high))

    def needed(self, column: str, low: float = -inf, high: float = inf) -> float:
        """The number in a column, within [low, high), that the record is worth nothing without. Raises `Rejected`."""
        return self._needed(column, lambda literal: _in_range(literal, low, high))

    def needed_count(self, column: str) -> int:
        """The whole number in a column that the record is worth nothing without. Raises `Rejected`."""
        return self._needed(column, whole)

    def reject_cell(self, column: str, literal: str, rule: str, reason: str) -> None:
        """Leave one cell out, for a reason that only the parser can see."""
        self.rejected_cells.append((column, literal, rule, reason))

    def ignore(self, columns: Iterable[str]) -> None:
        """Read over columns that are known and not used; those that the page lacks are no fault."""
        for column in columns:
            self.fields.pop(column, None)

    def exhausted(self) -> None:
        """Raise `PageError` if a field was not taken."""
        if self.fields:
            raise PageError(
                f"undeclared column {', '.join(map(repr, sorted(self.fields)))}; declare it in the source's TOML: under "
                "[lookups.aliases] if it is a known column renamed, in lookups.ignore if it is not needed, "
                "else read it in the parser"
            )

    def _needed(self, column: str, convert: Callable[[str], T]) -> T:
        literal = self.raw(column)
        try:
            return convert(literal)
        except CellError as error:
            raise Rejected(error.rule, error.reason, column, literal) from error

    def _cell(self, column: str, convert: Callable[[str], T]) -> T | None:
        literal = self.raw(column)
        if not literal.strip():
            return None
        try:
            return convert(literal)
        except CellError as error:
            self.reject_cell(column, literal, error.rule, error.reason)
            return None


def number(literal: str) -> float:
    """The number that a text prints: "1,014.45", "2.4E+23". Raises `CellError`."""
    text = literal.strip()
    if not _NUMBER.fullmatch(text):
        raise CellError("not_a_number", f"{literal!r} is not a number")
    value = float(text.replace(",", ""))
    if abs(value) == float("inf"):
        raise CellError("not_a_number", f"{literal!r} is beyond the range of a double")
    if value == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
        raise CellError("not_a_number", f"{literal!r} is too near 0 for the range of a double")
    return value


def usd(literal: str) -> float:
    """The price that a text prints, with or without a dollar sign: "$1,234.50". Raises `CellError`."""
    price = number(literal.strip().removeprefix("$"))
    if price <= 0:
        raise CellError("out_of_range", f"{literal!r} is not above 0")
    return price


def _in_range(literal: str, low: float, high: float) -> float:
    value = number(literal)
    if not low <= value < high:
        raise CellError("out_of_range", f"{literal!r} is not in [{low:g}, {high:g})")
    return value


def whole(literal: str) -> int:
    """The whole number that a text prints, "64.0" too. Raises `CellError`."""
    value = number(literal)
    if value != int(value):
        raise CellError("not_a_whole_number", f"{literal!r} is not a whole number")
    return int(value)


def day(literal: str, form: str = "%Y-%m-%d") -> date:
    """The day that a text prints. Raises `CellError`."""
    try:
        return datetime.strptime(literal.strip(), form).date()  # noqa: DTZ007  (a day has no zone)
    except ValueError:
        raise CellError("not_a_date", f"{literal!r} is not a date of the form {form}") from None


def percent(literal: str) -> float:
    """A score printed as a fraction, in percent: "0.57" gives 57.0, not 56.99999999999999. Raises `CellError`."""
    fraction = number(literal)
    if not 0 <= fraction < 1:
        raise CellError("out_of_range", f"{literal!r} is not a fraction in [0, 1)")
    return float(Decimal(repr(fraction)) * 100)


def duration_s(literal: str) -> float:
    """Seconds of wall time: "27hrs 40mins", "6 hours and 12 sec", "2.5 days". Raises `CellError`.

    "10 GPU days" is processor time, no wall time, and is refused as such.
    """
    text = literal.strip()
    if re.search(r"\b(gpu|tpu|core|processor)[ -]?(second|minute|hour|day|week)", text, re.IGNORECASE):
        raise CellError("processor_time", f"{literal!r} is processor time, not wall time")
    total, at = 0.0, 0
    while at < len(text):
        part = _DURATION.match(text, at)
        if part is None or part[2].lower() not in _UNITS_S:
            raise CellError("not_a_duration", f"{literal!r} is not a duration such as '2.5 days' or '27hrs 40mins'")
        total += float(part[1]) * _UNITS_S[part[2].lower()]
        at = part.end()
    if at == 0 or total == float("inf"):
        raise CellError("not_a_duration", f"{literal!r} is not a duration such as '2.5 days' or '27hrs 40mins'")
    return total


def clock_s(literal: str) -> float:
    """Seconds of a time printed as hours:minutes:seconds: "03:19:59", "27:40:00". Raises `CellError`.

    "3:19" is refused, for it may be hours and minutes or minutes and seconds.
    """
    clock = _CLOCK.fullmatch(literal.strip())
    if clock is None:
        raise CellError("not_a_duration", f"{literal!r} is not a duration of the form hours:minutes:seconds")
    return int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3])


def told_by(name: str, patterns: Mapping[str, T]) -> T | None:
    """What a name tells: the value of the first pattern that is found in it, in the order of the TOML; None where none is."""
    return next((told for pattern, told in patterns.items() if re.search(pattern, name)), None)


def renamed(columns: Iterable[str], aliases: Mapping[str, str], unread: Iterable[str] = ()) -> list[str]:
    """A header with each declared alias put right. Raises `PageError` if a column that is read then stands twice."""
    names = [aliases.get(column.strip(), column.strip()) for column in columns]
    twice = sorted({name for name in names if names.count(name) > 1} - set(unread))
    if twice:
        raise PageError(f"column {', '.join(map(repr, twice))} stands twice in the header")
    return names


def csv_records(
    path: Path | zipfile.Path, lookups: Mapping[str, object], header_rows: int = 1, delimiter: str = ","
) -> Iterator[Record]:
    """Every record of a CSV page, blank lines left out; a row is counted as a spreadsheet does, the header being row 1.

    Lookups used: `aliases` {old column: new}, `ignore` [columns not needed], `optional` [columns that older pages
    lack], `secret` [columns that are never kept: prose, names of people], `ragged` = true where rows may lack cells, or
    have blank ones behind the last column: then each record has the field RAGGED, for the parser to raise `Rejected`.

    Raises:
        PageError: a record has more or fewer cells than the header, or a quote is not closed.
    """
    aliases, secret = mapping(lookups, "aliases"), frozenset(strings(lookups, "secret"))
    unread, optional = [*secret, *strings(lookups, "ignore")], dict.fromkeys(strings(lookups, "optional"), "")
    ragged = lookups.get("ragged") is True
    text = path.read_bytes().decode("utf-8-sig")
    csv.field_size_limit(1 << 30)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        header = renamed(next(reader, []), aliases, unread)
        for row, cells in enumerate(reader, 2):
            if row <= header_rows or not any(cell.strip() for cell in cells):
                continue
            while ragged and len(cells) > len(header) and not cells[-1].strip():
                cells.pop()
            lacking = len(header) - len(cells)
            if lacking < 0 or (lacking and not ragged):
                raise PageError(f"row {row} has {len(cells)} cells, the header {len(header)}")
            fields = optional | dict(zip(header, cells + [""] * lacking, strict=True))
            if ragged:
                fields[RAGGED] = f"{len(cells)} cells under {len(header)} columns" if lacking else ""
            record = Record(f"row {row}", fields, secret)
            record.ignore(unread)
            yield record
    except csv.Error as error:
        raise PageError(f"not a CSV file: {error}") from error


def json_page(path: Path) -> Any:
    """What a JSON page holds, numbers being the texts that the page prints.

    Raises:
        PageError: it is no JSON, or a key stands twice in an object.
    """
    try:
        return json.loads(path.read_bytes(), parse_float=str, parse_int=str, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise PageError(f"not a JSON page: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise PageError(f"key {next(name for name in names if names.count(name) > 1)!r} stands twice in an object")
    return dict(pairs)


def strings(lookups: Mapping[str, object], key: str) -> list[str]:
    """The texts of a lookup that is a list; none where it is not there."""
    items = lookups.get(key, [])
    return [str(item) for item in items] if isinstance(items, list) else []


def mapping(lookups: Mapping[str, object], key: str) -> dict[str, str]:
    """The texts of a lookup that is a table, by their keys; none where it is not there."""
    table = lookups.get(key, {})
    return {str(old): str(new) for old, new in table.items()} if isinstance(table, dict) else {}
