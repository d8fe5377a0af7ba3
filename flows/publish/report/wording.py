"""Numbers as pages print them: powers set as such, thin spaces, percent, names of measures and of choices in words."""

from __future__ import annotations

import math
from datetime import date

from markupsafe import Markup, escape

THIN, NARROW = "\u2009", "\u202f"  # around signs; inside numbers, where no line may break
_LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
# The words for codes of the warehouse; a code that is not here is shown as it is, without underscores.
_WORDS = {
    "hardware_burden": "hardware burden",
    "consolidated_burden": "hardware burden, consolidated",
    "network_operations": "network operations",
    "operations_per_pass": "operations per pass",
    "training_compute": "training compute",
    "one_per_training": "one per training",
    "all": "all",
    "best_per_paper": "best of each paper",
    "best_per_year": "best of each year",
    "frontier": "frontier",
    "ols": "least squares",
    "ols_cluster": "least squares",
    "huber": "Huber",
    "theil_sen": "Theil–Sen",
    "quantile:0.1": "quantile 0.1",
    "y_on_x": "performance on computation",
    "x_on_y": "computation on performance",
    "symmetric": "both have errors",
    "top1": "top-1",
    "top5": "top-5",
    "box_ap": "box AP",
    "f1": "F1",
    "em": "exact match",
    "bleu": "BLEU",
    "pass_at_1": "pass@1",
    "accuracy": "accuracy",
    "gpus": "GPUs",
    "ml_gpus": "GPUs for machine learning",
    "wikipedia_gpus": "GPUs (Wikipedia)",
    "cpus": "CPUs",
    "gpus_price_performance": "GPUs, for the money",
    "ml_gpus_price_performance": "GPUs for machine learning, for the money",
    "cpus_price_performance": "CPUs, for the money",
    "notable_models_list": "notable models (own list)",
    "benchmark_models": "models of the paper’s benchmarks",
    "benchmark_models_operations": "models of the paper’s benchmarks, network operations",
    "current": "all sources",
    "paper_v1": "the paper’s rows of 2020",
    "paper_v2": "the authors’ rows of 2022",
    "today": "today",
    "target_1": "first target",
    "target_2": "second target",
}


def words(code: str | None) -> str:
    """A code of the warehouse in words."""
    return "" if code is None else _WORDS.get(code, code.replace("_", " "))


def capital(text: str) -> str:
    """A text with its first letter large, and no other changed."""
    return text[:1].upper() + text[1:]


def vocabulary() -> dict[str, str]:
    """All codes with their words, for what is written in the page itself."""
    return dict(_WORDS)


def power(log10: float | None, decimals: int | None = None) -> Markup:
    """A power of ten, cut off as the paper prints it, or with decimals; a dash for nothing."""
    if log10 is None or not math.isfinite(log10):
        return Markup("–")
    exponent = f"{math.floor(log10):d}" if decimals is None else f"{log10:.{decimals}f}"
    return Markup("10<sup>{}</sup>").format(exponent.replace("-", "−"))


def scientific(log10: float | None) -> Markup:
    """Two digits and a power of ten, 4.5 × 10¹⁸."""
    if log10 is None or not math.isfinite(log10):
        return Markup("–")
    exponent = math.floor(log10)
    digits = f"{10 ** (log10 - exponent):.1f}"
    if digits == "10.0":
        digits, exponent = "1.0", exponent + 1
    return Markup("{}{}×{}10<sup>{}</sup>").format(digits, NARROW, NARROW, str(exponent).replace("-", "−"))


def whole(number: float | None) -> str:
    """A whole number in groups of three: 14 000."""
    return "–" if number is None else f"{number:,.0f}".replace(",", NARROW).replace("-", "−")


def decimal(number: float | None, decimals: int = 1) -> str:
    """A number with decimals, in groups of three."""
    if number is None or not math.isfinite(number):
        return "–"
    return f"{number:,.{decimals}f}".replace(",", NARROW).replace("-", "−")


def rounded(number: float | None, digits: int = 2) -> str | Markup:
    """A number to so many digits, as a person says it: 14 000, 575 → 580, 0.16, 2.3 million; from 10¹⁵ on a power of ten."""
    if number is None or not math.isfinite(number):
        return "–"
    if number == 0:
        return "0"
    kept = round(number, digits - 1 - math.floor(math.log10(abs(number))))
    if kept >= 1e15:
        return scientific(math.log10(kept))
    for size, name in _LARGE:
        if abs(kept) >= size:
            return (
                f"{kept / size:.{digits}g}{NARROW}{name}"
                if abs(kept) < size * 100
                else f"{kept / size:.0f}{NARROW}{name}"
            )
    # Of what is kept: 9.96 is 10, which has a digit more.
    return decimal(kept, max(digits - 1 - math.floor(math.log10(abs(kept))), 0))


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
    whole_number = round(number)
    ending = "th" if whole_number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(whole_number % 10, "th")
    return f"{whole_number}{ending}"


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
