"""Numbers in words of a figure: powers as superscripts, thin spaces, as many digits as a title bears."""

from __future__ import annotations

import math
import re

from flows.declared.domains import titles

THIN = "\u202f"
_WITHOUT_DECIMALS = 100
_WORDS = {
    "top1": "top-1 error",
    "box_ap": "1 − box AP",
    "f1": "1 − F1",
    "em": "1 − exact match",
    "bleu": "1 − BLEU",
    "hardware_burden": "hardware burden",
    "consolidated_burden": "consolidated burden",
    "network_operations": "network operations",
    "operations_per_pass": "operations per pass",
    "training_compute": "training compute",
    "all": "all",
    "one_per_training": "one a training",
    "best_per_paper": "best of each paper",
    "best_per_year": "best of each year",
    "frontier": "frontier",
    "y_on_x": "performance on computation",
    "x_on_y": "computation on performance",
    "symmetric": "both with errors",
    "ols": "least squares",
    "ols_hc3": "least squares, HC3",
    "ols_cluster": "least squares, by paper",
    "huber": "Huber",
    "theil_sen": "Theil–Sen",
    "quantile:0.1": "quantile 0.1",
    "quantile_by_paper:0.1": "quantile 0.1, by paper",
    "york": "York",
}
# The benchmarks of the brief, in its order.
DOMAINS = ("imagenet", "coco", "squad", "conll", "wmt_en_fr")


def word(code: str) -> str:
    """A code of the warehouse in words; without an entry it loses its underscores."""
    return _WORDS.get(code, code.replace("_", " "))


def title(benchmark: str) -> str:
    """A benchmark as people call it, with hyphens that are no minus."""
    return titles().get(benchmark, benchmark).replace("EN-FR", "EN–FR").replace("EN-DE", "EN–DE")


def power(log10: float, decimals: int = 1) -> str:
    """10 with a superscript, which `canvas.put` raises: `10^{27.6}`; from 10^100 on without decimals."""
    decimals = decimals if abs(log10) < _WITHOUT_DECIMALS else 0
    return f"10^{{{minus(f'{log10:.{decimals}f}')}}}"


def whole(value: float, digits: int = 2) -> str:
    """A number to so many significant digits, thousands set apart by a thin space: 13 842 at 2 digits is 14 000.

    Numbers of four digits are set apart too, as the ticks beside them are.
    """
    if not value or not math.isfinite(value):
        return str(value)
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    # Rounding up may give a digit more (9.96 at 2 digits is 10.0).
    rounded = round(value, decimals)
    decimals = digits - 1 - math.floor(math.log10(abs(rounded)))
    return minus(f"{rounded:,.{max(decimals, 0)}f}".replace(",", THIN))


def exact(value: int) -> str:
    """A whole number, thousands set apart by a thin space."""
    return minus(f"{value:,}".replace(",", THIN))


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals."""
    return minus(f"{value:,.{decimals}f}".replace(",", THIN))


def percent(fraction: float) -> str:
    """An error in percent, without digits that are 0: 0.05 is `5 %`."""
    return f"{round(fraction * 100, 2):g}{THIN}%"


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


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def minus(text: str) -> str:
    """With a minus in the place of a hyphen."""
    return text.replace("-", "−")


def plain(text: str) -> str:
    """A sentence without superscripts and narrow spaces, for who hears it: `10^7.2`."""
    return re.sub(r"\^\{([^}]*)\}", r"^\1", text).replace(THIN, " ").replace("\u00a0", " ")
