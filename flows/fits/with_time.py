"""Error against computation and time: how many years of better algorithms do the work of ten times the computation.

log10(error) = a + b·log10(C / C0) + c·(year - year0), by least squares; C0 and year0 are those of the earliest point, so that
a is the error of its year. At a given error, ten times the computation does what b/c years do (both lower the error, so
both are negative), as in section "algorithmic improvement" of Thompson et al. (arXiv 2007.05558v2). The interval of b/c is
Fieller's (Fieller 1954, J. R. Stat. Soc. B 16:175).

A paper has one year and one recipe, so that its points say less of the year than as many papers would. Where papers are given
the covariance is the jackknife over them, with t of one degree of freedom less than there are papers (flows/fits/clustered.py).
Of 2,000 truths a case (tests/fits/test_coverage_of_selections.py has the generator: 14 to 98 papers of 1 to 5 points, 30 to 210
in all, 0.8 of the scatter of the papers) its 95 % interval held the year term in 93.3 to 95.0 %, computation's in 94.7 to
95.5 % and b/c in 93.4 to 96.0 %; with standard errors of single points that of the year held it in 80 to 83 %. Where one in six
papers has half of the points: 92.7 to 94.8, 93.9 to 97.1 and 93.2 to 95.5 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flows.fits import clustered, student_t
from flows.fits.clustered import TOO_FEW_PAPERS
from flows.fits.least_squares import PERFECT_LEVERAGE
from flows.fits.line import NO_SPREAD, OK, SLOPE_MAY_BE_ZERO, TOO_FEW_POINTS, Array, FitError
from flows.fits.selections import unsure

POINTS_MIN = 4
# A part of a sum of squares that is this small is none.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class TimeFit:
    """The fitted plane and b/c; figures are NaN where `status` is too_few_points or no_spread_in_x.

    Where it is too_few_papers (no more than coefficients) or perfect_leverage (the papers without one of them tell no plane)
    there is the plane and nothing that says how sure it is. `interval` is "bounded", or "unbounded" where a year term of 0
    cannot be ruled out: then b/c has no upper end. `n_papers` is None where papers were not told.
    """

    n: int
    status: str
    n_papers: int | None = None
    reference_log10_compute: float = math.nan
    reference_year: float = math.nan
    intercept: float = math.nan
    compute_slope: float = math.nan
    compute_slope_se: float = math.nan
    year_slope: float = math.nan
    year_slope_se: float = math.nan
    r_squared: float = math.nan
    years_per_tenfold: float = math.nan
    low: float = math.nan
    high: float = math.nan
    interval: str | None = None


def with_time(
    log10_compute: Array, error: Array, year: Array, level: float, paper: NDArray[np.generic] | None = None
) -> TimeFit:
    """Fit the plane to n points; intervals at `level`, by paper where `paper` (n,) names or numbers them.

    Raises:
        FitError: a value is not finite, or an error is not positive; papers are neither whole numbers nor text.
    """
    if not (np.isfinite([log10_compute, error, year]).all() and (error > 0).all()):
        raise FitError("computation, year and error must be finite, and errors positive")
    n, papers = len(error), None if paper is None else len(np.unique(paper))
    if n < POINTS_MIN:
        return TimeFit(n, TOO_FEW_POINTS, papers)
    first = np.lexsort((error, log10_compute, year))[0]
    design = np.column_stack([np.ones(n), log10_compute - log10_compute[first], year - year[first]])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return TimeFit(n, NO_SPREAD, papers)
    y = np.log10(error)
    q, r = np.linalg.qr(design)
    coefficients = np.linalg.solve(r, q.T @ y)
    residuals = y - design @ coefficients
    _, b, c = (float(value) for value in coefficients)
    plane = TimeFit(
        n=n,
        status=OK,
        n_papers=papers,
        reference_log10_compute=float(log10_compute[first]),
        reference_year=float(year[first]),
        intercept=float(coefficients[0]),
        compute_slope=b,
        year_slope=c,
        r_squared=1 - float(residuals @ residuals) / float(((y - y.mean()) ** 2).sum()) if np.ptp(y) else math.nan,
        years_per_tenfold=b / c if c else math.nan,
    )
    if paper is None:
        inverse = np.linalg.inv(r)
        return _judged(plane, inverse @ inverse.T * (residuals @ residuals) / (n - 3), n - 3, level)
    covariance, many = clustered.jackknife_covariance(design, residuals, paper)
    if covariance is None:
        return replace(plane, status=TOO_FEW_PAPERS if many <= design.shape[1] else PERFECT_LEVERAGE)
    return _judged(plane, covariance, many - 1, level)


def _judged(plane: TimeFit, covariance: Array, degrees_of_freedom: int, level: float) -> TimeFit:
    """The plane with what the covariance of its coefficients says of them."""
    t, c = student_t.quantile((1 + level) / 2, degrees_of_freedom), plane.year_slope
    low, high, interval = _ratio(plane.compute_slope, c, covariance[1:, 1:], t)
    return replace(
        plane,
        status=OK if abs(c) > t * math.sqrt(covariance[2, 2]) else SLOPE_MAY_BE_ZERO,
        compute_slope_se=math.sqrt(covariance[1, 1]),
        year_slope_se=math.sqrt(covariance[2, 2]),
        low=low,
        high=high,
        interval=interval,
    )


def without_interval(plane: TimeFit) -> TimeFit:
    """The plane through points that were chosen by their error: nothing says how sure it is."""
    return replace(
        plane,
        status=unsure(plane.status),
        compute_slope_se=math.nan,
        year_slope_se=math.nan,
        low=math.nan,
        high=math.nan,
        interval=None,
    )


def compute_shares(
    log10_compute: Array, error: Array, year: Array, drawn: NDArray[np.int64], unit: NDArray[np.intp] | None = None
) -> Array:
    """The share of progress that is computation, over resamples (B,) given as how often each point is drawn (B, n).

    With `unit` (n,), which numbers the papers of the points from 0, as how often each paper is drawn (B, papers).

    With g the growth of log10(C) a year (the slope of its regression on the year), log10(error) falls by b·g + c a year, which
    is the slope of its own regression on the year (the formula of the omitted variable; Greene 2012, Econometric Analysis,
    section 4.3.2). The share is b·g / (b·g + c); above 1 or below 0 where the two work against each other. NaN where a
    resample has no spread.
    """
    x, t = log10_compute - log10_compute.mean(), year - year.mean()
    y = np.log10(error)
    y = y - y.mean()
    products = np.stack([np.ones_like(x), x, t, y, x * x, x * t, t * t, x * y, t * y])
    if unit is not None:
        products = np.stack([np.bincount(unit, weights=product) for product in products])
    n, sx, st, sy, sxx, sxt, stt, sxy, sty = products @ drawn.astype(np.float64).T
    with np.errstate(divide="ignore", invalid="ignore"):
        xx, xt, tt = sxx - sx * sx / n, sxt - sx * st / n, stt - st * st / n
        xy, ty = sxy - sx * sy / n, sty - st * sy / n
        left = xx * tt - xt * xt
        # Of equal x, or of one year, rounding leaves a spread that is none.
        is_spread = (xx > _ROUNDING * sxx) & (tt > _ROUNDING * stt) & (left > _ROUNDING * xx * tt)
        b = np.where(is_spread, (xy * tt - ty * xt) / left, np.nan)
        share: Array = b * xt / ty
    return share


def _ratio(b: float, c: float, covariance: Array, t: float) -> tuple[float, float, str]:
    """Fieller's interval of b/c: the ratios r of which b - r c differs from 0 by at most t standard errors."""
    (vb, cov), (_, vc) = covariance
    lead, half, last = c * c - t * t * vc, b * c - t * t * cov, b * b - t * t * vb
    if lead <= 0:
        # c may be 0: the set holds arbitrarily large ratios; it begins where b differs from 0.
        root = half * half - lead * last
        ends = sorted((half + sign * math.sqrt(root)) / lead for sign in (-1, 1)) if root > 0 and lead < 0 else []
        return (ends[1] if ends and b / c > 0 else math.nan), math.nan, "unbounded"
    root = math.sqrt(max(half * half - lead * last, 0))
    return (half - root) / lead, (half + root) / lead, "bounded"
