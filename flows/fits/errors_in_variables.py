"""Lines through points with errors in both coordinates.

York's line takes a standard deviation of x and of y for each point (York, Evensen, Martínez and De Basabe Delgado 2004, Am.
J. Phys. 72:367, whose unified equations serve least squares and maximum likelihood alike). Deming's line knows only the
ratio of the error variances, one for all points (Deming 1943, Statistical Adjustment of Data; Linnet 1990, Stat. Med.
9:1463). Where the errors of x are known but those of y are not, the scatter of y is chosen so that the reduced chi-square
is 1 (Tremaine et al. 2002, Astrophys. J. 574:740).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from flows.fits.least_squares import plain_line
from flows.fits.line import NOT_CONVERGED, OK, Array, FitError, Line, checked
from flows.fits.roots import brent

_STEPS = 1_000
# The iteration ends at the first; where rounding keeps it from that, the second will do.
_TOLERANCE, _TOLERANCE_AT_LAST = 1e-15, 1e-12
# In units of the largest y: a scatter this small is none.
_SCATTER_FLOOR = 1e-12


class _Errors(NamedTuple):
    """Variances of the errors of each point, (n,), and their covariances."""

    of_x: Array
    of_y: Array
    of_both: Array


def york(x: Array, y: Array, x_sd: Array, y_sd: Array, correlation: Array | None = None) -> Line:
    """The best line through points (n,) whose errors have these standard deviations and correlations (n,; none: 0).

    Where all `x_sd` are 0 it is the line of weighted least squares, and where all `y_sd` are 0 that of x on y. The
    variances and the covariance follow from the errors alone, however large the scatter is, and are for normal quantiles;
    times `goodness_of_fit`, they follow the scatter. `residual_sd` is NaN, since each point has its own. "not_converged"
    comes with the last step of an iteration that finds no rest, or with NaN where no line is found: where the slope runs
    to infinity, or the points are level and none has an error in y.

    Raises:
        FitError: the arrays differ in length, or hold what is not finite; a standard deviation is negative, or a point
            has neither; a correlation is not between -1 and 1.
    """
    errors = _checked_errors(x, y, x_sd, y_sd, correlation)
    status = checked(x, y)
    if status != OK:
        return Line(len(x), status=status)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope, converged = _york_slope(x, y, errors)
        line = _york_line(x, y, slope, errors)
    if not math.isfinite(line.slope_variance):
        return Line(len(x), status=NOT_CONVERGED)
    return line if converged else replace(line, status=NOT_CONVERGED)


def goodness_of_fit(
    line: Line, x: Array, y: Array, x_sd: Array, y_sd: Array, correlation: Array | None = None
) -> float:
    """The reduced chi-square S / (n - 2) of a line (York et al. 2004): about 1 where the errors explain the scatter.

    Raises:
        FitError: as `york` does.
    """
    errors = _checked_errors(x, y, x_sd, y_sd, correlation)
    if len(x) <= 2:
        return math.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = _york_weights(line.slope, errors) * (y - line.intercept - line.slope * x) ** 2
    return float(squares.sum()) / (len(x) - 2)


def york_with_scatter(x: Array, y: Array, x_sd: Array, y_sd: Array | None = None) -> Line:
    """York's line where y scatters by an unknown standard deviation, the one that makes the reduced chi-square 1.

    That scatter, the same for all points, is `residual_sd`; it adds to the errors `y_sd` (n,; none: 0) in squares. It is 0
    where the errors alone explain more than the scatter there is: the reduced chi-square is then below 1, and the line is
    York's with those errors. Where all errors are 0 the line is that of least squares, with its variances and its n - 2
    degrees of freedom. The variance of the slope is that of the equations which both the line and the scatter solve
    (`_with_estimated_scatter`); York's own takes the scatter as known, and is too small where errors of x are a large part
    of the spread of x.

    Raises:
        FitError: the arrays differ in length, or hold what is not finite; a standard deviation is negative.
    """
    of_y = np.zeros_like(x_sd) if y_sd is None else y_sd
    status = checked(x, y, x_sd, of_y)
    if (x_sd < 0).any() or (of_y < 0).any():
        raise FitError("a standard deviation is negative")
    if status != OK:
        return Line(len(x), status=status)
    # A scatter of exactly 0 would leave points without any error, and a level line without weights.
    least = _SCATTER_FLOOR * (float(np.abs(y).max()) or 1.0)
    errors = _Errors(x_sd * x_sd, of_y * of_y, np.zeros_like(x))
    # With this scatter the chi-square of the least-squares line is below 1, and York's line has the least chi-square.
    most = 2 * max(_least_squares_scatter(x, y), least)
    scatter = least
    if _excess(least, x, y, errors) > 0:
        scatter = brent(lambda scatter: _excess(scatter, x, y, errors), least, most, xtol=least, rtol=1e-14)
    errors = errors._replace(of_y=errors.of_y + scatter * scatter)
    line = york(x, y, x_sd, np.sqrt(errors.of_y))
    if line.slope_variance > 0:
        line = _with_estimated_scatter(line, x, y, errors)
    return replace(line, degrees_of_freedom=len(x) - 2.0, residual_sd=scatter if scatter > least else 0.0)


def deming(x: Array, y: Array, variance_ratio: float) -> Line:
    """Deming's line; `variance_ratio` is the variance of the errors of y over that of the errors of x.

    The variances and the covariance are those of the jackknife, as Linnet (1990) has them, for Student's t with n - 2
    degrees of freedom; they are NaN where leaving a point out leaves no line. `residual_sd` is that of y around the line.
    Points whose best line is vertical, or which have none, are "not_converged" and have NaN.

    Raises:
        FitError: the arrays differ in length, or hold what is not finite; the ratio is not positive and finite.
    """
    if not 0 < variance_ratio < math.inf:
        raise FitError(f"the ratio of variances must be positive, not {variance_ratio}")
    status = checked(x, y)
    n = len(x)
    if status != OK:
        return Line(n, status=status)
    intercept, slope = _deming_line(x, y, variance_ratio)
    if math.isnan(slope):
        return Line(n, status=NOT_CONVERGED)
    left_out = [_deming_line(np.delete(x, at), np.delete(y, at), variance_ratio) for at in range(n)]
    variances = (n - 1) ** 2 / n * np.cov(np.transpose(left_out))
    return Line(
        n=n,
        intercept=intercept,
        slope=slope,
        intercept_variance=float(variances[0, 0]),
        slope_variance=float(variances[1, 1]),
        covariance=float(variances[0, 1]),
        degrees_of_freedom=n - 2.0,
        residual_sd=math.sqrt(float(((y - intercept - slope * x) ** 2).sum()) / (n - 2)),
    )


def _checked_errors(x: Array, y: Array, x_sd: Array, y_sd: Array, correlation: Array | None) -> _Errors:
    correlation = np.zeros_like(x_sd) if correlation is None else correlation
    checked(x, y, x_sd, y_sd, correlation)
    if (x_sd < 0).any() or (y_sd < 0).any():
        raise FitError("a standard deviation is negative")
    if ((x_sd == 0) & (y_sd == 0)).any():
        raise FitError("a point has no error in either coordinate")
    if (np.abs(correlation) > 1).any():
        raise FitError("a correlation is not between -1 and 1")
    return _Errors(x_sd * x_sd, y_sd * y_sd, correlation * x_sd * y_sd)


def _york_weights(slope: float, errors: _Errors) -> Array:
    """One over the variance of the error across the line, W of York et al., in a form that allows a standard deviation 0."""
    return 1 / (errors.of_y + slope * slope * errors.of_x - 2 * slope * errors.of_both)


def _york_slope(x: Array, y: Array, errors: _Errors) -> tuple[float, bool]:
    """The slope by York et al. (section III), iterated from that of least squares, and whether it came to rest."""
    slope, change, terms = plain_line(x, y)[1], math.nan, 0.0
    for _ in range(_STEPS):
        weights, u, v, beta = _york_points(x, y, slope, errors)
        rises, runs = weights * beta * v, weights * beta * u
        run = float(runs.sum())
        before, slope = slope, float(rises.sum()) / run if run else math.nan
        # Relative to the terms of both sums, whose rounding stays in the slope however small their sums are.
        change, terms = abs((slope - before) * run), float(np.abs(rises).sum() + abs(slope) * np.abs(runs).sum())
        if not change > _TOLERANCE * terms:
            break
    return slope, change <= _TOLERANCE_AT_LAST * terms


def _york_points(x: Array, y: Array, slope: float, errors: _Errors) -> tuple[Array, Array, Array, Array]:
    """Weights, x and y from their weighted means, and x of the adjusted points from the former (beta of York et al.)."""
    weights = _york_weights(slope, errors)
    u, v = (values - float((weights * values).sum() / weights.sum()) for values in (x, y))
    beta = weights * (u * errors.of_y + slope * v * errors.of_x - (slope * u + v) * errors.of_both)
    return weights, u, v, beta


def _york_line(x: Array, y: Array, slope: float, errors: _Errors) -> Line:
    """The line of that slope with its variances (York et al., section III).

    The line has the variance 1 / sum(W) at the weighted mean of the adjusted points, where it does not covary with the
    slope; hence the covariance of intercept and slope.
    """
    weights, u, v, beta = _york_points(x, y, slope, errors)
    total = weights.sum()
    adjusted = beta - (weights * beta).sum() / total
    slope_variance = float(1 / (weights * adjusted**2).sum())
    middle = float((weights * (x - u + beta)).sum() / total)
    return Line(
        n=len(x),
        intercept=float((y - v)[0] - slope * (x - u)[0]),
        slope=slope,
        intercept_variance=float(1 / total) + middle * middle * slope_variance,
        slope_variance=slope_variance,
        covariance=-middle * slope_variance,
        degrees_of_freedom=math.inf,
    )


def _excess(scatter: float, x: Array, y: Array, errors: _Errors) -> float:
    """The reduced chi-square of York's line less 1, if y scatters by that much beyond its errors."""
    with_scatter = errors._replace(of_y=errors.of_y + scatter * scatter)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope = _york_slope(x, y, with_scatter)[0]
        weights, over = _york_weights(slope, with_scatter), y - slope * x
        over = over - (weights * over).sum() / weights.sum()
        return float((weights * over**2).sum()) / (len(x) - 2) - 1


def _with_estimated_scatter(line: Line, x: Array, y: Array, errors: _Errors) -> Line:
    """The line with the variance of its slope where a part of the errors of y, one scatter s for all points, is estimated.

    Intercept, slope b and s solve sum(W r) = 0, sum(W r X) = 0 and sum(W r^2) = n - 2, with r the residual, X the adjusted x
    from its weighted mean, u and v the variances of the errors of x and y, and W = 1 / (v + b^2 u). By the expectations of
    their derivatives and of their squares for normal errors (estimating equations: Carroll, Ruppert, Stefanski and
    Crainiceanu 2006, Measurement Error in Nonlinear Models, appendix A) the variance of b is

        [sum(W X^2) + 2 n b^2 (sum(u W^2) / sum(W))^2] / [sum(W X^2) - sum(u v W^2)]^2,

    which is York's 1 / sum(W X^2) without errors of x. Where all points have the same errors it is that of Fuller (1987,
    Measurement Error Models, section 1.2). Not above 0 in the second bracket: the points do not tell x from its errors,
    and the variance is infinite.
    """
    weights, _, _, beta = _york_points(x, y, line.slope, errors)
    total = weights.sum()
    adjusted = beta - (weights * beta).sum() / total
    spread = float((weights * adjusted**2).sum())
    of_scatter = 2 * len(x) * (line.slope * float((errors.of_x * weights**2).sum() / total)) ** 2
    true_spread = spread - float((errors.of_x * errors.of_y * weights**2).sum())
    variance = (spread + of_scatter) / true_spread**2 if true_spread > 0 else math.inf
    return _of_slope_variance(line, variance)


def _of_slope_variance(line: Line, variance: float) -> Line:
    """The line with another variance of its slope, and what follows from it."""
    middle = -line.covariance / line.slope_variance
    of_middle = line.intercept_variance - middle * middle * line.slope_variance
    return replace(
        line,
        intercept_variance=of_middle + middle * middle * variance,
        slope_variance=variance,
        covariance=-middle * variance,
    )


def _least_squares_scatter(x: Array, y: Array) -> float:
    residuals = y - y.mean() - plain_line(x, y)[1] * (x - x.mean())
    return math.sqrt(float((residuals**2).sum()) / (len(x) - 2))


def _deming_line(x: Array, y: Array, ratio: float) -> tuple[float, float]:
    """Intercept and slope in closed form; NaN where x has no spread, or no slope is best."""
    mean_x, mean_y = float(x.mean()), float(y.mean())
    u, v = x - mean_x, y - mean_y
    together, apart = float((u * v).sum()), float((v * v).sum() - ratio * (u * u).sum())
    root = math.hypot(apart, 2 * math.sqrt(ratio) * together)
    if x.max() == x.min() or (together == 0 and apart >= 0):
        return math.nan, math.nan
    # Two forms of one root, of which each keeps its digits where the other loses them.
    slope = (apart + root) / (2 * together) if apart > 0 else 2 * ratio * together / (root - apart)
    return mean_y - slope * mean_x, slope
