"""Roots of many functions at once by Chandrupatla's method (1997, Adv. Eng. Softw. 28(3), 145-149), and of one by Brent's.

The steps are those of scipy.optimize.elementwise.find_root, to the last bit, without what it does for shapes, array libraries
and reports, which takes three times as long as the functions here; a test holds the two together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flows.fits.line import Array, FitError

Indices = NDArray[np.intp]
Function = Callable[[Array, Indices], Array]
# Of Brent's method, which takes some ten.
_STEPS = 1_000
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


def brent(function: Callable[[float], float], one: float, other: float, xtol: float, rtol: float) -> float:
    """A root of one function between two ends by Brent's method (1973, Algorithms for Minimization without Derivatives, 4).

    The steps are those of scipy.optimize.brentq, to the last bit; to load that package takes longer than most fits. A root is
    known to (xtol + rtol |root|) / 2.

    Raises:
        FitError: the function has one sign at both ends, or is not a number there, or no root is found.
    """
    before, now, f_before, f_now = one, other, function(one), function(other)
    if 0 in (f_before, f_now):
        return now if f_before else before
    if not f_before * np.sign(f_now) < 0:
        raise FitError("a root lies between ends of unlike signs")
    # Across the root from where the steps are, and the last two steps.
    across, f_across, last, step = before, f_before, now - before, now - before
    for _ in range(_STEPS):
        if abs(f_across) < abs(f_now):
            before, now, across = now, across, now
            f_before, f_now, f_across = f_now, f_across, f_now
        near, half = (xtol + rtol * abs(now)) / 2, (across - now) / 2
        if f_now == 0 or abs(half) < near:
            return now
        tried = math.inf
        if abs(last) > near and abs(f_now) < abs(f_before):
            tried = _interpolated(before, now, across, f_before, f_now, f_across)
        last, step = (step, tried) if 2 * abs(tried) < min(abs(last), 3 * abs(half) - near) else (half, half)
        before, f_before = now, f_now
        now += step if abs(step) > near else math.copysign(near, half)
        f_now = function(now)
        if f_now != 0 and (f_before < 0) != (f_now < 0):
            across, f_across, last, step = before, f_before, now - before, now - before
    raise FitError("no root is found")


def _interpolated(before: float, now: float, across: float, f_before: float, f_now: float, f_across: float) -> float:
    """The step to the root of the line through two points, or of the inverse quadratic through three."""
    if before == across:
        return -f_now * (now - before) / (f_now - f_before)
    to_before, to_across = (f_before - f_now) / (before - now), (f_across - f_now) / (across - now)
    over = to_across * to_before * (f_across - f_before)
    return -f_now * (f_across * to_across - f_before * to_before) / over if over else math.inf
