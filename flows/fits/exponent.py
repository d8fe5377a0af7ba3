"""The exponent, 1 / slope of a line that has one, and its interval.

Of the polynomial form, log10(1/error) = a + b log10 C, computation grows as performance to the power 1/b. The interval of 1/b
is that of b inverted. Where b's holds 0 that is no interval: all exponents from 1/high up are in it, and all negative ones
from 1/low down; given is the first part, which is unbounded. SQL has the same rule for its own lines (sql/fits/
ols_directions.sql, sql/marts/scaling.sql); a test holds the two together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from flows.fits.projection import BOUNDED, UNBOUNDED


@dataclass(frozen=True)
class Exponent:
    """1 / slope and its interval: NaN for what is not known, `high` NaN too where it is not bounded.

    `interval` is "bounded", "unbounded", or None where there is no interval.
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    interval: str | None = None


def exponent(slope: float, low: float, high: float) -> Exponent:
    """The exponent of a slope with its interval; a slope of 0 (or NaN) has none."""
    if math.isnan(slope) or slope == 0:
        return Exponent()
    if math.isnan(low) or math.isnan(high):
        return Exponent(1 / slope)
    if low > 0 or high < 0:
        return Exponent(1 / slope, 1 / high, 1 / low, BOUNDED)
    return Exponent(1 / slope, 1 / high if high > 0 else math.nan, math.nan, UNBOUNDED)


def inverted(low: float, high: float) -> tuple[float, float]:
    """The interval of 1/d from that of d, for a line of x on y that is turned; NaN where d's holds 0."""
    return (1 / high, 1 / low) if low > 0 or high < 0 else (math.nan, math.nan)
