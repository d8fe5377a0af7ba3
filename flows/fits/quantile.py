"""Quantile regression on one predictor, at the exact optimum (Koenker and Bassett 1978, Econometrica 46, 33-50).

The line of quantile tau has the smallest sum of check losses w rho(y - a - b x), rho(r) = r (tau - [r < 0]). The loss is
convex and piecewise linear in (a, b), and an optimal line passes through two points. It is found by descent from line to
line (Bloomfield and Steiger 1983, Least Absolute Deviations): of all lines through one point, the best has as
slope a weighted quantile of the slopes to the other points; the next turn is about another point of that line.

Around a line the loss is linear between the turns about the points that lie on it. So it is at its minimum when no such
turn lowers it, however many points the line passes through (Koenker 2005, Quantile Regression, 2.2). Of the turns in one
direction the best is about the point where the line, turned a little, still has the share tau of the weight below it;
hence two turns settle the matter in every line, ties and duplicated points included.

Where the optimum is not unique, the slope is the middle of the optimal slopes, and the intercept the middle of those that
are optimal with that slope. It is the convention of the median of an even number: x of two values gives the line through
the two quantiles. It does not depend on the order of the points, nor on the signs of x and of y (with 1 - tau).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from flows.fits.least_squares import plain_line
from flows.fits.line import NOT_CONVERGED, OK, Array, FitError, Line, checked
from flows.fits.resampling import check_counts

Indices = NDArray[np.intp]
Booleans = NDArray[np.bool_]

# A sum of up to some thousand weights that should be zero is below this, relative to the sum of their sizes.
ROUNDING = 1e-13
# A turn that raises the loss by this rate does so beyond any rounding.
_SURELY = 1e-9
# A point is on a line if it is as near as this, relative to the largest |y| and |slope x|.
ON_LINE = 2.0**-47
# A descent takes about ten turns; one that takes this many does not end.
TURNS_MAX = 1000
# Resamples are computed by so many counts at a time, in about ten arrays of 8 bytes: 40 MB.
CHUNK = 500_000


def quantile_line(x: Array, y: Array, tau: float) -> Line:
    """The line below which the share tau of the points lies.

    The variances are those of statsmodels' QuantReg: a sandwich with an Epanechnikov kernel and the bandwidth of Hall and
    Sheather 1988; NaN where the bandwidth reaches beyond the probabilities 0 and 1, as in small samples far from the
    median, or where the density at the line is estimated as 0.

    Args:
        x: predictor, shape (n,).
        y: response, shape (n,).
        tau: probability of the quantile, between 0 and 1.

    Returns:
        A line with n - 2 degrees of freedom and no residual_sd; its status is not_converged if the optimum is not found.

    Raises:
        FitError: unequal lengths, a value that is not finite, or tau outside (0, 1).
    """
    status = checked(x, y)
    _check_tau(tau)
    n = len(x)
    if status != OK:
        return Line(n, status=status)
    intercept, slope = _whole(x, y, tau)
    if math.isnan(slope):
        return Line(n, status=NOT_CONVERGED)
    variances = _variances(x, y, tau, intercept, slope)
    return Line(n, intercept, slope, *variances, degrees_of_freedom=n - 2)


def quantile_resampled(x: Array, y: Array, counts: NDArray[np.integer], tau: float) -> Array:
    """The lines of quantile tau of resamples of the points.

    Args:
        x: predictor, shape (n,).
        y: response, shape (n,).
        counts: how often each resample holds each point, shape (B, n).
        tau: probability of the quantile, between 0 and 1.

    Returns:
        Intercept and slope of each resample, shape (B, 2); NaN where it has no spread in x, or its optimum is not found.

    Raises:
        FitError: unequal lengths, a value that is not finite, a negative count, or tau outside (0, 1).
    """
    check_counts(x, y, counts)
    _check_tau(tau)
    lines = np.full((len(counts), 2), math.nan)
    if len(x) == 0 or x.max() == x.min():
        return lines
    start = np.array(_whole(x, y, tau))
    step = max(1, CHUNK // len(x))
    for first in range(0, len(counts), step):
        chunk = counts[first : first + step].astype(np.float64)
        lines[first : first + step] = _optima(x, y, chunk, tau, start)
    return lines


def _check_tau(tau: float) -> None:
    if not 0 < tau < 1:
        raise FitError(f"tau must lie between 0 and 1, not at {tau}")


def _whole(x: Array, y: Array, tau: float) -> tuple[float, float]:
    """Intercept and slope of the line through all points."""
    order = np.lexsort((y, x))
    return _whole_of(x[order].astype(np.float64).tobytes(), y[order].astype(np.float64).tobytes(), tau)


# Kept, for the lines of resamples, which come after it, begin there.
@lru_cache(maxsize=1)
def _whole_of(x: bytes, y: bytes, tau: float) -> tuple[float, float]:
    of_x, of_y = np.frombuffer(x), np.frombuffer(y)
    start = np.array(plain_line(of_x, of_y))
    intercept, slope = _optima(of_x, of_y, np.ones((1, len(of_x))), tau, start)[0].tolist()
    return intercept, slope


def _optima(x: Array, y: Array, weights: Array, tau: float, start: Array) -> Array:
    """Intercept and slope for each row of weights, NaN where the row has no spread in x.

    The descent starts at the point that is nearest to the line `start`.
    """
    order = np.lexsort((y, x))
    x, y = x[order], y[order]
    lines = np.full((len(weights), 2), math.nan)
    weights = weights[:, order]
    drawn = weights > 0
    first, last = drawn.argmax(axis=1), len(x) - 1 - drawn[:, ::-1].argmax(axis=1)
    spread = drawn.any(axis=1) & (x[first] < x[last])
    kept = weights[spread]
    nearest = np.abs(y - start[0] - start[1] * x).argmin()
    lowest, anchors, is_only = _lowest_slopes(x, y, kept, tau, np.full(len(kept), nearest))
    # The highest slopes are the lowest of the mirrored points.
    highest, several = -lowest, ~is_only
    if several.any():
        mirrored = len(x) - 1 - anchors[several]
        highest[several] = _lowest_slopes(-x[::-1], y[::-1], kept[several, ::-1], tau, mirrored)[0]
    slopes = (lowest - highest) / 2
    intercepts = y[anchors] - slopes * x[anchors]
    flat = lowest < -highest
    intercepts[flat] = _middle_quantiles(y - slopes[flat, None] * x, kept[flat], tau)
    lines[spread] = np.column_stack([intercepts, slopes])
    return lines


def _lowest_slopes(x: Array, y: Array, weights: Array, tau: float, anchors: Indices) -> tuple[Array, Indices, Booleans]:
    """For each row of weights the lowest slope of an optimal line, and a point of that line; NaN if it is not reached.

    `x` ascends. `anchors` are the points about which the first lines are turned, which may be of weight 0. The third says of
    which rows no other line is optimal, for sure: every turn raises the loss, and one point alone tells the slope.
    """
    slopes, is_only = np.full(len(weights), math.nan), np.zeros(len(weights), dtype=np.bool_)
    anchors = anchors.copy()
    active = np.arange(len(weights))
    for _ in range(TURNS_MAX):
        slopes[active] = _best_slopes(x, y, weights[active], tau, anchors[active])
        following, is_only[active] = _next_anchors(x, y, weights[active], tau, anchors[active], slopes[active])
        active, following = active[following >= 0], following[following >= 0]
        if not len(active):
            return slopes, anchors, is_only
        anchors[active] = following
    slopes[active], is_only[active] = math.nan, False
    return slopes, anchors, is_only


def _best_slopes(x: Array, y: Array, weights: Array, tau: float, anchors: Indices) -> Array:
    """Slope of the best line through each row's anchor, the lowest if several are.

    With residuals (x_j - x_i) (s_j - b), s_j the slope from i to j, the loss is that of a quantile of the s_j with weights
    w_j |x_j - x_i|, where tau is mirrored for the points left of i.
    """
    best = np.empty(len(weights))
    for anchor in np.unique(anchors):
        rows = np.flatnonzero(anchors == anchor)
        dx, dy = x - x[anchor], y - y[anchor]
        others = np.flatnonzero(dx)
        slopes = dy[others] / dx[others]
        order = slopes.argsort(kind="stable")
        columns = others[order]
        turning = weights[rows[:, None], columns] * np.abs(dx[columns])
        below = turning.cumsum(axis=1)
        share = turning @ np.where(dx[columns] > 0, tau, 1 - tau)
        best[rows] = slopes[order][(below >= (share - ROUNDING * below[:, -1])[:, None]).argmax(axis=1)]
    return best


def _next_anchors(
    x: Array, y: Array, weights: Array, tau: float, anchors: Indices, slopes: Array
) -> tuple[Indices, Booleans]:
    """The point of each line about which a turn lowers the loss, or the slope at the same loss; -1 if there is none.

    The second says which lines are the only optimal ones, as `_lowest_slopes` has it.
    """
    apart = x - x[anchors, None]
    residuals = (y - y[anchors, None]) - slopes[:, None] * apart
    nearness = (ON_LINE * (np.abs(y).max() + np.abs(slopes) * np.abs(x).max()))[:, None]
    below = residuals < -nearness
    on = np.abs(residuals) <= nearness
    down, down_rates = _turn_down(x, weights, tau, below, on)
    up, up_rates = _turn_down(-x[::-1], weights[:, ::-1], tau, below[:, ::-1], on[:, ::-1])
    rises = (up_rates < -ROUNDING) & (up_rates < down_rates)
    others = np.count_nonzero(on & (weights > 0) & (apart != 0), axis=1)
    is_only = (np.minimum(down_rates, up_rates) > _SURELY) & (others == 1)
    return np.where(rises, len(x) - 1 - up, np.where(down_rates <= ROUNDING, down, -1)), is_only


def _turn_down(x: Array, weights: Array, tau: float, below: Booleans, on: Booleans) -> tuple[Indices, Array]:
    """The best point of each line to turn it about to a lower slope, and the rate of the loss over sum w |x - x_point|.

    Such a turn leaves the points of the line that are left of the pivot below it, and those to the right above it.
    """
    on_weights = weights * on
    low = on_weights.cumsum(axis=1)
    low += np.einsum("bn,bn->b", weights, below)[:, None]
    is_on = on_weights > 0
    enough = is_on & (low >= tau * weights.sum(axis=1, keepdims=True))
    last = x.size - 1 - is_on[:, ::-1].argmax(axis=1)
    pivots = np.where(enough.any(axis=1), enough.argmax(axis=1), last)
    dx = x - x[pivots, None]
    moments = weights * dx
    share_below = below | (on & (dx < 0))
    rates = tau * moments.sum(axis=1) - (moments * share_below).sum(axis=1)
    return pivots, rates / np.abs(moments).sum(axis=1)


def _middle_quantiles(values: Array, weights: Array, tau: float) -> Array:
    """The tau quantile of each row of values with the weights; the middle where all between two values are quantiles."""
    order = values.argsort(axis=1, kind="stable")
    values = np.take_along_axis(values, order, axis=1)
    below = np.take_along_axis(weights, order, axis=1).cumsum(axis=1)
    share, slack = tau * below[:, -1:], ROUNDING * below[:, -1:]
    rows = np.arange(len(values))
    lower: Array = values[rows, (below >= share - slack).argmax(axis=1)]
    upper: Array = values[rows, (below > share + slack).argmax(axis=1)]
    return (lower + upper) / 2


def _variances(x: Array, y: Array, tau: float, intercept: float, slope: float) -> tuple[float, float, float]:
    """Variances of intercept and slope and their covariance: (X'X)^-1 X'DX (X'X)^-1 (Greene 2008, Econometric Analysis, 407).

    D holds (tau / f)^2 for points above the line and ((1 - tau) / f)^2 for the others, those on the line included, with
    the density f of the residuals at 0. NaN where f is 0 or has no bandwidth.
    """
    residuals = y - intercept - slope * x
    residuals[np.abs(residuals) <= ON_LINE * (np.abs(y).max() + abs(slope) * np.abs(x).max())] = 0
    density = _density_at_zero(residuals, float(y.std()), tau)
    if not density > 0:
        return math.nan, math.nan, math.nan
    scores = np.where(residuals > 0, tau, 1 - tau) / density
    dx = x - x.mean()
    # Rows of (X'X)^-1 X' D^1/2, at the mean of x, where the two estimates are the mean and the slope.
    level, tilt = scores / len(x), scores * dx / (dx @ dx)
    level = level - x.mean() * tilt
    variances = float(level @ level), float(tilt @ tilt), float(level @ tilt)
    return variances if np.isfinite(variances).all() else (math.nan, math.nan, math.nan)


def _density_at_zero(residuals: Array, spread: float, tau: float) -> float:
    """Epanechnikov estimate of the residuals' density at 0, as in Stata 12; NaN or 0 where there is none.

    The bandwidth of Hall and Sheather 1988 (Journal of the Royal Statistical Society B 50, 381-391) is one of
    probability; `spread`, the standard deviation of y, or the interquartile range of the residuals / 1.34 makes it one of y.
    """
    n = len(residuals)
    z = float(ndtri(tau))
    normal_density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    reach = n ** (-1 / 3) * float(ndtri(0.975)) ** (2 / 3) * (1.5 * normal_density**2 / (2 * z * z + 1)) ** (1 / 3)
    lower, upper = np.percentile(residuals, [25, 75])
    width = min(spread, float(upper - lower) / 1.34) * float(ndtri(tau + reach) - ndtri(tau - reach))
    if not width > 0:
        return math.nan
    scaled = residuals / width
    return float(0.75 * np.sum((1 - scaled**2)[np.abs(scaled) <= 1]) / (n * width))
