"""The Theil–Sen line, which outliers do not pull away, also for many resamples at once.

Its slope is the median of the slopes of all pairs of points (Theil 1950, Proc. Kon. Ned. Akad. Wetensch. A 53:386; Sen 1968,
J. Am. Stat. Assoc. 63:1379), its intercept that of Conover (1980, Practical Nonparametric Statistics): the median of y less
slope times the median of x.

scipy.stats.theilslopes gives the same line and interval to the last bit, and the tests hold them together. It is not called
because it holds several matrices of n^2 numbers (4.6 GB each at 24,000 points), and because it reads a level below 0.5 as 1
less that level. Here the slopes between two bounds are held alone, for which a sample of the pairs is asked; the others are
counted, so that the ranks are exact whatever the sample. Of more points than `_BY_PAIRS` not even the pairs are gone through
(flows/fits/slope_ranks.py): the slopes are those of the same ranks, but for rounding where many pairs have nearly one slope.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from flows.fits import slope_ranks
from flows.fits.line import OK, POINTS_MIN, Array, FitError, Line, checked
from flows.fits.resampling import Counts, check_counts

# Slopes computed at once: few enough for the processor's cache.
_CHUNK = 1 << 17
# So many pairs are held at once (8 MB); of more, a sample of so many says between which slopes the ranks lie.
_HELD, _SAMPLED = 1 << 20, 1 << 17
# So many points are fitted by going through their pairs (1.5 s).
_BY_PAIRS = 20_000
# How far from the sample's own ranks the bounds are set, in standard deviations of them; doubled where that is too near.
_MARGIN = 5.0
# Of resamples: elements of a working array, and pairs whose weights are summed before their order matters.
_DRAWN, _PAIRS_OF_BLOCK = 1 << 16, 64


class _Between(NamedTuple):
    """How many slopes lie below a lower bound, at it and at the upper bound, and those between the two."""

    below: int
    at_low: int
    between: Array
    at_high: int


def theil_sen(x: Array, y: Array, level: float) -> tuple[Line, tuple[float, float]]:
    """The Theil–Sen line of y on x, both (n,), which has no variances, and the two-sided interval of its slope.

    The interval is by Kendall's tau (Sen 1968, with ties by his equation 2.6). Both ends are NaN where there is no line, and
    where so much is tied that the variance of equation 2.6 is negative.

    Raises:
        FitError: the arrays differ in length, or hold what is not finite, or the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise FitError(f"the level must lie between 0 and 1, not {level}")
    status = checked(x, y)
    if status != OK:
        return Line(len(x), status=status), (math.nan, math.nan)
    pairs = _tied_pairs(np.array([len(x)])) - _tied_pairs(np.unique(x, return_counts=True)[1])
    middle = [(pairs - 1) // 2, pairs // 2]
    ends = _ranks_of_interval(x, y, pairs, level)
    of_rank = _at_ranks(x, y, pairs, sorted({*middle, *ends}))
    slope = (of_rank[middle[0]] + of_rank[middle[1]]) / 2
    line = Line(len(x), intercept=float(np.median(y) - slope * np.median(x)), slope=slope)
    return line, (of_rank[ends[0]], of_rank[ends[1]]) if ends else (math.nan, math.nan)


def theil_sen_resampled(x: Array, y: Array, counts: Counts) -> Array:
    """Intercept and slope of `theil_sen` for each of B resamples of the points (n,), as an array (B, 2).

    `counts` (B, n) says how often each point is drawn; its rows may sum to different totals. The slope of a pair of
    points is repeated as often as the product of their counts says. A resample of fewer than three points or without
    spread in x gives NaN.

    Raises:
        FitError: the arrays do not fit together, or hold what is not finite, or a count is negative.
    """
    check_counts(x, y, counts)
    slope = _medians_of_slopes(x, y, counts)
    slope[counts.sum(axis=1) < POINTS_MIN] = np.nan
    intercept = _medians(y, counts) - slope * _medians(x, counts)
    return np.stack([intercept, slope], axis=1)


def _tied_pairs(many: NDArray[np.integer]) -> int:
    """How many pairs there are within groups of so many."""
    return int((many * (many - 1) // 2).sum())


def _ranks_of_interval(x: Array, y: Array, pairs: int, level: float) -> tuple[int, ...]:
    """The ranks (from 0) of the slopes at the ends of the interval; none where the variance is negative."""
    n = float(len(x))
    variance = (n * (n - 1) * (2 * n + 5) - _tied(x) - _tied(y)) / 18
    if variance < 0:
        return ()
    half = -float(ndtri((1 - level) / 2)) * math.sqrt(variance)
    return max(round((pairs - half) / 2) - 1, 0), min(round((pairs + half) / 2), pairs - 1)


def _at_ranks(x: Array, y: Array, pairs: int, ranks: Sequence[int]) -> dict[int, float]:
    """The slopes of these ranks, ascending, among those of all pairs of points with different x."""
    order = np.lexsort((y, x))
    x, y, margin = x[order], y[order], _MARGIN
    if len(x) > _BY_PAIRS:
        return {rank: _of_many(x, y, pairs, rank) for rank in ranks}
    while True:
        low, high = _bounds(x, y, (ranks[0] / pairs, ranks[-1] / pairs), margin) if pairs > _HELD else (-np.inf, np.inf)
        counted = _counted(x, y, low, high)
        reached = counted.below + counted.at_low
        last = reached + len(counted.between) + counted.at_high
        # Differences beyond the range of doubles leave pairs without a slope: they are missed by any bounds.
        if (counted.below <= ranks[0] and ranks[-1] < last) or (math.isinf(low) and math.isinf(high)):
            break
        margin *= 2
    inside = [rank - reached for rank in ranks if 0 <= rank - reached < len(counted.between)]
    between = np.partition(counted.between, inside) if inside else counted.between
    return {
        rank: low if rank < reached else high if rank - reached >= len(between) else float(between[rank - reached])
        for rank in ranks
    }


def _of_many(x: Array, y: Array, pairs: int, rank: int) -> float:
    """As `_at_ranks`, of many points in order and one rank. Raises `FitError` where differences exceed the range of doubles."""
    with np.errstate(divide="ignore", over="ignore"):
        # No pair is steeper than the whole rise of y over the shortest way from one x to the next.
        steepest = 1.01 * float(np.ptp(y) / np.diff(np.unique(x)).min())
        if not np.isfinite(steepest * float(np.abs(x).max())):
            raise FitError("slopes exceed the range of doubles; scale the columns")
    margin = _MARGIN
    while True:
        low, high = _bounds(x, y, (rank / pairs, rank / pairs), margin)
        slope = slope_ranks.at_rank(x, y, rank, max(low, -steepest), min(high, steepest))
        if slope is not None:
            return slope
        if math.isinf(low) and math.isinf(high):
            raise FitError("slopes exceed the range of doubles; scale the columns")
        margin *= 2


def _bounds(x: Array, y: Array, shares: tuple[float, float], margin: float) -> tuple[float, float]:
    """Slopes below and above those that have these shares of all slopes below them, from a sample of the pairs.

    The sample is the same in every run. It only decides how many slopes are held.
    """
    one, other = np.random.default_rng(0).integers(0, len(x), (2, _SAMPLED))
    slopes = np.sort(_slopes(x[other] - x[one], y[other] - y[one]))
    slopes = slopes[~np.isnan(slopes)]
    reach = margin * math.sqrt(len(slopes)) / 2
    low, high = math.floor(shares[0] * len(slopes) - reach), math.ceil(shares[1] * len(slopes) + reach)
    return (
        float(slopes[low]) if low >= 0 else -math.inf,
        float(slopes[high]) if high < len(slopes) else math.inf,
    )


def _counted(x: Array, y: Array, low: float, high: float) -> _Between:
    """The slopes of all pairs of points, given in the order of x, against two bounds."""
    start, below, at_low, at_high, between = 0, 0, 0, 0, []
    while start < len(x) - 1:
        stop = min(start + max(1, _CHUNK // (len(x) - start)), len(x) - 1)
        with np.errstate(over="ignore"):
            slopes = _slopes(x[start + 1 :] - x[start:stop, None], y[start + 1 :] - y[start:stop, None])
        # Each pair once: of the points of this chunk with one another, only with the later ones.
        slopes[np.tril_indices(stop - start, -1)] = np.nan
        below += int(np.count_nonzero(slopes < low))
        at_low += int(np.count_nonzero(slopes == low))
        at_high += int(np.count_nonzero(slopes == high))
        between.append(slopes[(slopes > low) & (slopes < high)])
        start = stop
    return _Between(below, at_low, np.concatenate(between), at_high)


def _slopes(dx: Array, dy: Array) -> Array:
    """Dy / dx, written over dy; NaN where dx is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        np.divide(dy, dx, out=dy)
    dy[dx == 0] = np.nan
    return dy


def _tied(values: Array) -> float:
    """What ties take from 18 times the variance of Kendall's score (Sen 1968, equation 2.6)."""
    many = np.unique(values, return_counts=True)[1].astype(np.float64)
    return float((many * (many - 1) * (2 * many + 5)).sum())


def _pairs(x: Array, y: Array) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """All pairs of points with different x: their numbers, and their slopes."""
    one, other = np.triu_indices(len(x), k=1)
    apart = x[other] != x[one]
    one, other = one[apart], other[apart]
    return one, other, (y[other] - y[one]) / (x[other] - x[one])


def _medians_of_slopes(x: Array, y: Array, counts: Counts) -> Array:
    """The median of the slopes of all pairs in each resample, (B,); NaN where no pair has a slope.

    The slopes are sorted once. In each resample, the weights of blocks of pairs tell in which block the middle lies.
    """
    one, other, slopes = _blocks(*_pairs(x, y))
    medians = np.full(len(counts), np.nan)
    if not len(slopes):
        return medians
    step = max(_PAIRS_OF_BLOCK, _DRAWN // (len(x) + len(slopes)))
    for start in range(0, len(counts), step):
        # A last row of zeros is the point that fills up the last block. Sums of whole numbers are exact in float64.
        drawn = np.zeros((len(x) + 1, len(counts[start : start + step])))
        drawn[:-1] = counts[start : start + step].T
        of_blocks = [
            np.einsum("ps,ps->s", drawn[first], drawn[second]) for first, second in zip(one, other, strict=True)
        ]
        reached = np.cumsum([np.zeros(drawn.shape[1]), *of_blocks], axis=0)
        total = reached[-1]
        middle = [_at_rank(np.floor(rank), reached, drawn, one, other, slopes) for rank in ((total - 1) / 2, total / 2)]
        medians[start : start + step] = np.where(total > 0, np.mean(middle, axis=0), np.nan)
    return medians


def _blocks(
    one: NDArray[np.intp], other: NDArray[np.intp], slopes: Array
) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Pairs in the order of their slopes, in blocks of equal size, (blocks, pairs); the last is filled with point -1."""
    order = np.argsort(slopes, kind="stable")
    fill = (0, -len(order) % _PAIRS_OF_BLOCK)
    of_first, of_second = (np.pad(points[order], fill, constant_values=-1) for points in (one, other))
    in_order = np.pad(slopes[order], fill, constant_values=np.nan)
    shape = (-1, _PAIRS_OF_BLOCK)
    return of_first.reshape(shape), of_second.reshape(shape), in_order.reshape(shape)


def _at_rank(
    rank: Array, reached: Array, drawn: Array, one: NDArray[np.intp], other: NDArray[np.intp], slopes: Array
) -> Array:
    """The slope of that rank (from 0) in each resample, given the weight reached before each block."""
    sample = np.arange(len(rank))
    block = (reached[1:-1] <= rank).sum(axis=0)
    weights = drawn[one[block], sample[:, None]] * drawn[other[block], sample[:, None]]
    inside = weights.cumsum(axis=1) <= (rank - reached[block, sample])[:, None]
    at_rank: Array = slopes[block, np.minimum(inside.sum(axis=1), _PAIRS_OF_BLOCK - 1)]
    return at_rank


def _medians(values: Array, counts: Counts) -> Array:
    """The median of the values (n,), each as often as the counts (B, n) say; any value where all are 0."""
    order = np.argsort(values, kind="stable")
    reached, in_order = counts[:, order].cumsum(axis=1), values[order]
    total = reached[:, -1:]
    at = [(reached[:, :-1] <= rank).sum(axis=1) for rank in ((total - 1) // 2, total // 2)]
    medians: Array = in_order[np.stack(at)].mean(axis=0)
    return medians
