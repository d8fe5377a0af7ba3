"""Columns of numbers as people print them: with a decimal point or comma, groups of thousands, a percent sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.answers.queries import QueryError
from flows.readers.record import CellError, number

POINT, COMMA = ".", ","
# Between cells of these a comma is part of a number.
_LEAVE_COMMAS = (";", "\t")
_EXCHANGED = str.maketrans(".,", ",.")


@dataclass(frozen=True)
class Texts:
    """A column as it is printed: the file, its name, n texts, none of them blank, and where each stands."""

    file: str
    name: str
    place: Sequence[str]
    text: Sequence[str]

    def where(self, at: int) -> str:
        """The place of a cell, for messages."""
        return f"{self.file}, {self.place[at]}, column {self.name!r}"


def is_percent(column: Texts) -> bool:
    """Whether the numbers of a column are printed with a percent sign.

    Raises:
        QueryError: some are and some are not; the message names one that is not.
    """
    signs = [text.endswith("%") for text in map(str.strip, column.text)]
    if any(signs) and not all(signs):
        at = signs.index(False)
        raise QueryError(
            f"{column.where(at)}: {column.text[at]!r} has no percent sign, as other cells of the column have"
        )
    return any(signs)


def decimal_of(columns: Sequence[Texts], delimiter: str) -> str:
    """Whether "." or "," begins the decimals of all numbers of these columns.

    A comma must be told from one that parts thousands: "0,665" and "1,5" can only be decimals, "1,014.5" and "1,014,000"
    only groups, and "1,014" may be either, unless another number is one that can be but one.

    Raises:
        QueryError: that cannot be told, or commas part the cells too; the message asks for --decimal.
    """
    has_comma, only = "", dict[str, str]()
    for column in columns:
        for at, text in enumerate(column.text):
            if "," in text or "." in text:
                fits = [decimal for decimal in (POINT, COMMA) if _number(text, decimal) is not None]
                if len(fits) == 1:
                    only.setdefault(fits[0], f"{column.where(at)}: {text!r}")
                if fits and "," in text:
                    has_comma = has_comma or f"{column.where(at)}: {text!r}"
    if not has_comma or (POINT in only and COMMA not in only):
        return POINT
    if POINT in only:
        raise QueryError(f"{only[COMMA]} has a decimal comma, and a decimal point stands in {only[POINT]}")
    if COMMA not in only:
        raise QueryError(f"{has_comma}: are these decimals or thousands? --decimal , or --decimal . says so")
    if delimiter not in _LEAVE_COMMAS:
        raise QueryError(f"{only[COMMA]} has a decimal comma; if that is so of all numbers, say --decimal ,")
    return COMMA


def values(column: Texts, decimal: str) -> NDArray[np.float64]:
    """The numbers of a column (n,), of percents the fractions. Raises `QueryError` with the place and literal of what is none."""
    figures = [_number(text, decimal) for text in column.text]
    for at, figure in enumerate(figures):
        if figure is None:
            raise QueryError(f"{column.where(at)}: {_refusal(column.text[at], decimal)}")
    numbers = np.array(figures, dtype=np.float64)
    return numbers / 100 if is_percent(column) else numbers


def _number(text: str, decimal: str) -> float | None:
    try:
        return number(_with_point(text, decimal))
    except CellError:
        return None


def _with_point(text: str, decimal: str) -> str:
    figure = text.strip().removesuffix("%").rstrip()
    return figure.translate(_EXCHANGED) if decimal == COMMA else figure


def _refusal(text: str, decimal: str) -> str:
    try:
        number(_with_point(text, POINT))
    except CellError as error:
        if decimal == POINT and "%" not in text:
            return error.reason
    return f"{text!r} is not a number" + (" with a decimal comma" if decimal == COMMA else "")
