r"""Numbers for a text: numbers.tex (a macro each, \CLImagenetExponent) and numbers.json, from exports.numbers."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from flows import __version__
from flows.answers import rendering
from flows.publish import days
from flows.publish.tables import layout
from flows.publish.tables.markup import flat

if TYPE_CHECKING:
    import duckdb

_ONES = (
    *("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"),
    *("Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen"),
)
_TENS = ("", "", "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety")
# Beyond these a number is set as a power of ten.
_LARGE, _SMALL = 1e6, 1e-3
# Decimals by unit; other units have as many digits as this, if they are no counts.
_DECIMALS = {"power": 1, "months": 1}
_SIGNIFICANT = 3
_COUNTS = (
    "points",
    "results",
    "observations",
    "simulations",
    "numbers",
    "sources",
    "pages",
    "rows",
    "trainings",
    "pairs",
)
_POWERS = "log10 "

Row = dict[str, Any]


def rows(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """The rows of exports.numbers, each with `macro` and `text`, the number as it is set in LaTeX."""
    cursor = con.execute("select * from exports.numbers")
    names = [column for column, *_ in cursor.description or ()]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{**row, "macro": macro(row["number"]), "text": text(row["value"], row["unit"])} for row in found]


def macro(number: str) -> str:
    """The name of a number's macro, of letters alone: CL and its words, 2019 as TwentyNineteen."""
    words = re.findall(r"[a-z]+|\d{1,2}", number.lower())
    return "CL" + "".join(_in_words(int(word)) if word.isdigit() else word.capitalize() for word in words)


def _in_words(number: int) -> str:
    tens, ones = divmod(number, 10)
    return _ONES[number] if number < len(_ONES) else _TENS[tens] + (_ONES[ones] if ones else "")


def text(value: float, unit: str) -> str:
    """The number as LaTeX sets it in a text or in a formula, without its unit."""
    if not math.isfinite(value):
        return r"\ensuremath{\infty}"
    if unit.startswith(_POWERS):
        return _power(layout.scientific(value))
    if value and not _SMALL <= abs(value) < _LARGE:
        return _power(layout.scientific(math.log10(abs(value)), 1), "-" if value < 0 else "")
    if unit in _COUNTS:
        shown = f"{value:,.0f}"
    elif unit in _DECIMALS:
        shown = f"{value:,.{_DECIMALS[unit]}f}"
    else:
        shown = f"{value:,.{max(_SIGNIFICANT - 1 - math.floor(math.log10(abs(value) or 1)), 0)}f}"
        shown = f"{value:g}" if unit == "percent" else shown
    shown = shown.replace(",", r"\,")
    return rf"\ensuremath{{{shown}}}" if shown.startswith("-") else shown


def _power(number: str, sign: str = "") -> str:
    mantissa, _, power = number.partition("e")
    return rf"\ensuremath{{{sign}{mantissa}\times10^{{{power}}}}}"


def as_tex(con: duckdb.DuckDBPyConnection) -> str:
    """The macros: of each number its value, and, where it has an interval, its ends and `Interval`, low to high."""
    first, _, last = layout.days(con).partition(" to ")
    as_of, published_before = days.days(con).texts()
    lines = [
        rf"% Numbers of compute-limits {__version__}, pages retrieved {layout.days(con)}. \CL…Low, \CL…High and \CL…Interval: its",
        "% interval. Write {} behind a macro that a blank follows. numbers.csv and numbers.json have units and sources.",
        rf"\newcommand{{\CLVersion}}{{{__version__}}}",
        rf"\newcommand{{\CLPagesFirst}}{{{first}}}",
        rf"\newcommand{{\CLPagesLast}}{{{last or first}}}",
        rf"\newcommand{{\CLAsOf}}{{{as_of}}}",
        rf"\newcommand{{\CLPublishedBefore}}{{{published_before}}}",
    ]
    for row in rows(con):
        supported = "" if row["status"] in (None, "ok") else f"; not supported by the points: {row['status']}"
        lines.append(f"% {flat(row['statement'])}, {row['unit']}{supported}. Source: {row['source']}")
        lines += [rf"\newcommand{{\{name}}}{{{shown}}}" for name, shown in _macros(row).items()]
    return "\n".join([*lines, ""])


def _macros(row: Row) -> dict[str, str]:
    name, low, high = row["macro"], row["low"], row["high"]
    found = {name: row["text"]}
    if low is None and high is None:
        return found
    ends = [text(-math.inf if low is None else low, row["unit"]), text(math.inf if high is None else high, row["unit"])]
    if low is None:
        ends[0] = r"\ensuremath{-\infty}"
    return found | {f"{name}Low": ends[0], f"{name}High": ends[1], f"{name}Interval": "--".join(ends)}


def as_json(con: duckdb.DuckDBPyConnection) -> str:
    """All numbers by name, with value, interval, unit, statement, source, status, macro and text."""
    first, _, last = layout.days(con).partition(" to ")
    numbers = {row["number"]: {key: value for key, value in row.items() if key != "number"} for row in rows(con)}
    head = {"version": __version__, "pages_first_retrieved_on": first, "pages_last_retrieved_on": last or first}
    head |= dict(zip(days.COLUMNS, days.days(con).texts(), strict=True))
    return rendering.as_json({**head, "numbers": numbers}) + "\n"
