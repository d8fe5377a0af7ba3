"""Slopes of given rank among those of all pairs of many points, without going through the pairs.

A pair has a slope below t where its points, in the order of x, come in the other order of y - t x: so that the slopes below t
are counted as the inversions of a permutation, in n log n (Cole, Salowe, Steiger and Szemerédi 1989, SIAM J. Comput. 18:792).
Bounds are drawn together around a rank until few slopes lie between them, which are computed and sorted: the slope is that
of a pair, to the last bit, and no sample decides anything but how fast it is found.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from flows.fits.line import Array

Order = NDArray[np.int64]

# So many slopes are computed and sorted at once (8 MB); so many steps draw bounds together, of which a bisection to the last
# digit of a double takes fewer; and this close, relative to them, two bounds are one slope that very many pairs have.
_HELD, _STEPS, _ONE_SLOPE = 1 << 20, 200, 1e-13


def at_rank(x: Array, y: Array, rank: int, low: float, high: float) -> float | None:
    """The slope of a rank (from 0) among those of all pairs with different x; None where it is not between two finite bounds.

    x (n,) ascends, and y (n,) where x is equal. The lower bound belongs to what is between, the upper one only where both are
    one. Of slopes that very many pairs share, as nearly as rounding tells, it is that of one of them.
    """
    below, up_to = _below(x, y, low), _below(x, y, high, or_equal=low == high)
    if not below <= rank < up_to:
        return None
    if low == high:
        return low
    near = _ONE_SLOPE * max(abs(low), abs(high))
    for step in range(_STEPS):
        if up_to - below <= _HELD:
            return float(np.partition(_between(x, y, low, high, _HELD), rank - below)[rank - below])
        if high - low <= near:
            break
        for middle in _middles(low, high, (rank - below) / (up_to - below), step):
            if low < middle < high:
                many = _below(x, y, middle)
                low, below, high, up_to = (middle, many, high, up_to) if many <= rank else (low, below, middle, many)
    return float(np.median(_between(x, y, low, high, 1)))


def _middles(low: float, high: float, share: float, step: int) -> Iterator[float]:
    """Two slopes around the one that has this share of those between two bounds below it; every third time the middle."""
    if step % 3 == 2:
        yield low + (high - low) / 2
        return
    for side in (-1, 1):
        yield low + (high - low) * min(max(share + side / 32, 1 / 64), 63 / 64)


def _below(x: Array, y: Array, slope: float, *, or_equal: bool = False) -> int:
    """How many pairs with different x have a lower slope (or an equal one), but for rounding of those nearly equal to it."""
    heights = y - slope * x
    # Equal heights keep the order of x, or are turned.
    order = np.lexsort((-x, heights)) if or_equal else np.argsort(heights, kind="stable")
    return sum(int(before.sum()) for before, _, _ in _inversions(_inverse(order)))


def _between(x: Array, y: Array, low: float, high: float, most: int) -> Array:
    """The slopes that lie between two bounds, as `_below` counts them; of each bit of `_inversions` the first so many."""
    order, by_high = (np.argsort(y - bound * x, kind="stable") for bound in (low, high))
    slopes = []
    for before, zeros, ones in _inversions(_inverse(by_high)[order]):
        reached = np.cumsum(before.ravel())
        pair = np.arange(min(int(reached[-1]), most))
        zero = np.searchsorted(reached, pair, side="right")
        within = pair - (reached[zero] - before.ravel()[zero])
        one, other = by_high[zeros.ravel()[zero]], by_high[ones[zero // ones.shape[1], within]]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slopes.append((y[other] - y[one]) / (x[other] - x[one]))
    return np.concatenate(slopes)


def _inverse(order: Order) -> Order:
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    return inverse


def _inversions(permutation: Order) -> Iterator[tuple[Order, Order, Order]]:
    """The inversions of a permutation by the highest bit in which two numbers differ: for each bit, in groups of numbers.

    (before, zeros, ones), each (groups, numbers): the numbers of a group whose bit is 0 and is 1, in their order, and of the
    former how many of the latter stand before. Numbers are filled up to a power of 2 by such as are in order.
    """
    size = 1 << max(len(permutation) - 1, 1).bit_length()
    groups: Order = np.arange(size, dtype=np.int64)[None, :]
    groups[0, : len(permutation)] = permutation
    while groups.shape[1] > 1:
        half = groups.shape[1] // 2
        is_one = (groups & half) != 0
        before = is_one.cumsum(axis=1)[~is_one].reshape(-1, half)
        zeros, ones = groups[~is_one].reshape(-1, half), groups[is_one].reshape(-1, half)
        yield before, zeros, ones
        groups = np.stack([zeros, ones], axis=1).reshape(-1, half)
