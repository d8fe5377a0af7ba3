"""What computation an error takes, as rows of fits.projections: inverse predictions with their intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from flows.analysis import lines
from flows.analysis.curves import Curve
from flows.analysis.predictions import NEXT
from flows.analysis.samples import Sample
from flows.columns import column, key
from flows.declared.setting_types import FitRule
from flows.fits import projection, resampling
from flows.fits.calibration import Calibration
from flows.fits.forms import FORMS
from flows.fits.line import OK, SLOPE_MAY_BE_ZERO, SLOPE_NOT_POSITIVE, Array, Line, number
from flows.fits.projection import ABOVE_GUESSING, BELOW_IRREDUCIBLE, BEYOND
from flows.fits.resampling import Resampled
from flows.fits.selections import SELECTED, is_chosen, unsure


@dataclass(frozen=True, slots=True)
class Projection:
    """One row per set of points, form, method and error: the computation at which the fitted line reaches the error."""

    sample_id: int = key("the set of points: key of fits.sample_sets")
    form: str = key(
        "polynomial, exponential, asymptotic or logistic; stacked: the lines by their weights in fits.form_weights"
    )
    method: str = key(
        "y_on_x: the line of performance on computation, Fieller's interval as if each point stood alone; cluster: the same with "
        "standard errors by cluster (points of one paper, model or training), which is the interval that fits.costs has; "
        "x_on_y: the line of computation on performance; bootstrap: percentiles over resampled papers (not of points that were "
        "chosen by their error); nls: the asymptotic and logistic forms, with the profile likelihood's interval by cluster; "
        "stacked: median and percentiles of the mixture of the lines' draws by cluster"
    )
    target: str = key("which error: today, target_1 or target_2")
    error: float = column("the error to be reached, a fraction")
    log10_compute: float | None = column(
        "log10 of the median computation at which the line reaches it, in the row set's unit"
    )
    log10_compute_low: float | None = column(
        "lower end of the interval of the line: what such models take in the median"
    )
    log10_compute_high: float | None = column("upper end of the same; null where it is not bounded")
    log10_compute_new_low: float | None = column("lower end of the interval of one new model")
    log10_compute_new_high: float | None = column("upper end of the same; null where it is not bounded")
    log10_compute_calibrated_low: float | None = column(
        "lower end of the interval of one new model a year from now, calibrated by how earlier predictions did (method y_on_x); "
        "it follows their drift, and may lie all below log10_compute where later results did better than the line; null where "
        "any computation may do, and where fits.calibrations has another status than ok"
    )
    log10_compute_calibrated_high: float | None = column("upper end of the same; null also where it is not bounded")
    share_of_form: float | None = column(
        "share of the choice of form in the spread of log10_compute within its interval; of the method stacked alone"
    )
    interval: str | None = column(
        "bounded; unbounded: no computation is known to be enough; below_irreducible_error: none is, by any curve that the points "
        "allow; null without an interval"
    )
    decades_beyond: float | None = column("how far that computation is beyond the points, in powers of ten")
    ranges_beyond: float | None = column(
        "the same in ranges of the points (log10 of the largest over the least computation)"
    )
    status: str = column(
        "ok; the status of the fit where that is not ok; slope_not_positive: more computation does not lower the error; "
        "extrapolation_unsupported: further beyond the points than they can support; below_irreducible_error: no computation is "
        "enough by the curve; above_error_of_guessing: none is needed by it; "
        "selected_no_interval: the points were chosen by their error, and no interval means what it says"
    )


@dataclass(frozen=True)
class _Reached:
    """Where a line reaches a target: the computation, the interval of the line, that of one new model, and the status."""

    status: str
    x: float = math.nan
    line: tuple[float, float] = (math.nan, math.nan)
    new: tuple[float, float] = (math.nan, math.nan)
    calibrated: tuple[float, float] = (math.nan, math.nan)


def projections(
    sample: Sample,
    draws: dict[str, dict[str, Resampled]],
    curves: Sequence[Curve],
    targets: list[tuple[str, float]],
    rule: FitRule,
    calibrations: Mapping[str, Calibration | None] | None = None,
) -> Iterator[Projection]:
    """Each target in each form by each method, and by the curves that are given.

    `calibrations` of the forms give the lines of y on x an interval more.
    """
    rows = _all_projections(sample, draws, curves, targets, rule, calibrations or {})
    return (_without_interval(row, rule) for row in rows) if is_chosen(sample.selection) else rows


def _all_projections(
    sample: Sample,
    draws: dict[str, dict[str, Resampled]],
    curves: Sequence[Curve],
    targets: list[tuple[str, float]],
    rule: FitRule,
    calibrations: Mapping[str, Calibration | None],
) -> Iterator[Projection]:
    for form in sample.forms:
        by_method = {"y_on_x": lines.ols(sample, form), "cluster": lines.by_cluster(sample, form)}
        turned = lines.turned(sample, form)
        drawn = _of_papers(sample, form, draws["papers"].get(form), rule)
        for name, error in targets:
            target = lines.goal(form, error)
            for method, line in by_method.items():
                reached = _solved(line, target, rule.level)
                if method == "y_on_x":
                    ends = calibrated(line, calibrations.get(form), target)
                    reached = replace(reached, calibrated=ends)
                yield _row(sample, form, method, name, error, reached, rule)
            yield _row(sample, form, "x_on_y", name, error, _predicted(turned, target, rule.level), rule)
            if drawn is not None:
                reached = _drawn(by_method["y_on_x"], drawn, target, rule.level)
                yield _row(sample, form, "bootstrap", name, error, reached, rule)
    for curve in curves:
        for name, error in targets:
            yield _row(sample, curve.form, "nls", name, error, _on_curve(curve, error), rule)


def projected(sample: Sample, form: str, line: Line, name: str, error: float, rule: FitRule) -> Projection:
    """One target by a line of performance on computation: as the method y_on_x has it, or cluster, if the line is theirs."""
    solved = _solved(line, lines.goal(form, error), rule.level)
    row = _row(sample, form, "y_on_x", name, error, solved, rule)
    return _without_interval(row, rule) if is_chosen(sample.selection) else row


# What says how sure a projection is.
_SURE = ("interval", *(field.name for field in fields(Projection) if field.name.endswith(("_low", "_high"))))


def _without_interval(row: Projection, rule: FitRule) -> Projection:
    """Where the line through points that were chosen by their error reaches a target."""
    unknown: dict[str, Any] = dict.fromkeys(_SURE)
    status = unsure(row.status)
    if status == SELECTED and (row.ranges_beyond or 0) > rule.supported_ranges:
        status = BEYOND
    return replace(row, status=status, **unknown)


def calibrated(line: Line, by: Calibration | None, target: float) -> tuple[float, float]:
    """The computations between which one new model of the next year may reach a response: NaN without a calibration."""
    if by is None or line.status != OK or not line.slope > 0:
        return math.nan, math.nan
    low, high = by.quantiles(NEXT, line.degrees_of_freedom)
    return projection.crossing(line, target, high), projection.crossing(line, target, low)


def _row(
    sample: Sample, form: str, method: str, name: str, error: float, reached: _Reached, rule: FitRule
) -> Projection:
    is_known = math.isfinite(reached.x)
    decades, ranges = projection.distance(reached.x, sample.x) if is_known else (math.nan, math.nan)
    return Projection(
        sample_id=sample.sample_id,
        form=form,
        method=method,
        target=name,
        error=error,
        log10_compute=number(reached.x),
        log10_compute_low=number(reached.line[0]),
        log10_compute_high=number(reached.line[1]),
        log10_compute_new_low=number(reached.new[0]),
        log10_compute_new_high=number(reached.new[1]),
        log10_compute_calibrated_low=number(reached.calibrated[0]),
        log10_compute_calibrated_high=number(reached.calibrated[1]),
        share_of_form=None,
        interval=_interval(*reached.line, is_curve=not FORMS[form].is_line),
        decades_beyond=number(decades),
        ranges_beyond=number(ranges),
        status=BEYOND if reached.status == OK and ranges > rule.supported_ranges else reached.status,
    )


def _solved(line: Line, target: float, level: float) -> _Reached:
    """Inverse prediction by a line of performance on computation."""
    if line.status != OK or not line.slope > 0:
        return _Reached(SLOPE_NOT_POSITIVE if line.status == OK else line.status)
    mean, new = projection.solve(line, target, level), projection.solve(line, target, level, new=True)
    return _Reached(_judged(line, level), mean.x, (mean.low, mean.high), (new.low, new.high))


def _predicted(line: Line, target: float, level: float) -> _Reached:
    """A line of computation on performance predicts the computation directly."""
    if line.status != OK or not line.slope > 0:
        return _Reached(SLOPE_NOT_POSITIVE if line.status == OK else line.status)
    read = projection.prediction(line, target, level)
    return _Reached(_judged(line, level), read.y, (read.low, read.high), (read.new_low, read.new_high))


def _judged(line: Line, level: float) -> str:
    return OK if line.slope > line.quantile(level) * line.slope_se else SLOPE_MAY_BE_ZERO


def _scatter(sample: Sample, form: str, line: Line, rule: FitRule) -> Array:
    """Residuals drawn for one new model in each resample, widened by the two degrees of freedom that the line took."""
    if line.status != OK:
        return np.zeros(rule.resamples)
    y = lines.response(sample, form)
    residuals = np.sort(y - line.intercept - line.slope * sample.x) * math.sqrt(len(y) / (len(y) - 2))
    return resampling.seeded(rule.seed, sample.name, form, "new model").choice(residuals, rule.resamples)


@dataclass(frozen=True)
class _Drawn:
    """Lines of resamples of papers and a residual for one new model by each, all (resamples,).

    `rises` says whether the interval of the slope lies above 0.
    """

    intercept: Array
    slope: Array
    scatter: Array
    rises: bool


def _of_papers(sample: Sample, form: str, papers: Resampled | None, rule: FitRule) -> _Drawn | None:
    """What all targets share."""
    if papers is None:
        return None
    low, _ = resampling.percentile(papers.slope, rule.level)
    scatter = _scatter(sample, form, lines.ols(sample, form), rule)
    return _Drawn(papers.intercept, papers.slope, scatter, low > 0)


def _drawn(line: Line, draws: _Drawn, target: float, level: float) -> _Reached:
    """Percentiles over the resamples; one whose line does not rise reaches no lower error: it counts as infinite."""
    if line.status != OK or not line.slope > 0:
        return _Reached(SLOPE_NOT_POSITIVE if line.status == OK else line.status)
    with np.errstate(divide="ignore", invalid="ignore"):
        reached, new = (
            np.where(draws.slope > 0, (target - apart - draws.intercept) / draws.slope, np.inf)
            for apart in (0.0, draws.scatter)
        )
    return _Reached(
        OK if draws.rises else SLOPE_MAY_BE_ZERO,
        (target - line.intercept) / line.slope,
        resampling.percentile(reached, level),
        resampling.percentile(new, level),
    )


def _interval(low: float, high: float, *, is_curve: bool) -> str | None:
    if math.isnan(low) or math.isnan(high):
        return None
    if low == math.inf and is_curve:
        return BELOW_IRREDUCIBLE
    return projection.BOUNDED if math.isfinite(low) and math.isfinite(high) else projection.UNBOUNDED


def _on_curve(curve: Curve, error: float) -> _Reached:
    if curve.fit.status != OK:
        return _Reached(curve.fit.status)
    x = curve.reached(error)
    line = (math.nan, math.nan)
    if curve.profiles is not None:
        allowed = curve.profiles.reached(error, x)
        line = (allowed.low, allowed.high)
    if x == math.inf:
        return _Reached(BELOW_IRREDUCIBLE, x, line)
    return _Reached(ABOVE_GUESSING if x == -math.inf else OK, x, line)
