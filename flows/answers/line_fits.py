"""A fit of anybody's data: the same methods as the warehouse's, with everything that they can tell of one line."""

from __future__ import annotations

import bisect
import math
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from flows.answers import chosen_points, curve_fits, fit_notes
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
from flows.fits import (
    comparison,
    errors_in_variables,
    estimators,
    exponent,
    influence,
    projection,
    quantile_by_paper,
    resampling,
    selections,
    with_time,
)
from flows.fits.estimators import Points
from flows.fits.forms import FORMS, HIGHEST_FRACTION, error_at, log_jacobian, response
from flows.fits.least_squares import SCALE_MAX
from flows.fits.line import (
    NO_INTERVAL,
    OK,
    SLOPE_MAY_BE_ZERO,
    SLOPE_NOT_POSITIVE,
    Array,
    FitError,
    Line,
    judged,
    number,
    p_value,
)
from flows.fits.selections import SELECTIONS

DIRECTIONS = ("y_on_x", "x_on_y", "both")
# Least squares by the paper is what --cluster makes of it.
BY_CLUSTER = {"ols": "ols_cluster"}
# How many influential points are named.
_NAMED = 3


Column = TypeVar("Column")


def fit(data: Data, request: Request) -> dict[str, Any]:
    """Fit what is asked for; the result is made of plain values, None for what is unknown or without bound.

    `linear` takes the points as they are: y = a + b x. In the other forms x is computation in any unit and y an error or a
    loss: polynomial log10(1/y) = a + b log10 x, exponential 1/y = a + b log10 x, asymptotic y = E + A x^-b (there a
    stands for -log10 A), logistic log10((guessing - y) / (y - E)) = a + b log10 x. Standard deviations are those of the
    columns as given.

    Raises:
        RequestError: an option is unknown or needs a column that is not given, or a value cannot be used.
    """
    _check(data, request)
    data, request = _as_fractions(_finite(data, request.form), request)
    chosen = _selected(data, request)
    try:
        answer = _fitted(chosen, request)
    except FitError as error:
        raise RequestError(str(error)) from error
    return answer | {"left_out": len(data.left_out), "notes": fit_notes.notes(answer, data, request)}


def _fitted(data: Data, request: Request) -> dict[str, Any]:
    if not FORMS[request.form].is_line:
        return chosen_points.without_intervals(_curve(data, request), request.select)
    if request.direction == "both":
        return {one: _fitted(data, replace(request, direction=one)) for one in ("y_on_x", "x_on_y")}
    return chosen_points.without_intervals(_line(data, request), request.select)


def _check(data: Data, request: Request) -> None:
    estimator = _asked_for(data, request)
    for given, there, what in (
        (request.form in FORMS, FORMS, f"form {request.form!r}"),
        (_is_offered(estimator), _offered(), f"estimator {estimator!r}"),
        (request.direction in DIRECTIONS, DIRECTIONS, f"direction {request.direction!r}"),
        (request.select in SELECTIONS, SELECTIONS, f"selection {request.select!r}"),
    ):
        if not given:
            raise RequestError(f"no {what}; there are: {', '.join(there)}")
    if not 0 < request.level < 1:
        raise RequestError(f"level {request.level} is not between 0 and 1")
    if request.bootstrap is not None and request.bootstrap < 1:
        raise RequestError(f"--bootstrap {request.bootstrap}: at least one resample is needed; 10000 is usual")
    if request.seed < 0:
        raise RequestError(f"--seed {request.seed}: a seed is a whole number, and not below 0")
    held = request.irreducible_error
    if held is not None and not 0 <= held < math.inf:
        raise RequestError(f"--irreducible-error {held:g}: an error is not below 0, and finite")
    if request.guessing is not None and not 0 < request.guessing < math.inf:
        raise RequestError(f"--guessing {request.guessing:g}: an error above 0 is needed")
    for option, value in (("--at", request.at), ("--solve", request.solve)):
        if value is not None and not math.isfinite(value):
            raise RequestError(f"{option} {value:g}: a finite number is needed")
    # One after the other, for they have options in common.
    why_not = (*_refusals(data, request, estimator).items(), *_sizes(data, request, estimator).items())
    for refused, why in why_not:
        if why:
            raise RequestError(f"{refused}: {why}")


def _offered() -> list[str]:
    """The estimators to choose from: by the paper is chosen with --cluster."""
    return [name for name in (*estimators.spellings(), HUBER_LOG) if name not in BY_CLUSTER.values()]


def _is_offered(name: str) -> bool:
    if name == HUBER_LOG:
        return True
    try:
        estimators.named(name)
    except FitError:
        return False
    return name not in BY_CLUSTER.values()


def _refusals(data: Data, request: Request, name: str) -> dict[str, str]:
    """{option: why it cannot go with the others, or ""}."""
    has_errors, turned = _has_errors(data), request.direction != "y_on_x"
    of_curves = curve_fits.refusals(request, _of_curve(request, name), has_errors=has_errors)
    if data.cluster is None or request.select != "all":
        of_curves.pop("--cluster")
    if name == HUBER_LOG or not FORMS[request.form].is_line:
        return of_curves | _refusals_of_any(data, request)
    estimator = estimators.named(name)
    return (
        of_curves
        | {
            f"--estimator {name}": "it needs --x-error or --y-error"
            if estimator.needs_errors and not has_errors
            else "",
            "--x-error and --y-error": f"only --estimator {_that('needs_errors')} takes them"
            if has_errors and not estimator.needs_errors
            else "",
            "--variance-ratio": f"only --estimator {_that('has_variance_ratio')} takes it"
            if request.variance_ratio is not None and not estimator.has_variance_ratio
            else "",
            "--direction": f"{name} treats both variables alike; leave it out"
            if turned and estimator.is_symmetric
            else "",
            "--cluster": f"{name} has no standard error by cluster; "
            + ("leave it out" if estimator.slopes is None else "add --bootstrap 10000")
            if data.cluster is not None
            and name not in BY_CLUSTER
            and not (estimator.takes_clusters or request.bootstrap)
            and request.select == "all"
            else "",
            "--bootstrap": f"{name} is not resampled" if request.bootstrap and estimator.slopes is None else "",
        }
        | _refusals_of_any(data, request)
    )


def _of_curve(request: Request, name: str) -> str:
    """The estimator of a curve, by the name of the line's."""
    return NLS if name == "ols" and not FORMS[request.form].is_line else name


def _refusals_of_any(data: Data, request: Request) -> dict[str, str]:
    """As `_refusals`, whatever is fitted."""
    return {
        f"--bootstrap with --select {request.select}": "its points are chosen by their error, so that no "
        "interval means what it says"
        if request.bootstrap and request.select != "all"
        else "",
        "--no-scatter": "it goes with errors of y, --y-error: those of x alone leave the scatter of y to be estimated"
        if not request.scatter and data.y_error is None
        else "",
        "--percent and --fraction": "give one of them" if request.percent and request.fraction else "",
        "--percent or --fraction": "--form linear takes y as it is"
        if (request.percent or request.fraction) and request.form == "linear"
        else "",
        "--select": "a best point is one of lowest error, which --form linear does not know"
        if request.select != "all" and request.form == "linear"
        else "",
        f"--select {request.select}": "it needs --cluster"
        if request.select == "best_per_paper" and data.cluster is None
        else "it needs --year"
        if request.select in ("frontier", "best_per_year") and data.year is None
        else "",
    }


# The most points that are fitted within some ten seconds, of what takes more than a second for 100,000.
_MOST = {"theil_sen": 500_000, "deming": 25_000, "asymptotic": 50_000, "logistic": 20_000, "huber_log": 20_000}
# Resamples that are kept at once; and how much is resampled within half a minute, in points (of Theil and Sen pairs) times
# resamples and left out points.
_MOST_RESAMPLES = 1_000_000
_MOST_RESAMPLED = {"ols": 2e9, "ols_hc3": 2e9, "theil_sen": 1e10, "logistic": 1.5e7, "huber_log": 1.3e6}
_MOST_RESAMPLED_ELSE = 1e8
# A quantile line by paper, in points times draws of the papers, of which each is fitted anew.
_MOST_BY_PAPER = 5e6


def _sizes(data: Data, request: Request, name: str) -> dict[str, str]:
    """As `_refusals`, of what would take minutes or all memory."""
    n, resamples, what = (
        len(data.row),
        request.bootstrap or 0,
        request.form if request.form in _MOST and name != HUBER_LOG else name,
    )
    fewer = "fit a sample of them (of a query: using sample 10000)"
    most = _most_resampled(what, resamples)
    papers = 0 if data.cluster is None or not name.startswith("quantile") else len(np.unique(data.cluster))
    return {
        f"--cluster and {name}": f"of {n} points in {papers} papers it takes minutes; {fewer}"
        if papers and n * quantile_by_paper.resamples(request.level) > _MOST_BY_PAPER
        else "",
        f"{what} of {n} points": f"it takes minutes; at most {_MOST.get(what)} are fitted: {fewer}, or otherwise"
        if n > _MOST.get(what, n)
        else "",
        f"--bootstrap {resamples}": f"at most {_MOST_RESAMPLES} resamples are kept"
        if resamples > _MOST_RESAMPLES
        else f"of {n} points it takes minutes; at most {most} are resampled so often by {what}: {fewer}"
        if resamples and n > most
        else "",
    }


def _most_resampled(name: str, resamples: int) -> int:
    """The most points of which so many resamples are fitted: there are as many more fits with one point left out."""
    budget = _MOST_RESAMPLED.get(name, _MOST_RESAMPLED_ELSE)

    def cost(n: int) -> float:
        return (n * (n - 1) / 2 if name == "theil_sen" else n) * (n + resamples)

    return bisect.bisect_right(range(_MOST_RESAMPLES), budget, key=cost) - 1


def _that(ability: str) -> str:
    """The names of the estimators that have an ability."""
    return " or ".join(name for name, one in estimators.TABLE.items() if getattr(one, ability))


def _has_errors(data: Data) -> bool:
    return data.x_error is not None or data.y_error is not None


def _asked_for(data: Data, request: Request) -> str:
    return request.estimator or (_that("needs_errors") if _has_errors(data) else "ols")


def _finite(data: Data, form: str) -> Data:
    columns = {"x": data.x, "y": data.y, "x error": data.x_error, "y error": data.y_error, "year": data.year}
    for name, column in columns.items():
        if column is None:
            continue
        for at in np.flatnonzero(~np.isfinite(column)):
            raise RequestError(f"{data.row[at]}: {name} {column[at]:g} is not finite")
        for at in np.flatnonzero(column < 0) if name.endswith("error") else ():
            raise RequestError(f"{data.row[at]}: {name} {column[at]:g} is below 0")
    for at in np.flatnonzero((np.abs(data.x) > SCALE_MAX) | (np.abs(data.y) > SCALE_MAX)):
        raise RequestError(f"{data.row[at]}: {data.x[at]:g}, {data.y[at]:g}: beyond {SCALE_MAX:g}; scale the columns")
    for at in np.flatnonzero(np.minimum(data.x, data.y) < 1 / SCALE_MAX) if form != "linear" else ():
        if min(data.x[at], data.y[at]) > 0:
            raise RequestError(
                f"{data.row[at]}: {data.x[at]:g}, {data.y[at]:g}: below {1 / SCALE_MAX:g}; scale the columns"
            )
    for at in np.flatnonzero(data.cluster == "") if data.cluster is not None else ():
        raise RequestError(f"{data.row[at]}: the cluster is blank; a point of a paper of its own needs a name too")
    for at in np.flatnonzero((data.x <= 0) | (data.y <= 0)) if form != "linear" else ():
        raise RequestError(
            f"{data.row[at]}: {data.x[at]:g}, {data.y[at]:g}: computation and error must be positive in the {form} form"
        )
    return data


def _as_fractions(data: Data, request: Request) -> tuple[Data, Request]:
    """The errors as fractions, where they are said or printed to be percents; and then `fraction` is asked for."""
    if request.percent and not data.is_percent:
        errors = None if data.y_error is None else data.y_error / 100
        data = replace(data, y=data.y / 100, y_error=errors)
    above = np.flatnonzero(data.y > HIGHEST_FRACTION)
    said = "--percent" if request.percent else "--fraction"
    if request.percent or request.fraction:
        for at in above:
            of = f"{100 * data.y[at]:g} percent" if request.percent else f"{data.y[at]:g}"
            raise RequestError(
                f"{data.row[at]}: {said}: an error of {of} is above 1, as no fraction is; leave it out for a loss"
            )
    elif not data.is_percent or len(above):
        return data, request
    fractions = {
        "--solve": request.solve,
        "--irreducible-error": request.irreducible_error,
        "--guessing": request.guessing,
    }
    for option, value in fractions.items():
        if value is not None and value > HIGHEST_FRACTION:
            raise RequestError(
                f"{option} {value:g}: y is a fraction here, of at most 1; {value / 100:g} is {value:g} percent"
            )
    return data, replace(request, fraction=True)


def _given(column: Column | None, name: str) -> Column:
    if column is None:
        raise RequestError(f"--{name} is needed for this")
    return column


def _selected(data: Data, request: Request) -> Data:
    """The points that the rule keeps: the lowest error of each paper or year, or lower than all before at its release."""
    if request.select == "all" or not data.row:
        return data
    if request.select == "frontier":
        kept = selections.frontier(_given(data.year, "year"), data.y, data.x)
    else:
        of_papers = request.select == "best_per_paper"
        group = _given(data.cluster, "cluster") if of_papers else _given(data.year, "year")
        kept = selections.best_of_each(group, data.y, data.x)
    columns = ("x", "y", "x_error", "y_error", "cluster", "year")
    given = {name: getattr(data, name) for name in columns if getattr(data, name) is not None}
    return replace(data, row=[data.row[at] for at in kept], **{name: one[kept] for name, one in given.items()})


def _points(data: Data, request: Request) -> Points:
    """The points as the form has them, with standard deviations by the delta method, turned for a line of x on y."""
    form = FORMS[request.form]
    x, y = data.x if request.form == "linear" else np.log10(data.x), form.response(data.y)
    x_sd = y_sd = None
    if _has_errors(data):
        # A column without errors beside one with them is exact, but for the scatter of y that is estimated.
        x_error, y_error = (np.zeros_like(x) if one is None else one for one in (data.x_error, data.y_error))
        x_sd = x_error if request.form == "linear" else x_error / (data.x * math.log(10))
        y_sd = y_error * form.steepness(data.y)
    points = Points(
        x,
        y,
        x_sd,
        y_sd,
        request.variance_ratio,
        data.cluster,
        is_performance=form.is_performance,
        has_scatter=request.scatter,
        seed=request.seed,
    )
    if request.direction != "x_on_y":
        return points
    # A low quantile of the error is one of low computation too.
    return replace(points, x=y, y=x, x_sd=y_sd, y_sd=x_sd, is_performance=False)


def _estimator(data: Data, request: Request) -> str:
    name = _asked_for(data, request)
    return BY_CLUSTER.get(name, name) if data.cluster is not None else name


def _line(data: Data, request: Request) -> dict[str, Any]:
    points, name = _points(data, request), _estimator(data, request)
    estimator, fitted = estimators.named(name), estimators.fitted(name, points, request.level)
    line, low, high = fitted.line, fitted.low, fitted.high
    status = _rising(judged(line.status, low, high), line.slope, request.form)
    answer = _head(data, request, name) | {"status": status, "n": line.n}
    if line.status != OK:
        return answer | dict.fromkeys((*FIGURES, *EXPONENT))
    answer |= _figures(line, points, low, high) if request.direction == "y_on_x" else _turned(line, points, low, high)
    answer |= _exponent(answer, request.form, (low, high) if request.direction == "x_on_y" else None)
    if estimator.is_least_squares:
        answer |= _criteria(line, points, data, request) | _influential(data, line, points, request)
    else:
        answer |= dict.fromkeys(("r_squared", *CRITERIA))
    if estimator.needs_errors:
        answer |= _goodness_of_fit(line, points)
    return answer | _time(data, request) | _resamples(data, request, name, points) | _asked(line, points, request)


def _rising(status: str, slope: float, form: str) -> str:
    """The status of a line of performance that falls for sure, as the warehouse's projections have it: errors that rise."""
    is_sure = status in (OK, NO_INTERVAL) and slope < 0
    return SLOPE_NOT_POSITIVE if is_sure and FORMS[form].is_performance else status


def _goodness_of_fit(line: Line, points: Points) -> dict[str, Any]:
    """The reduced chi-square of York's line: 1 where a scatter is estimated, but below where the errors explain more."""
    if points.x_sd is None or points.y_sd is None:
        return {}
    y_sd = np.hypot(points.y_sd, line.residual_sd) if points.has_scatter else points.y_sd
    if (np.hypot(points.x_sd, y_sd) == 0).any():
        return {"reduced_chi_square": None}
    fit = errors_in_variables.goodness_of_fit(line, points.x, points.y, points.x_sd, y_sd)
    return {"reduced_chi_square": number(fit)}


def _head(data: Data, request: Request, estimator: str) -> dict[str, Any]:
    head: dict[str, Any] = {
        "form": request.form,
        "estimator": estimator,
        "direction": "symmetric"
        if FORMS[request.form].is_line and estimators.named(estimator).is_symmetric
        else request.direction,
        "select": request.select,
        "level": request.level,
    }
    return head if data.cluster is None else head | {"n_clusters": len(np.unique(data.cluster))}


def _figures(line: Line, points: Points, low: float, high: float) -> dict[str, Any]:
    values = (line.intercept, line.intercept_se, line.slope, line.slope_se, p_value(line), _r_squared(points))
    figures = (*values, low, high, line.degrees_of_freedom, line.residual_sd)
    return {name: number(value) for name, value in zip(FIGURES, figures, strict=True)}


def _turned(line: Line, points: Points, low: float, high: float) -> dict[str, Any]:
    """A line of x on y, x = c + d y, as y = -c/d + x/d; the interval of 1/d is that of d inverted, where that holds no 0."""
    figures = _figures(line, points, low, high)
    if not line.slope:
        return dict.fromkeys(FIGURES) | {name: figures[name] for name in ("p", "r_squared", "degrees_of_freedom")}
    ends = exponent.inverted(low, high)
    turned = {"intercept": -line.intercept / line.slope, "slope": 1 / line.slope, "low": ends[0], "high": ends[1]}
    turned["residual_sd"] = line.residual_sd / abs(line.slope)
    return figures | {"intercept_se": None, "se": None} | {name: number(value) for name, value in turned.items()}


def _r_squared(points: Points) -> float:
    """The share of the variance that least squares explains; the other estimators have none."""
    dx, dy = points.x - points.x.mean(), points.y - points.y.mean()
    both = float(dx @ dx) * float(dy @ dy)
    return min(float(dx @ dy) ** 2 / both, 1.0) if both else math.nan


def _exponent(figures: dict[str, Any], form: str, own: tuple[float, float] | None = None) -> dict[str, Any]:
    """1 / slope; of a line of x on y it is what was estimated, with an interval of its own that has both ends."""
    slope, low, high = (math.nan if figures[name] is None else figures[name] for name in ("slope", "low", "high"))
    if not FORMS[form].has_exponent:
        return dict.fromkeys(EXPONENT)
    if figures["status"] == SLOPE_NOT_POSITIVE:
        return dict.fromkeys(EXPONENT)
    inverse = exponent.exponent(slope, low, high)
    if own is not None and math.isfinite(own[0]) and math.isfinite(inverse.value):
        inverse = exponent.Exponent(inverse.value, *own, projection.BOUNDED)
    values = (number(inverse.value), number(inverse.low), number(inverse.high), inverse.interval)
    return dict(zip(EXPONENT, values, strict=True))


def _criteria(line: Line, points: Points, data: Data, request: Request) -> dict[str, Any]:
    """Of least squares, as densities of y as given (the polynomial and exponential forms with their Jacobian)."""
    if request.direction == "x_on_y":
        # A density of x, which says nothing of the error; no form is compared by it.
        return dict.fromkeys(CRITERIA)
    rss = float(((points.y - line.intercept - line.slope * points.x) ** 2).sum())
    criteria = comparison.information(rss, line.n, 2, log_jacobian(request.form, data.y))
    return {name: number(getattr(criteria, name)) for name in CRITERIA}


def _influential(data: Data, line: Line, points: Points, request: Request) -> dict[str, Any]:
    """The points whose leaving out moves the least-squares slope most; those first without which there is none."""
    if len(points.x) <= 3:
        return {}
    without = influence.slopes_without_each(points.x, points.y)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.float64(line.slope)
        if request.direction == "x_on_y":
            without, slope = 1 / without, 1 / slope
        moved = np.abs(without - slope)
    worst = np.argsort(-np.where(np.isnan(moved), np.inf, moved), kind="stable")[:_NAMED]
    return {"influential": [{"row": data.row[at], "slope_without": number(float(without[at]))} for at in worst]}


def _time(data: Data, request: Request) -> dict[str, Any]:
    if data.year is None or request.form != "polynomial":
        return {}
    plane = with_time.with_time(np.log10(data.x), data.y, data.year, request.level, data.cluster)
    names = ("intercept", "compute_slope", "year_slope", "r_squared", "years_per_tenfold", "low", "high")
    figures = {name: number(getattr(plane, name)) for name in names}
    return {"with_time": {"status": plane.status} | figures | {"interval": plane.interval}}


def _resamples(data: Data, request: Request, estimator: str, points: Points) -> dict[str, Any]:
    """Percentile and BCa intervals over resamples of rows, or of clusters where a column names them."""
    if request.bootstrap is None:
        return {}
    order = resampling.in_order(points.x, points.y)
    if data.cluster is not None:
        order = np.lexsort((data.cluster, points.y, points.x))
    ordered = replace(points, x=points.x[order], y=points.y[order])
    unit = np.arange(len(order)) if data.cluster is None else resampling.units(data.cluster[order])
    many, draws = int(unit.max()) + 1, []
    rng = resampling.seeded(request.seed, "fit")
    step = max(1, 2**21 // len(order))
    for start in range(0, request.bootstrap, step):
        drawn = resampling.counts(rng, min(step, request.bootstrap - start), many)
        draws.append(_slopes(estimator, request, ordered, drawn[:, unit]))
    left = np.concatenate([_slopes(estimator, request, ordered, some) for some in resampling.without_each(unit)])
    whole = _slopes(estimator, request, ordered, np.ones((1, len(order)), dtype=np.int64))[0]
    drawn_slopes = np.concatenate(draws)
    # Turned, a slope of 0 is infinite.
    with np.errstate(divide="ignore", invalid="ignore"):
        if request.direction == "x_on_y":
            drawn_slopes, left, whole = 1 / drawn_slopes, 1 / left, 1 / whole
        percentile = resampling.percentile(drawn_slopes, request.level)
        bca = resampling.bca(drawn_slopes, whole, left, request.level)
        kept = drawn_slopes[~np.isnan(drawn_slopes)]
        slope_sd = float(kept.std(ddof=1)) if len(kept) > 1 else math.nan
    intervals = {
        "resampled": "rows" if data.cluster is None else "clusters",
        "resamples": len(kept),
        "seed": request.seed,
        "slope_sd": number(slope_sd),
        "percentile": [number(end) for end in percentile],
        "bca": [number(end) for end in bca],
    }
    return {"bootstrap": intervals}


def _slopes(estimator: str, request: Request, points: Points, drawn: resampling.Counts) -> Array:
    """The slopes of an estimator over resamples given as counts (B, n)."""
    if not FORMS[request.form].is_line:
        return curve_fits.slopes(request, estimator, points.x, points.y, drawn)
    return estimators.slopes(estimator, points, drawn)


def _asked(line: Line, points: Points, request: Request) -> dict[str, Any]:
    """--at and --solve: the line read both ways; a line of x on y is read with the two changed over."""
    answer: dict[str, Any] = {}
    is_turned = request.direction == "x_on_y"
    computation = points.y if is_turned else points.x
    if request.at is not None:
        x = request.at if request.form == "linear" else math.log10(positive(request.at, "--at"))
        read = _solved if is_turned else _predicted
        answer["at"] = (
            {"x": request.at} | _as_y(read(line, x, request.level), request) | beyond(x, computation, request)
        )
    if request.solve is not None:
        read = _predicted if is_turned else _solved
        target = _response_of(request.solve, request.form)
        falls = FORMS[request.form].is_performance and not line.slope > 0
        reached = dict.fromkeys(_READ) if falls else read(line, target, request.level)
        answer["solve"] = {"y": request.solve} | _as_x(reached, request.form)
        if falls:
            answer["solve"]["status"] = SLOPE_NOT_POSITIVE
        elif reached["value"] is not None:
            answer["solve"] |= beyond(reached["value"], computation, request)
        if math.isnan(line.slope_variance):
            answer["solve"]["interval"] = None
    return answer


def _predicted(line: Line, x: float, level: float) -> dict[str, float | None]:
    read = projection.prediction(line, x, level)
    values = (read.y, read.low, read.high, read.new_low, read.new_high)
    return dict(zip(_READ, map(number, values), strict=True))


def _solved(line: Line, y: float, level: float) -> dict[str, float | None]:
    mean, new = projection.solve(line, y, level), projection.solve(line, y, level, new=True)
    return dict(zip(_READ, map(number, (mean.x, mean.low, mean.high, new.low, new.high)), strict=True))


_READ = ("value", "low", "high", "prediction_low", "prediction_high")


def highest(request: Request) -> float:
    """The highest error there can be: 1 of a fraction, of a loss none."""
    return HIGHEST_FRACTION if request.fraction else math.inf


def _as_y(read: dict[str, float | None], request: Request) -> dict[str, Any]:
    """Values of y as the column has it: a performance turned to the (median) error, its ends changed over."""
    value, low, high, new_low, new_high = (read[name] for name in _READ)
    if request.form != "linear":
        value, high, low, new_high, new_low = (
            None if one is None else number(float(error_at(request.form, np.array([one]), highest(request))[0]))
            for one in (value, low, high, new_low, new_high)
        )
    return {"y": value, "low": low, "high": high, "prediction_low": new_low, "prediction_high": new_high}


def _as_x(read: dict[str, float | None], form: str) -> dict[str, Any]:
    """Values of x: computation and its log10, the median where the form takes logarithms."""
    answer: dict[str, Any] = {}
    for name, value in read.items():
        key = name.replace("value", "x")
        answer[key] = value if form == "linear" else power(value)
        if form != "linear":
            answer[f"log10_{key}"] = value
    is_bounded = read["low"] is not None and read["high"] is not None
    answer["interval"] = projection.BOUNDED if is_bounded else projection.UNBOUNDED
    return answer


def _response_of(y: float, form: str) -> float:
    return y if form == "linear" else float(response(form, np.array([positive(y, "--solve")]))[0])


def _curve(data: Data, request: Request) -> dict[str, Any]:
    """A form that is a curve."""
    estimator = _of_curve(request, _asked_for(data, request))
    answer = _head(data, request, estimator) | curve_fits.fit(data, request, estimator)
    if answer["status"] not in (OK, NO_INTERVAL, SLOPE_MAY_BE_ZERO):
        return answer
    return answer | _resamples(data, request, estimator, Points(np.log10(data.x), data.y))
