"""A sigmoid from the error of guessing down to a floor: least squares on the error itself.

    error = floor + (guessing - floor) / (1 + 10^(a + b log10 C)),    0 <= floor < guessing, b > 0

The error of guessing is given; the floor, a and b are fitted. So log10((guessing - error) / (error - floor)) = a + b log10 C:
the odds of what can be learnt grow as C^b, and far down the error above the floor falls as C^(-b), as that of the asymptotic
form does (flows/fits/asymptotic.py). Before, where models hardly do better than guessing, the curve is level: points near the
error of guessing, or beyond it by chance, belong to it. The form is that of benchmarks scored by right and wrong answers
(Owen 2024, arXiv:2401.04757; Ruan, Maddison and Hashimoto 2024, arXiv:2405.10938, section 3). x = log10 C.

Method: variable projection (Golub and Pereyra 1973, SIAM J. Numer. Anal. 10(2), 413-432) with Kaufman's Jacobian (1975, BIT
15, 49-57). With w = 1 / (1 + exp(-m - k z)), z from the mean x, the gain guessing - error is c w, and the best c in [0, guessing]
is closed. m and k are looked for on a grid, and from its best point by Levenberg and Marquardt's steps. All resamples go
together. k lies between 0 (a flat curve: "no_decline") and the end of the search, where the odds rise by 10^60 from the smallest
computation to the largest or by 10^6 from the smallest to the next: there the curve is a step ("slope_at_bound").
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from flows.fits.asymptotic import (
    LN10,
    NO_COVARIANCE,
    NO_DECLINE,
    SLOPE_AT_BOUND,
    STEP_DECADES,
    Matrix3,
)
from flows.fits.line import NO_SPREAD, NOT_CONVERGED, OK, TOO_FEW_POINTS, Array, FitError, checked
from flows.fits.resampling import Counts, check_counts

PARAMETERS = 3
# The grid: k in parts of the end of its search, and m in parts of the furthest looked for at that k.
_STEEPNESSES = np.geomspace(5e-4, 1, 26)
_DECADES = 60.0
_MIDDLES = np.linspace(-1, 1, 31)
# m lies within half of what k z ranges over, and so many more: beyond, the curve is an exponential or flat.
_FURTHEST = 7.0
_STEPS = 40
# Of the fall of the sum of squares that a step foretells, in parts of it: below, a fit has come to its end; one without a
# paper, which gives a prediction, and one of a profile, of which the sum is wanted alone, sooner.
_TOLERANCE, _TOLERANCE_NEXT, _TOLERANCE_OF_SQUARES = 1e-14, 1e-10, 1e-6
# The relative offset of the residuals of a fit that has converged, and in proportion to the errors for a perfect one.
_OFFSET_MAX, _ROUNDING = 1e-5, 1e-10
# A curve whose R^2 is below this differs from a flat one by rounding.
_R_SQUARED_MIN = 1e-12
# Numbers in the largest array of the search.
_BLOCK = 2**19


@dataclass(frozen=True)
class Logistic:
    """error = irreducible_error + (guessing - irreducible_error) / (1 + 10^(intercept + slope x)), x = log10 C.

    `covariance` is of (irreducible_error, intercept, slope), s^2 (J'J)^-1 of the Jacobian J, with s the `residual_sd`; the row
    of a floor at its bound 0 (`floor_at_bound`) is 0. `degrees_of_freedom` are the points less the parameters estimated.
    Where `status` is

    - too_few_points (no more points than three parameters) or no_spread_in_x (fewer distinct x than those): all NaN;
    - no_decline (points that rise, or none below the error of guessing): a flat curve, floor its height, slope 0;
    - slope_at_bound: the slope is the end of the search, and the others are its best, without covariance;
    - not_converged: the figures are the last.
    """

    n: int
    guessing: float
    irreducible_error: float = math.nan
    intercept: float = math.nan
    slope: float = math.nan
    covariance: Matrix3 = NO_COVARIANCE
    degrees_of_freedom: float = math.nan
    residual_sum_of_squares: float = math.nan
    residual_sd: float = math.nan
    floor_at_bound: bool = False
    status: str = OK

    @property
    def intercept_se(self) -> float:
        """Standard error of a."""
        return math.sqrt(self.covariance[1][1])

    @property
    def slope_se(self) -> float:
        """Standard error of b."""
        return math.sqrt(self.covariance[2][2])

    def at(self, x: float) -> float:
        """The error at x = log10 C."""
        return float(errors(np.array([self.irreducible_error, self.intercept, self.slope]), self.guessing, x))

    def heights(self, x: Array) -> Array:
        """The errors at x (m,), which may be infinite."""
        with np.errstate(invalid="ignore"):
            odds = np.where(np.isinf(x), np.sign(x) * np.inf, self.intercept + self.slope * x)
        top = self.irreducible_error if self.slope == 0 else self.guessing
        return np.asarray(top - (top - self.irreducible_error) * expit(LN10 * odds))

    def gradients(self, x: Array, middle: float) -> Array:
        """Derivatives of the error at x (m,) by the floor, by a + b middle, and by b: (m, 3). x may be infinite."""
        with np.errstate(invalid="ignore"):
            odds = np.where(np.isinf(x), np.inf, self.intercept + self.slope * x)
            gained = expit(LN10 * odds)
            bend = -LN10 * (self.guessing - self.irreducible_error) * gained * (1 - gained)
            along = np.where(bend == 0, 0.0, bend * (x - middle))
        return np.column_stack([gained, bend, along])


class _Points(NamedTuple):
    """Points sorted by x: z from the mean x, the gain over guessing, and the end of the search for k."""

    z: Array
    gain: Array
    x_mean: float
    guessing: float
    end: float


class _Fits(NamedTuple):
    """One fit for each of B resamples, (B,) each: error = guessing - c / (1 + exp(-m - k z))."""

    m: Array
    k: Array
    c: Array
    squares: Array


def errors(curve: Array, guessing: float, x: Array | float) -> Array:
    """The errors at x of curves, floor, a and b in the last axis of `curve`."""
    floor, intercept, slope = curve[..., 0], curve[..., 1], curve[..., 2]
    # Of a flat curve a and b are 0, and its height is the floor's.
    top = np.where(slope == 0, floor, guessing)
    return np.asarray(top - (top - floor) * expit(LN10 * (intercept + slope * x)))


def logistic(x: Array, error: Array, guessing: float) -> Logistic:
    """Least squares of the sigmoid from `guessing` down to a floor.

    Args:
        x: (n,) log10 of the computation.
        error: (n,) errors, as fractions; they may lie above `guessing`.
        guessing: the error of a model that guesses, above 0.

    Raises:
        FitError: the arrays differ in length, a value is not finite, or the error of guessing is not above 0.
    """
    status = checked(x, error)
    _check_guessing(guessing)
    if status == OK and len(x) <= PARAMETERS:
        status = TOO_FEW_POINTS
    if status == OK and len(np.unique(x)) < PARAMETERS:
        status = NO_SPREAD
    if status != OK:
        return Logistic(len(x), guessing, status=status)
    return _inference(*_whole(x, error, guessing))


def inverse(fit: Logistic, error: float) -> float:
    """log10 of the computation at which the curve reaches an error.

    inf for an error at or below the floor, which no computation reaches; -inf for one at or above that of guessing.
    """
    if error <= fit.irreducible_error:
        return math.inf
    top = fit.irreducible_error if fit.slope == 0 else fit.guessing
    if error >= top:
        return -math.inf
    return (math.log10((top - error) / (error - fit.irreducible_error)) - fit.intercept) / fit.slope


def logistic_resampled(x: Array, error: Array, counts: Counts, guessing: float) -> Array:
    """The fits of bootstrap resamples: (B, 3) of the floor, a and b.

    A flat resample (no_decline) has its height, 0 and 0. A resample with fewer than three distinct x has NaN. The search
    for b ends where it ends for all the points.

    Args:
        x: (n,) as `logistic`.
        error: (n,).
        counts: (B, n) how often each resample holds each point.
        guessing: as `logistic`.

    Raises:
        FitError: as `logistic`, or counts are not (B, n) or are negative.
    """
    check_counts(x, error, counts)
    _check_guessing(guessing)
    estimates = np.full((len(counts), 3), math.nan)
    if checked(x, error) != OK:
        return estimates
    points = _points(x, error, guessing)
    drawn = counts[:, np.lexsort((error, x))].astype(np.float64)
    rows = np.flatnonzero(_distinct(points, drawn) >= PARAMETERS)
    estimates[rows] = _in_blocks(points, drawn, rows, None)
    return estimates


def logistic_without_each(x: Array, error: Array, unit: NDArray[np.intp], guessing: float) -> Array:
    """The fits without one unit (point, paper) each, (units, 3), as `logistic_resampled` has them.

    Each is looked for from the fit to all points, not on the grid: it is the minimum next to that one.

    Args:
        x: (n,) as `logistic`.
        error: (n,).
        unit: (n,) the unit of each point, numbered from 0 without a gap.
        guessing: as `logistic`.

    Raises:
        FitError: as `logistic`.
    """
    units = int(unit.max(initial=-1)) + 1
    _check_guessing(guessing)
    estimates = np.full((units, 3), math.nan)
    if checked(x, error) != OK or len(np.unique(x)) < PARAMETERS:
        return estimates
    (points, start), order = _whole(x, error, guessing), np.lexsort((error, x))
    step = max(1, _BLOCK // len(x))
    for first in range(0, units, step):
        some = np.arange(first, min(first + step, units))
        drawn = (unit[order][None, :] != some[:, None]).astype(np.float64)
        rows = np.flatnonzero(_distinct(points, drawn) >= PARAMETERS)
        estimates[some[rows]] = _in_blocks(points, drawn, rows, start)
    return estimates


def _check_guessing(guessing: float) -> None:
    if not 0 < guessing < math.inf:
        raise FitError(f"an error of guessing is above 0, not {guessing}")


def _points(x: Array, error: Array, guessing: float) -> _Points:
    # Sorted, so that the order of the rows cannot change a digit of a sum.
    order = np.lexsort((error, x))
    x_mean = float(x[order].mean())
    z = x[order] - x_mean
    return _Points(z, guessing - error[order], x_mean, guessing, end_of_search(z))


def _whole(x: Array, error: Array, guessing: float) -> tuple[_Points, _Fits]:
    """The fit to all points."""
    return _whole_of(x.astype(np.float64).tobytes(), error.astype(np.float64).tobytes(), guessing)


# Kept, for those without each paper, which come after it, begin there.
@lru_cache(maxsize=1)
def _whole_of(x: bytes, error: bytes, guessing: float) -> tuple[_Points, _Fits]:
    points = _points(np.frombuffer(x), np.frombuffer(error), guessing)
    return points, _fitted(points, np.ones((1, len(points.z))))


def end_of_search(x: Array) -> float:
    """The largest k, b ln 10, that is looked for, of points of which some x differ."""
    distinct = np.unique(x)
    gap = float(distinct[1] - distinct[0])
    return LN10 * min(_DECADES / float(distinct[-1] - distinct[0]), STEP_DECADES / gap)


def _distinct(points: _Points, drawn: Array) -> NDArray[np.intp]:
    """How many distinct x each resample holds."""
    starts = np.flatnonzero(np.diff(points.z, prepend=-math.inf))
    return np.asarray((np.add.reduceat(drawn, starts, axis=1) > 0).sum(axis=1), dtype=np.intp)


def _in_blocks(points: _Points, drawn: Array, rows: NDArray[np.intp], start: _Fits | None) -> Array:
    """The estimates (rows, 3) of some resamples, as many at once as a block holds."""
    block = max(1, _BLOCK // (2 * len(points.z)))
    parts = [np.empty((0, 3))]
    for first in range(0, len(rows), block):
        parts.append(_estimates(points, _fitted(points, drawn[rows[first : first + block]], start)))
    return np.concatenate(parts)


def _estimates(points: _Points, fits: _Fits) -> Array:
    """Floor, a and b."""
    slope = fits.k / LN10
    intercept = np.where(slope > 0, fits.m / LN10 - slope * points.x_mean, 0.0)
    return np.column_stack([points.guessing - fits.c, intercept, slope])


def _grid(points: _Points) -> tuple[Array, Array]:
    """The m and k of the nodes at which the search begins, (nodes,)."""
    k = np.repeat(points.end * _STEEPNESSES, len(_MIDDLES))
    return _m_at(points, k, np.tile(_MIDDLES, len(_STEEPNESSES))), k


def _m_at(points: _Points, k: Array, parts: Array) -> Array:
    """Parts of the furthest m looked for at k."""
    furthest: Array = parts * (_FURTHEST + k * (points.z[-1] - points.z[0]) / 2)
    return furthest


def profiled(x: Array, error: Array, guessing: float, parts: Array) -> tuple[Array, Array, Array, Array]:
    """The best curves of given slopes: m, k, the least sum of squares and its curvature by m (half the second derivative), (K,).

    `parts` are the slopes in parts of the end of the search (K,), where z is taken from the mean x, and m as in the module's text.
    """
    points = _points(x, error, guessing)
    k = points.end * parts
    m = _m_at(points, k[:, None], _MIDDLES[None, :])
    w = expit(m[:, :, None] + k[:, None, None] * points.z)
    squares, products = np.einsum("kmn,kmn->km", w, w), w @ points.gain
    c = np.clip(products / squares, 0.0, points.guessing)
    best = (c * (c * squares - 2 * products)).argmin(axis=1)
    counts = np.ones((len(k), len(x)))
    fits = _refined(points, counts, m[np.arange(len(k)), best], k, _TOLERANCE_OF_SQUARES, is_k_held=True)
    curvature = _normal(points, counts, _at(points, counts, np.zeros_like(k), fits.m, fits.k)).mm
    return fits.m, fits.k, fits.squares, curvature


def _fitted(points: _Points, counts: Array, start: _Fits | None = None) -> _Fits:
    """The best of each resample, counts (B, n): from the best node of the grid, or from where it is said."""
    if start is None:
        nodes_m, nodes_k = _grid(points)
        w = expit(nodes_m[:, None] + nodes_k[:, None] * points.z)
        products, squares = counts @ (w * points.gain).T, counts @ (w * w).T
        c = np.clip(products / squares, 0.0, points.guessing)
        best = (c * (c * squares - 2 * products)).argmin(axis=1)
        m, k, tolerance = nodes_m[best], nodes_k[best], _TOLERANCE
    else:
        m, k = (np.repeat(one, len(counts)) for one in (start.m, start.k))
        tolerance = _TOLERANCE_NEXT
    fits = _refined(points, counts, m, k, tolerance)
    # Towards a floor of 0 the steps creep along a valley; of the curves with that floor they find the best in a few.
    if start is None or start.c[0] >= points.guessing:
        bound = _refined(points, counts, fits.m, fits.k, tolerance, least=np.full(len(m), points.guessing))
        is_bound = bound.squares <= fits.squares * (1 + _ROUNDING)
        fits = _Fits(*(np.where(is_bound, one, other) for one, other in zip(bound, fits, strict=True)))
    return _flattened(points, counts, fits)


def _flattened(points: _Points, counts: Array, fits: _Fits) -> _Fits:
    """With a flat curve where no other is nearer to the points."""
    number, total = counts.sum(axis=1), counts @ points.gain
    height = np.clip(total / number, 0.0, points.guessing)
    flat = counts @ points.gain**2 + height * (height * number - 2 * total)
    is_flat = (fits.c <= 0) | (fits.k <= 0) | (flat - fits.squares <= _R_SQUARED_MIN * flat)
    # 1 / (1 + exp(-m)) of a flat curve is 1, and its height is the floor's.
    return _Fits(
        np.where(is_flat, 0.0, fits.m),
        np.where(is_flat, 0.0, fits.k),
        np.where(is_flat, height, fits.c),
        np.where(is_flat, flat, fits.squares),
    )


_Rows = NDArray[np.bool_] | slice
# Curves that are flat, or whose odds are beyond doubles, have no best c and no step.
_QUIET = np.errstate(divide="ignore", invalid="ignore", over="ignore")


class _State(NamedTuple):
    """Where the steps are, of B curves.

    `of_each` (6, B): the least c, m, k, the best c from the least on, the sum of squares, and that of w. `of_points` (3, B, n):
    the residuals, w and c w.
    """

    of_each: Array
    of_points: Array

    def rows(self, kept: _Rows) -> _State:
        return _State(self.of_each[:, kept], self.of_points[:, kept])

    def better(self, other: _State, is_better: NDArray[np.bool_]) -> _State:
        """The other where that is better."""
        many = np.count_nonzero(is_better)
        if many in (0, len(is_better)):
            return other if many else self
        return _State(
            np.where(is_better, other.of_each, self.of_each),
            np.where(is_better[:, None], other.of_points, self.of_points),
        )


@_QUIET
def _at(points: _Points, counts: Array, least: Array, m: Array, k: Array) -> _State:
    of_each, of_points = np.empty((6, *m.shape)), np.empty((3, *counts.shape))
    residuals, w, height = of_points
    np.multiply(k[:, None], points.z, out=w)
    w += m[:, None]
    expit(w, out=w)
    weighted = counts * w
    c = np.einsum("bn,n->b", weighted, points.gain) / np.einsum("bn,bn->b", weighted, w)
    c = np.minimum(np.maximum(c, least), points.guessing)
    # Where w is 0 at all points no c is better than another.
    c[np.isnan(c)] = 0.0
    np.multiply(c[:, None], w, out=height)
    np.subtract(points.gain, height, out=residuals)
    of_each[0], of_each[1], of_each[2], of_each[3] = least, m, k, c
    np.einsum("bn,sbn,sbn->sb", counts, of_points[:2], of_points[:2], out=of_each[4:])
    return _State(of_each, of_points)


def _refined(
    points: _Points,
    counts: Array,
    m: Array,
    k: Array,
    tolerance: float,
    *,
    least: Array | None = None,
    is_k_held: bool = False,
) -> _Fits:
    """Levenberg and Marquardt's steps from m and k (B,) until they foretell no more; c is not below `least` (B,)."""
    state = _at(points, counts, np.zeros_like(m) if least is None else least, m, k)
    fits = state.of_each[1:5].copy()
    left, damping = np.arange(len(m)), np.full(len(m), 1e-3)
    for _ in range(_STEPS):
        steps, foretold = _step(points, counts, state, damping, is_k_held)
        going = _rows(foretold > tolerance * state.of_each[4])
        left, counts, state, damping = left[going], counts[going], state.rows(going), damping[going]
        if not len(left):
            break
        least_c, m, k, _, squares, _ = state.of_each
        step_m, step_k = steps[:, going]
        trial = _at(points, counts, least_c, m + step_m, np.minimum(np.maximum(k + step_k, 0.0), points.end))
        is_better = trial.of_each[4] < squares
        damping = damping * np.where(is_better, 0.1, 10.0)
        state = state.better(trial, is_better)
        fits[:, left] = state.of_each[1:5]
        # Where steps of no length make nothing better there is nothing left to do.
        going = _rows(damping < 1e8)
        left, counts, state, damping = left[going], counts[going], state.rows(going), damping[going]
    return _Fits(*fits)


def _rows(kept: NDArray[np.bool_]) -> _Rows:
    """A mask, or what copies nothing where it keeps all."""
    return kept if np.count_nonzero(kept) < len(kept) else slice(None)


class _Normal(NamedTuple):
    """Half the second derivatives of the sum of squares by m and k, (B,) each, and half its fall along them, (2, B)."""

    mm: Array
    mk: Array
    kk: Array
    down: Array


def _normal(points: _Points, counts: Array, state: _State) -> _Normal:
    """Newton's, of the sum of squares at the best c; where that is not convex Gauss's and Newton's, by Kaufman's Jacobian.

    Kaufman's are the derivatives of c w less their part along w, which c takes up unless it is at a bound. Sums over the points
    are taken together: of the derivatives by m and by k with the residuals, with w, and with both kinds of second derivatives.
    """
    least, _, _, c, _, squares_of_w = state.of_each
    residuals, w, height = state.of_points
    by_m_k, others = np.empty((2, *w.shape)), np.empty((4, *w.shape))
    others[:2] = state.of_points[:2]
    bend, newton = others[2:]
    slack = 1 - w
    np.multiply(height, slack, out=bend)
    np.multiply(counts, bend, out=by_m_k[0])
    np.multiply(by_m_k[0], points.z, out=by_m_k[1])
    slack -= w
    slack *= residuals
    np.subtract(bend, slack, out=newton)
    sums = np.einsum("ibn,jbn->ijb", by_m_k, others)
    last = np.einsum("bn,n,jbn->jb", by_m_k[1], points.z, others[2:])

    down, of_w = sums[:, 0], sums[:, 1]
    share = ((c > least) & (c < points.guessing)) / np.maximum(squares_of_w, 1e-300)
    # By m and by k, of Kaufman's and of Newton's: what a change of c takes up.
    of_c = np.stack([of_w, of_w - down / np.maximum(c, 1e-300)], axis=1)
    second = np.empty((2, 3, len(c)))
    np.subtract(sums[0, 2:], share * of_c[0] ** 2, out=second[:, 0])
    np.subtract(sums[1, 2:], share * of_c[0] * of_c[1], out=second[:, 1])
    np.subtract(last, share * of_c[1] ** 2, out=second[:, 2])
    mm, mk, kk = second[1]
    mm, mk, kk = np.where((mm > 0) & (mm * kk > mk**2), second[1], second[0])
    return _Normal(mm, mk, kk, down)


@_QUIET
def _step(points: _Points, counts: Array, state: _State, damping: Array, is_k_held: bool) -> tuple[Array, Array]:
    """The damped step of (m, k), (2, B), and by how much an undamped one would lower the sum of squares, (B,)."""
    mm, mk, kk, down = _normal(points, counts, state)
    # At an end of the search k does not move outwards.
    k, of_m, of_k = state.of_each[2], down[0], down[1]
    held = ((k <= 0) & (of_k < 0)) | ((k >= points.end) & (of_k > 0)) | is_k_held
    mk, of_k = np.where(held, 0.0, mk), np.where(held, 0.0, of_k)
    factor = np.ones((2, len(k)))
    factor[1] += damping
    mm, kk = mm * factor, kk * factor
    # The solution of pairs of equations, undamped and damped.
    determinant = mm * kk - mk * mk
    both = np.stack([kk * of_m - mk * of_k, mm * of_k - mk * of_m]) / determinant
    both[:, ~(np.isfinite(both[0]) & np.isfinite(both[1]))] = 0
    return both[:, 1], both[0, 0] * of_m + both[1, 0] * of_k


def _inference(points: _Points, fits: _Fits) -> Logistic:
    """Status, residual scatter and covariance of the one fit in `fits`."""
    floor, intercept, slope = _estimates(points, fits)[0].tolist()
    squares, n = float(fits.squares[0]), len(points.z)
    at_bound = fits.c[0] >= points.guessing
    status = OK
    if slope == 0:
        status, free = NO_DECLINE, 1
    elif fits.k[0] >= points.end * (1 - 1e-9):
        status, free = SLOPE_AT_BOUND, PARAMETERS - 1 - at_bound
    else:
        free = PARAMETERS - at_bound
    fit = Logistic(
        n=n,
        guessing=points.guessing,
        irreducible_error=floor,
        intercept=intercept,
        slope=slope,
        degrees_of_freedom=n - int(free),
        residual_sum_of_squares=squares,
        residual_sd=math.sqrt(squares / (n - free)),
        floor_at_bound=bool(at_bound and status != NO_DECLINE),
        status=status,
    )
    return fit if status != OK else _with_covariance(points, fit)


def _with_covariance(points: _Points, fit: Logistic) -> Logistic:
    x = points.x_mean + points.z
    jacobian = fit.gradients(x, points.x_mean)
    residuals = (
        points.guessing
        - points.gain
        - errors(np.array([fit.irreducible_error, fit.intercept, fit.slope]), fit.guessing, x)
    )
    estimated = np.array([not fit.floor_at_bound, True, True])
    q, r = np.linalg.qr(jacobian[:, estimated])
    size = float(np.linalg.norm(points.guessing - points.gain))
    converged = np.linalg.norm(q.T @ residuals) <= _OFFSET_MAX * np.linalg.norm(residuals) + _ROUNDING * size
    if not np.isfinite(r).all() or not np.abs(np.diag(r)).all():
        return replace(fit, status=NOT_CONVERGED)
    # J is by a + b times the mean x; a is that less b times the mean.
    shift = np.array([[1.0, 0, 0], [0, 1.0, -points.x_mean], [0, 0, 1.0]])
    spread = shift[:, estimated] @ np.linalg.inv(r)
    covariance = fit.residual_sd**2 * spread @ spread.T
    (ff, fa, fb), (_, aa, ab), (_, _, bb) = covariance.tolist()
    return replace(
        fit, covariance=((ff, fa, fb), (fa, aa, ab), (fb, ab, bb)), status=OK if converged else NOT_CONVERGED
    )
