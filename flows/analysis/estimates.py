"""The lines that SQL does not fit, and the intervals that it does not give, as rows of the schema `fits`.

Each function takes a set of points and gives rows; the methods are in flows/fits. What is computed for which points is
declared in flows/declared/estimation.toml.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from flows.analysis.samples import Sample
from flows.columns import column, key
from flows.declared.setting_types import FitRule
from flows.fits import (
    asymptotic,
    clustered,
    errors_in_variables,
    least_squares,
    quantile,
    resampling,
    robust,
    student_t,
)
from flows.fits.comparison import response
from flows.fits.line import OK, Array, Line
from flows.fits.resampling import Indices, Resampled

FORMS = ("polynomial", "exponential")
SLOPE_MAY_BE_ZERO = "slope_not_different_from_0"
# There is a line, and nothing that says how sure its slope is.
NO_INTERVAL = "no_interval"


@dataclass(frozen=True, slots=True)
class Estimate:
    """One row per set of points, form and estimator beside ordinary least squares: a fitted line or curve."""

    sample_id: int = key("the set of points: key of fits.sample_sets")
    form: str = key("polynomial, exponential, or asymptotic: error = E + 10^-(intercept + slope · log10 C)")
    estimator: str = key(
        "ols_hc3, ols_cluster: least squares with standard errors that hold for unequal scatter, and for points that hang "
        "together by paper; quantile:0.1: the frontier that a tenth of the errors lie below; huber, theil_sen: robust; york: "
        "errors in both variables; nls: nonlinear least squares of the error"
    )
    direction: str = column("y_on_x, or symmetric where both variables have errors")
    n: int = column("points")
    intercept: float | None = column("a of y = a + b x")
    intercept_se: float | None = column("standard error of the intercept")
    slope: float | None = column("b of y = a + b x")
    slope_se: float | None = column("standard error of the slope")
    slope_low: float | None = column("lower end of the slope's interval")
    slope_high: float | None = column("upper end of the slope's interval")
    degrees_of_freedom: float | None = column("of Student's t in the interval; null for the normal distribution")
    residual_sd: float | None = column("scatter of single points around the line, along y")
    p_value: float | None = column("two-sided p of a slope of 0")
    irreducible_error: float | None = column("E of the asymptotic form, a fraction")
    irreducible_error_low: float | None = column("lower end of E's profile-likelihood interval")
    irreducible_error_high: float | None = column("upper end of E's profile-likelihood interval")
    irreducible_error_status: str | None = column("identified, or why the points do not tell E")
    status: str = column(
        "ok, too_few_points, no_spread_in_x, too_few_papers, perfect_leverage (one point alone gives x its spread), "
        "not_converged, no_decline (flat), slope_at_bound (a step), no_interval (of the slope) or slope_not_different_from_0"
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
    sample: Sample, estimators: list[str], curve: asymptotic.Asymptote | None, level: float
) -> Iterator[Estimate]:
    """The lines of one set of points by each estimator, in both forms; the curve of the asymptotic form, if it is given."""
    if curve is not None:
        yield _curve(sample, curve, level)
    for estimator in estimators:
        if estimator != "nls" and (estimator != "york" or np.isfinite(sample.compute_sd).all()):
            for form in FORMS:
                yield _line(sample, form, estimator, level)


def fitted(estimator: str, form: str, x: Array, y: Array, paper: Indices, compute_sd: Array) -> Line:
    """The line of an estimator through n points (x, y).

    Quantiles are of the error, so that 0.1 is the frontier of low errors; where y grows as the error falls it is 0.9 of y.
    """
    name, _, tau = estimator.partition(":")
    if name == "quantile":
        return quantile.quantile_line(x, y, float(tau) if form == "linear" else 1 - float(tau))
    if name == "ols_cluster":
        return clustered.cluster_robust(x, y, paper)
    if name == "york":
        return errors_in_variables.york_with_scatter(x, y, compute_sd)
    plain = {
        "ols": least_squares.ols,
        "ols_hc3": least_squares.hc3,
        "huber": robust.huber,
        "theil_sen": robust.theil_sen,
    }
    return plain[name](x, y)


def _line(sample: Sample, form: str, estimator: str, level: float) -> Estimate:
    y = response(form, sample.error)
    line = fitted(estimator, form, sample.x, y, sample.paper, sample.compute_sd)
    low, high = slope_interval(estimator, line, sample.x, y, level)
    return Estimate(
        sample_id=sample.sample_id,
        form=form,
        estimator=estimator,
        direction="symmetric" if estimator == "york" else "y_on_x",
        n=line.n,
        intercept=number(line.intercept),
        intercept_se=number(line.intercept_se),
        slope=number(line.slope),
        slope_se=number(line.slope_se),
        slope_low=number(low),
        slope_high=number(high),
        degrees_of_freedom=number(line.degrees_of_freedom),
        residual_sd=number(line.residual_sd),
        p_value=number(p_value(line)),
        irreducible_error=None,
        irreducible_error_low=None,
        irreducible_error_high=None,
        irreducible_error_status=None,
        status=judged(line.status, low, high),
    )


def slope_interval(estimator: str, line: Line, x: Array, y: Array, level: float) -> tuple[float, float]:
    """The slope's own interval: Sen's for theil_sen, else by Student's t with the line's standard error."""
    if line.status == OK and estimator == "theil_sen":
        return robust.theil_sen_interval(x, y, level)
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
    """A figure for the warehouse, which has null for what is unknown or without bound."""
    return value if math.isfinite(value) else None


def _curve(sample: Sample, curve: asymptotic.Asymptote, level: float) -> Estimate:
    profile = asymptotic.profile_interval(sample.x, sample.error, level) if curve.status == OK else None
    half = curve.quantile(level) * curve.slope_se
    low, high = curve.slope - half, curve.slope + half
    return Estimate(
        sample_id=sample.sample_id,
        form="asymptotic",
        estimator="nls",
        direction="y_on_x",
        n=curve.n,
        intercept=number(-curve.log10_amplitude),
        intercept_se=number(curve.log10_amplitude_se),
        slope=number(curve.slope),
        slope_se=number(curve.slope_se),
        slope_low=number(low),
        slope_high=number(high),
        degrees_of_freedom=number(curve.degrees_of_freedom),
        residual_sd=number(curve.residual_sd),
        p_value=None,
        irreducible_error=number(curve.irreducible_error),
        irreducible_error_low=number(profile.low) if profile else None,
        irreducible_error_high=number(profile.high) if profile else None,
        irreducible_error_status=profile.reason if profile else None,
        status=judged(curve.status, low, high),
    )


def resampled(sample: Sample, rule: FitRule) -> dict[str, list[Resampled]]:
    """{rows or papers: least-squares lines of the resamples, one entry a form}, from a stream of the sample's own."""
    ys = np.stack([response(form, sample.error) for form in FORMS])
    order = resampling.in_order(sample.x, sample.error, sample.paper.astype(np.float64))
    x, ys, paper = sample.x[order], ys[:, order], sample.paper[order]
    return {
        unit: resampling.ols_resampled(
            x,
            ys,
            rule.resamples,
            resampling.seeded(rule.seed, sample.name, unit),
            resampling.units(paper) if papers else None,
        )
        for unit, papers in (("rows", False), ("papers", True))
    }


def bootstrap(sample: Sample, draws: dict[str, list[Resampled]], level: float) -> Iterator[BootstrapInterval]:
    """Percentile and BCa intervals of the slope in both forms and directions."""
    for at, form in enumerate(FORMS):
        line = least_squares.ols(sample.x, response(form, sample.error))
        turned = least_squares.ols(response(form, sample.error), sample.x)
        for unit, lines in draws.items():
            for direction, estimate, slopes, left in (
                ("y_on_x", line.slope, lines[at].slope, lines[at].jackknife),
                (
                    "x_on_y",
                    1 / turned.slope if turned.slope else math.nan,
                    lines[at].turned,
                    lines[at].jackknife_turned,
                ),
            ):
                many = int(np.count_nonzero(~np.isnan(slopes)))
                for method, (low, high) in (
                    ("percentile", resampling.percentile(slopes, level)),
                    ("bca", resampling.bca(slopes, estimate, left, level)),
                ):
                    yield BootstrapInterval(
                        sample.sample_id, form, direction, unit, method, number(low), number(high), many
                    )
