"""The lines that SQL does not fit, and the intervals that it does not give, as rows of the schema `fits`.

Each function takes a set of points and gives rows; the methods are in flows/fits. What is computed for which points is
declared in flows/declared/estimation.toml.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flows.analysis import lines
from flows.analysis.curves import Curve
from flows.analysis.samples import Sample
from flows.columns import column, key
from flows.declared.setting_types import FitRule
from flows.fits import estimators, resampling
from flows.fits.asymptotic import Asymptote
from flows.fits.estimators import Points
from flows.fits.forms import FORMS
from flows.fits.line import judged, number, p_value
from flows.fits.resampling import Indices, Resampled
from flows.fits.selections import is_chosen, unsure

NLS = "nls"


@dataclass(frozen=True, slots=True)
class Estimate:
    """One row per set of points, form and estimator beside ordinary least squares: a fitted line or curve."""

    sample_id: int = key("the set of points: key of fits.sample_sets")
    form: str = key(
        "polynomial, exponential; asymptotic: error = E + 10^-(intercept + slope · log10 C); or logistic, from the error of "
        "guessing g to a floor E: log10((g - error) / (error - E)) = intercept + slope · log10 C"
    )
    estimator: str = key(
        "ols_hc3, ols_cluster: least squares with standard errors that hold for unequal scatter, and for points that hang "
        "together by paper; quantile:0.1: the frontier that a tenth of the errors lie below, with an interval of papers drawn "
        "again; huber, theil_sen: robust; york: "
        "errors in both variables; nls: nonlinear least squares of the error"
    )
    direction: str = column("y_on_x, or symmetric where both variables have errors")
    n: int = column("points")
    intercept: float | None = column("a of y = a + b x")
    intercept_se: float | None = column("standard error of the intercept")
    slope: float | None = column("b of y = a + b x")
    slope_se: float | None = column(
        "standard error of the slope; null where the estimator has none, and where points were chosen by their error"
    )
    covariance: float | None = column("covariance of intercept and slope; null where the standard errors are")
    slope_low: float | None = column("lower end of the slope's interval; by paper of ols_cluster and nls")
    slope_high: float | None = column("upper end of the same; of nls null where the points allow a step")
    degrees_of_freedom: float | None = column(
        "of Student's t in the interval; null for the normal distribution, for percentiles, and where there is no interval"
    )
    residual_sd: float | None = column("scatter of single points around the line, along y")
    p_value: float | None = column("two-sided p of a slope of 0")
    irreducible_error: float | None = column("E of the asymptotic and logistic forms, a fraction")
    irreducible_error_low: float | None = column("lower end of E's profile-likelihood interval by paper")
    irreducible_error_high: float | None = column("upper end of the same")
    irreducible_error_status: str | None = column("identified, or why the points do not tell E")
    status: str = column(
        "ok, too_few_points, no_spread_in_x, too_few_papers, perfect_leverage (one point alone gives x its spread), "
        "not_converged, no_decline (flat), slope_at_bound (a step), no_interval (of the slope), slope_not_different_from_0 or "
        "selected_no_interval: the points were chosen by their error, which no interval and no p allow for"
    )


@dataclass(frozen=True, slots=True)
class BootstrapInterval:
    """One row per set of points, form, direction, unit of resampling and method: an interval of the least-squares slope."""

    sample_id: int = key("the set of points: key of fits.sample_sets")
    form: str = key("polynomial or exponential")
    direction: str = key("y_on_x, or x_on_y turned to y = a + b x")
    resampling: str = key("what is drawn with replacement: rows or papers")
    method: str = key("percentile, or bca: bias-corrected and accelerated")
    slope_low: float | None = column("lower end of the slope's interval")
    slope_high: float | None = column("upper end of the slope's interval")
    resamples: int = column("resamples that gave a line")


def estimates(
    sample: Sample, names: list[str], curves: Sequence[Curve], level: float, seed: int = 0
) -> Iterator[Estimate]:
    """The lines of one set of points by each estimator, in its forms; and the curves that are given.

    `seed` is that of the draws of papers, for estimators whose interval needs them.

    Raises:
        FitError: no estimator has such a name (flows/fits/estimators.py).
    """
    rows = _all_estimates(sample, names, curves, level, seed)
    return map(_without_interval, rows) if is_chosen(sample.selection) else rows


def _all_estimates(
    sample: Sample, names: list[str], curves: Sequence[Curve], level: float, seed: int
) -> Iterator[Estimate]:
    for curve in curves:
        yield _curve(sample, curve)
    for name in names:
        if name != NLS and (np.isfinite(sample.compute_sd).all() or not estimators.named(name).needs_errors):
            for form in sample.forms:
                yield _line(sample, form, name, level, seed)


# What says how sure an estimate is.
_SURE = (
    *("intercept_se", "slope_se", "covariance", "slope_low", "slope_high", "degrees_of_freedom", "p_value"),
    *("irreducible_error_low", "irreducible_error_high", "irreducible_error_status"),
)


def _without_interval(row: Estimate) -> Estimate:
    """The line through points that were chosen by their error."""
    unknown: dict[str, Any] = dict.fromkeys(_SURE)
    return replace(row, status=unsure(row.status), **unknown)


def points(sample: Sample, form: str) -> Points:
    """The points of a set as an estimator takes them, with the response of a form."""
    y = lines.response(sample, form)
    return Points(sample.x, y, x_sd=sample.compute_sd, cluster=sample.paper, is_performance=FORMS[form].is_performance)


def _line(sample: Sample, form: str, name: str, level: float, seed: int) -> Estimate:
    given = replace(points(sample, form), seed=seed)
    if is_chosen(sample.selection) and not estimators.named(name).needs_clusters:
        # No papers need be drawn for an interval that is not told.
        given = replace(given, cluster=None)
    fitted = estimators.fitted(name, given, level)
    line = fitted.line
    return Estimate(
        sample_id=sample.sample_id,
        form=form,
        estimator=name,
        direction="symmetric" if estimators.named(name).is_symmetric else "y_on_x",
        n=line.n,
        intercept=number(line.intercept),
        intercept_se=number(line.intercept_se),
        slope=number(line.slope),
        slope_se=number(line.slope_se),
        covariance=number(line.covariance),
        slope_low=number(fitted.low),
        slope_high=number(fitted.high),
        degrees_of_freedom=number(line.degrees_of_freedom),
        residual_sd=number(line.residual_sd),
        p_value=number(p_value(line)),
        irreducible_error=None,
        irreducible_error_low=None,
        irreducible_error_high=None,
        irreducible_error_status=None,
        status=judged(line.status, fitted.low, fitted.high),
    )


def _curve(sample: Sample, curve: Curve) -> Estimate:
    fit, profiles = curve.fit, curve.profiles
    slope, floor = (None, None) if profiles is None else (profiles.slope(), profiles.floor())
    low, high = (math.nan, math.nan) if slope is None else (slope.low, slope.high)
    intercept, intercept_se = (
        (-fit.log10_amplitude, fit.log10_amplitude_se)
        if isinstance(fit, Asymptote)
        else (fit.intercept, fit.intercept_se)
    )
    return Estimate(
        sample_id=sample.sample_id,
        form=curve.form,
        estimator=NLS,
        direction="y_on_x",
        n=fit.n,
        intercept=number(intercept),
        intercept_se=number(intercept_se),
        slope=number(fit.slope),
        slope_se=number(fit.slope_se),
        covariance=None,
        slope_low=number(low),
        slope_high=number(high),
        degrees_of_freedom=number(fit.degrees_of_freedom),
        residual_sd=number(fit.residual_sd),
        p_value=None,
        irreducible_error=number(fit.irreducible_error),
        irreducible_error_low=number(floor.low) if floor else None,
        irreducible_error_high=number(floor.high) if floor else None,
        irreducible_error_status=floor.reason if floor else None,
        status=judged(fit.status, low, high),
    )


def resampled(sample: Sample, rule: FitRule) -> dict[str, dict[str, Resampled]]:
    """{rows or papers: {form: least-squares lines of the resamples}}, from a stream of the sample's own.

    None of points that were chosen by their error: to draw them again is not to choose them again.
    """
    if not sample.forms or is_chosen(sample.selection):
        return {"rows": {}, "papers": {}}
    ys = np.stack([lines.response(sample, form) for form in sample.forms])
    order = resampling.in_order(sample.x, sample.error, sample.paper.astype(np.float64))
    x, ys, paper = sample.x[order], ys[:, order], sample.paper[order]

    def drawn(unit: str, of_paper: Indices | None) -> dict[str, Resampled]:
        rng = resampling.seeded(rule.seed, sample.name, unit)
        return dict(zip(sample.forms, resampling.ols_resampled(x, ys, rule.resamples, rng, of_paper), strict=True))

    return {"rows": drawn("rows", None), "papers": drawn("papers", resampling.units(paper))}


def bootstrap(sample: Sample, draws: dict[str, dict[str, Resampled]], level: float) -> Iterator[BootstrapInterval]:
    """Percentile and BCa intervals of the slope in each form and both directions; none where there are no draws."""
    if is_chosen(sample.selection):
        return
    for form in sample.forms:
        line, turned = lines.ols(sample, form), lines.turned(sample, form)
        for unit, of_forms in draws.items():
            drawn, inverse = of_forms[form], 1 / turned.slope if turned.slope else math.nan
            for direction, estimate, slopes, left in (
                ("y_on_x", line.slope, drawn.slope, drawn.jackknife),
                ("x_on_y", inverse, drawn.turned, drawn.jackknife_turned),
            ):
                many = int(np.count_nonzero(~np.isnan(slopes)))
                for method, (low, high) in (
                    ("percentile", resampling.percentile(slopes, level)),
                    ("bca", resampling.bca(slopes, estimate, left, level)),
                ):
                    yield BootstrapInterval(
                        sample.sample_id, form, direction, unit, method, number(low), number(high), many
                    )
