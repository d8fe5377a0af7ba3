"""Growth over time: the rate of a quantity, and whether it changed, with intervals by a bootstrap of blocks in time.

log10 of the quantity is a line in the year, or two lines that meet in a kink (Hinkley 1971, J. Am. Stat. Assoc. 66:736).
What is published near in time hangs together (a laboratory's models, a generation of chips), so blocks of consecutive dates
are resampled and not single points: the residuals of a block are multiplied by one random weight, a wild bootstrap by block
(Cameron, Gelbach and Miller 2008, Rev. Econ. Stat. 90:414; in time Shao 2010, J. Am. Stat. Assoc. 105:218).

Intervals. A block's residuals are those from the line that is fitted without it (MacKinnon, Nielsen and Webb 2023, J.
Econometrics 232:272), the weights are normal. Ten blocks say little of their scatter, so the percentile interval is widened
from the tails of the normal distribution to those of Student's t with one degree of freedom less than there are blocks
(Hesterberg 2015, Am. Stat. 69:371).

The kink. Its date has the least sum of squares, of dates that leave enough points on each side. Whether the data ask for it
is judged by the largest F of all dates, against its bootstrap where there is no kink; its interval are the dates that are
not rejected (Hansen 2017, J. Bus. Econ. Stat. 35:228, with weights for single points). Coverage: tests/fits/test_growth.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from flows.fits import student_t
from flows.fits.line import NO_INTERVAL, NO_SPREAD, OK, TOO_FEW_POINTS, Array, FitError, checked

Indices = NDArray[np.intp]

# Blocks in time: ten leave dependence within a tenth of the points alone, fewer widen the intervals much.
BLOCKS = 10
RESAMPLES = 9999
# Below this many blocks nothing is said of how sure a rate is.
BLOCKS_MIN = 4
# A kink leaves this share of the points on each side, and at least as many as the second figure.
SIDE, SIDE_MIN = 0.1, 5
# With fewer points no kink is looked for.
POINTS_MIN = 20
# Dates at which a kink is tried, evenly spaced.
DATES = 80
# The data ask for a kink where p is at most this. At 0.05 up to 6 % of simulated truths without a kink had one.
KINK_P = 0.04
# Weights of six values (Webb 2023, Can. J. Econ. 56:839), which keep the test of the kink near its level with ten blocks.
_WEBB = np.concatenate([-np.sqrt([1.5, 1.0, 0.5]), np.sqrt([0.5, 1.0, 1.5])])
# Of a direction in which only one block has points its residual is 0 with it, and unknown without.
_LEVERAGE_MAX = 1 - 1e-9
# The share of the squares that a line leaves of values which lie on it.
_ROUNDING = 1e-24
# A kink whose bend is this small beside its distance from the line cannot be told from one.
_BEND_MIN = 1e-12


@dataclass(frozen=True)
class Rate:
    """Powers of ten a year, and the ends of its interval; NaN where they are unknown."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan

    @property
    def factor(self) -> tuple[float, float, float]:
        """The factor of growth a year and its ends; infinite beyond the range of doubles."""
        return _power(self.value), _power(self.low), _power(self.high)

    @property
    def doubling_month(self) -> tuple[float, float, float]:
        """Months in which the quantity doubles and their ends; NaN where it does not grow, infinite where it may not."""
        if not self.value > 0:
            return math.nan, math.nan, math.nan
        longest = math.inf if self.low <= 0 else _months(self.low)
        return _months(self.value), _months(self.high), longest


@dataclass(frozen=True)
class Growth:
    """The line of all points: rate, share of the variance explained, number of points and of blocks."""

    n: int
    blocks: int
    rate: Rate = Rate()
    intercept: float = math.nan
    r_squared: float = math.nan
    status: str = OK


@dataclass(frozen=True)
class Kink:
    """Where growth changed: its year with an interval, the rates before and after, and p of there being none.

    `asked_for` is whether p is at most KINK_P. Where there are too few points or dates to look for one, `status` says so.
    """

    year: float = math.nan
    low: float = math.nan
    high: float = math.nan
    before: Rate = Rate()
    after: Rate = Rate()
    p: float = math.nan
    status: str = OK

    @property
    def asked_for(self) -> bool:
        """Whether the data ask for the kink."""
        return self.p <= KINK_P


def growth(
    year: Array,
    value: Array,
    level: float,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
    unit: Indices | None = None,
) -> Growth:
    """The rate at which a quantity grows.

    Args:
        year: dates as decimal years, shape (n,).
        value: the quantity, above 0, shape (n,).
        level: probability that the interval covers.
        rng: for the resamples.
        resamples: how many.
        unit: blocks as numbers from 0, shape (n,), such as papers or laboratories; by default about ten of consecutive dates.

    Raises:
        FitError: unequal lengths, a value that is not finite, or one that is not above 0.
    """
    status = _checked(year, value)
    if status != OK:
        return Growth(len(year), 0, status=status)
    series = _Series(year, value, unit)
    total = float((series.y**2).sum())
    r_squared = 1 - float((series.residual**2).sum()) / total if total else math.nan
    intercept = series.height - series.slope * float(year.mean())
    rate, status = Rate(series.slope), NO_INTERVAL
    if series.blocks >= BLOCKS_MIN:
        weights = rng.standard_normal((resamples, series.blocks))
        scores = series.summed(series.x * series.without_block(series.residual, series.basis))
        apart = np.einsum("bg,g->b", weights, scores) / series.sxx
        rate, status = _rate(series.slope, apart, _widened(level, series.blocks)), OK
    return Growth(len(year), series.blocks, rate, intercept, r_squared, status)


def kink(
    year: Array,
    value: Array,
    level: float,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
    unit: Indices | None = None,
) -> Kink:
    """When the rate of growth changed, and whether the data ask for that; arguments and errors as of `growth`."""
    status = _checked(year, value)
    if status != OK:
        return Kink(status=status)
    series = _Series(year, value, unit)
    if series.blocks < BLOCKS_MIN or len(year) < POINTS_MIN:
        return Kink(status=TOO_FEW_POINTS)
    bends = _bends(series)
    if bends is None:
        return Kink(status=NO_SPREAD)
    return _kink(series, bends, level, rng, resamples)


def _checked(year: Array, value: Array) -> str:
    status = checked(year, value)
    if not (value > 0).all():
        raise FitError("growth is that of a quantity above 0")
    return status


def blocks_in_time(year: Array) -> Indices:
    """Blocks of consecutive dates with about a tenth of the points each, as numbers from 0; `year` (n,) ascends.

    Points of one date are of one block, so that there may be fewer.
    """
    n = len(year)
    most = min(BLOCKS, n // 2)
    _, date, many = np.unique(year, return_inverse=True, return_counts=True)
    middle = np.cumsum(many) - many / 2
    block = np.minimum(np.floor(middle * most / n), most - 1)[date]
    return np.unique(block, return_inverse=True)[1].astype(np.intp)


class _Series:
    """Points in the order of their dates, log10 of their values about its mean, an orthonormal basis (n, 2) of the lines."""

    def __init__(self, year: Array, value: Array, unit: Indices | None) -> None:
        order = np.lexsort((value, year))
        self.year, y = year[order], np.log10(value[order])
        self.height = float(y.mean())
        self.y = y = y - self.height
        self.block = blocks_in_time(self.year) if unit is None else unit[order]
        self.blocks = int(self.block.max()) + 1
        self.x = self.year - self.year.mean()
        self.sxx = float((self.x**2).sum())
        n = len(year)
        self.basis = np.column_stack([np.full(n, n**-0.5), self.x / math.sqrt(self.sxx)])
        self.slope = float((self.x * y).sum()) / self.sxx
        self.residual = y - self.slope * self.x

    def summed(self, values: Array) -> Array:
        """Sums over the blocks of arrays whose last axis is that of the points."""
        is_of = (self.block[:, None] == np.arange(self.blocks)).astype(np.float64)
        sums: Array = np.einsum("...n,ng->...g", values, is_of)
        return sums

    def without_block(self, residual: Array, basis: Array) -> Array:
        """The residuals of each block from the fit of all others: (I - H)^-1 of its own, H its part of the projection."""
        out = residual.copy()
        for block in range(self.blocks):
            mine = self.block == block
            shares, turn = np.linalg.eigh(basis[mine].T @ basis[mine])
            own = (shares > 0) & (shares < _LEVERAGE_MAX)
            direction = basis[mine] @ turn[:, own] / np.sqrt(shares[own])
            out[mine] += direction @ (shares[own] / (1 - shares[own]) * (direction.T @ residual[mine]))
        return out


def _rate(value: float, apart: Array, level: float) -> Rate:
    """A rate between ends as far from it as the share `level` of the resamples are."""
    half = float(np.quantile(np.abs(apart), level))
    return Rate(value, value - half, value + half)


def _widened(level: float, blocks: int) -> float:
    """The level at which normal tails are those of Student's t at `level` with a degree of freedom less than blocks."""
    return float(2 * ndtr(student_t.quantile((1 + level) / 2, blocks - 1)) - 1)


@dataclass(frozen=True)
class _Bends:
    """Dates (K,) at which a kink is tried, and what bends there beside the lines: unit vectors (K, n), their size and slope."""

    year: Array
    unit: Array
    size: Array
    slope: Array


def _bends(series: _Series) -> _Bends | None:
    n = len(series.year)
    side = max(SIDE_MIN, math.ceil(SIDE * n))
    dates = np.linspace(series.year[side - 1], series.year[n - side], DATES)
    after = np.maximum(series.year - dates[:, None], 0.0)
    in_lines = np.einsum("kn,np->kp", after, series.basis)
    bend = after - np.einsum("kp,np->kn", in_lines, series.basis)
    size = np.sqrt((bend**2).sum(axis=1))
    kept = size > _BEND_MIN * np.sqrt((after**2).sum(axis=1)).max()
    if not kept.any() or dates[-1] == dates[0]:
        return None
    slope = in_lines[:, 1] / math.sqrt(series.sxx)
    return _Bends(dates[kept], bend[kept] / size[kept, None], size[kept], slope[kept])


def _kink(series: _Series, bends: _Bends, level: float, rng: np.random.Generator, resamples: int) -> Kink:
    along = np.einsum("kn,n->k", bends.unit, series.y)
    best = int((along**2).argmax())
    left = float((series.residual**2).sum()) - along[best] ** 2
    if not float((series.residual**2).sum()) > _ROUNDING * float((series.y**2).sum()):
        return Kink(status=NO_INTERVAL)
    left = max(left, np.finfo(float).tiny)
    p = _p_of_none(series, bends, float(along[best] ** 2) / left, rng, resamples)
    turn = along[best] / bends.size[best]
    before = series.slope - turn * bends.slope[best]
    basis = np.column_stack([series.basis, bends.unit[best]])
    fitted = basis @ (basis.T @ series.y)
    weights = rng.standard_normal((resamples, series.blocks))
    drawn = _Drawn(series, bends, fitted, series.without_block(series.y - fitted, basis), weights)
    widened = _widened(level, series.blocks)
    low, high = _dates(bends, along, left, drawn, best, widened, level, series.blocks)
    return Kink(
        float(bends.year[best]),
        low,
        high,
        _rate(before, drawn.before - before, widened),
        _rate(before + turn, drawn.after - before - turn, widened),
        p,
    )


def _p_of_none(series: _Series, bends: _Bends, found: float, rng: np.random.Generator, resamples: int) -> float:
    """The share of resamples of the straight line whose largest share of a bend is that found, or more."""
    weights = _WEBB[rng.integers(0, 6, (resamples, series.blocks))]
    gain, left = _gains(series, bends.unit, series.residual, weights)
    largest = (gain**2).max(axis=0)
    return float(1 + np.count_nonzero(largest >= found * (left - largest))) / (resamples + 1)


def _gains(series: _Series, unit: Array, residual: Array, weights: Array) -> tuple[Array, Array]:
    """Of residuals weighted by block: their parts along the bends (K, B), and their sum of squares about the line (B,)."""
    gain = np.einsum("kg,bg->kb", series.summed(unit * residual), weights)
    lines = np.einsum("pg,bg->pb", series.summed(series.basis.T * residual), weights)
    squares = np.einsum("bg,g->b", weights**2, series.summed(residual**2))
    return gain, squares - (lines**2).sum(axis=0)


class _Drawn:
    """Resamples of the kinked line: the rates before and after their own kinks (B,), and how far they are from its date."""

    def __init__(self, series: _Series, bends: _Bends, fitted: Array, residual: Array, weights: Array) -> None:
        gain, squares = _gains(series, bends.unit, residual, weights)
        bent = fitted - series.basis @ (series.basis.T @ fitted)
        self.along = np.einsum("kn,n->k", bends.unit, fitted)[:, None] + gain
        crossed = np.einsum("bg,g->b", weights, series.summed(bent * residual))
        self.total = float((bent**2).sum()) + 2 * crossed + squares
        best = (self.along**2).argmax(axis=0)
        at = np.arange(len(weights))
        turn = self.along[best, at] / bends.size[best]
        line = float((series.x * fitted).sum()) / series.sxx
        slopes = line + np.einsum("bg,g->b", weights, series.summed(series.x * residual)) / series.sxx
        self.before = slopes - turn * bends.slope[best]
        self.after = self.before + turn

    def distances(self, at: int) -> Array:
        """How much less of the sum of squares is left at the resamples' own dates than at this one, in parts of what is left."""
        largest = (self.along**2).max(axis=0)
        parts: Array = (largest - self.along[at] ** 2) / np.maximum(self.total - largest, np.finfo(float).tiny)
        return parts


def _dates(
    bends: _Bends, along: Array, left: float, drawn: _Drawn, best: int, widened: float, level: float, blocks: int
) -> tuple[float, float]:
    """From the first to the last date that is not rejected; without bound where that is the first or last one tried."""
    n = bends.unit.shape[1]
    of_t = student_t.quantile((1 + level) / 2, blocks - 1) ** 2 / (n - 4)
    most = max(float(np.quantile(drawn.distances(best), widened)), of_t)
    worse = (along[best] ** 2 - along**2) / left
    within = np.flatnonzero(worse <= most)
    first, last = int(within[0]), int(within[-1])
    return _crossing(bends.year, worse, most, first, -1), _crossing(bends.year, worse, most, last, 1)


def _crossing(year: Array, worse: Array, most: float, last: int, step: int) -> float:
    beyond = last + step
    if not 0 <= beyond < len(year):
        return step * math.inf
    share = (most - worse[last]) / (worse[beyond] - worse[last])
    return float(year[last] + share * (year[beyond] - year[last]))


def _power(slope: float) -> float:
    return 10.0**slope if not slope > 300 else math.inf


def _months(slope: float) -> float:
    return 12 * math.log10(2) / slope
