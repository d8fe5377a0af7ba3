"""A line read both ways: the y at an x, and the x at which it reaches a y (inverse prediction, calibration).

The interval of an inverse prediction is the set of all x at which the interval of the line (or of a new observation)
holds the given y: Fieller 1954, Journal of the Royal Statistical Society B 16:175; Draper and Smith 1998, Applied
Regression Analysis, section 3.2; Graybill and Iyer 1994, Regression Analysis, chapter 6. It takes the variances of the
line as they are, so that it serves every estimator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flows.fits.line import Array, FitError, Line

BOUNDED = "bounded"
UNBOUNDED = "unbounded"
# The status of an x further beyond the data than they can support.
BEYOND = "extrapolation_unsupported"
# Of a curve: no computation reaches the error; none is needed.
BELOW_IRREDUCIBLE, ABOVE_GUESSING = "below_irreducible_error", "above_error_of_guessing"
# The estimator gives no variance, or there is no line.
UNKNOWN = "none"


@dataclass(frozen=True)
class Projection:
    """The x at which a line reaches a y, and its interval.

    `interval` is "bounded"; or "unbounded", with one end or both infinite; or "none", with both NaN.
    """

    x: float
    low: float
    high: float
    interval: str


@dataclass(frozen=True)
class Prediction:
    """The y of a line at an x, the interval of the line there and that of a new observation (NaN: not known)."""

    y: float
    low: float
    high: float
    new_low: float
    new_high: float


def prediction(line: Line, x: float, level: float) -> Prediction:
    """The line at x and its two-sided intervals (Draper and Smith 1998, section 3.1).

    The interval of a new observation is NaN where the line has no `residual_sd`, all figures where it has none.

    Raises:
        FitError: the level is not a probability between 0 and 1.
    """
    y, half = line.at(x), _t(line, level)
    of_line = half * math.sqrt(_variance(line, x, new=False))
    of_new = half * math.sqrt(_variance(line, x, new=True))
    return Prediction(y, y - of_line, y + of_line, y - of_new, y + of_new)


def of_new(line: Line, x: Array, level: float) -> tuple[Array, Array]:
    """The ends of the interval of a new observation at each x (m,), as `prediction` has it of one.

    Raises:
        FitError: as `prediction`.
    """
    y, of_line = line.intercept + line.slope * x, line.variance_at(x)
    apart = _t(line, level) * np.sqrt(np.where(of_line < 0, 0.0, of_line) + line.residual_sd**2)
    return y - apart, y + apart


def solve(line: Line, y0: float, level: float, *, new: bool = False) -> Projection:
    """The x at which the line reaches y0, with the two-sided interval of that level.

    The set of x with (a + b x - y0)^2 <= t^2 v(x), v being the variance of the line at x; with `new`, y0 is a single
    observation and not the height of the line, and `residual_sd` squared is added to v. In u = x - (y0 - a)/b it reads
    (b^2 - t^2 v_b) u^2 - 2 t^2 c u - t^2 v <= 0, where v and c are the variance of the line and its covariance with the
    slope at u = 0; so taken, a far origin of x costs digits in v alone.

    Where the slope's own interval holds 0 the set is no interval, and "unbounded": its part around the estimate runs
    from one known end to infinity, away from the data, or it is the whole line. The other part, which begins on the far
    side of the data and belongs to slopes of the other sign, is left out: where most slopes are so weak the interval
    holds the truth up to 3 points less often than its level. A slope of 0 has no x: NaN, with both ends infinite.

    Raises:
        FitError: the level is not a probability between 0 and 1, or y0 is not finite.
    """
    t = _t(line, level)
    if not math.isfinite(y0):
        raise FitError("a finite y0 is needed")
    x = (y0 - line.intercept) / line.slope if line.slope else math.inf
    if math.isinf(x):
        return Projection(math.nan, -math.inf, math.inf, UNBOUNDED)
    square = line.slope**2 - t * t * line.slope_variance
    mixed = t * t * (line.covariance + x * line.slope_variance)
    constant = t * t * _variance(line, x, new=new)
    if math.isnan(square + mixed + constant):
        return Projection(x, math.nan, math.nan, UNKNOWN)
    low, high = _around_zero(square, mixed, constant)
    return Projection(x, x + low, x + high, BOUNDED if square > 0 else UNBOUNDED)


def crossing(line: Line, y0: float, t: float) -> float:
    """The x at which y0 lies t standard deviations of a new observation above the line: one end of an interval, each for itself.

    For t > 0 it is left of where a rising line reaches y0. It is infinite where the line's band never gets there, NaN where the
    line has no scatter; of the two solutions that there may be on that side it is the nearer one.

    Raises:
        FitError: y0 or t is not finite, or the line does not rise.
    """
    if not (math.isfinite(y0) and math.isfinite(t) and line.slope > 0):
        raise FitError("a rising line, a finite y0 and a finite t are needed")
    x = (y0 - line.intercept) / line.slope
    square = line.slope**2 - t * t * line.slope_variance
    mixed = t * t * (line.covariance + x * line.slope_variance)
    constant = t * t * _variance(line, x, new=True)
    if math.isnan(square + mixed + constant):
        return math.nan
    low, high = _around_zero(square, mixed, constant)
    return x + (low if t > 0 else high)


def distance(x0: float, x: Array) -> tuple[float, float]:
    """How far x0 lies beyond the data x, of shape (n,): in units of x (decades of its log10), and in ranges of the data.

    Both are 0 inside the data and positive on either side. Without a range (all x are the same) the second is infinite
    outside.

    Raises:
        FitError: there are no data.
    """
    if not len(x):
        raise FitError("no data to lie beyond")
    low, high = float(x.min()), float(x.max())
    if low <= x0 <= high:
        return 0.0, 0.0
    beyond = low - x0 if x0 < low else x0 - high
    return beyond, beyond / (high - low) if high > low else math.inf * beyond


def _t(line: Line, level: float) -> float:
    if not 0 < level < 1:
        raise FitError(f"a level between 0 and 1 is needed, not {level}")
    return line.quantile(level)


def _variance(line: Line, x: float, *, new: bool) -> float:
    # Of a perfect line the variance is 0, and rounding may leave it below.
    of_line = line.variance_at(x)
    return (0.0 if of_line < 0 else of_line) + (line.residual_sd**2 if new else 0.0)


def _around_zero(square: float, mixed: float, constant: float) -> tuple[float, float]:
    """The ends of the part around u = 0 of the set square u^2 - 2 mixed u - constant <= 0, constant being >= 0.

    The roots are taken in the form that subtracts no like figures (Press et al. 2007, Numerical Recipes, section 5.6).
    """
    discriminant = mixed * mixed + square * constant
    if square <= 0 and (discriminant <= 0 or mixed == 0):
        return -math.inf, math.inf
    sum_of_both = abs(mixed) + math.sqrt(discriminant)
    near = constant / sum_of_both if sum_of_both else 0.0
    far = sum_of_both / square if square > 0 else math.inf
    return (-near, far) if mixed >= 0 else (-far, near)
