"""Intervals of what a curve says, by paper: its slope, its height at any computation, its floor, the computation of an error.

The curves are the asymptotic form (flows/fits/asymptotic.py) and the logistic one (flows/fits/logistic.py). Both are linear in
some coefficients once their shape is given, so that the least squares of each shape, and how far the height of its curve
may move within a sum of squares, are closed. An interval is the profile likelihood's (Bates and Watts 1988, Nonlinear
Regression Analysis, 6.1.2): of all curves with

    RSS <= RSS of the best + t^2 v / v1,    t of Student with (papers - 1) degrees of freedom,

the least and the largest value. v is the variance of the value by the jackknife over papers, and v1 that of independent
points of variance 1, both of the curve made linear at the best, which is the regression of its residuals on its Jacobian:
the likelihood of independent points is stretched until its curvature is right (Chandler and Bate 2007, Biometrika 94:167).
Where every point is a paper of its own the jackknife allows for unequal scatter.

Chosen by simulation (tests/fits/test_profiles.py describes it) over the jackknife of the curves fitted without each paper,
whose intervals of the floor held 69 to 98 % at 95 %: where the points hardly tell the floor, many of those curves lie at its
bound 0 together. The profile knows of the bound, and is open where the points are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from flows.fits import student_t
from flows.fits.asymptotic import IDENTIFIED, LN10, NOT_BOUNDED, ZERO_NOT_RULED_OUT, Asymptote, search
from flows.fits.clustered import PAPERS_MIN
from flows.fits.least_squares import SPREAD_LEFT_MIN
from flows.fits.line import OK, Array, FitError
from flows.fits.logistic import Logistic, end_of_search, profiled
from flows.fits.resampling import units
from flows.fits.roots import roots

# Shapes of the asymptotic form over those that the points allow.
STEEPNESSES = 160
# Slopes of the logistic form, over the search and over those allowed, and at each so many m to both sides of the best:
# as far as they would be allowed if the sum of squares were a parabola, and half as far again.
SLOPES, ASIDES = (32, 31), 21
_ASIDE, _ASIDE_MOST, _LEAST_PART = 1.5, 20.0, 5e-4
# Exponents beyond this are one with it.
_FAR, _LEAST, _HUGE = 600.0, 1e-300, 1e150
_ROUNDING = 1e-12
# Relative precision of the computation that an error takes.
_NEAR = 1e-9
# How far beyond the points, in their ranges, the computation of an error is looked for.
_RANGES = 1000.0


@dataclass(frozen=True)
class Interval:
    """The values that the points allow at a level; an end is infinite where they set none, and NaN where it is not known."""

    low: float
    high: float


# Of heights at each of some x (T,): one each, or (T, K) of K shapes.
Heights = Callable[[Array], Array]

UNKNOWN = Interval(math.nan, math.nan)


@dataclass(frozen=True)
class Floor(Interval):
    """The floors that the points allow, and why they do or do not tell it: as `flows.fits.asymptotic.ProfileInterval`."""

    reason: str


@dataclass(frozen=True)
class Profiles:
    """A curve through n points (x, error), and the intervals of what it says at a level.

    `shapes_within` gives shapes over all that are within a sum of squares. `by_paper` and `independent` are the covariances of
    its three parameters, (3, 3), the second for points of variance 1; `quantile` is Student's t.
    """

    curve: Asymptote | Logistic
    x: Array
    error: Array
    shapes_within: Callable[[float], PowerLaws | Sigmoids]
    by_paper: Array
    independent: Array
    quantile: float

    @property
    def middle(self) -> float:
        """The x from which the parameters are taken."""
        return float(self.x.mean())

    def slope(self) -> Interval:
        """0 below where the points allow a flat curve; infinite above where they allow a step."""
        most = self._most(np.array([0.0, 0.0, 1.0]))
        shapes = self._shapes(most)
        order = np.argsort(shapes.slopes, kind="stable")
        slopes, squares = shapes.slopes[order], shapes.squares[order]
        unique, first = np.unique(slopes, return_index=True)
        least = np.minimum.reduceat(squares, first)
        low, high = _crossings(unique, least, self.curve.slope, most)
        return Interval(0.0 if self._is_flat(most) else low, high)

    def floor(self) -> Floor:
        """Of the irreducible error."""
        most = self._most(self._gradient(math.inf))
        low, high = self._ends(math.inf, most)
        reason = ZERO_NOT_RULED_OUT if low <= 0 else IDENTIFIED
        return Floor(low, high, NOT_BOUNDED if self._is_flat(most) else reason)

    def height(self, x: float) -> Interval:
        """Of the curve's error at x."""
        return Interval(*self._ends(x, self._most(self._gradient(x))))

    def reached(self, error: float, x: float) -> Interval:
        """Of the x at which the curve comes to an error; x: where the best does, inf where it does not.

        Both ends are infinite where every curve that the points allow stays above the error.
        """
        most = self._most(self._gradient(x))
        if self._is_flat(most):
            # A flat curve comes to no lower error than the points', and to any higher one everywhere.
            is_below = error < self.error.mean()
            return Interval(self._root(error, most, -1) if is_below else -math.inf, math.inf)
        return Interval(self._root(error, most, -1), self._root(error, most, 1))

    def _gradient(self, x: float) -> Array:
        gradient: Array = self.curve.gradients(np.array([x]), self.middle)[0]
        return gradient

    def _most(self, gradient: Array) -> float:
        """The sum of squares of the curves that the points allow, for an interval of what has this gradient."""
        # In proportion to the errors, for a perfect fit leaves sums of squares that are rounding alone.
        rounding = float(((_ROUNDING * self.error) ** 2).sum())
        independent = float(gradient @ self.independent @ gradient)
        by_paper = float(gradient @ self.by_paper @ gradient) / independent if independent > 0 else math.nan
        return self.curve.residual_sum_of_squares + self.quantile**2 * by_paper + rounding

    def _shapes(self, most: float) -> PowerLaws | Sigmoids:
        """Shapes over all that are within a sum of squares; intervals with like ones share them."""
        best = self.curve.residual_sum_of_squares
        excess = max(most - best, best * _ROUNDING)
        if excess <= 0:
            return self.shapes_within(most)
        return self.shapes_within(best + 4.0 ** math.ceil(math.log(excess, 4)))

    def _is_flat(self, most: float) -> bool:
        return bool(((self.error - self.error.mean()) ** 2).sum() <= most)

    def _ends(self, x: float, most: float) -> tuple[float, float]:
        low, high = (float(self._furthest(most, side)(np.array([x]))[0]) for side in (-1, 1))
        return low, high

    def _furthest(self, most: float, side: int) -> Heights:
        """The least (-1) or the largest (1) height at each x, of all that are allowed and the best curve's own."""
        ends, further = self._shapes(most).ends(most, side), np.fmin if side < 0 else np.fmax

        def at(x: Array) -> Array:
            furthest: Array = further(further.reduce(ends(x), axis=1), self.curve.heights(x))
            return furthest

        return at

    def _root(self, error: float, most: float, side: int) -> float:
        """The x at which the least (-1) or the largest (1) height falls to the error."""
        width = float(np.ptp(self.x))
        first, last = float(self.x.min()), float(self.x.max())
        # Around the points, then further on either side, as far as is looked.
        places = np.array([first - _RANGES * width, first - width, last + width, last + _RANGES * width, math.inf])
        furthest = self._furthest(most, side)
        heights = furthest(places)
        if error <= heights[-2:].max():
            return math.inf
        if error >= heights[0]:
            return -math.inf
        at = int(np.searchsorted(-heights[:-1], -error, "right"))
        return float(roots(lambda x, _: furthest(x) - error, places[at - 1 : at], places[at : at + 1], _NEAR)[0])


def profiles(
    curve: Asymptote | Logistic, x: Array, error: Array, cluster: NDArray[np.generic] | None, level: float
) -> Profiles | None:
    """The intervals of a curve; None where its status is not ok, or there are fewer than three papers or one alone tells it.

    Args:
        curve: the least-squares curve through the points, with nothing held.
        x: (n,) log10 of the computation.
        error: (n,) errors, as fractions.
        cluster: (n,) the paper of each point; None: each is a paper of its own.
        level: of two-sided intervals.

    Raises:
        FitError: the level is not between 0 and 1, or there is not one paper for each point.
    """
    if not 0 < level < 1:
        raise FitError(f"a level is between 0 and 1, not {level}")
    papers = np.arange(len(x)) if cluster is None else cluster
    if papers.shape != x.shape:
        raise FitError("one paper for each point is needed")
    # In one order, so that the order of the rows and the names of papers cannot change a digit of a sum.
    numbered = np.unique(papers, return_inverse=True)[1].astype(np.int64)
    order = np.lexsort((numbered, error, x))
    x, error, paper = x[order], error[order], units(numbered[order])
    many = int(paper.max(initial=-1)) + 1
    if curve.status != OK or many < PAPERS_MIN:
        return None
    covariances = _covariances(curve, x, error, paper)
    if covariances is None:
        return None
    find = _sigmoids(curve, x, error) if isinstance(curve, Logistic) else _power_laws(x, error)
    return Profiles(curve, x, error, cache(find), *covariances, student_t.quantile((1 + level) / 2, many - 1))


def _covariances(
    curve: Asymptote | Logistic, x: Array, error: Array, paper: NDArray[np.intp]
) -> tuple[Array, Array] | None:
    """Of the parameters by the jackknife over papers, and of independent points of variance 1; None: perfect leverage.

    As `flows.fits.clustered.cluster_robust`, of the regression of the residuals on the Jacobian.
    """
    middle = float(x.mean())
    jacobian = curve.gradients(x, middle)
    residuals = error - curve.heights(x)
    many = int(paper.max()) + 1
    squares, products = np.zeros((many, 3, 3)), np.zeros((many, 3))
    np.add.at(squares, paper, jacobian[:, :, None] * jacobian[:, None, :])
    np.add.at(products, paper, jacobian * residuals[:, None])
    others = squares.sum(axis=0) - squares
    whole, left = np.linalg.det(squares.sum(axis=0)), np.linalg.det(others)
    if not whole > 0 or (left <= SPREAD_LEFT_MIN * whole).any():
        return None
    without = np.linalg.solve(others, (products.sum(axis=0) - products)[:, :, None])[:, :, 0]
    apart = without - without.mean(axis=0)
    return (many - 1) / many * apart.T @ apart, np.linalg.inv(squares.sum(axis=0))


def _crossings(at: Array, squares: Array, inside: float, most: float) -> tuple[float, float]:
    """Where the least sum of squares over `at` (ascending) passes `most` on either side of the values that it allows."""
    allowed = np.flatnonzero(squares <= most)
    if not len(allowed):
        return inside, inside
    first, last = int(allowed[0]), int(allowed[-1])

    def between(one: int, other: int) -> float:
        share = (most - squares[one]) / (squares[other] - squares[one])
        return float(at[one] + share * (at[other] - at[one]))

    low = between(first, first - 1) if first else -math.inf
    high = between(last, last + 1) if last + 1 < len(at) else math.inf
    return min(low, inside), max(high, inside)


@dataclass(frozen=True)
class PowerLaws:
    """error = E + A u with u = exp(-rate z), z from the mean x: E and A are linear, and neither is below 0."""

    middle: float
    error_mean: float
    error_squares: float  # about their mean
    n: int
    rates: Array
    u_mean: Array
    u_squares: Array  # about their mean
    amplitude: Array  # without the bounds, as the three that follow
    free_squares: Array
    at_zero: Array  # the best A where E = 0, and its sum of squares
    zero_squares: Array

    @property
    def slopes(self) -> Array:
        """Of each shape, b."""
        return self.rates / LN10

    @property
    def squares(self) -> Array:
        """The least sum of squares of each within the bounds."""
        level = self.error_mean - self.amplitude * self.u_mean
        within: Array = np.where(level >= 0, self.free_squares, self.zero_squares)
        return np.where(self.amplitude > 0, within, self.error_squares)

    def ends(self, most: float, side: int) -> Heights:
        """The least (-1) or the largest (1) height of each shape within a sum of squares, (T, K) at x (T,); NaN: there is none.

        It is the furthest within the ellipse of (E, A), or on the line of a bound where that lies beyond it.
        """
        sum_uu = self.u_squares + self.n * self.u_mean**2
        with np.errstate(invalid="ignore"):
            room, zero_room = side * np.sqrt(most - self.free_squares), side * np.sqrt(most - self.zero_squares)
            flat_room = side * np.sqrt(most - self.error_squares)
        zero_amplitude = np.maximum(self.at_zero + zero_room / np.sqrt(sum_uu), 0.0)
        on_flat = np.maximum(self.error_mean + flat_room / math.sqrt(self.n), 0.0)
        falls, share = -self.rates, 1 / self.n

        def at(x: Array) -> Array:
            u = np.exp(np.minimum(np.maximum(falls * (x[:, None] - self.middle), -_FAR), _FAR))
            u[np.isinf(x)] = 0
            # Of a steep shape far before the points u is beyond any error, and so is its spread.
            apart = np.minimum(u - self.u_mean, _HUGE)
            spread = np.sqrt(share + apart**2 / self.u_squares)
            height = self.error_mean + self.amplitude * apart + room * spread
            amplitude = self.amplitude + room * apart / self.u_squares / spread
            on_zero = zero_amplitude * u
            return np.where(amplitude < 0, on_flat, np.where(height - amplitude * u < 0, on_zero, height))

        return at


def _power_laws(x: Array, error: Array) -> Callable[[float], PowerLaws | Sigmoids]:
    rates = search(x)
    coarse = _of_rates(x, error, rates[rates > 0])

    def within(most: float) -> PowerLaws | Sigmoids:
        low, high = _span(coarse.squares <= most, int(np.argmin(coarse.squares)))
        return _of_rates(x, error, np.linspace(coarse.rates[low], coarse.rates[high], STEEPNESSES))

    return within


def _span(allowed: NDArray[np.bool_], best: int) -> tuple[int, int]:
    """From before the first to after the last that is allowed."""
    places = np.append(np.flatnonzero(allowed), best)
    return max(int(places.min()) - 1, 0), min(int(places.max()) + 1, len(allowed) - 1)


def _of_rates(x: Array, error: Array, rates: Array) -> PowerLaws:
    z, f = x - x.mean(), error - error.mean()
    u = np.exp(-np.outer(rates, z))
    u_mean = u.mean(axis=1)
    from_mean = u - u_mean[:, None]
    u_squares, uf = np.einsum("kn,kn->k", from_mean, from_mean), from_mean @ f
    error_squares, sum_uu = float(f @ f), u_squares + len(x) * u_mean**2
    at_zero = u @ error / sum_uu
    return PowerLaws(
        middle=float(x.mean()),
        error_mean=float(error.mean()),
        error_squares=error_squares,
        n=len(x),
        rates=rates,
        u_mean=u_mean,
        u_squares=u_squares,
        amplitude=uf / u_squares,
        free_squares=error_squares - uf**2 / u_squares,
        at_zero=at_zero,
        zero_squares=float(error @ error) - at_zero**2 * sum_uu,
    )


@dataclass(frozen=True)
class Sigmoids:
    """error = guessing - c w with w = 1 / (1 + exp(-m - k z)), z from the mean x: c is linear, and within [0, guessing]."""

    middle: float
    guessing: float
    m: Array
    k: Array
    gain: Array  # the best c without bounds, and its sum of squares
    free_squares: Array
    w_squares: Array

    @property
    def slopes(self) -> Array:
        """Of each shape, b."""
        return self.k / LN10

    @property
    def squares(self) -> Array:
        """The least sum of squares of each within the bounds."""
        return self.free_squares + self.w_squares * (self.gain - np.clip(self.gain, 0.0, self.guessing)) ** 2

    def ends(self, most: float, side: int) -> Heights:
        """As those of `PowerLaws`; the largest gain is the least height."""
        with np.errstate(invalid="ignore"):
            gain = self.gain - side * np.sqrt((most - self.free_squares) / self.w_squares)
        # Where even the furthest lies beyond a bound none is allowed.
        is_none = (gain < 0) if side < 0 else (gain > self.guessing)
        nearer = np.where(is_none, math.nan, np.minimum(np.maximum(gain, 0.0), self.guessing))

        def at(x: Array) -> Array:
            with np.errstate(invalid="ignore"):
                odds = self.m + self.k * (x[:, None] - self.middle)
            odds[np.isinf(x)] = np.inf
            heights: Array = self.guessing - nearer * expit(odds, out=odds)
            return heights

        return at


def _sigmoids(curve: Logistic, x: Array, error: Array) -> Callable[[float], PowerLaws | Sigmoids]:
    """Along the path of the best m at each k, as far to its sides as is allowed."""
    end = end_of_search(x)
    parts = np.unique(np.append(np.geomspace(_LEAST_PART, 1, SLOPES[0]), min(LN10 * curve.slope / end, 1.0)))
    coarse = profiled(x, error, curve.guessing, parts)[2]

    def within(most: float) -> PowerLaws | Sigmoids:
        low, high = _span(coarse <= most, int(np.argmin(coarse)))
        m, k, squares, curvature = profiled(x, error, curve.guessing, np.geomspace(parts[low], parts[high], SLOPES[1]))
        with np.errstate(divide="ignore", invalid="ignore"):
            aside = np.sqrt(np.maximum(most - squares, 0.0) / curvature)
        aside = np.minimum(np.nan_to_num(aside, nan=0.0, posinf=_ASIDE_MOST), _ASIDE_MOST)
        m_all = m[:, None] + aside[:, None] * np.linspace(-_ASIDE, _ASIDE, ASIDES)
        return _of_nodes(x, error, curve.guessing, m_all.ravel(), np.repeat(k, ASIDES))

    return within


def _of_nodes(x: Array, error: Array, guessing: float, m: Array, k: Array) -> Sigmoids:
    w = expit(m[:, None] + k[:, None] * (x - x.mean()))
    wanted = guessing - error
    w_squares = np.maximum(np.einsum("kn,kn->k", w, w), _LEAST)
    gain = w @ wanted / w_squares
    return Sigmoids(
        middle=float(x.mean()),
        guessing=guessing,
        m=m,
        k=k,
        gain=gain,
        free_squares=float(wanted @ wanted) - gain**2 * w_squares,
        w_squares=w_squares,
    )
