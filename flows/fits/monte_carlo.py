"""Draws of a cost's factors as log10, and what the interval of their sum is made of. Everything multiplies, so all is added.

The line of a fit is drawn as Student's t intervals have it: variance from its scaled inverse chi-square with the degrees of
freedom of the line, coefficients normal given that (Gelman et al. 2013, Bayesian Data Analysis, 14.2, a flat prior), so that the
percentiles of an inverse prediction agree with Fieller's interval. Ranges are triangular on the logarithm (Kotz and van
Dorp 2004, Beyond Beta, chapter 1); prices are drawn from those observed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from flows.fits import ranks
from flows.fits.line import Array, FitError, Line

_LARGEST = float(np.finfo(np.float64).max)


def lines(line: Line, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Intercepts and slopes (draws,) of a least-squares line, given its scatter drawn too.

    Raises:
        FitError: there is no line, or it has no variances.
    """
    variances = (line.intercept_variance, line.slope_variance, line.covariance)
    if not all(map(math.isfinite, variances)) or not line.degrees_of_freedom > 0:
        raise FitError("a line with variances is needed")
    scale = np.sqrt(line.degrees_of_freedom / rng.chisquare(line.degrees_of_freedom, draws))
    of_slope, rest = rng.standard_normal((2, draws)) * scale
    along = line.covariance / line.slope_se if line.slope_se else 0.0
    across = math.sqrt(max(line.intercept_variance - along * along, 0.0))
    return line.intercept + along * of_slope + across * rest, line.slope + line.slope_se * of_slope


def reached(intercept: Array, slope: Array, y: float) -> Array:
    """The x (draws,) at which each line reaches y; infinite where it does not rise."""
    with np.errstate(divide="ignore", invalid="ignore"):
        x: Array = np.where(slope > 0, (y - intercept) / slope, np.inf)
    return x


def triangular(low: float, mode: float, high: float, draws: int, rng: np.random.Generator) -> Array:
    """log10 of draws between low and high, triangular on the logarithm with its peak at mode; 0 < low <= mode <= high.

    Raises:
        FitError: the three are not so ordered.
    """
    if not 0 < low <= mode <= high:
        raise FitError(f"0 < low <= mode <= high does not hold of {low}, {mode}, {high}")
    a, c, b = math.log10(low), math.log10(mode), math.log10(high)
    u = rng.random(draws)
    if a == b:
        return np.full(draws, c)
    rising = a + np.sqrt(u * (b - a) * (c - a))
    falling = b - np.sqrt((1 - u) * (b - a) * (b - c))
    return np.where(u < (c - a) / (b - a), rising, falling)


def observed(values: Array, draws: int, rng: np.random.Generator) -> Array:
    """log10 of draws with replacement from values (n,), whatever their order."""
    chosen = rng.integers(0, len(values), draws)
    log10: Array = np.log10(np.sort(values))[chosen]
    return log10


def interval(total: Array, level: float) -> tuple[float, float]:
    """The order statistics that leave equal tails outside, the outer ones of two, so that infinite draws stay infinite."""
    last = len(total) - 1
    return ranks.outer(total, math.floor((1 - level) / 2 * last), math.ceil((1 + level) / 2 * last))


def agreeing(x: Array, centre: float, ends: tuple[float, float], level: float) -> Array:
    """Draws (draws,) on either side of the centre stretched so that `interval` of them is the given one, in the same order.

    An interval that is known in closed form (Fieller's, of an inverse prediction) is then the same wherever it stands, and
    what is added to the draws widens it. By chance the ends of 10,000 draws are off by a hundredth of its width. Where an end
    is infinite, so are the draws at and beyond that of theirs; where only theirs is, they stop at the given one.
    """
    was = interval(x, level)
    low, high = (_stretched(x, centre, *pair) for pair in zip(was, ends, strict=True))
    return np.where(x < centre, low, high)


def _stretched(x: Array, centre: float, was: float, end: float) -> Array:
    if math.isinf(end):
        return np.where(abs(x - centre) >= abs(was - centre), end, x)
    if math.isinf(was):
        return np.where(np.isinf(x), end, x)
    return centre + (x - centre) * ((end - centre) / (was - centre)) if was != centre else x


def shares(parts: Sequence[Array | None], total: Array, low: float, high: float) -> list[float]:
    """What part each of the summands (draws,) has in the spread of their total within low and high; they add up to 1.

    A part is cov(summand, total) / var(total) over the finite draws inside of the interval. Those outside are left out
    because an inverse prediction has no variance (its tails are those of a ratio): one draw would decide. NaN where the
    total has no spread. The first part is the rest to 1, so that the sum is exact to the last bit or two. None among the
    others is a summand that is 0 in all draws.
    """
    inside = np.flatnonzero((total >= max(low, -_LARGEST)) & (total <= min(high, _LARGEST)))
    if len(inside) < 2:
        return [math.nan] * len(parts)
    apart = total.take(inside)
    apart -= apart.mean()
    variance = float(apart @ apart)
    if variance <= 1e-24 * len(inside):
        return [math.nan] * len(parts)
    others = [0.0 if part is None else float((part.take(inside) @ apart) / variance) for part in parts[1:]]
    return [1 - math.fsum(others), *others]
