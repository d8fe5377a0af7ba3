"""Order statistics near either end of many draws, without putting all of them in order."""

from __future__ import annotations

import numpy as np

from flows.fits.line import Array

# Of so many draws one is looked at, for where the ranks may be; and so many standard deviations of it are allowed for.
_EVERY, _MARGIN = 40, 4.0


def outer(draws: Array, low: int, high: int) -> tuple[float, float]:
    """The values of two ranks (from 0) of the draws; NaN counts as the largest.

    A sample of the draws says beyond which values few of them lie, the ranks' own among these; those alone are partitioned, and
    where the sample was wrong all. So the answer is exact whatever the sample.
    """
    few = np.sort(draws[::_EVERY])
    lower, upper = _place(low), _place(len(draws) - 1 - high)
    if max(lower, upper) < len(few) // 2:
        below, above = draws[draws <= few[lower]], draws[~(draws < few[-1 - upper])]
        left = high - (len(draws) - len(above))
        if low < len(below) and left >= 0:
            below.partition(low)
            above.partition(left)
            return float(below[low]), float(above[left])
    in_order = np.partition(draws, (low, high))
    return float(in_order[low]), float(in_order[high])


def _place(rank: int) -> int:
    """A place in the sample that is beyond a rank of the draws, counted from the same end, but for bad luck."""
    expected = rank / _EVERY
    return int(expected + _MARGIN * (expected + 1) ** 0.5) + 1
