"""The line that an estimator gives, and what follows from it whatever the estimator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from flows.fits import student_t

Array = NDArray[np.float64]

# Fewer points than this leave no residual to judge a line by: the least that staging.fit_rule's points_min may be.
POINTS_MIN = 3
OK = "ok"
TOO_FEW_POINTS = "too_few_points"
NO_SPREAD = "no_spread_in_x"
NOT_CONVERGED = "not_converged"
# Of a line of performance on computation: more computation does not lower the error.
SLOPE_NOT_POSITIVE = "slope_not_positive"
SLOPE_MAY_BE_ZERO = "slope_not_different_from_0"
# There is a line, and nothing that says how sure its slope is.
NO_INTERVAL = "no_interval"


class FitError(ValueError):
    """The arrays cannot be fitted at all (unequal lengths, a value that is not finite, an unknown option)."""


@dataclass(frozen=True)
class Line:
    """y = intercept + slope x.

    The variances and the covariance are of the estimates (squares of standard errors); NaN where the estimator has none.
    `degrees_of_freedom` are those of Student's t for the intervals (inf: normal). `residual_sd` is the scatter of a single
    point around the line, in units of y (NaN: the estimator does not describe single points). Where `status` is not "ok"
    the figures are NaN, but those of a fit that did not converge, which are its last.
    """

    n: int
    intercept: float = math.nan
    slope: float = math.nan
    intercept_variance: float = math.nan
    slope_variance: float = math.nan
    covariance: float = math.nan
    degrees_of_freedom: float = math.nan
    residual_sd: float = math.nan
    status: str = OK

    @property
    def intercept_se(self) -> float:
        """Standard error of the intercept."""
        return math.sqrt(self.intercept_variance)

    @property
    def slope_se(self) -> float:
        """Standard error of the slope."""
        return math.sqrt(self.slope_variance)

    def at(self, x: float) -> float:
        """The line at x."""
        return self.intercept + self.slope * x

    @overload
    def variance_at(self, x: float) -> float: ...
    @overload
    def variance_at(self, x: Array) -> Array: ...
    def variance_at(self, x: float | Array) -> float | Array:
        """Variance of the estimated line at x, or at each."""
        return self.intercept_variance + 2 * x * self.covariance + x * x * self.slope_variance

    def quantile(self, level: float) -> float:
        """Half the width of a two-sided interval in standard errors."""
        return student_t.quantile((1 + level) / 2, self.degrees_of_freedom)


def checked(*arrays: Array) -> str:
    """The status of a sample before it is fitted: ok, too_few_points or no_spread_in_x (the first array is x).

    Raises:
        FitError: the arrays differ in length, or hold what is not finite.
    """
    x = arrays[0]
    if any(array.shape != x.shape or array.ndim != 1 for array in arrays):
        raise FitError("arrays of one dimension and equal length are needed")
    if not all(np.isfinite(array).all() for array in arrays):
        raise FitError("a value is not finite")
    if len(x) < POINTS_MIN:
        return TOO_FEW_POINTS
    return OK if x.max() > x.min() else NO_SPREAD


def slope_interval(line: Line, level: float) -> tuple[float, float]:
    """The interval of the slope by Student's t with the line's standard error; NaN where it has none."""
    half = line.quantile(level) * line.slope_se if line.slope_variance >= 0 else math.nan
    return line.slope - half, line.slope + half


def p_value(line: Line) -> float:
    """Two-sided p of a slope of 0; NaN without a standard error."""
    if line.slope_variance > 0:
        return student_t.two_sided_p(line.slope / line.slope_se, line.degrees_of_freedom)
    return 0.0 if line.slope_variance == 0 and line.slope else math.nan


def judged(status: str, low: float, high: float) -> str:
    """The status of a fit in view of its slope's interval."""
    if status == OK and math.isnan(low) and math.isnan(high):
        return NO_INTERVAL
    return SLOPE_MAY_BE_ZERO if status == OK and not (low > 0 or high < 0) else status


def number(value: float) -> float | None:
    """A figure as tables and answers have it: None for what is unknown or without bound."""
    return float(value) if math.isfinite(value) else None
