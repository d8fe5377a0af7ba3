"""Roots of many functions at once by Chandrupatla's method (1997, Adv. Eng. Softw. 28(3), 145-149).

The steps are those of scipy.optimize.elementwise.find_root, to the last bit, without what it does for shapes, array libraries
and reports, which takes three times as long as the functions here; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flows.fits.line import Array

Indices = NDArray[np.intp]
Function = Callable[[Array, Indices], Array]
_TINY = float(np.finfo(np.float64).smallest_normal)


class _Bracket(NamedTuple):
    """Of each function still sought: the last point, the one across its root, the one before; and the values there."""

    x1: Array
    x2: Array
    x3: Array
    f1: Array
    f2: Array
    f3: Array

    def rows(self, kept: NDArray[np.bool_]) -> _Bracket:
        return _Bracket(*(values[kept] for values in self))


def roots(function: Function, low: Array, high: Array, tolerance: float) -> Array:
    """A root of each of m functions between its ends, (m,).

    Args:
        function: takes (k,) abscissae and the numbers (k,) of the functions that they are for, gives (k,) values.
        low: (m,) lower ends.
        high: (m,) upper ends. Where a function has the same sign at both ends, the end of lesser value is given.
        tolerance: width of the last bracket relative to the root.
    """
    reached, active = np.empty(len(low)), np.arange(len(low))
    if not len(active):
        return reached
    f1, f2 = function(low, active), function(high, active)
    at, is_started = _Bracket(low, high, high, f1, f2, f2), False
    while True:
        is_first = np.abs(at.f1) < np.abs(at.f2)
        nearest, least = np.where(is_first, at.x1, at.x2), np.where(is_first, np.abs(at.f1), np.abs(at.f2))
        width, narrow = np.abs(at.x2 - at.x1), np.abs(nearest) * tolerance + 4 * _TINY
        done = (least <= _TINY) | (np.sign(at.f1) == np.sign(at.f2)) | (width < narrow)
        reached[active[done]] = nearest[done]
        kept = ~done
        active, at, end = active[kept], at.rows(kept), 0.5 * narrow[kept] / width[kept]
        if not len(active):
            return reached
        share = np.clip(_share(at), end, 1 - end) if is_started else 0.5
        at, is_started = _narrowed(at, at.x1 + share * (at.x2 - at.x1), function, active), True


def _narrowed(at: _Bracket, x: Array, function: Function, active: Indices) -> _Bracket:
    f = function(x, active)
    is_same = np.sign(f) == np.sign(at.f1)
    return _Bracket(
        x1=x,
        x2=np.where(is_same, at.x2, at.x1),
        x3=np.where(is_same, at.x1, at.x2),
        f1=f,
        f2=np.where(is_same, at.f2, at.f1),
        f3=np.where(is_same, at.f1, at.f2),
    )


def _share(at: _Bracket) -> Array:
    """How far to go from x1 to x2: by inverse quadratic interpolation where it is safe, else half."""
    x1, x2, x3, f1, f2, f3 = at
    # The roots are of numbers that may round below 0; the answer then is half.
    with np.errstate(divide="ignore", invalid="ignore"):
        xi, phi, alpha = (x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2), (x3 - x1) / (x2 - x1)
        is_safe = ((1 - np.sqrt(1 - xi)) < phi) & (phi < np.sqrt(xi))
        quadratic = f1 / (f1 - f2) * f3 / (f3 - f2) - alpha * f1 / (f3 - f1) * f2 / (f2 - f3)
    return np.where(is_safe, quadratic, 0.5)
