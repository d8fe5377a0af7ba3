"""A fit of anybody's data: the same methods as the warehouse's, with everything that they can tell of one line."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from flows.analysis.estimates import judged, p_value, slope_interval
from flows.errors import UserError
from flows.fits import (
    asymptotic,
    clustered,
    comparison,
    errors_in_variables,
    least_squares,
    projection,
    quantile,
    resampling,
    robust,
    with_time,
)
from flows.fits.comparison import error_at, response
from flows.fits.line import OK, TOO_FEW_POINTS, Array, FitError, Line

FORMS = ("linear", "polynomial", "exponential", "asymptotic")
ESTIMATORS = ("ols", "ols_hc3", "quantile:<tau>", "huber", "theil_sen", "deming", "york")
DIRECTIONS = ("y_on_x", "x_on_y", "both")
SELECTIONS = ("all", "frontier", "best_per_paper", "best_per_year")
# How many influential points are named.
_NAMED = 3


Column = TypeVar("Column")


class RequestError(UserError, ValueError):
    """What is asked for cannot be done with this data; the message says why and what to do."""


@dataclass(frozen=True)
class Data:
    """Points as given: n rows, each with the name that messages use. Standard deviations, papers and years where given."""

    row: list[str]
    x: Array
    y: Array
    x_error: Array | None = None
    y_error: Array | None = None
    cluster: NDArray[np.str_] | None = None
    year: Array | None = None


@dataclass(frozen=True)
class Request:
    """What to fit and what to tell; the defaults are the paper's."""

    form: str = "polynomial"
    estimator: str | None = None
    direction: str = "y_on_x"
    select: str = "all"
    level: float = 0.95
    irreducible_error: float | None = None
    variance_ratio: float | None = None
    bootstrap: int | None = None
    seed: int = 0
    at: float | None = None
    solve: float | None = None


def fit(data: Data, request: Request) -> dict[str, Any]:
    """Fit what is asked for; the result is made of plain values, None for what is unknown or without bound.

    `linear` takes the points as they are: y = a + b x. In the other forms x is computation in any unit and y an error, a
    fraction: polynomial log10(1/y) = a + b log10 x, exponential 1/y = a + b log10 x, asymptotic y = E + A x^-b (there a
    stands for -log10 A). Standard deviations are those of the columns as given.

    Raises:
        RequestError: an option is unknown or needs a column that is not given, or a value cannot be used.
    """
    _check(data, request)
    chosen = _selected(_finite(data, request.form), request)
    try:
        if request.form == "asymptotic":
            return _curve(chosen, request)
        directions = ("y_on_x", "x_on_y") if request.direction == "both" else (request.direction,)
        told = [_line(chosen, replace(request, direction=one)) for one in directions]
    except FitError as error:
        raise RequestError(str(error)) from error
    return told[0] if len(told) == 1 else dict(zip(directions, told, strict=True))


def _check(data: Data, request: Request) -> None:
    estimator = _asked_for(data, request)
    known = _tau(estimator) is not None or (estimator in ESTIMATORS and not estimator.startswith("quantile"))
    for given, there, what in (
        (request.form in FORMS, FORMS, f"form {request.form!r}"),
        (known, ESTIMATORS, f"estimator {estimator!r}"),
        (request.direction in DIRECTIONS, DIRECTIONS, f"direction {request.direction!r}"),
        (request.select in SELECTIONS, SELECTIONS, f"selection {request.select!r}"),
    ):
        if not given:
            raise RequestError(f"no {what}; there are: {', '.join(there)}")
    if not 0 < request.level < 1:
        raise RequestError(f"level {request.level} is not between 0 and 1")
    if request.bootstrap is not None and request.bootstrap < 1:
        raise RequestError(f"--bootstrap {request.bootstrap}: at least one resample is needed; 10000 is usual")
    held = request.irreducible_error
    if held is not None and not 0 <= held < math.inf:
        raise RequestError(f"--irreducible-error {held:g}: an error is not below 0, and finite")
    for option, value in (("--at", request.at), ("--solve", request.solve)):
        if value is not None and not math.isfinite(value):
            raise RequestError(f"{option} {value:g}: a finite number is needed")
    for refused, why in _refusals(data, request, estimator).items():
        if why:
            raise RequestError(f"{refused}: {why}")


def _refusals(data: Data, request: Request, estimator: str) -> dict[str, str]:
    """{option: why it cannot go with the others, or ""}."""
    has_errors, symmetric = _has_errors(data), estimator in ("deming", "york")
    curve, turned = request.form == "asymptotic", request.direction != "y_on_x"
    return {
        "--estimator york": "it needs --x-error or --y-error" if estimator == "york" and not has_errors else "",
        "--x-error and --y-error": "only --estimator york takes them" if has_errors and estimator != "york" else "",
        "--variance-ratio": "only --estimator deming takes it"
        if request.variance_ratio is not None and estimator != "deming"
        else "",
        "--irreducible-error": "only --form asymptotic has one"
        if request.irreducible_error is not None and not curve
        else "",
        "--form asymptotic": "it is fitted by least squares of y on x, without errors of the columns"
        if curve and (estimator != "ols" or turned or has_errors)
        else "",
        "--direction": f"{estimator} treats both variables alike; leave it out" if turned and symmetric else "",
        "--cluster": f"{'the asymptotic form' if curve else estimator} has no standard error by cluster; "
        + ("leave it out" if symmetric else "add --bootstrap 10000")
        if data.cluster is not None
        and (estimator != "ols" or curve)
        and not request.bootstrap
        and request.select != "best_per_paper"
        else "",
        "--bootstrap": f"{estimator} is not resampled" if request.bootstrap and symmetric else "",
        "--select": "a best point is one of lowest error, which --form linear does not know"
        if request.select != "all" and request.form == "linear"
        else "",
        f"--select {request.select}": "it needs --cluster"
        if request.select == "best_per_paper" and data.cluster is None
        else "it needs --year"
        if request.select in ("frontier", "best_per_year") and data.year is None
        else "",
    }


def _has_errors(data: Data) -> bool:
    return data.x_error is not None or data.y_error is not None


def _asked_for(data: Data, request: Request) -> str:
    return request.estimator or ("york" if _has_errors(data) else "ols")


def _tau(estimator: str) -> float | None:
    name, _, text = estimator.partition(":")
    try:
        tau = float(text) if name == "quantile" else math.nan
    except ValueError:
        return None
    return tau if 0 < tau < 1 else None


def _finite(data: Data, form: str) -> Data:
    columns = {"x": data.x, "y": data.y, "x error": data.x_error, "y error": data.y_error, "year": data.year}
    for name, column in columns.items():
        if column is None:
            continue
        for at in np.flatnonzero(~np.isfinite(column)):
            raise RequestError(f"{data.row[at]}: {name} {column[at]:g} is not finite")
        for at in np.flatnonzero(column < 0) if name.endswith("error") else ():
            raise RequestError(f"{data.row[at]}: {name} {column[at]:g} is below 0")
    for at in np.flatnonzero(data.cluster == "") if data.cluster is not None else ():
        raise RequestError(f"{data.row[at]}: the cluster is blank; a point of a paper of its own needs a name too")
    for at in np.flatnonzero((data.x <= 0) | (data.y <= 0)) if form != "linear" else ():
        raise RequestError(
            f"{data.row[at]}: {data.x[at]:g}, {data.y[at]:g}: computation and error must be positive in the {form} form"
        )
    return data


def _given(column: Column | None, name: str) -> Column:
    if column is None:
        raise RequestError(f"--{name} is needed for this")
    return column


def _selected(data: Data, request: Request) -> Data:
    """The points that the rule keeps: the lowest error of each paper or year, or lower than all before at its release."""
    if request.select == "all" or not data.row:
        return data
    order = np.lexsort((data.x, data.y))
    if request.select == "frontier":
        by_year = np.lexsort((data.x, data.y, _given(data.year, "year")))
        lowest = np.minimum.accumulate(data.y[by_year])
        kept = by_year[np.concatenate([[True], data.y[by_year][1:] < lowest[:-1]])]
    else:
        by = _given(data.cluster, "cluster") if request.select == "best_per_paper" else _given(data.year, "year")
        _, first = np.unique(by[order], return_index=True)
        kept = order[first]
    kept = np.sort(kept)
    columns = (data.x, data.y, data.x_error, data.y_error, data.cluster, data.year)
    return Data([data.row[at] for at in kept], *(None if c is None else c[kept] for c in columns))  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Responses:
    """x and y as the form has them, and their standard deviations (delta method)."""

    x: Array
    y: Array
    x_sd: Array
    y_sd: Array


def _responses(data: Data, form: str) -> _Responses:
    zeros = np.zeros(len(data.x))
    x_sd = zeros if data.x_error is None else data.x_error
    y_sd = zeros if data.y_error is None else data.y_error
    if form == "linear":
        return _Responses(data.x, data.y, x_sd, y_sd)
    slope = 1 / (data.y * math.log(10)) if form == "polynomial" else 1 / data.y**2
    return _Responses(np.log10(data.x), response(form, data.y), x_sd / (data.x * math.log(10)), y_sd * slope)


def _estimator(data: Data, request: Request) -> str:
    estimator = _asked_for(data, request)
    return "ols_cluster" if estimator == "ols" and data.cluster is not None else estimator


def _of_response(tau: float, request: Request) -> float:
    """The quantile of the response that is that of the error.

    0.1 is the frontier of low errors: 0.9 of y, which grows as the error falls; of x on y 0.1, the low computations.
    """
    return tau if request.form == "linear" or request.direction == "x_on_y" else 1 - tau


def _fitted(estimator: str, points: _Responses, data: Data, request: Request) -> Line:
    tau = _tau(estimator)
    if tau is not None:
        return quantile.quantile_line(points.x, points.y, _of_response(tau, request))
    if estimator == "york":
        return errors_in_variables.york(points.x, points.y, points.x_sd, points.y_sd)
    if estimator == "deming":
        ratio = 1.0 if request.variance_ratio is None else request.variance_ratio
        return errors_in_variables.deming(points.x, points.y, ratio)
    if estimator == "ols_cluster":
        return clustered.cluster_robust(points.x, points.y, _given(data.cluster, "cluster"))
    plain = {
        "ols": least_squares.ols,
        "ols_hc3": least_squares.hc3,
        "huber": robust.huber,
        "theil_sen": robust.theil_sen,
    }
    return plain[estimator](points.x, points.y)


def _line(data: Data, request: Request) -> dict[str, Any]:
    points, estimator = _responses(data, request.form), _estimator(data, request)
    if request.direction == "x_on_y":
        points = _Responses(points.y, points.x, points.y_sd, points.x_sd)
    line = _fitted(estimator, points, data, request)
    low, high = slope_interval(estimator, line, points.x, points.y, request.level)
    told = _head(data, request, estimator) | {"status": judged(line.status, low, high), "n": line.n}
    if line.status != OK:
        return told | dict.fromkeys((*_FIGURES, *_EXPONENT))
    told |= _figures(line, points, low, high) if request.direction == "y_on_x" else _turned(line, points, low, high)
    told |= _exponent(told, request.form, (low, high) if request.direction == "x_on_y" else None)
    if not estimator.startswith("ols"):
        told["r_squared"] = None
    told |= _criteria(line, estimator, points, data, request)
    told |= (
        _influential(data, line, points, estimator, request)
        | _time(data, request)
        | _resamples(data, request, estimator, points)
    )
    return told | _asked(line, points, request)


_FIGURES = (
    "intercept",
    "intercept_se",
    "slope",
    "se",
    "p",
    "r_squared",
    "low",
    "high",
    "degrees_of_freedom",
    "residual_sd",
)
_EXPONENT = ("exponent", "exponent_low", "exponent_high", "exponent_interval")


def _head(data: Data, request: Request, estimator: str) -> dict[str, Any]:
    head: dict[str, Any] = {
        "form": request.form,
        "estimator": "nls" if request.form == "asymptotic" else estimator,
        "direction": "symmetric" if estimator in ("york", "deming") else request.direction,
        "select": request.select,
        "level": request.level,
    }
    return head if data.cluster is None else head | {"n_clusters": len(np.unique(data.cluster))}


def _figures(line: Line, points: _Responses, low: float, high: float) -> dict[str, Any]:
    values = (line.intercept, line.intercept_se, line.slope, line.slope_se, p_value(line), _r_squared(points))
    figures = (*values, low, high, line.degrees_of_freedom, line.residual_sd)
    return {name: _plain(value) for name, value in zip(_FIGURES, figures, strict=True)}


def _turned(line: Line, points: _Responses, low: float, high: float) -> dict[str, Any]:
    """A line of x on y, x = c + d y, as y = -c/d + x/d; the interval of 1/d is that of d inverted, where that holds no 0."""
    told = _figures(line, points, low, high)
    if not line.slope:
        return dict.fromkeys(_FIGURES) | {name: told[name] for name in ("p", "r_squared", "degrees_of_freedom")}
    ends = (1 / high, 1 / low) if low > 0 or high < 0 else (math.nan, math.nan)
    turned = {"intercept": -line.intercept / line.slope, "slope": 1 / line.slope, "low": ends[0], "high": ends[1]}
    turned["residual_sd"] = line.residual_sd / abs(line.slope)
    return told | {"intercept_se": None, "se": None} | {name: _plain(value) for name, value in turned.items()}


def _r_squared(points: _Responses) -> float:
    """The share of the variance that least squares explains; the other estimators have none."""
    dx, dy = points.x - points.x.mean(), points.y - points.y.mean()
    both = float(dx @ dx) * float(dy @ dy)
    return min(float(dx @ dy) ** 2 / both, 1.0) if both else math.nan


def _exponent(told: dict[str, Any], form: str, own: tuple[float, float] | None = None) -> dict[str, Any]:
    """1 / slope; of a line of x on y it is what was estimated, with an interval of its own that has both ends."""
    slope, low, high = told["slope"], told["low"], told["high"]
    if form not in ("polynomial", "asymptotic") or not slope:
        return dict.fromkeys(_EXPONENT)
    if own is not None and math.isfinite(own[0]):
        return dict(zip(_EXPONENT, (1 / slope, *own, "bounded"), strict=True))
    if low is None or high is None:
        return dict.fromkeys(_EXPONENT) | {"exponent": 1 / slope}
    is_bounded = low > 0 or high < 0
    ends = (1 / high if is_bounded or high > 0 else None, 1 / low if is_bounded else None)
    return dict(zip(_EXPONENT, (1 / slope, *ends, "bounded" if is_bounded else "unbounded"), strict=True))


def _criteria(line: Line, estimator: str, points: _Responses, data: Data, request: Request) -> dict[str, Any]:
    """Of least squares, as densities of y as given (the polynomial and exponential forms with their Jacobian)."""
    names = ("log_likelihood", "aic", "aicc", "bic")
    if not estimator.startswith("ols"):
        return dict.fromkeys(names)
    if request.direction == "x_on_y":
        # A density of x, which says nothing of the error; no form is compared by it.
        return dict.fromkeys(names)
    rss = float(((points.y - line.intercept - line.slope * points.x) ** 2).sum())
    jacobian = comparison.log_jacobian(request.form, data.y)
    told = comparison.information(rss, line.n, 2, jacobian)
    return {name: _plain(getattr(told, name)) for name in names}


def _influential(data: Data, line: Line, points: _Responses, estimator: str, request: Request) -> dict[str, Any]:
    """The points whose leaving out moves the least-squares slope most; those first without which there is none."""
    if not estimator.startswith("ols") or line.n <= 3:
        return {}
    dx = points.x - points.x.mean()
    residual, sxx = points.y - line.intercept - line.slope * points.x, float(dx @ dx)
    kept = 1 - 1 / line.n - dx**2 / sxx
    with np.errstate(divide="ignore", invalid="ignore"):
        without, slope = line.slope - np.where(kept > 1e-9, dx * residual / (sxx * kept), np.nan), line.slope
        if request.direction == "x_on_y":
            without, slope = 1 / without, np.float64(1) / slope
        moved = np.abs(without - slope)
    worst = np.argsort(-np.where(np.isnan(moved), np.inf, moved), kind="stable")[:_NAMED]
    return {"influential": [{"row": data.row[at], "slope_without": _plain(float(without[at]))} for at in worst]}


def _time(data: Data, request: Request) -> dict[str, Any]:
    if data.year is None or request.form != "polynomial":
        return {}
    found = with_time.with_time(np.log10(data.x), data.y, data.year, request.level)
    names = ("intercept", "compute_slope", "year_slope", "r_squared", "years_per_tenfold", "low", "high")
    figures = {name: _plain(getattr(found, name)) for name in names}
    return {"with_time": {"status": found.status} | figures | {"interval": found.interval}}


def _resamples(data: Data, request: Request, estimator: str, points: _Responses) -> dict[str, Any]:
    """Percentile and BCa intervals over resamples of rows, or of clusters where a column names them."""
    if request.bootstrap is None:
        return {}
    order = resampling.in_order(points.x, points.y)
    if data.cluster is not None:
        order = np.lexsort((data.cluster, points.y, points.x))
    x, y = points.x[order], points.y[order]
    unit = np.arange(len(x)) if data.cluster is None else resampling.units(data.cluster[order])
    slopes = _slopes(estimator, request)
    many, draws = int(unit.max()) + 1, []
    rng = resampling.seeded(request.seed, "fit")
    step = max(1, 2**21 // len(x))
    for start in range(0, request.bootstrap, step):
        drawn = resampling.counts(rng, min(step, request.bootstrap - start), many)
        draws.append(slopes(x, y, drawn[:, unit]))
    left = slopes(x, y, (unit[None, :] != np.arange(many)[:, None]).astype(np.int64))
    whole = slopes(x, y, np.ones((1, len(x)), dtype=np.int64))[0]
    drawn_slopes = np.concatenate(draws)
    # Turned, a slope of 0 is infinite.
    with np.errstate(divide="ignore", invalid="ignore"):
        if request.direction == "x_on_y":
            drawn_slopes, left, whole = 1 / drawn_slopes, 1 / left, 1 / whole
        percentile = resampling.percentile(drawn_slopes, request.level)
        bca = resampling.bca(drawn_slopes, whole, left, request.level)
        kept = drawn_slopes[~np.isnan(drawn_slopes)]
        slope_sd = float(kept.std(ddof=1)) if len(kept) > 1 else math.nan
    told = {
        "resampled": "rows" if data.cluster is None else "clusters",
        "resamples": len(kept),
        "seed": request.seed,
        "slope_sd": _plain(slope_sd),
        "percentile": [_plain(end) for end in percentile],
        "bca": [_plain(end) for end in bca],
    }
    return {"bootstrap": told}


def _slopes(estimator: str, request: Request) -> Callable[[Array, Array, NDArray[np.int64]], Array]:
    """The slopes of an estimator over resamples given as counts (B, n)."""
    if request.form == "asymptotic":
        held = request.irreducible_error
        return lambda x, y, drawn: asymptotic.asymptotic_resampled(x, y, drawn, held)[:, 2]
    tau = _tau(estimator)
    if tau is not None:
        of_response = _of_response(tau, request)
        return lambda x, y, drawn: quantile.quantile_resampled(x, y, drawn, of_response)[:, 1]
    if estimator == "huber":
        return lambda x, y, drawn: robust.huber_resampled(x, y, drawn)[:, 1]
    if estimator == "theil_sen":
        return lambda x, y, drawn: robust.theil_sen_resampled(x, y, drawn)[:, 1]
    return resampling.ols_slopes


def _asked(line: Line, points: _Responses, request: Request) -> dict[str, Any]:
    """--at and --solve: the line read both ways; a line of x on y is read with the two changed over."""
    told: dict[str, Any] = {}
    by_line, is_turned = points.x, request.direction == "x_on_y"
    x = (
        None
        if request.at is None
        else request.at
        if request.form == "linear"
        else math.log10(_positive(request.at, "--at"))
    )
    y = None if request.solve is None else _response_of(request.solve, request.form)
    if x is not None:
        read = _solved if is_turned else _predicted
        told["at"] = {"x": request.at} | _as_y(read(line, x, request.level), request.form)
    if y is not None:
        read = _predicted if is_turned else _solved
        found = read(line, y, request.level)
        beyond = (
            projection.distance(found["value"], points.y if is_turned else by_line)
            if found["value"] is not None
            else None
        )
        told["solve"] = {"y": request.solve} | _as_x(found, beyond, request.form)
        if math.isnan(line.slope_variance):
            told["solve"]["interval"] = None
    return told


def _predicted(line: Line, x: float, level: float) -> dict[str, float | None]:
    found = projection.prediction(line, x, level)
    values = (found.y, found.low, found.high, found.new_low, found.new_high)
    return dict(zip(_READ, map(_plain, values), strict=True))


def _solved(line: Line, y: float, level: float) -> dict[str, float | None]:
    mean, new = projection.solve(line, y, level), projection.solve(line, y, level, new=True)
    return dict(zip(_READ, map(_plain, (mean.x, mean.low, mean.high, new.low, new.high)), strict=True))


_READ = ("value", "low", "high", "prediction_low", "prediction_high")


def _as_y(found: dict[str, float | None], form: str) -> dict[str, Any]:
    """Values of y as the column has it: a performance turned to the (median) error, its ends changed over."""
    value, low, high, new_low, new_high = (found[name] for name in _READ)
    if form != "linear":
        value, high, low, new_high, new_low = (
            None if one is None else float(error_at(form, np.array([one]))[0])
            for one in (value, low, high, new_low, new_high)
        )
    return {"y": value, "low": low, "high": high, "prediction_low": new_low, "prediction_high": new_high}


def _as_x(found: dict[str, float | None], beyond: tuple[float, float] | None, form: str) -> dict[str, Any]:
    """Values of x: computation and its log10, the median where the form takes logarithms; and how far beyond the points."""
    told: dict[str, Any] = {}
    for name, value in found.items():
        key = name.replace("value", "x")
        told[key] = value if form == "linear" else _power(value)
        if form != "linear":
            told[f"log10_{key}"] = value
    told["interval"] = "bounded" if found["low"] is not None and found["high"] is not None else "unbounded"
    if beyond is not None:
        told |= {"beyond": beyond[0], "ranges_beyond": _plain(beyond[1])}
    return told


def _power(value: float | None) -> float | None:
    return None if value is None or value > 300 else 10.0**value


def _positive(value: float, option: str) -> float:
    if not value > 0:
        raise RequestError(f"{option} {value:g}: computation and error must be positive")
    return value


def _response_of(y: float, form: str) -> float:
    return y if form == "linear" else float(response(form, np.array([_positive(y, "--solve")]))[0])


def _curve(data: Data, request: Request) -> dict[str, Any]:
    """The asymptotic form: y = E + A x^-b."""
    x = np.log10(data.x)
    curve = asymptotic.asymptotic(x, data.y, request.irreducible_error)
    half = curve.quantile(request.level) * curve.slope_se
    low, high = curve.slope - half, curve.slope + half
    told = _head(data, request, "nls") | {"status": judged(curve.status, low, high), "n": curve.n}
    if curve.status in (TOO_FEW_POINTS, "no_spread_in_x"):
        return told | dict.fromkeys((*_FIGURES, *_EXPONENT))
    values = (-curve.log10_amplitude, curve.log10_amplitude_se, curve.slope, curve.slope_se, math.nan, math.nan)
    figures = (*values, low, high, curve.degrees_of_freedom, curve.residual_sd)
    told |= {name: _plain(value) for name, value in zip(_FIGURES, figures, strict=True)}
    told |= _exponent(told, request.form) | _irreducible(curve, x, data, request)
    if curve.status != OK:
        return told
    free = 2 if request.irreducible_error is not None else 3
    criteria = comparison.information(curve.residual_sum_of_squares, curve.n, free)
    told |= {name: _plain(getattr(criteria, name)) for name in ("log_likelihood", "aic", "aicc", "bic")}
    points = _Responses(x, data.y, np.zeros_like(x), np.zeros_like(x))
    return told | _resamples(data, request, "nls", points) | _asked_of_curve(curve, x, request)


def _irreducible(curve: asymptotic.Asymptote, x: Array, data: Data, request: Request) -> dict[str, Any]:
    told: dict[str, Any] = {
        "irreducible_error": _plain(curve.irreducible_error),
        "amplitude": _power(_plain(curve.log10_amplitude)),
        "amplitude_se": _plain(
            curve.log10_amplitude_se * math.log(10) * (_power(_plain(curve.log10_amplitude)) or math.nan)
        ),
    }
    if request.irreducible_error is not None:
        return told | {"irreducible_error_status": "held"}
    if curve.status != OK:
        return told
    profile = asymptotic.profile_interval(x, data.y, request.level)
    return told | {
        "irreducible_error_low": _plain(profile.low),
        "irreducible_error_high": _plain(profile.high),
        "irreducible_error_status": profile.reason,
    }


def _asked_of_curve(curve: asymptotic.Asymptote, x: Array, request: Request) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if request.at is not None:
        at = math.log10(_positive(request.at, "--at"))
        t, of_line = curve.quantile(request.level), curve.variance_at(at)
        halves = (t * math.sqrt(of_line), t * math.sqrt(of_line + curve.residual_sd**2))
        ends = (curve.at(at) + side * half for half in halves for side in (-1, 1))
        told["at"] = {"x": request.at, "y": _plain(curve.at(at))} | dict(zip(_READ[1:], map(_plain, ends), strict=True))
    if request.solve is not None:
        reached = asymptotic.inverse(curve, _positive(request.solve, "--solve"))
        value = _plain(reached)
        told["solve"] = {"y": request.solve, "x": _power(value), "log10_x": value}
        if value is None:
            told["solve"]["interval"] = "below the irreducible error: no computation reaches it"
        else:
            beyond, ranges = projection.distance(value, x)
            told["solve"] |= {"beyond": beyond, "ranges_beyond": _plain(ranges)}
    return told


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
