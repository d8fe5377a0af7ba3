"""Numbers as text, for tables, figures and pages: thin spaces between thousands, a minus that is one, powers as 10^{27.6}.

What is raised stands in ^{}, which each place sets in its own way. draw.js has the same for what a page writes itself; a test holds
the two together.
"""

from __future__ import annotations

import math

NARROW = "\u202f"  # inside a number and before its unit, where no line may break


def minus(text: str) -> str:
    """With a minus in the place of a hyphen."""
    return text.replace("-", "−")


def grouped(number: float, decimals: int = 0) -> str:
    """With so many decimals, thousands set apart: 14 000, 1 234.5."""
    return minus(f"{number:,.{decimals}f}".replace(",", NARROW))


def significant(number: float, digits: int = 2) -> tuple[float, int]:
    """The number, not 0, rounded to so many digits, and the decimals that it has then: 9.96 is 10, which has a digit more."""
    kept = round(number, digits - 1 - math.floor(math.log10(abs(number))))
    return kept, max(digits - 1 - math.floor(math.log10(abs(kept))), 0)


def mantissa(log10: float, decimals: int = 1) -> tuple[str, int]:
    """10 to this power as a number from 1 to 10 and a power: 19.079 is 1.2 and 19; 9.96 is 1.0 of the next power."""
    power = math.floor(log10)
    digits = f"{10 ** (log10 - power):.{decimals}f}"
    return (f"{1:.{decimals}f}", power + 1) if digits.startswith("10") else (digits, power)


def power(log10: float, decimals: int = 0) -> str:
    """10^{27.6}."""
    return f"10^{{{minus(f'{log10:.{decimals}f}')}}}"


def scientific(log10: float) -> str:
    """Two digits and a power of ten, 4.5 × 10^{18}."""
    digits, exponent = mantissa(log10)
    return f"{digits}{NARROW}×{NARROW}{power(exponent)}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
