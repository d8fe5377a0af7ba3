"""The estimators of a line by their names, and what each of them can do.

Whatever fits a line by the name of its estimator, the warehouse (flows/analysis) or a person (flows/answers), looks it up in
`TABLE`. A new estimator is a module of this folder and an entry there; where the warehouse should fit it, it is declared in
flows/declared/estimation.toml too. The asymptotic form is no line, and its estimator "nls" is not among these.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flows.fits import (
    clustered,
    errors_in_variables,
    huber,
    least_squares,
    quantile,
    quantile_by_paper,
    resampling,
    theil_sen,
)
from flows.fits.line import OK, Array, FitError, Line, slope_interval
from flows.fits.resampling import Counts


@dataclass(frozen=True)
class Points:
    """n points (x, y), each (n,), and what is known of them and asked of the estimator.

    `x_sd` and `y_sd` (n,) are standard deviations of their errors, None where they are not known; `has_scatter` says that y
    scatters beyond its errors by an unknown standard deviation, to be estimated; `variance_ratio` is the
    variance of the errors of y over that of x; `cluster` (n,) numbers or names the papers. `tau` is the quantile asked for,
    and `is_performance` says that y grows as the error falls: a quantile tau of the error is then 1 - tau of y. `seed` is that
    of the draws of papers.
    """

    x: Array
    y: Array
    x_sd: Array | None = None
    y_sd: Array | None = None
    variance_ratio: float | None = None
    cluster: NDArray[np.generic] | None = None
    tau: float = math.nan
    is_performance: bool = False
    has_scatter: bool = True
    seed: int = 0

    @property
    def tau_of_y(self) -> float:
        """The quantile of y."""
        return 1 - self.tau if self.is_performance else self.tau


@dataclass(frozen=True)
class Fitted:
    """A line, and the two-sided interval of its slope: NaN where there is none."""

    line: Line
    low: float
    high: float


@dataclass(frozen=True)
class Estimator:
    """What fits a line.

    `fit` takes the points and the level of the slope's interval. `slopes` gives the slopes (B,) of resamples, given as how
    often each holds each point (B, n); None: it is not resampled. `needs_clusters` and `needs_errors` say which columns of
    the points it cannot do without (of errors one of x and y is enough); `takes_clusters`: its interval goes by paper where
    papers are told, and else takes each point as one of its own. `is_symmetric`: it treats x and y alike, so that
    there is no line of x on y. `is_least_squares`: R^2, information criteria and the influence of single points belong to it.
    """

    fit: Callable[[Points, float], Fitted]
    slopes: Callable[[Points, Counts], Array] | None = None
    needs_clusters: bool = False
    takes_clusters: bool = False
    needs_errors: bool = False
    has_tau: bool = False
    has_variance_ratio: bool = False
    is_symmetric: bool = False
    is_least_squares: bool = False


def _by_standard_error(line: Callable[[Points], Line]) -> Callable[[Points, float], Fitted]:
    """A line whose slope's interval is by Student's t and its standard error."""

    def fit(points: Points, level: float) -> Fitted:
        one = line(points)
        return Fitted(one, *slope_interval(one, level))

    return fit


def of_x_and_y(line: Callable[[Array, Array], Line]) -> Callable[[Points, float], Fitted]:
    """What an entry needs of a line that takes x and y alone, whose slope has a standard error or no interval."""
    return _by_standard_error(lambda points: line(points.x, points.y))


def _clustered(points: Points) -> Line:
    if points.cluster is None:
        raise FitError("the paper of each point is needed")
    return clustered.cluster_robust(points.x, points.y, points.cluster)


def _quantile(points: Points, level: float) -> Fitted:
    """The standard errors of a quantile line take points as independent: of points of papers there is an interval alone."""
    line = quantile.quantile_line(points.x, points.y, points.tau_of_y)
    if points.cluster is None or line.status != OK:
        return Fitted(line, *slope_interval(line, level))
    ends = quantile_by_paper.slope_interval(points.x, points.y, points.cluster, points.tau_of_y, level, points.seed)
    return Fitted(Line(line.n, line.intercept, line.slope), *ends)


def _theil_sen(points: Points, level: float) -> Fitted:
    line, interval = theil_sen.theil_sen(points.x, points.y, level)
    return Fitted(line, *interval)


def _york(points: Points) -> Line:
    """Without scatter, the errors of y are all that parts points from the line; zeros say that a column has none."""
    if points.x_sd is None:
        raise FitError("standard deviations of x are needed, zeros where it has no errors")
    if points.has_scatter:
        return errors_in_variables.york_with_scatter(points.x, points.y, points.x_sd, points.y_sd)
    if points.y_sd is None:
        raise FitError("without scatter, standard deviations of y are needed")
    return errors_in_variables.york(points.x, points.y, points.x_sd, points.y_sd)


def _deming(points: Points) -> Line:
    ratio = 1.0 if points.variance_ratio is None else points.variance_ratio
    return errors_in_variables.deming(points.x, points.y, ratio)


def _ols_slopes(points: Points, drawn: Counts) -> Array:
    return resampling.ols_slopes(points.x, points.y, drawn)


TABLE: dict[str, Estimator] = {
    "ols": Estimator(of_x_and_y(least_squares.ols), _ols_slopes, is_least_squares=True),
    "ols_hc3": Estimator(of_x_and_y(least_squares.hc3), _ols_slopes, is_least_squares=True),
    "ols_cluster": Estimator(_by_standard_error(_clustered), _ols_slopes, needs_clusters=True, is_least_squares=True),
    "quantile": Estimator(
        _quantile,
        lambda points, drawn: quantile.quantile_resampled(points.x, points.y, drawn, points.tau_of_y)[:, 1],
        takes_clusters=True,
        has_tau=True,
    ),
    "huber": Estimator(
        of_x_and_y(huber.huber), lambda points, drawn: huber.huber_resampled(points.x, points.y, drawn)[:, 1]
    ),
    "theil_sen": Estimator(
        _theil_sen, lambda points, drawn: theil_sen.theil_sen_resampled(points.x, points.y, drawn)[:, 1]
    ),
    "deming": Estimator(_by_standard_error(_deming), has_variance_ratio=True, is_symmetric=True),
    "york": Estimator(_by_standard_error(_york), needs_errors=True, is_symmetric=True),
}


def spellings() -> tuple[str, ...]:
    """The names as they are written, with <tau> where a quantile stands."""
    return tuple(f"{name}:<tau>" if one.has_tau else name for name, one in TABLE.items())


def named(name: str) -> Estimator:
    """The estimator of a name such as "ols" or "quantile:0.1".

    Raises:
        FitError: there is none of that name, or its quantile is not between 0 and 1.
    """
    stem, colon, _ = name.partition(":")
    estimator = TABLE.get(stem)
    if estimator is None or estimator.has_tau != bool(colon) or (estimator.has_tau and not 0 < _tau(name) < 1):
        raise FitError(f"no estimator {name!r}; there are: {', '.join(spellings())}")
    return estimator


def fitted(name: str, points: Points, level: float) -> Fitted:
    """The line of an estimator and the interval of its slope.

    Raises:
        FitError: as `named`, or the points lack what the estimator needs or cannot be fitted.
    """
    return named(name).fit(replace(points, tau=_tau(name)), level)


def slopes(name: str, points: Points, drawn: Counts) -> Array:
    """The slopes (B,) of resamples, given as how often each holds each point (B, n).

    Raises:
        FitError: as `named`, or the estimator is not resampled.
    """
    resampled = named(name).slopes
    if resampled is None:
        raise FitError(f"{name} is not resampled")
    return resampled(replace(points, tau=_tau(name)), drawn)


def _tau(name: str) -> float:
    try:
        return float(name.partition(":")[2])
    except ValueError:
        return math.nan
