"""A power law with an irreducible error, error = E + A C^(-b): least squares on the error itself.

The form of the scaling laws of Hestness et al. 2017 (arXiv:1712.00409) and Rosenfeld et al. 2020 (ICLR). x = log10 C, so
that A, which may be 1e40, is only held as its logarithm. The errors are taken as normal with one standard deviation.

Method: variable projection (Golub and Pereyra 1973, SIAM J. Numer. Anal. 10(2), 413-432). For a fixed b the best E and A
are linear least squares, with E >= 0 and A >= 0 (Lawson and Hanson 1974, ch. 23), so only b is searched: the derivative of
the profiled sum of squares is taken on a grid of b, and each of its passages from negative to positive is narrowed to a
root by Chandrupatla's method (1997, Adv. Eng. Softw. 28(3), 145-149). The lowest of these local minima is the fit. All
resamples of a bootstrap go through the search together.

b is in (0, end] where E is free: E >= 0 makes the curves with b near 0 flat, so that points which decline have a best b > 0
and points which rise have none ("no_decline"). Where E is held b may have any sign. The search ends where A C^(-b) falls
by 10^20 (`DECADES`) from the smallest computation to the largest, or by 10^6 (`STEP_DECADES`) from the smallest to the
next: there the curve is a step for points of a few digits, and a steeper one fits them alike ("slope_at_bound").
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from flows.fits import student_t
from flows.fits.line import NO_SPREAD, NOT_CONVERGED, OK, TOO_FEW_POINTS, Array, FitError, checked
from flows.fits.resampling import check_counts
from flows.fits.roots import brent, roots

# No curve with A > 0 and b > 0 is nearer to the points than a flat one.
NO_DECLINE = "no_decline"
# The best b lies at the end of the search: the points say a step, and not how steep it is.
SLOPE_AT_BOUND = "slope_at_bound"

IDENTIFIED = "identified"
ZERO_NOT_RULED_OUT = "zero_not_ruled_out"
NOT_BOUNDED = "not_bounded"

DECADES = 20.0
STEP_DECADES = 6.0
LN10 = math.log(10)
# The grid of b in parts of the end of its search: 0, then evenly in the logarithm.
GRID = np.concatenate([[0.0], np.geomspace(5e-4, 1, 48)])
# Steps of the profile of E before its ends are narrowed.
PROFILE_STEPS = 64
# The relative offset of the residuals; Bates and Watts 1981 (Technometrics 23(2), 179-183) stop at a relative offset of 1e-3.
OFFSET_MAX = 1e-6
# ... and in proportion to the errors, for a perfect fit.
ROUNDING = 1e-12
# A curve whose R^2 is below this differs from a flat one by rounding.
R_SQUARED_MIN = 1e-14
# Numbers in the largest array of the search: fewer calls, and not much memory (8 MiB).
BLOCK = 2**20
# Up to so many points times units, the fits without each unit go through all of the points for each of them.
DIRECT = 2**22
# Nodes on a cell of the grid that hold sums of exp(-2 rate z), over up to 46 * 0.18 in rate z, to the last digit.
NODES = 32

Matrix3 = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
NO_COVARIANCE: Matrix3 = ((math.nan,) * 3,) * 3


@dataclass(frozen=True)
class Asymptote:
    """error = irreducible_error + 10^log10_amplitude C^(-slope), with C = 10^x.

    The computation that reaches an error is a polynomial of 1 / (error - irreducible_error) with the exponent 1 / slope.

    `covariance` is of (irreducible_error, log10_amplitude, slope), s^2 (J'J)^-1 of the Jacobian J, with s the
    `residual_sd`; the rows of what was not estimated (an E held, or at its bound 0: `e_at_bound`) are 0.
    `degrees_of_freedom` are the points less the parameters estimated. Where `status` is

    - too_few_points (no more points than parameters) or no_spread_in_x (fewer distinct x than parameters): all NaN;
    - no_decline (points that rise): a flat curve, E the mean (or as held), A = 0 (log10 -inf), b = 0, without covariance;
    - slope_at_bound: b is the end of the search, and E and A are its best, without covariance;
    - not_converged: the figures are the last.
    """

    n: int
    irreducible_error: float = math.nan
    log10_amplitude: float = math.nan
    slope: float = math.nan
    covariance: Matrix3 = NO_COVARIANCE
    degrees_of_freedom: float = math.nan
    residual_sum_of_squares: float = math.nan
    residual_sd: float = math.nan
    e_at_bound: bool = False
    status: str = OK

    @property
    def irreducible_error_se(self) -> float:
        """Standard error of E."""
        return math.sqrt(self.covariance[0][0])

    @property
    def log10_amplitude_se(self) -> float:
        """Standard error of log10 A."""
        return math.sqrt(self.covariance[1][1])

    @property
    def slope_se(self) -> float:
        """Standard error of b."""
        return math.sqrt(self.covariance[2][2])

    def at(self, x: float) -> float:
        """The error at x = log10 C."""
        return self.irreducible_error + self._reducible(x)

    def variance_at(self, x: float) -> float:
        """Variance of the estimated curve at x (delta method)."""
        term = LN10 * self._reducible(x)
        gradient = np.array([1.0, term, -x * term])
        return float(gradient @ np.array(self.covariance) @ gradient)

    def heights(self, x: Array) -> Array:
        """The errors at x (m,), of which some may be inf."""
        with np.errstate(over="ignore"):
            reducible = np.where(np.isinf(x), 0.0, np.power(10.0, self.log10_amplitude - self.slope * x))
        return np.asarray(self.irreducible_error + reducible)

    def gradients(self, x: Array, middle: float) -> Array:
        """Derivatives of the error at x (m,) by E, by log10 of A C^(-b) at `middle`, and by b: (m, 3). x may be infinite."""
        reducible = np.where(np.isinf(x), 0.0, np.power(10.0, self.log10_amplitude - self.slope * x))
        along = np.where(reducible == 0, 0.0, np.where(np.isinf(x), 0.0, x) - middle)
        return np.column_stack([np.ones_like(reducible), LN10 * reducible, -LN10 * along * reducible])

    def quantile(self, level: float) -> float:
        """Half the width of a two-sided interval in standard errors."""
        return student_t.quantile((1 + level) / 2, self.degrees_of_freedom)

    def _reducible(self, x: float) -> float:
        return float(np.power(10.0, self.log10_amplitude - self.slope * x))


@dataclass(frozen=True)
class ProfileInterval:
    """The values of E that the points allow at a level, and why they do or do not identify it.

    `reason` is "not_bounded" where the points allow b = 0 at the level: then a flat curve, and with it every split of its
    height into E and A, is among those allowed, and only there can the interval fail to close below the largest error; else
    "zero_not_ruled_out" where it holds E = 0; else "identified".
    """

    low: float
    high: float
    level: float
    reason: str

    @property
    def identified(self) -> bool:
        """E = 0 is ruled out, and E is bounded above."""
        return self.reason == IDENTIFIED


@dataclass(frozen=True)
class _Points:
    """Points sorted by x and centred, and the grid of rates, b ln 10, to search."""

    z: Array
    f: Array
    x_mean: float
    error_mean: float
    powers: Array  # 1, z, f, z f, f^2
    rates: Array


@dataclass(frozen=True)
class _Sums:
    """Sums over the points of resamples; z and f are the centred x and error, h = u - offset and u = exp(-rate z).

    The offset 1 keeps the digits in which u differs from 1 where the rate is small.
    """

    totals: Array  # of 1, z, f, z f, f^2
    first: Array  # of h times 1, z, f, z f
    second: Array  # of h^2 times 1, z
    offset: Array | float


@dataclass(frozen=True)
class _Minima:
    """Local minima: the resample of each, its rate, the best E and the best amplitude of exp(-rate z), and the RSS.

    z is taken from the mean of the resample.
    """

    rows: NDArray[np.intp]
    rates: Array
    level: Array
    amplitude: Array
    squares: Array


@dataclass(frozen=True)
class _Fits:
    """One fit for each resample."""

    irreducible_error: Array
    log10_amplitude: Array
    slope: Array
    residual_sum_of_squares: Array


def asymptotic(x: Array, error: Array, irreducible_error: float | None = None) -> Asymptote:
    """Least squares of error = E + A C^(-b), with x = log10 C.

    Args:
        x: (n,) log10 of the computation.
        error: (n,) errors, as fractions.
        irreducible_error: E where it is held (then b may have any sign); None estimates it, E >= 0 and b > 0.

    Raises:
        FitError: the arrays differ in length, or a value is not finite.
    """
    status = checked(x, error)
    held = _held(irreducible_error, 1)
    parameters = 3 if held is None else 2
    if status == OK and len(x) <= parameters:
        status = TOO_FEW_POINTS
    if status == OK and len(np.unique(x)) < parameters:
        status = NO_SPREAD
    if status != OK:
        return Asymptote(n=len(x), status=status)
    points = _points(x, error, both_signs=held is not None)
    return _inference(points, _fit(points, np.ones((1, len(x))), held), held is not None)


def inverse(fit: Asymptote, error: float) -> float:
    """log10 of the computation at which the curve reaches an error.

    inf for an error at or below E, which no computation reaches; -inf for an error above a flat curve.
    """
    if error <= fit.irreducible_error:
        return math.inf
    gap = fit.log10_amplitude - math.log10(error - fit.irreducible_error)
    if fit.slope == 0:
        return math.inf if gap > 0 else -math.inf
    return gap / fit.slope


def profile_interval(x: Array, error: Array, level: float = 0.95) -> ProfileInterval:
    """The profile likelihood interval of E (Bates and Watts 1988, Nonlinear Regression Analysis, 6.1.2).

    It holds each E whose best curve with b >= 0 has (RSS(E) - RSS) / s^2 <= F(level; 1, n - 3), s^2 = RSS / (n - 3): the
    signed root of the left side is their profile t. The search runs over [0, the largest error]: E < 0 is no error, and
    from the largest error on the best A is 0, so that RSS(E) only grows. Where the values allowed are not connected, the
    interval spans them. NaN where the curve cannot be fitted or leaves no residual (n <= 3).

    Raises:
        FitError: as `asymptotic`, or the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise FitError(f"a level is between 0 and 1, not {level}")
    fit = asymptotic(x, error)
    if math.isnan(fit.irreducible_error):
        return ProfileInterval(math.nan, math.nan, level, NOT_BOUNDED)
    points = _points(x, error, both_signs=False)
    degrees = len(x) - 3
    cut = fit.residual_sum_of_squares * (1 + student_t.quantile((1 + level) / 2, degrees) ** 2 / degrees)
    # A perfect fit leaves sums of squares that are rounding alone.
    cut += float(((ROUNDING * error) ** 2).sum())

    def excess(held: Array) -> Array:
        counts = np.ones((len(held), len(x)))
        return np.asarray(_fit(points, counts, held).residual_sum_of_squares - cut)

    grid = np.linspace(0, max(error.max(), 0.0), PROFILE_STEPS + 1)
    above = excess(grid)
    below = np.append(grid[above <= 0], fit.irreducible_error)
    low, high = (_end(excess, grid, float(inside), side) for inside, side in ((below.min(), -1), (below.max(), 1)))
    flat = float(((error - error.mean()) ** 2).sum())
    reason = ZERO_NOT_RULED_OUT if low <= 0 else IDENTIFIED
    # Else RSS(E) is over the cut at the largest error too, where the best curve is flat and above the mean.
    if flat <= cut:
        reason = NOT_BOUNDED
    return ProfileInterval(low, high, level, reason)


def asymptotic_resampled(
    x: Array, error: Array, counts: NDArray[np.integer], irreducible_error: float | None = None
) -> Array:
    """The fits of bootstrap resamples: (B, 3) of E, log10 A and b.

    A flat resample (no_decline) has its mean, -inf and 0. A resample with fewer distinct x than parameters has NaN. The
    search of b ends where it ends for all the points.

    Args:
        x: (n,) as `asymptotic`.
        error: (n,).
        counts: (B, n) how often each resample holds each point.
        irreducible_error: as `asymptotic`.

    Raises:
        FitError: as `asymptotic`, or counts are not (B, n) or are negative.
    """
    check_counts(x, error, counts)
    status = checked(x, error)
    held = _held(irreducible_error, len(counts))
    estimates = np.full((len(counts), 3), math.nan)
    if status != OK:
        return estimates
    points = _points(x, error, both_signs=held is not None)
    counts = counts[:, np.lexsort((error, x))]
    distinct = np.add.reduceat(counts, np.flatnonzero(np.diff(points.z, prepend=-math.inf)), axis=1) > 0
    rows = np.flatnonzero(distinct.sum(axis=1) >= (3 if held is None else 2))
    block = max(1, BLOCK // max(len(x), 6 * len(points.rates)))
    for start in range(0, len(rows), block):
        some = rows[start : start + block]
        fits = _fit(points, counts[some].astype(np.float64), None if held is None else held[some])
        estimates[some] = np.column_stack([fits.irreducible_error, fits.log10_amplitude, fits.slope])
    return estimates


def search(x: Array) -> Array:
    """The grid of rates, b ln 10, over which b is looked for where E is free, for points of which some x differ."""
    return _points(x, np.zeros_like(x), both_signs=False).rates


def asymptotic_without_each(x: Array, error: Array, unit: NDArray[np.intp]) -> Array:
    """The fits without one unit (point, paper) each, (units, 3) as `asymptotic_resampled` has them.

    Where points times units are more than `DIRECT`, the sums over the others are those of all points less the unit's own.

    Args:
        x: (n,) as `asymptotic`.
        error: (n,).
        unit: (n,) the unit of each point, numbered from 0 without a gap.

    Raises:
        FitError: as `asymptotic`.
    """
    units = int(unit.max(initial=-1)) + 1
    if len(x) * units <= DIRECT:
        counts = unit[None, :] != np.arange(units)[:, None]
        return asymptotic_resampled(x, error, counts.astype(np.int64))
    curves = np.full((units, 3), math.nan)
    if checked(x, error) != OK:
        return curves
    points, order = _points(x, error, both_signs=False), np.lexsort((error, x))
    fits, is_fitted = _fit_without_each(points, unit[order]), _distinct_without_each(points.z, unit[order]) >= 3
    fitted = np.column_stack([fits.irreducible_error, fits.log10_amplitude, fits.slope])
    curves[is_fitted] = fitted[is_fitted]
    return curves


def _held(irreducible_error: float | None, resamples: int) -> Array | None:
    if irreducible_error is None:
        return None
    if not math.isfinite(irreducible_error):
        raise FitError(f"an irreducible error is finite, not {irreducible_error}")
    return np.full(resamples, irreducible_error)


def _points(x: Array, error: Array, both_signs: bool) -> _Points:
    # Sorted, so that the order of the rows cannot change a digit of a sum.
    order = np.lexsort((error, x))
    x, error = x[order], error[order]
    x_mean, error_mean = float(x.mean()), float(error.mean())
    z, f = x - x_mean, error - error_mean
    distinct = np.unique(z)
    gaps, width = np.diff(distinct), distinct[-1] - distinct[0]
    rates = LN10 * min(DECADES / width, STEP_DECADES / gaps[0]) * GRID
    if both_signs:
        rates = np.concatenate([-LN10 * min(DECADES / width, STEP_DECADES / gaps[-1]) * GRID[:0:-1], rates])
    return _Points(z, f, x_mean, error_mean, np.column_stack([np.ones_like(z), z, f, z * f, f * f]), rates)


def _fit(points: _Points, counts: Array, held: Array | None) -> _Fits:
    """The best of the local minima of each resample: counts (B, n), held None or (B,)."""
    rows, rates = _minima(points, counts, held)
    totals = counts @ points.powers
    sums, h = _sums(points, counts[rows], totals[rows], rates)
    level, amplitude, _ = _linear(sums, points.error_mean, None if held is None else held[rows])
    residuals = points.f + (points.error_mean - level)[:, None] - amplitude[:, None] * (1 + h)
    squares = (counts[rows] * residuals**2).sum(axis=1)
    return _lowest(points, totals, _Minima(rows, rates, level, amplitude, squares), held is not None)


def _lowest(points: _Points, totals: Array, minima: _Minima, is_held: bool) -> _Fits:
    """The best of the local minima of each resample; totals (B, 5)."""
    order = np.lexsort((minima.squares, minima.rows))
    best = order[np.unique(minima.rows[order], return_index=True)[1]]
    level, amplitude, squares = minima.level[best], minima.amplitude[best], minima.squares[best]
    slope = minima.rates[best] / LN10

    number, z, f, _, ff = totals.T
    flat = amplitude == 0
    if not is_held:
        flat |= ff - f * f / number - squares <= R_SQUARED_MIN * ff
        level = np.where(flat, np.maximum(points.error_mean + f / number, 0.0), level)
    slope = np.where(flat, 0.0, slope)
    with np.errstate(divide="ignore"):
        log10_amplitude = np.log10(np.where(flat, 0.0, amplitude)) + slope * (points.x_mean + z / number)
    return _Fits(level, log10_amplitude, slope, squares)


class _Others:
    """Sums over the points outside of each unit, which are those of all points less the unit's own; unit: (n,)."""

    def __init__(self, points: _Points, unit: NDArray[np.intp]) -> None:
        self._points, self._order = points, np.argsort(unit, kind="stable")
        self._sizes = np.bincount(unit)
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._of_all = cache(lambda cell: _interpolated(points, cell))
        self.rows = np.arange(len(self._sizes))
        self.totals = points.powers.sum(axis=0) - np.add.reduceat(points.powers[self._order], self._starts)

    def at(self, rate: float) -> Array:
        """The sums (6, units) of `_terms` at one rate."""
        of_all = _terms(self._points, rate).sum(axis=1, keepdims=True)
        return self._less_own(of_all, np.full(len(self.rows), rate), self.rows)

    def within(self, cells: NDArray[np.intp], rates: Array, rows: NDArray[np.intp]) -> Array:
        """The same for k units, (6, k), at a rate each in a cell of the grid."""
        of_all = np.empty((6, len(rates)))
        for cell in np.unique(cells):
            of_all[:, cells == cell] = self._of_all(cell)(rates[cells == cell])
        return self._less_own(of_all, rates, rows)

    def linear(self, sums: Array, rows: NDArray[np.intp]) -> tuple[Array, Array, Array]:
        """`_linear` for k units with sums (6, k)."""
        return _linear(_Sums(self.totals[rows].T, sums[:4], sums[4:], 1.0), self._points.error_mean, None)

    def _less_own(self, of_all: Array, rates: Array, rows: NDArray[np.intp]) -> Array:
        sizes = self._sizes[rows]
        starts = np.cumsum(sizes) - sizes
        which = np.repeat(self._starts[rows] - starts, sizes) + np.arange(sizes.sum())
        own = _terms(self._points, np.repeat(rates, sizes), self._order[which])
        return of_all - np.add.reduceat(own, starts, axis=1)


def _fit_without_each(points: _Points, unit: NDArray[np.intp]) -> _Fits:
    """As `_fit`, with a resample for each unit that lacks the unit's points."""
    others, grid = _Others(points, unit), points.rates
    on_grid = [others.at(float(rate)) for rate in grid]
    slopes = np.stack([others.linear(sums, others.rows)[2] for sums in on_grid], axis=1)
    rows, cells = np.nonzero((slopes[:, :-1] < 0) & (slopes[:, 1:] >= 0))

    def derivative(rate: Array, which: NDArray[np.intp]) -> Array:
        return others.linear(others.within(cells[which], rate, rows[which]), rows[which])[2]

    inside = roots(derivative, grid[cells], grid[cells + 1], tolerance=1e-13)
    first, last = np.flatnonzero(slopes[:, 0] >= 0), np.flatnonzero(slopes[:, -1] < 0)
    of_inside = others.within(cells, inside, rows)
    sums = np.concatenate([of_inside, on_grid[0][:, first], on_grid[-1][:, last]], axis=1)
    rows = np.concatenate([rows, first, last])
    rates = np.concatenate([inside, np.full(len(first), grid[0]), np.full(len(last), grid[-1])])
    level, amplitude, _ = others.linear(sums, rows)
    totals = others.totals
    squares = _squares(totals[rows].T, sums, points.error_mean - level, amplitude)
    # Of exp(-rate z) with z from the mean of all points, and not yet from that of the others.
    amplitude = amplitude * np.exp(-rates * totals[rows, 1] / totals[rows, 0])
    return _lowest(points, totals, _Minima(rows, rates, level, amplitude, squares), is_held=False)


def _terms(points: _Points, rate: Array | float, which: NDArray[np.intp] | slice = slice(None)) -> Array:
    """What `_Sums` adds up for some points, at a rate of all or of each: (6, points), h times 1, z, f, z f; h^2 times 1, z."""
    z, f = points.z[which], points.f[which]
    h = np.expm1(-rate * z)
    return np.stack([h, h * z, h * f, h * z * f, h * h, h * h * z])


def _squares(totals: Array, sums: Array, gap: Array, amplitude: Array) -> Array:
    """The residual sum of squares, gap being the mean error less E: of distances from means, and n times the mean squared."""
    number, _, f, _, ff = totals
    h, _, hf, _, hh, _ = sums
    mean = gap + f / number - amplitude * (1 + h / number)
    spread = ff - f * f / number - 2 * amplitude * (hf - h * f / number) + amplitude**2 * (hh - h * h / number)
    squares: Array = spread + number * mean**2
    return squares


def _interpolated(points: _Points, cell: int) -> Callable[[Array], Array]:
    """The sums of all points (6, k) at rates (k,) of a cell of the grid: Chebyshev's interpolation at `NODES` rates.

    h is interpolated over the rate, and h^2 over its square, so that near 0 they keep their digits.
    """
    low, high = points.rates[cell], points.rates[cell + 1]
    nodes = np.cos((2 * np.arange(NODES) + 1) * np.pi / (2 * NODES))
    powers = np.array([1, 1, 1, 1, 2, 2])
    at_nodes = (low + high + nodes * (high - low)) / 2
    sums = np.stack([_terms(points, rate).sum(axis=1) / rate**powers for rate in at_nodes], axis=1)
    coefficients = sums @ chebyshev.chebvander(nodes, NODES - 1) * 2 / NODES
    coefficients[:, 0] /= 2

    def at(rate: Array) -> Array:
        position = (2 * rate - low - high) / (high - low)
        at_rate: Array = coefficients @ chebyshev.chebvander(position, NODES - 1).T * rate ** powers[:, None]
        return at_rate

    return at


def _distinct_without_each(z: Array, unit: NDArray[np.intp]) -> NDArray[np.intp]:
    """How many distinct z (sorted) are left without each unit, (units,)."""
    starts = np.flatnonzero(np.diff(z, prepend=-math.inf))
    lowest, highest = np.minimum.reduceat(unit, starts), np.maximum.reduceat(unit, starts)
    return len(starts) - np.bincount(lowest[lowest == highest], minlength=int(unit.max()) + 1)


def _minima(points: _Points, counts: Array, held: Array | None) -> tuple[NDArray[np.intp], Array]:
    """The resample and the rate of each local minimum of the profiled sum of squares; each resample has one or more."""
    rates = points.rates
    _, _, slopes = _linear(_grid_sums(points, counts), points.error_mean, None if held is None else held[:, None])
    totals = counts @ points.powers

    rows, cells = np.nonzero((slopes[:, :-1] < 0) & (slopes[:, 1:] >= 0))

    def derivative(rate: Array, which: NDArray[np.intp]) -> Array:
        row = rows[which]
        sums, _ = _sums(points, counts[row], totals[row], rate)
        return _linear(sums, points.error_mean, None if held is None else held[row])[2]

    # The sums of the grid and of a single rate may round to unlike signs: then the root is the end of the cell.
    inside = roots(derivative, rates[cells], rates[cells + 1], tolerance=1e-13)
    first, last = np.flatnonzero(slopes[:, 0] >= 0), np.flatnonzero(slopes[:, -1] < 0)
    ends = [np.full(len(first), rates[0]), np.full(len(last), rates[-1])]
    return np.concatenate([rows, first, last]), np.concatenate([inside, *ends])


def _grid_sums(points: _Points, counts: Array) -> _Sums:
    """Of all rates of the grid: arrays (resample, rate) from one matrix product."""
    fall = -np.outer(points.z, points.rates)
    small = np.abs(points.rates) * (points.z[-1] - points.z[0]) < 1
    h = np.where(small, np.expm1(fall), np.exp(fall))
    columns = [points.powers[:, i, None] * h for i in range(4)] + [h * h, points.z[:, None] * h * h]
    sums = (counts @ np.concatenate(columns, axis=1)).reshape(len(counts), 6, -1).transpose(1, 0, 2)
    return _Sums((counts @ points.powers).T[:, :, None], sums[:4], sums[4:], small.astype(np.float64))


def _sums(points: _Points, counts: Array, totals: Array, rates: Array) -> tuple[_Sums, Array]:
    """Of one rate for each resample, with h (resample, point) from the mean x of each resample."""
    centres = totals[:, 1] / totals[:, 0]
    h = np.multiply.outer(-rates, points.z)
    h += (rates * centres)[:, None]
    np.expm1(h, out=h)
    weighted = counts * h
    first = (weighted @ points.powers[:, :4]).T
    weighted *= h
    return _Sums(totals.T, first, (weighted @ points.powers[:, :2]).T, 1.0), h


def _linear(sums: _Sums, error_mean: float, held: Array | None) -> tuple[Array, Array, Array]:
    """The best E and amplitude for each rate, and half the derivative of the sum of squares by the rate.

    By the envelope theorem the derivative is that of u alone: with r the residuals, a sum(r z u). Where the amplitude is 0
    it is given as 1, so that a flat stretch is no root.
    """
    number, z, f, zf, _ = sums.totals
    h, hz, hf, hzf = sums.first
    hh, hhz = sums.second
    offset = sums.offset
    u = h + offset * number
    uu = hh + 2 * offset * h + offset * offset * number
    # Where u does not differ between the points (rate 0) the slope is NaN, and the bound E = 0 decides.
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (hf - h * f / number) / (hh - h * h / number)
        level = error_mean + (f - slope * u) / number if held is None else held
    if held is None:
        flat = slope <= 0
        level = np.where(flat, error_mean + f / number, level)
        level = np.where(level > 0, level, 0.0)
    else:
        flat = False
    amplitude = np.where(flat, 0.0, np.maximum(hf + offset * f + (error_mean - level) * u, 0.0) / uu)
    rest = error_mean - level - amplitude * offset
    derivative = amplitude * (hzf + offset * zf + rest * (hz + offset * z) - amplitude * (hhz + offset * hz))
    return level, amplitude, np.where(amplitude > 0, derivative, 1.0)


def _inference(points: _Points, fits: _Fits, held: bool) -> Asymptote:
    """Status, residual scatter and covariance of the one fit in `fits`."""
    n = len(points.z)
    level, log10_amplitude, slope, squares = (
        float(array[0])
        for array in (fits.irreducible_error, fits.log10_amplitude, fits.slope, fits.residual_sum_of_squares)
    )
    e_at_bound = not held and level == 0
    estimated = [not held and not e_at_bound, True, True]
    status, covariance = OK, NO_COVARIANCE
    if log10_amplitude == -math.inf:
        status, estimated[1:] = NO_DECLINE, [False, False]
    elif any(math.isclose(slope * LN10, end) for end in points.rates[[0, -1]]):
        status, estimated[2] = SLOPE_AT_BOUND, False
    degrees = n - sum(estimated)
    if status == OK:
        reducible = np.power(10.0, log10_amplitude - slope * (points.x_mean + points.z))
        status, covariance = _covariance(points, level, reducible, estimated, squares / degrees)
    return Asymptote(
        n, level, log10_amplitude, slope, covariance, degrees, squares, math.sqrt(squares / degrees), e_at_bound, status
    )


def _covariance(
    points: _Points, level: float, reducible: Array, estimated: list[bool], variance: float
) -> tuple[str, Matrix3]:
    """OK if the residuals are orthogonal to the columns of the Jacobian, and s^2 (J'J)^-1."""
    residuals = points.f + (points.error_mean - level) - reducible
    jacobian = np.column_stack([np.ones_like(reducible), LN10 * reducible, -LN10 * points.z * reducible])
    q, r = np.linalg.qr(jacobian[:, estimated])
    rounding = ROUNDING * np.linalg.norm(points.f + points.error_mean)
    converged = np.linalg.norm(q.T @ residuals) <= OFFSET_MAX * np.linalg.norm(residuals) + rounding
    # J is of the logarithm of the amplitude at the mean x; log10 A is that + b times the mean.
    shift = np.array([[1.0, 0, 0], [0, 1.0, points.x_mean], [0, 0, 1.0]])
    spread = shift[:, estimated] @ np.linalg.solve(r, np.eye(len(r)))
    (ee, ea, eb), (_, aa, ab), (_, _, bb) = (variance * spread @ spread.T).tolist()
    return (OK if converged else NOT_CONVERGED), ((ee, ea, eb), (ea, aa, ab), (eb, ab, bb))


def _end(excess: Callable[[Array], Array], grid: Array, inside: float, side: int) -> float:
    """The end of the interval between a value inside and its neighbour outside on the grid of E."""
    place = int(np.searchsorted(grid, inside, "left" if side < 0 else "right")) + (side - 1) // 2
    if not 0 <= place < len(grid):
        return inside
    rtol = 4 * float(np.finfo(np.float64).eps)
    return brent(
        lambda held: float(excess(np.array([held]))[0]),
        float(grid[place]),
        inside,
        xtol=ROUNDING * float(grid[-1]),
        rtol=rtol,
    )
