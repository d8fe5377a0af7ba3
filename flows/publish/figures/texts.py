"""Numbers in words of a figure: powers as superscripts, thin spaces, as many digits as a title bears."""

from __future__ import annotations

import math
import re

from flows.declared.domains import titles
from flows.publish import formats, words

_WITHOUT_DECIMALS = 100
# The benchmarks of the brief, in its order.
DOMAINS = ("imagenet", "coco", "squad", "conll", "wmt_en_fr")


def word(code: str) -> str:
    """A code of the warehouse in words; without an entry it loses its underscores."""
    return words.word(code, "figures")


def title(benchmark: str) -> str:
    """A benchmark as people call it, with hyphens that are no minus."""
    return titles().get(benchmark, benchmark).replace("EN-FR", "EN–FR").replace("EN-DE", "EN–DE")


def power(log10: float, decimals: int = 1) -> str:
    """10 with a superscript, which `canvas.put` raises: `10^{27.6}`; from 10^100 on without decimals."""
    decimals = decimals if abs(log10) < _WITHOUT_DECIMALS else 0
    return formats.power(log10, decimals)


def whole(value: float, digits: int = 2) -> str:
    """A number to so many significant digits, thousands set apart by a thin space: 13 842 at 2 digits is 14 000.

    Numbers of four digits are set apart too, as the ticks beside them are.
    """
    if not value or not math.isfinite(value):
        return str(value)
    return formats.grouped(*formats.significant(value, digits))


def exact(value: int) -> str:
    """A whole number, thousands set apart by a thin space."""
    return formats.grouped(value)


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals."""
    return formats.grouped(value, decimals)


def percent(fraction: float) -> str:
    """An error in percent, without digits that are 0: 0.05 is `5 %`."""
    return f"{round(fraction * 100, 2):g}{formats.NARROW}%"


def amount(log10: float) -> str:
    """A large number in words to two digits, `20 billion`; beyond the words a power of ten."""
    for size, name in ((12, "trillion"), (9, "billion"), (6, "million")):
        if size <= log10 < size + 3:
            return f"{whole(10 ** (log10 - size))}\u00a0{name}"
    return whole(10**log10) if 0 <= log10 < 6 else power(log10)


def between(low: float | None, high: float | None, shown: str = "{:.1f}") -> str:
    """An interval; where its upper end is not bounded, from where on."""
    if low is None:
        return "no interval"
    return f"from {shown.format(low)}" if high is None else f"{shown.format(low)}–{shown.format(high)}"


def plain(text: str) -> str:
    """A sentence without superscripts and narrow spaces, for who hears it: `10^7.2`."""
    return re.sub(r"\^\{([^}]*)\}", r"^\1", text).replace(formats.NARROW, " ").replace("\u00a0", " ")
