"""Numbers as pages print them: powers set as such, thin spaces, percent, names of measures and of choices in words."""

from __future__ import annotations

import math
import re
from datetime import date

from markupsafe import Markup, escape

from flows.publish import formats
from flows.publish import words as vocabularies
from flows.publish.formats import NARROW

THIN = "\u2009"  # around signs
_LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def words(code: str | None) -> str:
    """A code of the warehouse in words."""
    return "" if code is None else vocabularies.word(code, "report")


def capital(text: str) -> str:
    """A text with its first letter large, and no other changed."""
    return text[:1].upper() + text[1:]


def vocabulary() -> dict[str, str]:
    """All codes with their words, for what is written in the page itself."""
    return dict(vocabularies.of("report"))


def groups(*names: str) -> dict[str, dict[str, str]]:
    """Words of these kinds of codes, {kind: {code: what is printed}}, for what is written in the page itself."""
    return {name: getattr(vocabularies.words(), name) for name in names}


def raised(text: str) -> Markup:
    """A text of numbers, what stands in ^{} set above the line."""
    parts = re.split(r"\^\{([^}]*)\}", text)
    return Markup("").join(
        Markup("<sup>{}</sup>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )


def power(log10: float | None, decimals: int | None = None) -> Markup:
    """A power of ten, cut off as the paper prints it, or with decimals; a dash for nothing."""
    if log10 is None or not math.isfinite(log10):
        return Markup("–")
    return raised(formats.power(math.floor(log10)) if decimals is None else formats.power(log10, decimals))


def scientific(log10: float | None) -> Markup:
    """Two digits and a power of ten, 4.5 × 10¹⁸."""
    return Markup("–") if log10 is None or not math.isfinite(log10) else raised(formats.scientific(log10))


def whole(number: float | None) -> str:
    """A whole number in groups of three: 14 000."""
    return "–" if number is None else formats.grouped(number)


def decimal(number: float | None, decimals: int = 1) -> str:
    """A number with decimals, in groups of three."""
    if number is None or not math.isfinite(number):
        return "–"
    return formats.grouped(number, decimals)


def rounded(number: float | None, digits: int = 2) -> str | Markup:
    """A number to so many digits, as a person says it: 14 000, 575 → 580, 0.16, 2.3 million; from 10¹⁵ on a power of ten."""
    if number is None or not math.isfinite(number):
        return "–"
    if number == 0:
        return "0"
    kept, decimals = formats.significant(number, digits)
    if kept >= 1e15:
        return scientific(math.log10(kept))
    for size, name in _LARGE:
        if abs(kept) >= size:
            return (
                f"{kept / size:.{digits}g}{NARROW}{name}"
                if abs(kept) < size * 100
                else f"{kept / size:.0f}{NARROW}{name}"
            )
    return formats.grouped(kept, decimals)


def percent(fraction: float | None, decimals: int = 1) -> str:
    """A fraction in percent, the sign apart by a thin space."""
    return "–" if fraction is None else f"{decimal(fraction * 100, decimals)}{NARROW}%"


def interval(low: float | None, high: float | None, decimals: int = 1) -> str:
    """An interval in words; where it has no upper end, that it has none."""
    if low is None:
        return "no interval"
    upper = "∞" if high is None or not math.isfinite(high) else decimal(high, decimals)
    return f"{decimal(low, decimals)}{THIN}–{THIN}{upper}"


def ordinal(number: float) -> str:
    """8th, 21st: of an exponent, to the nearest whole number."""
    return formats.ordinal(round(number))


def day(moment: date | None) -> str:
    """22 November 2026."""
    return "–" if moment is None else f"{moment.day} {moment:%B} {moment.year}"


def many(count: int, what: str) -> str:
    """1 training, 49 trainings."""
    return f"{whole(count)} {what}{'' if count == 1 else 's'}"


def is_web(address: str | None) -> bool:
    """Whether a page may link to an address: to one of the web, for another may be a script (assets/theme.js has the same)."""
    return address is not None and address.lower().startswith(("https://", "http://"))


def joined(parts: list[str]) -> Markup:
    """A list in words: a, b and c."""
    safe = [escape(part) for part in parts]
    return safe[0] if len(safe) == 1 else Markup("{} and {}").format(Markup(", ").join(safe[:-1]), safe[-1])
