"""The bootstrap of least-squares lines: whole rows or whole papers drawn with replacement, batched over the resamples.

A resample's line needs only sums of products, so these are formed once for each row (or paper) and added up as often as
it is drawn: nothing is fitted twice. Intervals are the percentile interval and the bias-corrected and accelerated one (BCa; Efron
1987, J. Am. Stat. Assoc. 82:171; Efron and Tibshirani 1993, An Introduction to the Bootstrap, 14.3).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from flows.fits import least_squares, ranks
from flows.fits.line import Array, FitError, checked

Counts = NDArray[np.int64]
Indices = NDArray[np.intp]
# Draws made at once: few enough for the processor's cache. The stream of draws depends on it.
_CHUNK = 1 << 17
# Counts held at once where each unit is left out in turn (32 MB).
_COUNTED = 1 << 22
# Relative difference of two slopes that are one.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Resampled:
    """Lines of B resamples: intercept and slope of y on x, and the slope of the line of x on y turned to y = a + b x.

    `jackknife` are the slopes of y on x, and `jackknife_turned` those of x on y turned, with one row or paper left out.
    """

    intercept: Array
    slope: Array
    turned: Array
    jackknife: Array
    jackknife_turned: Array


def seeded(seed: int, *key: str) -> np.random.Generator:
    """A stream of its own for each key, so that a further line leaves the draws of all others as they are."""
    digest = hashlib.sha256("\0".join(key).encode()).digest()
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence([seed, *np.frombuffer(digest, np.uint32).tolist()]))
    )


def in_order(*columns: Array) -> Indices:
    """An order of the rows that does not depend on the one in which they were given."""
    return np.lexsort(columns[::-1])


def units(papers: NDArray[np.str_] | NDArray[np.int64]) -> Indices:
    """Papers numbered from 0 in the order of their first rows."""
    _, first, inverse = np.unique(papers, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse.ravel()]


def counts(rng: np.random.Generator, resamples: int, many: int) -> Counts:
    """How often each of `many` units is drawn in each resample, (resamples, many)."""
    drawn = rng.integers(0, many, (resamples, many), dtype=np.int32)
    drawn += np.arange(resamples, dtype=np.int32)[:, None] * np.int32(many)
    return np.bincount(drawn.ravel(), minlength=resamples * many).reshape(resamples, many)


def check_counts(x: Array, y: Array, drawn: NDArray[np.integer]) -> None:
    """Points (n,) and how often each resample holds each of them (B, n).

    Raises:
        FitError: they do not fit together, or hold what is not finite, or a count is negative or no whole number.
    """
    checked(x, y)
    if drawn.ndim != 2 or drawn.shape[1] != len(x) or drawn.dtype.kind not in "iu" or drawn.min(initial=0) < 0:
        raise FitError("counts are whole numbers of 0 or more, a row for each resample and a column for each point")


def without_each(unit: Indices) -> Iterator[Counts]:
    """Counts (some, n) of the resamples that leave one unit (row, paper) out, in their order, a few at a time."""
    many = int(unit.max(initial=-1)) + 1
    step = max(1, _COUNTED // max(len(unit), 1))
    for start in range(0, many, step):
        left_out = np.arange(start, min(start + step, many))
        yield (unit[None, :] != left_out[:, None]).astype(np.int64)


def ols_resampled(
    x: Array, ys: Array, resamples: int, rng: np.random.Generator, unit: Indices | None = None
) -> list[Resampled]:
    """Least-squares lines of each of `ys` (forms, n) on x (n,) over the same resamples of rows, or of units if given."""
    middle, middles = x.mean(), ys.mean(axis=1)
    dx, dys = x - middle, ys - middles[:, None]
    products = np.stack([np.ones_like(x), dx, dx * dx, *(p for dy in dys for p in (dy, dx * dy, dy * dy))])
    if unit is not None:
        products = np.stack([np.bincount(unit, weights=product) for product in products])
    sums = _drawn(products, resamples, rng)
    left = products.sum(axis=1, keepdims=True) - products
    lines = []
    for at, mean_y in enumerate(middles):
        mine = [0, 1, 2, *range(3 + 3 * at, 6 + 3 * at)]
        intercept, slope, turned = _lines(sums[mine])
        _, jackknife, jackknife_turned = _lines(left[mine])
        lines.append(Resampled(intercept + mean_y - slope * middle, slope, turned, jackknife, jackknife_turned))
    return lines


def ols_slopes(x: Array, y: Array, drawn: Counts) -> Array:
    """Least-squares slopes (B,) of y on x (n,) over resamples given as how often each row is drawn (B, n)."""
    dx, dy = x - x.mean(), y - y.mean()
    products = np.stack([np.ones_like(x), dx, dx * dx, dy, dx * dy, dy * dy])
    return _lines(_summed(products, drawn))[1]


def _drawn(products: Array, resamples: int, rng: np.random.Generator) -> Array:
    """Sums of the products over each resample, (products, resamples)."""
    many = products.shape[1]
    step = max(1, _CHUNK // many)
    chunks = (counts(rng, min(step, resamples - start), many) for start in range(0, resamples, step))
    return np.concatenate([_summed(products, chunk) for chunk in chunks], axis=1)


def _summed(products: Array, drawn: Counts) -> Array:
    # By BLAS, a third of einsum's time with one thread, as builds and commands allow it: on matrices of this shape more take
    # a hundred times as long while others use the processor.
    sums: Array = products @ drawn.astype(np.float64).T
    return sums


def _lines(sums: Array) -> tuple[Array, Array, Array]:
    """Intercept, slope and turned slope of y on x from n, Σx, Σx², Σy, Σxy, Σy²; NaN where x has no spread."""
    n, x, xx, y, xy, yy = sums
    intercept, slope = least_squares.of_sums(n, x, xx, y, xy)
    with np.errstate(divide="ignore", invalid="ignore"):
        turned = np.where(np.isnan(slope), np.nan, (yy - y * y / n) / (xy - x * y / n))
    return intercept, slope, turned


def percentile(draws: Array, level: float) -> tuple[float, float]:
    """The interval between the equal tails of the draws; those that gave no line are left out."""
    tail = (1 - level) / 2
    return _quantiles(draws, tail, 1 - tail)


def bca(draws: Array, estimate: float, jackknife: Array, level: float) -> tuple[float, float]:
    """The bias-corrected and accelerated interval; NaN where the jackknife or the draws leave it undefined."""
    kept = draws[~np.isnan(draws)]
    # A resample that draws every row or paper once has the line of the sample, but for rounding.
    is_equal = np.abs(kept - estimate) <= _ROUNDING * abs(estimate)
    below = (np.count_nonzero((kept < estimate) & ~is_equal) + np.count_nonzero(is_equal) / 2) / max(len(kept), 1)
    apart = jackknife.mean() - jackknife
    if not 0 < below < 1 or not np.isfinite(apart).all() or not apart.any():
        return math.nan, math.nan
    shift = float(ndtri(below))
    acceleration = float((apart**3).sum() / (6 * (apart**2).sum() ** 1.5))
    tails = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = shift + float(ndtri(tail))
        if acceleration * z >= 1:
            return math.nan, math.nan
        tails.append(float(ndtr(shift + z / (1 - acceleration * z))))
    return _quantiles(kept, *tails)


def _quantiles(draws: Array, low: float, high: float) -> tuple[float, float]:
    """Order statistics of the draws, the outer ones of two, so that infinite draws stay infinite."""
    kept = draws[~np.isnan(draws)]
    if not len(kept):
        return math.nan, math.nan
    last = len(kept) - 1
    return ranks.outer(kept, max(math.floor(low * last), 0), min(math.ceil(high * last), last))
