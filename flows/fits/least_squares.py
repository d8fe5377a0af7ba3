"""Least squares of y on x, with the covariance of equal scatter and with one that any scatter leaves valid.

Equal scatter: Draper and Smith 1998, Applied Regression Analysis, sections 1.3 and 1.4. Any scatter: the HC3 of MacKinnon
and White 1985, Journal of Econometrics 29:305, in the form that Long and Ervin 2000, The American Statistician 54:217,
recommend below 250 points. All sums are of distances from the means, since x is often a logarithm near 23 with a spread of 1.

The one home of the least-squares line in Python. Three functions give it, for three uses: `centred` with residuals, from
which all covariances follow; `plain_line` without the care for doubles' range, from where other methods start; `of_sums` of
many samples at once, whose sums alone are known. SQL has the line again (sql/fits/ols.sql) for the numbers of its tables,
held against `ols` by a test. flows/fits/with_time.py has two predictors, and flows/theory/least_squares.py fits nothing: it
draws errors from their law.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flows.fits.line import OK, Array, FitError, Line, checked

# The line without one point (or one paper) cannot be told: without it no x differs.
PERFECT_LEVERAGE = "perfect_leverage"
# The share of the sum of squares of x that must be left without it. Below, the residuals are but rounding.
SPREAD_LEFT_MIN = 1e-10
# Fourth powers of what lies between these and their inverses are doubles of full precision.
SCALE_MAX = 1e75


@dataclass(frozen=True)
class Centred:
    """The least-squares line about the mean point, where the estimates of its height and of its slope part.

    `dx` and `residuals` have the shape (n,); `sxx` is the sum of the squares of `dx`.
    """

    x_mean: float
    y_mean: float
    slope: float
    dx: Array
    sxx: float
    residuals: Array

    def line(
        self,
        height_variance: float,
        slope_variance: float,
        covariance: float,
        *,
        degrees_of_freedom: float,
        residual_sd: float,
    ) -> Line:
        """The line from the variances of its height at the mean x and of its slope, and from their covariance.

        The intercept is the height less the slope times the mean of x, from which its variance and covariance follow.
        """
        x = self.x_mean
        return Line(
            n=len(self.dx),
            intercept=self.y_mean - self.slope * x,
            slope=self.slope,
            intercept_variance=height_variance - 2 * x * covariance + x * x * slope_variance,
            slope_variance=slope_variance,
            covariance=covariance - x * slope_variance,
            degrees_of_freedom=degrees_of_freedom,
            residual_sd=residual_sd,
        )


def centred(x: Array, y: Array) -> Centred:
    """The least-squares line of arrays of shape (n,) that `checked` calls ok.

    Raises:
        FitError: x or y is so large, or spreads so little, that the figures leave the range of doubles.
    """
    x_mean, dx = _about_mean(x)
    y_mean, dy = _about_mean(y)
    sxx = float(dx @ dx)
    slope = float(dx @ dy) / sxx
    return Centred(x_mean, y_mean, slope, dx, sxx, dy - slope * dx)


def plain_line(x: Array, y: Array) -> tuple[float, float]:
    """Intercept and slope of the least-squares line of y on x, both (n,) with some spread in x."""
    dx, y_mean = x - x.mean(), float(y.mean())
    slope = float((dx * (y - y_mean)).sum() / (dx**2).sum())
    return y_mean - slope * float(x.mean()), slope


def of_sums(n: Array, x: Array, xx: Array, y: Array, xy: Array) -> tuple[Array, Array]:
    """Intercepts and slopes of samples whose sums are given, each (samples,); NaN where x has no spread.

    Take x and y from near their means, or the sums cancel.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = xx - x * x / n
        # Where all x are one, rounding leaves a spread that is none.
        slope = np.where(spread > 1e-12 * xx, (xy - x * y / n) / spread, np.nan)
        return (y - slope * x) / n, slope


def ols(x: Array, y: Array) -> Line:
    """Ordinary least squares: independent points of equal scatter, t with n - 2 degrees of freedom.

    x, y: shape (n,). `residual_sd` is the root of the residual sum of squares over n - 2. The regression of x on y, which
    is the line where x holds the error, is `ols(y, x)`.

    Raises:
        FitError: the arrays cannot be fitted (`checked`), or lie beyond the range of doubles.
    """
    status = checked(x, y)
    if status != OK:
        return Line(n=len(x), status=status)
    fit = centred(x, y)
    n, sd = len(x), _residual_sd(fit)
    return fit.line(sd * sd / n, sd * sd / fit.sxx, 0.0, degrees_of_freedom=n - 2, residual_sd=sd)


def hc3(x: Array, y: Array) -> Line:
    """The line of `ols` with the HC3 covariance: independent points, each of a scatter of its own.

    Every squared residual is divided by (1 - leverage) squared, which makes it that of the line fitted without the point
    (MacKinnon and White 1985 without the centring, as Long and Ervin 2000 have it). The intervals take Student's t with
    n - 2 degrees of freedom, and not the normal: the variance is estimated from n - 2 free residuals, no better than where
    they scatter alike, and in small samples the intervals of the normal are too short.
    `residual_sd` is that of `ols`: the scatter averaged over the points, which the scatter at a given x may differ from.

    A point of leverage 1 (all other x are the same) has a residual of 0 whatever its y: its scatter cannot be known, and
    without it there is no line. The status then is perfect_leverage, and there are no figures; those of `ols` stand.

    Raises:
        FitError: as `ols`.
    """
    status = checked(x, y)
    if status != OK:
        return Line(n=len(x), status=status)
    fit, n = centred(x, y), len(x)
    left = 1 - 1 / n - fit.dx**2 / fit.sxx
    if left.min() <= SPREAD_LEFT_MIN:
        return Line(n=n, status=PERFECT_LEVERAGE)
    height, slope = fit.residuals / left / n, fit.dx * fit.residuals / left / fit.sxx
    return fit.line(
        float(height @ height),
        float(slope @ slope),
        float(height @ slope),
        degrees_of_freedom=n - 2,
        residual_sd=_residual_sd(fit),
    )


def _residual_sd(fit: Centred) -> float:
    return math.sqrt(float(fit.residuals @ fit.residuals) / (len(fit.dx) - 2))


def _about_mean(values: Array) -> tuple[float, Array]:
    """The mean and the distances from it."""
    if np.abs(values).max() > SCALE_MAX:
        raise FitError(f"values beyond {SCALE_MAX:g}: scale the columns")
    mean = float(values.mean())
    distances = values - mean
    # The mean of values far from 0 is rounded; without what it misses the distances would not sum to 0.
    distances = distances - distances.mean()
    if 0 < np.abs(distances).max() < 1 / SCALE_MAX:
        raise FitError(f"values within {1 / SCALE_MAX:g} of each other: scale the columns")
    return mean, distances
