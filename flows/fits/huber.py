"""A line that outliers do not pull away: Huber's M-estimator, also for many resamples at once.

It cuts the psi function at 1.345 scales (Huber 1981, Robust Statistics, chapter 7). The scale is the median absolute
deviation of the residuals from 0, estimated anew in each step of iteratively reweighted least squares, which starts at the
least-squares line: the estimator of RLM in statsmodels and of rlm in R's MASS (Venables and Ripley 2002, Modern Applied
Statistics with S, 6.5).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from flows.fits.line import NOT_CONVERGED, OK, POINTS_MIN, Array, Line, checked
from flows.fits.resampling import Counts, check_counts

# Where psi is cut, in scales: 95 % efficient where errors are normal, and the default of RLM and rlm.
TUNING = 1.345
# The median absolute deviation of a standard normal variable.
_NORMAL_MAD = float(ndtri(0.75))
_STEPS = 200
# From this step on, at each third, the equations are solved: by then most samples have sorted their points for good.
_FIRST_TRY, _TRY_EVERY = 6, 3
# A solution counts only if the steps approach it and are this near, in units of the first scale: there may be several.
_NEAR = 0.05
# In units of the largest deviation of y: where a scale counts as 0, and where a sum over psi is rounding.
_SCALE_FLOOR, _ROUNDING = 1e-11, 1e-15
_TOLERANCE = 1e-10
_FAR = 1e300
# Elements of a working array, small enough for the processor's cache.
_CHUNK = 1 << 16


class _Points(NamedTuple):
    """The points of each sample, (samples, width).

    `drawn` is 1, but 0 in the padding of the smaller samples. `middle` are the ranks of the two middle values of each
    sample, (samples, 2), which are one where its size is odd.
    """

    x: Array
    y: Array
    drawn: Array
    middle: NDArray[np.int64]

    def rows(self, which: NDArray[np.bool_]) -> _Points:
        """Some of the samples."""
        return _Points(self.x[which], self.y[which], self.drawn[which], self.middle[which])


def huber(x: Array, y: Array) -> Line:
    """The M-estimate with Huber's psi function of the line of y on x, both (n,).

    `residual_sd` is the robust scale, the median absolute residual over 0.6745. The variances are those that RLM calls
    H1, for normal quantiles. Where more than half of the points come to lie on the line, the scale falls to 0; the
    estimate is then the line of least absolute deviations, and the scale and the variances are 0. "not_converged" comes
    with the last step, where the estimating equations do not hold yet.

    Raises:
        FitError: the arrays differ in length, or hold what is not finite.
    """
    status = checked(x, y)
    if status != OK:
        return Line(len(x), status=status)
    estimates, converged = _huber(x, y, np.ones((1, len(x)), dtype=np.int64))
    intercept, slope, scale = estimates[0].tolist()
    middle = float(x.mean())
    at_middle, at_slope = _variances(x - middle, y - intercept - slope * x, scale)
    return Line(
        n=len(x),
        intercept=intercept,
        slope=slope,
        intercept_variance=at_middle + middle * middle * at_slope,
        slope_variance=at_slope,
        covariance=-middle * at_slope,
        degrees_of_freedom=math.inf,
        residual_sd=scale,
        status=OK if converged[0] else NOT_CONVERGED,
    )


def huber_resampled(x: Array, y: Array, counts: Counts) -> Array:
    """Intercept and slope of `huber` for each of B resamples of the points (n,), as an array (B, 2).

    `counts` (B, n) says how often each point is drawn; its rows may sum to different totals. A resample of fewer than
    three points or without spread in x gives NaN. One that does not converge gives its last step, as in `huber`.

    Raises:
        FitError: the arrays do not fit together, or hold what is not finite, or a count is negative.
    """
    check_counts(x, y, counts)
    return _huber(x, y, counts)[0][:, :2]


def _huber(x: Array, y: Array, counts: Counts) -> tuple[Array, NDArray[np.bool_]]:
    """Intercept, slope and scale of each sample, (samples, 3), and whether they solve the equations."""
    # Taken from the middle, sums of products keep their digits.
    middle_x, middle_y = np.median(x), np.median(y)
    from_x, from_y = x - middle_x, y - middle_y
    size = float(np.abs(from_y).max(initial=0.0)) or 1.0
    estimates, converged = np.full((len(counts), 3), np.nan), np.zeros(len(counts), dtype=bool)
    for rows in _chunks(counts):
        points, fit = _repeated(from_x, from_y, counts[rows])
        estimates[rows[fit]], converged[rows[fit]] = _reweighted(points.rows(fit), size)
    estimates[:, 0] += middle_y - estimates[:, 1] * middle_x
    estimates[estimates[:, 2] <= _SCALE_FLOOR * size, 2] = 0
    return estimates, converged


def _chunks(counts: Counts) -> Iterator[NDArray[np.intp]]:
    """The samples in portions that fill a working array; those of like size together, which leaves little padding."""
    totals = counts.sum(axis=1)
    order = np.argsort(totals, kind="stable")[::-1]
    start = 0
    while start < len(order):
        stop = start + max(1, _CHUNK // max(1, int(totals[order[start]])))
        yield order[start:stop]
        start = stop


def _repeated(x: Array, y: Array, counts: Counts) -> tuple[_Points, NDArray[np.bool_]]:
    """The points of each sample as often as they were drawn, and which samples can be fitted."""
    totals = counts.sum(axis=1)
    drawn = np.arange(totals.max(initial=0)) < totals[:, None]
    index = np.zeros(drawn.shape, dtype=np.intp)
    index[drawn] = np.repeat(np.tile(np.arange(len(x)), len(counts)), counts.ravel())
    # Padding lies so far off that it sorts after all points; its weight is 0.
    xs, ys = x[index], np.where(drawn, y[index], _FAR)
    spread = np.max(xs, axis=1, initial=-np.inf, where=drawn) > np.min(xs, axis=1, initial=np.inf, where=drawn)
    middle = np.stack([(totals - 1) // 2, totals // 2], axis=1)
    return _Points(xs, ys, drawn.astype(np.float64), middle), spread & (totals >= POINTS_MIN)


def _reweighted(points: _Points, size: float) -> tuple[Array, NDArray[np.bool_]]:
    """Iteratively reweighted least squares, ended by the exact solution as soon as the points are sorted rightly.

    Given which points psi cuts, and which residuals are the middle ones, the estimating equations are linear. A
    solution that sorts the points as they were sorted for it is what the steps, which only near it, would come to.
    """
    estimates, converged = np.full((len(points.x), 3), np.nan), np.zeros(len(points.x), dtype=bool)
    left = np.arange(len(points.x))
    weights, before, first = points.drawn, estimates, estimates[:, 2]
    for step in range(_STEPS):
        line = _weighted_line(points, weights)
        residuals = _residuals(points, line)
        distances = np.abs(residuals)
        scale = _scale(points, distances, size)
        now = np.column_stack([line, scale])
        first = scale if step == 0 else first
        if step >= _FIRST_TRY and (step - _FIRST_TRY) % _TRY_EVERY == 0:
            solution = _solution(points, residuals, scale, size)
            solved = _holds(points, solution, size) & _approached(points, solution, now, before, first, size)
            estimates[left] = np.where(solved[:, None], solution, now)
            # Where psi leaves only points of one x uncut there is nothing to solve, but the steps may be there already.
            solved[~solved] = _holds(points.rows(~solved), now[~solved], size)
            converged[left] = solved
            if solved.all():
                break
            points, left, distances = points.rows(~solved), left[~solved], distances[~solved]
            now, first = now[~solved], first[~solved]
        weights, before = _weights(points, distances, now[:, 2]), now
    return estimates, converged


def _weighted_line(points: _Points, weights: Array) -> Array:
    """The weighted least-squares line of each sample, (samples, 2)."""
    total = weights.sum(axis=1)
    mean_x, mean_y = _products(weights, points.x) / total, _products(weights, points.y) / total
    from_mean = points.x - mean_x[:, None]
    weighted = weights * from_mean
    slope = _products(weighted, points.y - mean_y[:, None]) / _products(weighted, from_mean)
    return np.column_stack([mean_y - slope * mean_x, slope])


def _products(left: Array, right: Array) -> Array:
    """Sums of products over each sample."""
    sums: Array = np.einsum("sp,sp->s", left, right)
    return sums


def _residuals(points: _Points, line: Array) -> Array:
    # Written over the fitted values: a fresh array costs more time than the sums.
    fitted = line[:, 1:2] * points.x
    fitted += line[:, :1]
    np.subtract(points.y, fitted, out=fitted)
    return fitted


def _scale(points: _Points, distances: Array, size: float) -> Array:
    """The median of the absolute residuals in units of a normal standard deviation, (samples,)."""
    in_order = np.sort(distances, axis=1)
    middle = np.take_along_axis(in_order, points.middle, axis=1)
    scale: Array = np.maximum(middle.mean(axis=1) / _NORMAL_MAD, _SCALE_FLOOR * size)
    return scale


def _weights(points: _Points, distances: Array, scale: Array) -> Array:
    """Huber's weights psi(r) / r: 1, or less where psi is cut."""
    cut = TUNING * scale[:, None]
    weights = np.maximum(distances, cut)
    np.divide(cut, weights, out=weights)
    weights *= points.drawn
    return weights


def _solution(points: _Points, residuals: Array, scale: Array, size: float) -> Array:
    """Intercept, slope and scale, (samples, 3), that solve the equations if all points stay as they are sorted now.

    With the uncut points' least-squares line p and the cut points' pull q per scale, the line is p + q s. A middle
    residual of sign g is then g (y - p - q s), and the mean of the two is 0.6745 s.
    """
    distances = np.abs(residuals)
    uncut = points.drawn * (distances <= TUNING * scale[:, None])
    pulls = TUNING * np.sign(residuals) * (points.drawn - uncut)
    middle = np.take_along_axis(np.argsort(distances, axis=1), points.middle, axis=1)
    sign = np.sign(np.take_along_axis(residuals, middle, axis=1))
    # Where the uncut points have no spread in x, nothing is solved: the NaN does not hold.
    with np.errstate(divide="ignore", invalid="ignore"):
        line = _weighted_line(points, uncut)
        many = uncut.sum(axis=1)
        mean_x = _products(uncut, points.x) / many
        from_mean = points.x - mean_x[:, None]
        pull_slope = _products(pulls, from_mean) / _products(uncut * from_mean, from_mean)
        pull = np.column_stack([pulls.sum(axis=1) / many - pull_slope * mean_x, pull_slope])
        at_x, at_y = (np.take_along_axis(array, middle, axis=1) for array in (points.x, points.y))
        own = (sign * (at_y - line[:, :1] - line[:, 1:] * at_x)).mean(axis=1)
        pulled = (sign * (pull[:, :1] + pull[:, 1:] * at_x)).mean(axis=1)
        solved = np.maximum(own / (_NORMAL_MAD + pulled), _SCALE_FLOOR * size)
        return np.column_stack([line + pull * solved[:, None], solved])


def _holds(points: _Points, solution: Array, size: float) -> NDArray[np.bool_]:
    """Whether the estimating equations hold: psi sums to 0, also times x, and the scale is that of the residuals."""
    residuals, scale, rounding = _residuals(points, solution), solution[:, 2], _ROUNDING * size
    cut = TUNING * scale[:, None]
    psi = points.drawn * np.clip(residuals, -cut, cut)
    of_psi, of_x = np.abs(psi), np.abs(points.x)
    held = np.abs(_scale(points, np.abs(residuals), size) - scale) <= _TOLERANCE * scale + rounding
    held &= np.abs(psi.sum(axis=1)) <= _TOLERANCE * of_psi.sum(axis=1) + rounding * points.drawn.sum(axis=1)
    held &= np.abs(_products(psi, points.x)) <= _TOLERANCE * _products(of_psi, of_x) + rounding * of_x.sum(axis=1)
    return held


def _approached(
    points: _Points, solution: Array, now: Array, before: Array, first: Array, size: float
) -> NDArray[np.bool_]:
    """Whether the steps approach the solution and are near it: some solutions repel them, and they end at another."""
    floor = _SCALE_FLOOR * size
    distance, earlier = _distance(points, solution, now), _distance(points, solution, before)
    return (distance <= np.maximum(earlier, floor)) & (distance <= np.maximum(_NEAR * first, floor))


def _distance(points: _Points, one: Array, other: Array) -> Array:
    """The distance of two estimates in units of y: of their lines over the points, and of their scales."""
    apart = one - other
    of_lines = points.drawn * (apart[:, :1] + apart[:, 1:2] * points.x)
    squares: Array = _products(of_lines, of_lines) / points.drawn.sum(axis=1) + apart[:, 2] ** 2
    return np.sqrt(squares)


def _variances(x: Array, residuals: Array, scale: float) -> tuple[float, float]:
    """Variances of the line at x = 0 and of its slope, for x from their mean (H1 of RLM; Huber 1981, chapter 7)."""
    n, cut = len(x), TUNING * scale
    if scale == 0:
        return 0.0, 0.0
    uncut = float((np.abs(residuals) <= cut).mean())
    correction = 1 + 2 / n * uncut * (1 - uncut) / uncut**2
    variance = correction**2 * float((np.clip(residuals, -cut, cut) ** 2).sum()) / (n - 2) / uncut**2
    return variance / n, variance / float((x * x).sum())
