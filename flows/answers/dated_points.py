"""Points with dates, for a fit of growth: from a CSV file, or from a query over the warehouse."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.answers import csv_columns, number_texts, queries, query_limits
from flows.answers.number_texts import COMMA, Texts
from flows.answers.queries import QueryError
from flows.fits.line import Array
from flows.readers.record import CellError, number

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}.*)?", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_DECIMAL = re.compile(r"\d{4}\.\d*", re.ASCII)
_FORMS = "write 2019-05-01, 2019-05, 2019 or a decimal year such as 2019.37"


@dataclass(frozen=True)
class Dated:
    """Values at dates (n,), decimal years, each with the name that messages use; `cluster` where given.

    `left_out` are the rows that had no date or no value.
    """

    row: list[str]
    year: Array
    value: Array
    cluster: NDArray[np.str_] | None = None
    left_out: tuple[str, ...] = ()


def decimal_year(literal: str, *, among_decimals: bool = False) -> float:
    """The decimal year that a text prints: a day, a month or a year stands for its middle, a decimal year for itself.

    A column that has decimal years prints 2010.0 as 2010: `among_decimals` a year is its beginning.

    Raises:
        CellError: it is none of them, or no such day is in the calendar.
    """
    text = literal.strip()
    try:
        if day := _DAY.fullmatch(text):
            return middle_of(date.fromisoformat(day[1]))
        if month := _MONTH.fullmatch(text):
            first = date(int(month[1]), int(month[2]), 1)
            after = (first + timedelta(days=31)).replace(day=1)
            return _of_day(first, (after - first).days / 2)
        if _YEAR.fullmatch(text):
            return date(int(text), 1, 1).year + (0.0 if among_decimals else 0.5)
        if _DECIMAL.fullmatch(text):
            return float(text)
    except (ValueError, OverflowError):
        raise CellError("not_a_date", f"{literal!r} is not in the calendar; {_FORMS}") from None
    raise CellError("not_a_date", f"{literal!r} is not a date; {_FORMS}")


def middle_of(day: date) -> float:
    """The decimal year of a day's noon."""
    return _of_day(day, 0.5)


def _of_day(day: date, passed: float) -> float:
    start = day.timetuple().tm_yday - 1
    return day.year + (start + passed) / (366 if isleap(day.year) else 365)


def day_of(year: float) -> date:
    """The day in which a decimal year lies."""
    whole = int(np.floor(year))
    days = 366 if isleap(whole) else 365
    return date(whole, 1, 1) + timedelta(days=min(int((year - whole) * days), days - 1))


def points_of_csv(
    path: Path, columns: Mapping[str, str], delimiter: str | None = None, decimal: str | None = None
) -> Dated:
    """The points of a CSV file; `columns` names those of x (the date), y and, if wanted, cluster.

    A record without date or value is no point, and is counted. `delimiter` and `decimal` as of flows/answers/fit_points.py.

    Raises:
        QueryError: a column is missing, or a cell is no date or no number above 0; the message names file, record, line,
            column and literal.
    """
    table = csv_columns.read(path, list(dict.fromkeys(columns.values())), delimiter)
    texts = {name: table.cells[column] for name, column in columns.items()}
    blank = [not (x.strip() and y.strip()) for x, y in zip(texts["x"], texts["y"], strict=True)]
    kept = [at for at, is_blank in enumerate(blank) if not is_blank]
    printed = {
        name: Texts(str(path), column, [table.place[at] for at in kept], [texts[name][at] for at in kept])
        for name, column in columns.items()
    }
    found = decimal or number_texts.decimal_of([printed["y"]], table.delimiter)
    value, cluster = number_texts.values(printed["y"], found), printed.get("cluster")
    years = _printed(printed["x"], found)
    where = [printed["y"].where(at) for at in range(len(kept))]
    return Dated(
        list(printed["x"].place),
        np.array(years, dtype=np.float64),
        _above_0(value, where, printed["y"].text),
        None if cluster is None else _named(cluster.text, [cluster.where(at) for at in range(len(kept))]),
        tuple(place for place, is_blank in zip(table.place, blank, strict=True) if is_blank),
    )


def _printed(column: Texts, decimal: str) -> list[float]:
    texts = [text.replace(",", ".") if decimal == COMMA else text for text in column.text]
    among_decimals = any(_DECIMAL.fullmatch(text.strip()) for text in texts)
    years = []
    for at, text in enumerate(texts):
        try:
            years.append(decimal_year(text, among_decimals=among_decimals))
        except CellError as error:
            raise QueryError(f"{column.where(at)}: {error.reason}") from error
    return years


def _above_0(value: Array, where: Sequence[str], printed: Sequence[object]) -> Array:
    for at in np.flatnonzero(~(value > 0) | ~np.isfinite(value)).tolist():
        raise QueryError(f"{where[at]}: {str(printed[at])!r} is not above 0 and finite; growth is by a factor")
    return value


def _named(cells: Sequence[object], where: Sequence[str]) -> NDArray[np.str_]:
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    if "" in names:
        raise QueryError(f"{where[names.index('')]}: blank; a point of a block of its own needs a name too")
    return np.array(names, dtype=np.str_)


def points_of_query(warehouse: Path, sql: str, columns: Mapping[str, str]) -> Dated:
    """The points of a query, as `points_of_csv`; dates may be of DuckDB's types too. Raises `QueryError`."""
    result = queries.run(warehouse, sql, query_limits.OF_FIT)
    for column in columns.values():
        if column not in result.columns:
            raise QueryError(f"the query has no column {column!r}; it has: {', '.join(map(repr, result.columns))}")
    records = list(enumerate(result.records(), 1))
    kept = [(at, row) for at, row in records if row[columns["x"]] is not None and row[columns["y"]] is not None]
    where = {name: [f"row {at} of the query, column {column!r}" for at, _ in kept] for name, column in columns.items()}
    cells = {name: [row[column] for _, row in kept] for name, column in columns.items()}
    years = [_told(_year, cell, at) for cell, at in zip(cells["x"], where["x"], strict=True)]
    values = [_told(_value, cell, at) for cell, at in zip(cells["y"], where["y"], strict=True)]
    is_point = {at for at, _ in kept}
    return Dated(
        [f"row {at}" for at, _ in kept],
        np.array(years, dtype=np.float64),
        _above_0(np.array(values, dtype=np.float64), where["y"], cells["y"]),
        _named(cells["cluster"], where["cluster"]) if "cluster" in columns else None,
        tuple(f"row {at}" for at, _ in records if at not in is_point),
    )


def _told(read: Callable[[object], float], cell: object, where: str) -> float:
    try:
        return read(cell)
    except CellError as error:
        raise QueryError(f"{where}: {error.reason}") from error


def _year(cell: object) -> float:
    if isinstance(cell, date):
        return middle_of(cell.date() if isinstance(cell, datetime) else cell)
    # A whole number is a year, and one with decimals the moment in it that they tell, as in a file.
    return decimal_year(str(cell))


def _value(cell: object) -> float:
    if isinstance(cell, str):
        return number(cell)
    try:
        return float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise CellError("not_a_number", f"{cell!r} is not a number") from None
