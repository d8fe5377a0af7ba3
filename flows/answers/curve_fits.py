"""A fit of a curve to anybody's data: the asymptotic and the logistic form, by least squares or Huber's loss of the logarithm."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flows.answers.fit_requests import (
    CRITERIA,
    EXPONENT,
    FIGURES,
    HUBER_LOG,
    NLS,
    Data,
    Request,
    RequestError,
    beyond,
    positive,
    power,
)
from flows.fits import asymptotic, comparison, exponent, huber_log, logistic, profiles, projection
from flows.fits.asymptotic import Asymptote
from flows.fits.line import NO_SPREAD, OK, TOO_FEW_POINTS, Array, judged, number
from flows.fits.logistic import Logistic
from flows.fits.profiles import Interval, Profiles
from flows.fits.resampling import Counts

# {form: its estimators}; the first is the default.
CURVES = {"asymptotic": (NLS, HUBER_LOG), "logistic": (NLS,)}
# How --solve says that no computation reaches an error.
_BELOW = "below the irreducible error: no computation reaches it"


def fit(data: Data, request: Request, estimator: str) -> dict[str, Any]:
    """The curve of `request.form`, as `flows.answers.line_fits.fit` tells a line; what it is beyond a line, too.

    The intervals are the profile likelihood's, by paper (flows/fits/profiles.py); without papers each point is one of its own.
    There are none where E is held, which leaves a line in logarithms of what is above it, nor by `HUBER_LOG`.

    Raises:
        RequestError: a value cannot be used.
        FitError: as the fits.
    """
    x = np.log10(data.x)
    if request.guessing is not None and not (data.y < request.guessing).any():
        raise RequestError(
            f"--guessing {request.guessing:g}: every y is at least {data.y.min():g}, so that none is better than guessing"
        )
    curve = _fitted(x, data.y, request, estimator)
    if curve.status in (TOO_FEW_POINTS, NO_SPREAD):
        return {"status": curve.status, "n": curve.n} | dict.fromkeys((*FIGURES, *EXPONENT))
    is_free = request.irreducible_error is None and estimator == NLS
    by_paper = profiles.profiles(curve, x, data.y, data.cluster, request.level) if is_free else None
    low, high = _slope_interval(curve, request, by_paper)
    answer = {"status": judged(curve.status, low, high), "n": curve.n} | _figures(curve, low, high)
    answer |= _exponent(curve.slope, low, high) | _floor(curve, request, by_paper)
    if curve.status != OK:
        return answer
    if estimator == NLS:
        free = 2 if request.irreducible_error is not None else 3
        criteria = comparison.information(curve.residual_sum_of_squares, curve.n, free)
        answer |= {name: number(getattr(criteria, name)) for name in CRITERIA}
    return answer | _asked(curve, x, request, by_paper)


def slopes(request: Request, estimator: str, x: Array, error: Array, drawn: Counts) -> Array:
    """The slopes of resamples, given as how often each holds each point (B, n)."""
    if request.form == "logistic":
        return logistic.logistic_resampled(x, error, drawn, _guessing(request))[:, 2]
    if estimator == HUBER_LOG:
        return huber_log.huber_log_resampled(x, error, drawn)[:, 2]
    return asymptotic.asymptotic_resampled(x, error, drawn, request.irreducible_error)[:, 2]


def refusals(request: Request, estimator: str, *, has_errors: bool) -> dict[str, str]:
    """{option: why it cannot go with the others, or ""}, of what belongs to curves alone."""
    form, turned = request.form, request.direction != "y_on_x"
    is_curve = form in CURVES
    own = CURVES.get(form, ())
    return {
        "--irreducible-error": "only --form asymptotic has one that can be held"
        if request.irreducible_error is not None and form != "asymptotic"
        else "",
        "--guessing": "only --form logistic begins there"
        if request.guessing is not None and form != "logistic"
        else "--form logistic needs it, the error of a model that guesses (0.75 where one of four answers is right)"
        if request.guessing is None and form == "logistic"
        else "",
        f"--estimator {HUBER_LOG}": "only --form asymptotic has it"
        if estimator == HUBER_LOG and HUBER_LOG not in own
        else "it holds no irreducible error"
        if estimator == HUBER_LOG and request.irreducible_error is not None
        else "",
        f"--form {form}": f"it is fitted by least squares of y on x{' or ' + HUBER_LOG if HUBER_LOG in own else ''}, "
        "without errors of the columns"
        if is_curve and (estimator not in own or turned or has_errors)
        else "",
        "--cluster": "the interval of a curve whose irreducible error is held, or that is fitted by huber_log, goes by no paper; "
        "add --bootstrap 10000"
        if is_curve and (request.irreducible_error is not None or estimator == HUBER_LOG) and not request.bootstrap
        else "",
    }


def _guessing(request: Request) -> float:
    if request.guessing is None:
        raise RequestError("--form logistic: it needs --guessing, the error of a model that guesses")
    return request.guessing


def _fitted(x: Array, error: Array, request: Request, estimator: str) -> Asymptote | Logistic:
    if request.form == "logistic":
        return logistic.logistic(x, error, _guessing(request))
    if estimator == HUBER_LOG:
        return huber_log.huber_log(x, error)
    return asymptotic.asymptotic(x, error, request.irreducible_error)


def _slope_interval(curve: Asymptote | Logistic, request: Request, by_paper: Profiles | None) -> tuple[float, float]:
    if by_paper is not None:
        slope = by_paper.slope()
        return slope.low, slope.high
    if request.irreducible_error is not None and isinstance(curve, Asymptote):
        half = curve.quantile(request.level) * curve.slope_se
        return curve.slope - half, curve.slope + half
    return math.nan, math.nan


def _figures(curve: Asymptote | Logistic, low: float, high: float) -> dict[str, Any]:
    if isinstance(curve, Asymptote):
        intercept = (-curve.log10_amplitude, curve.log10_amplitude_se)
    else:
        intercept = (curve.intercept, curve.intercept_se)
    values = (*intercept, curve.slope, curve.slope_se, math.nan, math.nan)
    figures = (*values, low, high, curve.degrees_of_freedom, curve.residual_sd)
    return {name: number(value) for name, value in zip(FIGURES, figures, strict=True)}


def _exponent(slope: float, low: float, high: float) -> dict[str, Any]:
    inverse = exponent.exponent(slope, low, high)
    values = (number(inverse.value), number(inverse.low), number(inverse.high), inverse.interval)
    return dict(zip(EXPONENT, values, strict=True))


def _floor(curve: Asymptote | Logistic, request: Request, by_paper: Profiles | None) -> dict[str, Any]:
    """E, or the floor, and whether the points tell it."""
    answer: dict[str, Any] = {"irreducible_error": number(curve.irreducible_error)}
    if isinstance(curve, Logistic):
        answer["guessing"] = curve.guessing
    else:
        amplitude = power(number(curve.log10_amplitude))
        answer["amplitude"] = amplitude
        answer["amplitude_se"] = number(curve.log10_amplitude_se * math.log(10) * (amplitude or math.nan))
    if request.irreducible_error is not None:
        return answer | {"irreducible_error_status": "held"}
    if by_paper is None:
        return answer | ({"irreducible_error_status": "no_interval"} if curve.status == OK else {})
    floor = by_paper.floor()
    return answer | {
        "irreducible_error_low": number(floor.low),
        "irreducible_error_high": number(floor.high),
        "irreducible_error_status": floor.reason,
    }


def _asked(curve: Asymptote | Logistic, x: Array, request: Request, by_paper: Profiles | None) -> dict[str, Any]:
    """--at and --solve."""
    answer: dict[str, Any] = {}
    if request.at is not None:
        at = math.log10(positive(request.at, "--at"))
        ends = _ends_at(curve, at, request, by_paper)
        answer["at"] = {"x": request.at, "y": number(curve.at(at))} | ends | beyond(at, x, request)
    if request.solve is not None:
        answer["solve"] = _solved(curve, positive(request.solve, "--solve"), x, request, by_paper)
    return answer


def _ends_at(curve: Asymptote | Logistic, at: float, request: Request, by_paper: Profiles | None) -> dict[str, Any]:
    """The interval of the curve at x and, a residual further in squares, that of a new point."""
    y, t = curve.at(at), math.nan
    low = high = math.nan
    if by_paper is not None:
        ends, t = by_paper.height(at), by_paper.quantile
        low, high = ends.low, ends.high
    elif isinstance(curve, Asymptote) and request.irreducible_error is not None:
        t = curve.quantile(request.level)
        half = t * math.sqrt(curve.variance_at(at))
        low, high = y - half, y + half
    new = t * curve.residual_sd
    return {
        "low": number(low),
        "high": number(high),
        "prediction_low": number(y - math.hypot(y - low, new)),
        "prediction_high": number(y + math.hypot(high - y, new)),
    }


def _solved(
    curve: Asymptote | Logistic, error: float, x: Array, request: Request, by_paper: Profiles | None
) -> dict[str, Any]:
    reached = logistic.inverse(curve, error) if isinstance(curve, Logistic) else asymptotic.inverse(curve, error)
    value = number(reached)
    answer: dict[str, Any] = {"y": error, "x": power(value), "log10_x": value}
    ends = _ends_of_solution(curve, error, reached, request, by_paper)
    if ends is not None:
        for name, end in (("low", ends.low), ("high", ends.high)):
            answer |= {name: power(number(end)), f"log10_{name}": number(end)}
    answer["interval"] = _interval(reached, ends)
    if value is None:
        answer["status"] = projection.BELOW_IRREDUCIBLE if reached > 0 else projection.ABOVE_GUESSING
    return answer if value is None else answer | beyond(value, x, request)


def _ends_of_solution(
    curve: Asymptote | Logistic, error: float, reached: float, request: Request, by_paper: Profiles | None
) -> Interval | None:
    """By paper; of a curve whose E is held by the delta method, in the logarithm of the computation."""
    if by_paper is not None:
        return by_paper.reached(error, reached)
    if isinstance(curve, Logistic) or request.irreducible_error is None or not math.isfinite(reached):
        return None
    steepness = math.log(10) * curve.slope * (error - curve.irreducible_error)
    half = curve.quantile(request.level) * math.sqrt(curve.variance_at(reached)) / abs(steepness)
    return Interval(reached - half, reached + half)


def _interval(reached: float, ends: Interval | None) -> str | None:
    if reached == math.inf and (ends is None or ends.low == math.inf):
        return _BELOW
    if reached == -math.inf:
        return "above the error of guessing: no computation is needed"
    if ends is None:
        return "no_interval"
    return projection.BOUNDED if math.isfinite(ends.low) and math.isfinite(ends.high) else projection.UNBOUNDED
