"""The fit of anybody's data (flows/answers/line_fits.py, `compute-limits fit`): against certified and published figures,
statsmodels, scipy and brute force, and what it says of bad data."""

from __future__ import annotations

import csv
import itertools
import json
import math
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nist
import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from running import fit_here, fit_told
from scipy import stats
from scipy.optimize import brentq, curve_fit, minimize

from flows import paths
from flows.answers import queries
from flows.answers.fit_points import points_of_query
from flows.answers.fit_requests import Data, Request, RequestError
from flows.answers.line_fits import fit

Array = NDArray[np.float64]

# The command calls the slope's standard error se.
CERTIFIED = {name.replace("slope_se", "se"): value for name, value in nist.CERTIFIED.items()}
# Anscombe 1973, The American Statistician 27: four sets that a line fits alike.
X = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
ANSCOMBE = [
    (X, [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]),
    (X, [9.14, 8.14, 8.74, 8.77, 9.26, 8.10, 6.13, 3.10, 9.13, 7.26, 4.74]),
    (X, [7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73]),
    ([8, 8, 8, 8, 8, 8, 8, 19, 8, 8, 8], [6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.50, 5.56, 7.91, 6.89]),
]
POINTS = [(1e15, 0.4), (3e16, 0.31), (2e17, 0.27), (9e18, 0.2), (5e19, 0.22), (8e20, 0.12)]
# Pearson 1901, Philosophical Magazine 2:559, with the weights of York 1966, Canadian Journal of Physics 44:1079.
PEARSON = {
    "x": [0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4],
    "y": [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5],
}
X_WEIGHTS = [1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1.0]
Y_WEIGHTS = [1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500]
# NIST Statistical Reference Datasets, nonlinear regression, DanWood: y = b1 x^b2.
DANWOOD = {"x": [1.309, 1.471, 1.490, 1.565, 1.611, 1.680], "y": [2.138, 3.421, 3.597, 4.340, 4.882, 5.660]}

FORMS_OF_LINES = ["linear", "polynomial", "exponential"]
CRITERIA = ["log_likelihood", "aic", "aicc", "bic"]


def points(x: Sequence[float] | Array, y: Sequence[float] | Array, **columns: Any) -> Data:
    """Data as of a file: the first point stands in row 2."""
    given = {name: np.array(column, dtype=str if name == "cluster" else float) for name, column in columns.items()}
    rows = [f"row {at}" for at, _ in enumerate(x, 2)]
    return Data(rows, np.array(x, dtype=float), np.array(y, dtype=float), **given)


def pairs(of: Sequence[tuple[float, float]]) -> Data:
    return points([x for x, _ in of], [y for _, y in of])


def norris() -> list[tuple[float, float]]:
    numbers = [float(text) for text in nist.NORRIS.split()]
    return list(zip(numbers[1::2], numbers[0::2], strict=True))


def told(data: Data, **options: Any) -> dict[str, Any]:
    """The result of a fit, which is always JSON without NaN and infinity."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fit(data, Request(**options))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


def sample(n: int = 24, seed: int = 7, noise: float = 0.1) -> Data:
    """Errors that fall with computation, of papers with one to five points each and of the years 2012 to 2021."""
    rng = np.random.default_rng(seed)
    log_compute = rng.uniform(15, 24, n)
    error = 10 ** (1.3 - 0.12 * log_compute + noise * rng.standard_normal(n))
    papers = np.sort(rng.integers(0, n // 3, n))
    return points(
        10**log_compute,
        error,
        cluster=[f"paper {at}" for at in papers],
        year=2012 + log_compute + rng.uniform(-3, 3, n),
    )


def without(data: Data, *left_out: str) -> Data:
    """The same points without these columns."""
    kept = {name: getattr(data, name) for name in ("x_error", "y_error", "cluster", "year") if name not in left_out}
    return Data(data.row, data.x, data.y, **kept)


def plain(data: Data) -> Data:
    return Data(data.row, data.x, data.y)


def as_in(form: str, data: Data) -> tuple[Array, Array]:
    """x and y of the line that a form is."""
    if form == "linear":
        return data.x, data.y
    return np.log10(data.x), -np.log10(data.y) if form == "polynomial" else 1 / data.y


def error_of(form: str, y: float) -> float:
    """The error of a performance of a fraction; none is above 1."""
    if form == "linear":
        return y
    return min(10.0**-y, 1.0) if form == "polynomial" else 1 / max(y, 1.0)


def ols(x: Array, y: Array) -> Any:
    return sm.OLS(y, sm.add_constant(x)).fit()


def same(found: dict[str, Any], wanted: dict[str, Any], rel: float = 1e-9) -> None:
    for name, value in wanted.items():
        assert found[name] == (pytest.approx(value, rel=rel) if isinstance(value, int | float) else value), name


def table(folder: Path, **columns: Sequence[object]) -> Path:
    path = folder / "data.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([list(columns), *zip(*columns.values(), strict=True)])
    return path


# --- figures of least squares


def test_the_certified_set_of_nist() -> None:
    assert len(norris()) == 36
    found = told(pairs(norris()), form="linear")
    assert (found["n"], found["status"], found["degrees_of_freedom"]) == (36, "ok", 34)
    same(found, CERTIFIED, rel=1e-10)


@pytest.mark.parametrize("at", range(4))
def test_anscombes_quartet(at: int) -> None:
    found = told(points(*ANSCOMBE[at]), form="linear")
    shown = {name: f"{found[name]:.2f}" for name in ("intercept", "slope", "r_squared")}
    assert shown == {"intercept": "3.00", "slope": "0.50", "r_squared": "0.67"}
    assert f"{found['slope']:.3f}" == "0.500"
    assert f"{found['se']:.3f}" == "0.118"


@pytest.mark.parametrize("data", [pairs(norris()), pairs(POINTS), points(*ANSCOMBE[1])])
def test_linear_is_what_scipy_gives(data: Data) -> None:
    expected = stats.linregress(data.x, data.y)
    found = told(data, form="linear")
    same(found, {"slope": expected.slope, "intercept": expected.intercept, "r_squared": expected.rvalue**2}, rel=1e-10)
    same(found, {"se": expected.stderr, "intercept_se": expected.intercept_stderr})
    same(found, {"p": expected.pvalue}, rel=1e-8)
    assert [found[name] for name in ("exponent", "exponent_low", "exponent_high", "exponent_interval")] == [None] * 4


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e12])
def test_a_far_origin_loses_no_digits(offset: float) -> None:
    # Exact: x - mean is -5 … 5, so the slope is sum((x - mean) * y) / 110.
    y = [3.0 * at + (-1) ** at / 2 for at in range(11)]
    slope = sum((at - 5) * value for at, value in enumerate(y)) / 110
    found = told(points([offset + at for at in range(11)], y), form="linear")
    assert found["slope"] == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_forms_are_lines_in_log_compute(form: str, level: float) -> None:
    expected = ols(*as_in(form, pairs(POINTS)))
    found = told(pairs(POINTS), form=form, level=level)
    low, high = expected.conf_int(1 - level)[1]
    wanted = {
        "intercept": expected.params[0],
        "intercept_se": expected.bse[0],
        "slope": expected.params[1],
        "se": expected.bse[1],
        "low": low,
        "high": high,
        "residual_sd": math.sqrt(expected.mse_resid),
    }
    same(found, wanted)
    shown = [found[name] for name in ("form", "estimator", "direction", "select", "level", "n")]
    assert shown == [form, "ols", "y_on_x", "all", level, len(POINTS)]
    if form == "polynomial":
        same(found, {"exponent": 1 / expected.params[1], "exponent_low": 1 / high, "exponent_high": 1 / low})
        assert found["exponent_interval"] == "bounded"
    else:
        assert found["exponent"] is None


def test_a_slope_that_may_be_zero_has_a_status_and_an_unbounded_exponent() -> None:
    found = told(points([10.0, 100.0, 1000.0, 10000.0], [0.5, 0.3, 0.45, 0.4]))
    assert found["low"] < 0 < found["high"]
    assert (found["status"], found["exponent_interval"]) == ("slope_not_different_from_0", "unbounded")
    assert found["exponent_high"] is None
    assert found["exponent_low"] == pytest.approx(1 / found["high"])


def test_the_status_goes_by_the_level() -> None:
    # p is 0.002 (Anscombe's figure: t = 4.24 with 9 degrees of freedom).
    data = points(*ANSCOMBE[0])
    assert told(data, form="linear", level=0.99)["status"] == "ok"
    assert told(data, form="linear", level=0.999)["status"] == "slope_not_different_from_0"


def test_the_unit_of_compute_moves_the_intercept_only() -> None:
    flop, gflop = told(pairs(POINTS)), told(pairs([(c / 1e9, e) for c, e in POINTS]))
    assert gflop["slope"] == pytest.approx(flop["slope"], rel=1e-12)
    assert gflop["intercept"] - flop["intercept"] == pytest.approx(9 * flop["slope"], rel=1e-9)


def test_a_higher_level_gives_a_wider_interval() -> None:
    found = [told(pairs(norris()), form="linear", level=level) for level in (0.5, 0.9, 0.99)]
    widths = [one["high"] - one["low"] for one in found]
    assert widths == sorted(widths)
    assert widths[0] > 0


def test_a_perfect_line_has_no_error_and_no_criteria() -> None:
    found = told(points([1.0, 2.0, 3.0], [3.0, 5.0, 7.0]), form="linear")
    shown = {name: found[name] for name in ("slope", "intercept", "se", "p", "r_squared", *CRITERIA)}
    assert shown == {"slope": 2.0, "intercept": 1.0, "se": 0.0, "p": 0.0, "r_squared": 1.0} | dict.fromkeys(CRITERIA)


def test_r_squared_is_at_most_1_where_rounding_would_have_it_above() -> None:
    found = told(points([1, 10, 100, 1000], [0.8, 0.4, 0.2, 0.1]))
    assert found["slope"] == pytest.approx(math.log10(2), rel=1e-12)
    assert 1 - 1e-12 < found["r_squared"] <= 1


# --- information criteria


@pytest.mark.parametrize("data", [pairs(norris()), points(*ANSCOMBE[2]), plain(sample())])
def test_criteria_of_the_linear_form_are_those_of_statsmodels(data: Data) -> None:
    expected = ols(data.x / data.x.std(), data.y)
    found = told(data, form="linear")
    same(found, {"log_likelihood": expected.llf, "aic": expected.aic, "bic": expected.bic})
    # Hurvich and Tsai 1989: n ln(variance) + n (1 + m/n) / (1 - (m + 2)/n), here with the constants of the density.
    n, m = len(data.x), 2
    variance = expected.ssr / n
    aicc = n * math.log(2 * math.pi * variance) + n * (1 + m / n) / (1 - (m + 2) / n)
    same(found, {"aicc": aicc})


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
def test_criteria_of_the_other_forms_are_of_the_density_of_the_error(form: str) -> None:
    data = plain(sample())
    x, y = as_in(form, data)
    expected = ols(x, y)
    step = 1e-6 * data.y
    above, below = (as_in(form, Data(data.row, data.x, data.y + side * step))[1] for side in (1, -1))
    jacobian = np.abs(above - below) / (2 * step)
    density = stats.norm.pdf(y, expected.fittedvalues, math.sqrt(expected.ssr / len(y))) * jacobian
    log_likelihood = float(np.log(density).sum())
    found = told(data, form=form)
    wanted = {
        "log_likelihood": log_likelihood,
        "aic": 4 - 2 * log_likelihood,
        "bic": 2 * math.log(len(y)) - 2 * log_likelihood,
        "aicc": 6 * len(y) / (len(y) - 4) - 2 * log_likelihood,
    }
    same(found, wanted, rel=1e-7)


def test_criteria_are_for_least_squares_of_y_on_x() -> None:
    data = sample()
    hc3, clustered, simple = (
        told(plain(data), estimator="ols_hc3"),
        told(without(data, "year")),
        told(plain(data)),
    )
    assert [hc3[name] for name in CRITERIA] == [clustered[name] for name in CRITERIA]
    assert hc3["aic"] == simple["aic"]
    for options in ({"estimator": "huber"}, {"estimator": "theil_sen"}, {"direction": "x_on_y"}):
        assert [told(plain(data), **options)[name] for name in CRITERIA] == [None] * 4


def test_aicc_wants_five_points() -> None:
    found = told(points([1.0, 2.0, 3.0, 4.0], [1.0, 2.5, 2.0, 4.5]), form="linear")
    assert found["aicc"] is None
    assert found["aic"] is not None


# --- other estimators


def test_hc3_is_that_of_statsmodels() -> None:
    for form in FORMS_OF_LINES[1:]:
        expected = ols(*as_in(form, sample())).get_robustcov_results("HC3", use_t=True)
        found = told(plain(sample()), form=form, estimator="ols_hc3", level=0.9)
        low, high = expected.conf_int(0.1)[1]
        wanted = {"slope": expected.params[1], "se": expected.bse[1], "intercept_se": expected.bse[0]}
        same(found, wanted | {"low": low, "high": high, "p": expected.pvalues[1]}, rel=1e-8)
        assert found["estimator"] == "ols_hc3"


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
def test_by_cluster_the_interval_is_that_of_the_jackknife(form: str) -> None:
    data = without(sample(), "year")
    x, y = as_in(form, data)
    papers = sorted(set(data.cluster))
    slopes = [stats.linregress(x[data.cluster != paper], y[data.cluster != paper]).slope for paper in papers]
    many = len(papers)
    se = math.sqrt((many - 1) / many * sum((slope - np.mean(slopes)) ** 2 for slope in slopes))
    slope = stats.linregress(x, y).slope
    half = stats.t.ppf(0.95, many - 1) * se
    found = told(data, form=form, level=0.9)
    same(found, {"slope": slope, "se": se, "low": slope - half, "high": slope + half, "n_clusters": many})
    same(found, {"p": 2 * stats.t.sf(slope / se, many - 1)}, rel=1e-8)
    assert (found["estimator"], found["degrees_of_freedom"]) == ("ols_cluster", many - 1)
    assert told(data, form=form, estimator="ols", level=0.9) == found


@pytest.mark.parametrize("form", FORMS_OF_LINES)
@pytest.mark.parametrize("tau", [0.1, 0.35])
def test_a_quantile_is_of_the_error(form: str, tau: float) -> None:
    data = plain(sample(30)) if form != "linear" else points(*ANSCOMBE[0])
    x, y = as_in(form, data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        of_y = tau if form == "linear" else 1 - tau
        expected = sm.QuantReg(y, sm.add_constant(x)).fit(q=of_y, p_tol=1e-12, max_iter=5000)
        turned = sm.QuantReg(-y, sm.add_constant(x)).fit(q=1 - of_y, p_tol=1e-12, max_iter=5000)
    found = told(data, form=form, estimator=f"quantile:{tau}")
    assert found["slope"] == pytest.approx(expected.params[1], abs=1e-5)
    assert found["slope"] == pytest.approx(-turned.params[1], abs=1e-5)
    assert found["intercept"] == pytest.approx(expected.params[0], abs=1e-4)
    if form == "polynomial":
        # The frontier: about a tenth of the errors lie below it.
        line = 10 ** -(found["intercept"] + found["slope"] * x)
        assert np.mean(data.y < line * (1 - 1e-9)) <= tau <= np.mean(data.y <= line * (1 + 1e-9))


def test_the_quantile_of_x_on_y_is_of_low_computation() -> None:
    data = plain(sample(30))
    x, y = as_in("polynomial", data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = sm.QuantReg(x, sm.add_constant(y)).fit(q=0.1, p_tol=1e-12, max_iter=5000)
    found = told(data, estimator="quantile:0.1", direction="x_on_y")
    assert found["slope"] == pytest.approx(1 / expected.params[1], rel=1e-5)
    # In either direction a tenth of the points is on the better side.
    assert np.mean(y > found["intercept"] + found["slope"] * x + 1e-9) <= 0.1


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
def test_huber_is_that_of_statsmodels(form: str) -> None:
    x, y = as_in(form, sample())
    expected = sm.RLM(y, sm.add_constant(x), M=sm.robust.norms.HuberT()).fit(tol=1e-12, maxiter=1000)
    found = told(plain(sample()), form=form, estimator="huber", level=0.9)
    low, high = expected.conf_int(0.1)[1]
    wanted = {
        "slope": expected.params[1],
        "intercept": expected.params[0],
        "se": expected.bse[1],
        "low": low,
        "high": high,
    }
    same(found, wanted | {"residual_sd": expected.scale}, rel=1e-7)
    same(found, {"p": expected.pvalues[1]}, rel=1e-5)


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
def test_theil_sen_is_that_of_scipy(form: str) -> None:
    x, y = as_in(form, sample())
    expected = stats.theilslopes(y, x, alpha=0.9)
    found = told(plain(sample()), form=form, estimator="theil_sen", level=0.9)
    same(found, {"slope": expected.slope, "intercept": expected.intercept})
    same(found, {"low": expected.low_slope, "high": expected.high_slope, "se": None, "p": None})


# --- errors in both columns


def best_line(x: Array, y: Array, x_sd: Array, y_sd: Array) -> tuple[float, float]:
    """The line of least squares of the distances in units of their errors (York 1966, equation 3), by search."""
    start = stats.linregress(x, y)

    def misfit(line: Array) -> float:
        return float((((y - line[0] - line[1] * x) ** 2) / (y_sd**2 + line[1] ** 2 * x_sd**2)).sum())

    scale = [abs(start.intercept), abs(start.slope)]
    found = minimize(
        lambda line: misfit(line * scale), np.sign([start.intercept, start.slope]), method="Nelder-Mead",
        options={"xatol": 1e-11, "fatol": 1e-14, "maxiter": 5000},
    )  # fmt: skip
    return float(found.x[0] * scale[0]), float(found.x[1] * scale[1])


@pytest.mark.parametrize("options", [["--no-scatter"], ["--estimator", "york", "--no-scatter"]])
def test_york_on_pearsons_data(tmp_path: Path, options: list[str]) -> None:
    sd = {"sx": [w**-0.5 for w in X_WEIGHTS], "sy": [w**-0.5 for w in Y_WEIGHTS]}
    path = table(tmp_path, **PEARSON, **sd)
    columns = ["--x", "x", "--y", "y", "--x-error", "sx", "--y-error", "sy"]
    found = fit_told("--csv", str(path), *columns, "--form", "linear", *options)
    assert (found["estimator"], found["direction"], found["n"]) == ("york", "symmetric", 10)
    # York 1966; the standard errors: York et al. 2004, American Journal of Physics 72:367, table II.
    assert found["slope"] == pytest.approx(-0.480533, abs=5e-7)
    assert found["intercept"] == pytest.approx(5.479911, abs=1e-6)
    assert found["se"] == pytest.approx(0.0580, abs=5e-5)
    assert found["intercept_se"] == pytest.approx(0.295, abs=5e-4)
    half = stats.norm.ppf(0.975) * found["se"]
    same(found, {"low": found["slope"] - half, "high": found["slope"] + half})
    # York et al. 2004, table II.
    assert found["reduced_chi_square"] == pytest.approx(1.483, abs=5e-4)


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
def test_errors_of_columns_go_into_the_form_by_the_delta_method(form: str) -> None:
    data = sample(20)
    rng = np.random.default_rng(2)
    x_error, y_error = data.x * rng.uniform(0.1, 1.5, 20), data.y * rng.uniform(0.02, 0.2, 20)
    x, y = as_in(form, data)
    x_sd = x_error / data.x / math.log(10)
    y_sd = y_error / data.y / math.log(10) if form == "polynomial" else y_error / data.y**2
    intercept, slope = best_line(x, y, x_sd, y_sd)
    found = told(points(data.x, data.y, x_error=x_error, y_error=y_error), form=form, scatter=False)
    same(found, {"slope": slope, "intercept": intercept}, rel=1e-6)
    by_hand = told(points(x, y, x_error=x_sd, y_error=y_sd), form="linear", scatter=False)
    same(
        by_hand, {name: found[name] for name in ("slope", "intercept", "se", "intercept_se", "low", "high")}, rel=1e-12
    )


def test_errors_of_y_alone_leave_x_exact() -> None:
    sd = np.linspace(0.5, 2, 11)
    x, y = (np.array(values, dtype=float) for values in ANSCOMBE[0])
    slope = sm.WLS(y, sm.add_constant(x), weights=1 / sd**2).fit().params[1]
    same(told(points(x, y, y_error=sd), form="linear", scatter=False), {"slope": slope})


def with_scatter(data: Data, x_sd: Array, y_sd: Array) -> tuple[float, float, float]:
    """Intercept, slope and the scatter that makes the reduced chi-square 1, by search, in the polynomial form."""
    x, y = as_in("polynomial", data)

    def line(scatter: float) -> tuple[float, float]:
        return best_line(x, y, x_sd, np.hypot(y_sd, scatter))

    def excess(scatter: float) -> float:
        intercept, slope = line(scatter)
        weights = 1 / (y_sd**2 + scatter**2 + slope**2 * x_sd**2)
        return float((weights * (y - intercept - slope * x) ** 2).sum()) / (len(x) - 2) - 1

    scatter = brentq(excess, 0.01, 1, xtol=1e-9)
    return *line(scatter), scatter


@pytest.mark.parametrize("columns", [["x_error"], ["x_error", "y_error"]])
@pytest.mark.slow
def test_errors_leave_a_scatter_of_y_to_be_estimated(columns: list[str]) -> None:
    data = sample(30)
    x_sd, y_sd = np.linspace(0.1, 0.4, 30), np.linspace(0.01, 0.05, 30)
    errors = {"x_error": x_sd * data.x * math.log(10), "y_error": y_sd * data.y * math.log(10)}
    found = told(points(data.x, data.y, **{name: errors[name] for name in columns}))
    intercept, slope, scatter = with_scatter(data, x_sd, y_sd if "y_error" in columns else 0 * y_sd)
    same(found, {"intercept": intercept, "slope": slope, "residual_sd": scatter}, rel=1e-5)
    same(found, {"reduced_chi_square": 1.0, "degrees_of_freedom": 28.0})
    half = stats.t.ppf(0.975, 28) * found["se"]
    same(found, {"low": found["slope"] - half, "high": found["slope"] + half})


def test_errors_that_do_not_agree_with_the_scatter_are_noted() -> None:
    data, ones = sample(30), np.ones(30)
    small = points(data.x, data.y, x_error=0.01 * data.x, y_error=0.01 * data.y)
    found = told(small, scatter=False)
    assert found["reduced_chi_square"] > 50
    assert any("too narrow" in note and "--no-scatter" in note for note in found["notes"])
    assert told(small)["notes"] == []
    large = told(points(data.x, data.y, x_error=9 * data.x, y_error=ones))
    assert large["reduced_chi_square"] < 0.5
    assert any("too large" in note for note in large["notes"])


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
def test_errors_of_computation_in_a_query_give_the_line_of_the_warehouse(
    warehouse_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(paths, "warehouse", lambda: warehouse_path)
    of = "row_set = 'current' and benchmark = 'imagenet' and compute_measure = 'training_compute' and selection = 'all'"
    query = (
        "select 10 ** log10_compute as c, error, 10 ** log10_compute * ln(10) * log10_compute_sd as sd "
        f"from fits.samples join staging.compute_error using (confidence) where {of}"
    )
    found = fit_told("--query", query, "--x", "c", "--y", "error", "--x-error", "sd", "--form", form)
    line = (
        "select n, intercept, intercept_se, slope, slope_se as se, slope_low as low, slope_high as high, p_value as p, "
        "residual_sd, exponent, exponent_low, exponent_high, exponent_interval, status "
        f"from marts.scaling where {of} and form = '{form}' and estimator = 'york'"
    )
    (row,) = queries.run(warehouse_path, line).records()
    assert row["n"] > 20
    same(found, {name: value for name, value in row.items() if value is not None}, rel=1e-6)


@pytest.mark.parametrize("ratio", [None, 1.0, 0.2, 9.0])
def test_deming_is_york_with_the_same_errors_everywhere(ratio: float | None) -> None:
    x, y = (np.array(values, dtype=float) for values in ANSCOMBE[0])
    found = told(points(x, y), form="linear", estimator="deming", variance_ratio=ratio)
    x_sd, y_sd = np.full(11, 0.3), np.full(11, 0.3 * math.sqrt(ratio or 1))
    intercept, slope = best_line(x, y, x_sd, y_sd)
    same(found, {"slope": slope, "intercept": intercept}, rel=1e-6)
    same(
        told(points(x, y, x_error=x_sd, y_error=y_sd), form="linear", scatter=False),
        {"slope": found["slope"]},
        rel=1e-9,
    )
    assert (found["estimator"], found["direction"]) == ("deming", "symmetric")
    if ratio in (None, 1.0):
        # Orthogonal regression: the first principal axis.
        axis = np.linalg.svd(np.stack([x - x.mean(), y - y.mean()], axis=1))[2][0]
        same(found, {"slope": axis[1] / axis[0]})


# --- directions


@pytest.mark.parametrize("form", FORMS_OF_LINES)
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_x_on_y_is_the_regression_of_x_turned(form: str, level: float) -> None:
    data = plain(sample()) if form != "linear" else points(*ANSCOMBE[0])
    x, y = as_in(form, data)
    expected = ols(y, x)
    (c, d), (low, high) = expected.params, expected.conf_int(1 - level)[1]
    found = told(data, form=form, level=level, direction="x_on_y")
    wanted = {
        "intercept": -c / d,
        "intercept_se": None,
        "slope": 1 / d,
        "se": None,
        "low": 1 / high,
        "high": 1 / low,
        "p": expected.pvalues[1],
        "r_squared": expected.rsquared,
        "residual_sd": math.sqrt(expected.mse_resid) / abs(d),
        "degrees_of_freedom": expected.df_resid,
    }
    same(found, wanted, rel=1e-8)
    if form == "polynomial":
        same(found, {"exponent": d, "exponent_low": low, "exponent_high": high})
    same(told(data, form=form, level=level), {name: found[name] for name in ("p", "r_squared")}, rel=1e-8)


def test_where_x_on_y_may_be_flat_the_slope_has_no_ends_and_the_exponent_keeps_its_own() -> None:
    data = points([10.0, 100.0, 1000.0, 10000.0], [0.5, 0.3, 0.45, 0.4])
    expected = ols(-np.log10(data.y), np.log10(data.x))
    low, high = expected.conf_int(0.05)[1]
    assert low < 0 < high
    found = told(data, direction="x_on_y")
    same(found, {"slope": 1 / expected.params[1], "low": None, "high": None})
    same(found, {"exponent": expected.params[1], "exponent_low": low, "exponent_high": high})
    assert (found["status"], found["exponent_interval"]) == ("slope_not_different_from_0", "bounded")


def test_a_flat_line_of_x_on_y_cannot_be_turned() -> None:
    # Symmetric about the middle: no covariance.
    data = points([1.0, 2.0, 3.0], [5.0, 4.0, 5.0])
    found = told(data, form="linear", direction="both", bootstrap=50, at=2.5, solve=4.5)
    same(found["y_on_x"], {"slope": 0.0, "p": 1.0})
    turned = found["x_on_y"]
    same(turned, dict.fromkeys(["slope", "intercept", "low", "high", "residual_sd"]) | {"p": 1.0, "r_squared": 0.0})
    assert turned["status"] == "slope_not_different_from_0"
    assert turned["at"]["y"] is None
    same(turned["solve"], {"x": 2.0})


def test_both_directions_are_told_under_their_names() -> None:
    data = plain(sample())
    found = told(data, direction="both", at=1e25)
    for name in ("y_on_x", "x_on_y"):
        alone = told(data, direction=name, at=1e25)
        assert found[name] | {"left_out": 0, "notes": []} == alone
    assert (list(found), found["left_out"], found["notes"]) == (["y_on_x", "x_on_y", "left_out", "notes"], 0, [])
    # The two lines enclose the others: slope of y on x = r² times the slope of x on y.
    same(found["y_on_x"], {"slope": found["y_on_x"]["r_squared"] * found["x_on_y"]["slope"]})


@pytest.mark.parametrize("estimator", ["ols_hc3", "huber", "theil_sen"])
def test_other_estimators_are_turned_alike(estimator: str) -> None:
    data = plain(sample())
    x, y = as_in("polynomial", data)
    turned = told(points(y, x), form="linear", estimator=estimator)
    found = told(data, estimator=estimator, direction="x_on_y")
    same(found, {"exponent": turned["slope"], "low": 1 / turned["high"], "high": 1 / turned["low"]})


# Exponents from the paper's rows of 2020: as published (arXiv 2007.05558v1), performance regressed on computation; and from
# computation regressed on performance.
EXPONENTS = {
    "imagenet": (13.6, 6.2),
    "coco": (44.3, 12.8),
    "squad": (7.8, 5.3),
    "conll": (59.5, 24.9),
    "wmt_en_fr": (42.2, 21.8),
}


@pytest.mark.parametrize("benchmark", EXPONENTS)
def test_both_exponents_of_the_papers_rows(warehouse_path: Path, benchmark: str) -> None:
    sql = (
        "select 10 ** log10_compute as compute, error from fits.points "
        f"where row_set = 'paper_v1' and benchmark = '{benchmark}' and compute_measure = 'hardware_burden'"
    )
    data = points_of_query(warehouse_path, sql, {"x": "compute", "y": "error"})
    found = told(data, direction="both")
    shown = tuple(round(found[direction]["exponent"], 1) for direction in ("y_on_x", "x_on_y"))
    assert shown == EXPONENTS[benchmark]
    same(found["x_on_y"], {"exponent": ols(-np.log10(data.y), np.log10(data.x)).params[1]})


# --- the asymptotic form


def curve(seed: int = 3, n: int = 16) -> Data:
    """y = 0.05 + 0.6 x^-0.4 with a scatter of 0.005, from 1 to 10^5."""
    rng = np.random.default_rng(seed)
    x = 10 ** np.linspace(0, 5, n)
    return points(x, 0.05 + 0.6 * x**-0.4 + 0.005 * rng.standard_normal(n))


def asymptotic_of(log_x: Array, e: float, log_a: float, b: float) -> Array:
    return np.asarray(e + 10 ** (log_a - b * log_x))


def fitted_curve(data: Data) -> tuple[Array, Array, float]:
    """E, log10 A and b by scipy, their covariances, and the residual sum of squares."""
    tight = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15}
    found, covariance = curve_fit(asymptotic_of, np.log10(data.x), data.y, p0=[0.04, -0.2, 0.45], **tight)
    return found, covariance, float(((data.y - asymptotic_of(np.log10(data.x), *found)) ** 2).sum())


def test_danwood_of_nist(tmp_path: Path) -> None:
    path = table(tmp_path, **DANWOOD)
    options = ["--form", "asymptotic", "--irreducible-error", "0", "--at", "1.5", "--solve", "4"]
    found = fit_told("--csv", str(path), "--x", "x", "--y", "y", *options)
    certified = {
        "amplitude": 7.6886226176e-01,
        "amplitude_se": 1.8281973860e-02,
        "slope": -3.8604055871e00,
        "se": 5.1726610913e-02,
        "residual_sd": 3.2853114039e-02,
        "degrees_of_freedom": 4,
        "irreducible_error": 0.0,
        "intercept": -math.log10(7.6886226176e-01),
    }
    same(found, certified, rel=1e-8)
    assert (found["estimator"], found["irreducible_error_status"], found["status"]) == ("nls", "held", "ok")
    same(found["at"], {"y": 0.76886226176 * 1.5**3.8604055871}, rel=1e-8)
    same(found["solve"], {"x": (4 / 0.76886226176) ** (1 / 3.8604055871)}, rel=1e-8)
    log_likelihood = -3 * (math.log(2 * math.pi * 4.3173084083e-03 / 6) + 1)  # of the certified residual sum of squares
    same(found, {"log_likelihood": log_likelihood, "aic": 4 - 2 * log_likelihood})
    same(found, {"bic": 2 * math.log(6) - 2 * log_likelihood, "aicc": 6 * 6 / (6 - 4) - 2 * log_likelihood})
    half = stats.t.ppf(0.975, 4) * 5.1726610913e-02
    same(found, {"low": -3.8604055871 - half, "high": -3.8604055871 + half}, rel=1e-8)
    same(
        found,
        {"exponent": 1 / -3.8604055871, "exponent_interval": "bounded"} | dict.fromkeys(["p", "r_squared"]),
        rel=1e-8,
    )


def test_a_free_irreducible_error_is_that_of_scipy() -> None:
    data = curve()
    (e, log_a, b), covariance, rss = fitted_curve(data)
    found = told(data, form="asymptotic", level=0.9)
    wanted = {
        "irreducible_error": e,
        "amplitude": 10**log_a,
        "intercept": -log_a,
        "slope": b,
        "se": math.sqrt(covariance[2, 2]),
        "intercept_se": math.sqrt(covariance[1, 1]),
        "amplitude_se": 10**log_a * math.log(10) * math.sqrt(covariance[1, 1]),
        "exponent": 1 / b,
        "exponent_low": 1 / found["high"],
        "exponent_high": 1 / found["low"],
        "residual_sd": math.sqrt(rss / 13),
        "degrees_of_freedom": 13,
    }
    same(found, wanted, rel=1e-6)
    log_likelihood = float(
        stats.norm.logpdf(data.y, asymptotic_of(np.log10(data.x), e, log_a, b), math.sqrt(rss / 16)).sum()
    )
    criteria = {
        "log_likelihood": log_likelihood,
        "aic": 6 - 2 * log_likelihood,
        "bic": 3 * math.log(16) - 2 * log_likelihood,
        "aicc": 2 * 4 * 16 / (16 - 5) - 2 * log_likelihood,
    }
    same(found, criteria)


def test_the_interval_of_the_irreducible_error_is_that_of_the_profile_likelihood() -> None:
    """Each point a paper of its own: the cut is by the jackknife over points of the curve made linear (Chandler and Bate 2007)."""
    data = curve()
    (e, log_a, b), _, rss = fitted_curve(data)
    log_x = np.log10(data.x)
    above = 10 ** (log_a - b * log_x)
    jacobian = np.column_stack([np.ones(16), math.log(10) * above, -math.log(10) * log_x * above])
    residuals = data.y - e - above
    moved = [np.linalg.lstsq(np.delete(jacobian, at, 0), np.delete(residuals, at))[0][0] for at in range(16)]
    by_point = 15 / 16 * float(((np.array(moved) - np.mean(moved)) ** 2).sum())
    cut = rss + stats.t.ppf(0.95, 15) ** 2 * by_point / np.linalg.inv(jacobian.T @ jacobian)[0, 0]

    def excess(held: float) -> float:
        start = [log_a, b]
        line, _ = curve_fit(lambda x, la, slope: asymptotic_of(x, held, la, slope), log_x, data.y, p0=start, xtol=1e-12)
        return float(((data.y - asymptotic_of(log_x, held, *line)) ** 2).sum()) - cut

    found = told(data, form="asymptotic", level=0.9)
    ends = {"irreducible_error_low": brentq(excess, 0.0, e), "irreducible_error_high": brentq(excess, e, e + 0.03)}
    same(found, ends, rel=1e-3)
    assert found["irreducible_error_status"] == "identified"
    assert 0 < ends["irreducible_error_low"] < e < ends["irreducible_error_high"]


def test_an_irreducible_error_that_the_points_do_not_tell() -> None:
    rng = np.random.default_rng(1)
    x = 10 ** np.linspace(0, 2, 12)
    found = told(points(x, 0.6 * x**-0.1 * np.exp(0.02 * rng.standard_normal(12))), form="asymptotic")
    assert found["irreducible_error_low"] == 0
    assert found["irreducible_error_status"] in ("zero_not_ruled_out", "not_bounded")


def test_a_point_of_the_curve_has_intervals() -> None:
    data = curve()
    (e, log_a, b), _, rss = fitted_curve(data)
    at = math.log10(3e6)
    found = told(data, form="asymptotic", at=3e6)["at"]
    y, new = float(asymptotic_of(at, e, log_a, b)), stats.t.ppf(0.975, 15) * math.sqrt(rss / 13)
    same(found, {"x": 3e6, "y": y}, rel=1e-5)
    # A new point lies about the curve with the scatter of those that are there; ends of the curve: tests/fits/test_profiles.py.
    wanted = {
        "prediction_low": y - math.hypot(y - found["low"], new),
        "prediction_high": y + math.hypot(found["high"] - y, new),
    }
    same(found, wanted, rel=1e-5)
    assert found["low"] < y < found["high"]


def test_the_curve_is_read_backwards_down_to_its_irreducible_error() -> None:
    data = curve()
    e, log_a, b = fitted_curve(data)[0]
    found = told(data, form="asymptotic", solve=0.055)["solve"]
    log_x = brentq(lambda x: asymptotic_of(x, e, log_a, b) - 0.055, -5, 50)
    same(found, {"x": 10**log_x, "log10_x": log_x, "beyond": max(log_x - 5, 0)}, rel=1e-5)
    same(found, {"ranges_beyond": max(log_x - 5, 0) / 5}, rel=1e-5)
    below = told(data, form="asymptotic", solve=e / 2)["solve"]
    assert (below["x"], below["log10_x"]) == (None, None)
    assert "no computation reaches it" in below["interval"]


def test_a_curve_that_may_be_flat_has_a_status() -> None:
    data = points([1.0, 10.0, 100.0, 1000.0, 10000.0], [0.4, 0.3, 0.45, 0.25, 0.35])
    (_, _), covariance = curve_fit(lambda x, a, b: 10 ** (a - b * x), np.log10(data.x), data.y, p0=[-0.4, 0.02])
    found = told(data, form="asymptotic", irreducible_error=0.0)
    same(found, {"se": math.sqrt(covariance[1, 1])}, rel=1e-4)
    assert found["low"] < 0 < found["slope"]
    assert (found["status"], found["exponent_interval"]) == ("slope_not_different_from_0", "unbounded")


def test_errors_that_rise_have_no_asymptotic_curve() -> None:
    found = told(
        points([1.0, 10.0, 100.0, 1000.0, 10000.0], [0.1, 0.2, 0.3, 0.4, 0.5]), form="asymptotic", bootstrap=20, at=1.0
    )
    assert (found["status"], found["slope"], found["exponent"]) == ("no_decline", 0.0, None)
    assert found["irreducible_error"] == pytest.approx(0.3)


# --- reading a line at an x


def prediction_of(model: Any, x: float, level: float) -> dict[str, float]:
    frame = model.get_prediction([[1.0, x]]).summary_frame(alpha=1 - level).iloc[0]
    names = {"y": "mean", "low": "mean_ci_lower", "high": "mean_ci_upper",
             "prediction_low": "obs_ci_lower", "prediction_high": "obs_ci_upper"}  # fmt: skip
    return {name: float(frame[of]) for name, of in names.items()}


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("x", [3.0, 9.0, 30.0])
def test_the_line_at_an_x_is_the_prediction_of_statsmodels(x: float, level: float) -> None:
    data = points(*ANSCOMBE[0])
    found = told(data, form="linear", at=x, level=level)
    same(found["at"], {"x": x} | prediction_of(ols(data.x, data.y), x, level))


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
@pytest.mark.parametrize("compute", [1e14, 1e20, 1e27])
def test_the_error_at_a_computation_has_its_ends_in_order(form: str, compute: float) -> None:
    data = plain(sample())
    wanted = prediction_of(ols(*as_in(form, data)), math.log10(compute), 0.95)
    found = told(data, form=form, at=compute, fraction=form != "linear")["at"]
    other = {
        "y": "y",
        "low": "high",
        "high": "low",
        "prediction_low": "prediction_high",
        "prediction_high": "prediction_low",
    }
    same(found, {"x": compute} | {name: error_of(form, wanted[turned]) for name, turned in other.items()})
    in_order = [found[name] for name in ("prediction_low", "low", "y", "high", "prediction_high")]
    assert in_order == sorted(in_order)
    assert len(set(in_order)) == (5 if in_order[-1] < 1 else in_order.index(1.0) + 1)


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
def test_no_fraction_is_above_one(form: str) -> None:
    # The line would have an error of 10^2.5 there, or none.
    for said in ({"fraction": True}, {"percent": True}):
        scale = 100 if "percent" in said else 1
        found = told(pairs([(x, scale * y) for x, y in POINTS]), form=form, at=1e-20, **said)["at"]
        assert (found["y"], found["high"]) == (1.0, 1.0)


LOSSES = [
    (1e18, 3.60),
    (3e18, 3.27),
    (1e19, 3.01),
    (3e19, 2.81),
    (1e20, 2.64),
    (3e20, 2.51),
    (1e21, 2.40),
    (3e21, 2.31),
]


@pytest.mark.parametrize("form", ["polynomial", "exponential", "asymptotic"])
def test_a_loss_is_told_as_it_is(form: str) -> None:
    data = pairs(LOSSES)
    found = told(data, form=form, at=1e20)
    read = found["at"]
    if form == "asymptotic":
        b, e, a = found["slope"], found["irreducible_error"], found["amplitude"]
        assert read["y"] == pytest.approx(e + a * 1e20**-b, rel=1e-6)
        assert read["y"] == pytest.approx(2.64, abs=0.02)
        return
    wanted = prediction_of(ols(*as_in(form, data)), 20.0, 0.95)
    ends = {
        "y": "y",
        "low": "high",
        "high": "low",
        "prediction_low": "prediction_high",
        "prediction_high": "prediction_low",
    }
    of_line = (lambda y: 10.0**-y) if form == "polynomial" else (lambda y: 1 / y)
    same(read, {name: of_line(wanted[turned]) for name, turned in ends.items()})
    assert read["prediction_low"] < read["low"] < read["y"] < read["high"] < read["prediction_high"]
    assert read["y"] == pytest.approx(2.64, abs=0.06)


def test_a_response_that_no_loss_has_is_unknown() -> None:
    # 1/y of the line is below 0 there.
    assert told(pairs(LOSSES), form="exponential", at=1e-90)["at"]["y"] is None


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
def test_percents_are_fractions_if_it_is_said(form: str) -> None:
    fractions = pairs(POINTS)
    percents = points(fractions.x, 100 * fractions.y, y_error=0.5 * np.arange(1, 7))
    of_fractions = points(fractions.x, fractions.y, y_error=0.005 * np.arange(1, 7))
    options: dict[str, Any] = {"form": form, "at": 1e20, "solve": 0.1}
    wanted = told(of_fractions, fraction=True, **options)
    found = told(percents, percent=True, **options)
    for name in ("intercept", "slope", "se", "exponent"):
        same(found, {name: wanted[name]})
    same(found["at"], wanted["at"])
    assert found["notes"] == wanted["notes"]
    assert "percent" not in str(found["notes"])
    unsaid = told(percents, form=form, at=1e20, solve=10.0)
    assert unsaid["solve"]["x"] == pytest.approx(wanted["solve"]["x"], rel=1e-9)
    assert unsaid["at"]["y"] == pytest.approx(100 * wanted["at"]["y"], rel=1e-9)
    assert "percent or loss?" in unsaid["notes"][0]
    assert "--percent" in unsaid["notes"][0]


def test_losses_are_asked_about_and_never_refused() -> None:
    assert "percent or loss?" in told(pairs(LOSSES))["notes"][0]
    # In no case where no value is above 1, or one is above 100, or y is taken as it is.
    assert told(pairs(POINTS))["notes"] == []
    assert told(pairs([*LOSSES, (1e10, 101.0)]))["notes"] == []
    assert told(pairs(LOSSES), form="linear")["notes"] == []


def test_percents_as_printed_are_fractions_without_being_asked() -> None:
    data = replace(pairs(POINTS), is_percent=True, notes=("column 'y' is printed in percent",))
    found = told(data, at=1e-20)
    assert found["at"]["y"] == 1.0
    assert found["notes"][0] == "column 'y' is printed in percent"
    # Said too, they are not divided again; a word error rate may be above 100 %.
    same(told(data, percent=True), {"intercept": found["intercept"]})
    beyond = replace(pairs([(1e3, 1.2), *POINTS]), is_percent=True)
    assert told(beyond, at=1.0)["at"]["y"] > 1


@pytest.mark.parametrize(
    ("y", "options", "words"),
    [
        (101.0, {"percent": True}, ["row 2", "--percent", "101"]),
        (1.2, {"fraction": True}, ["row 2", "--fraction", "1.2"]),
        (0.5, {"percent": True, "fraction": True}, ["--percent and --fraction"]),
        (0.5, {"percent": True, "form": "linear"}, ["--form linear"]),
        (0.5, {"fraction": True, "solve": 30.0}, ["--solve 30", "0.3"]),
        (50.0, {"percent": True, "form": "asymptotic", "irreducible_error": 3.0}, ["--irreducible-error 3", "0.03"]),
    ],
)
def test_fractions_that_are_none_are_refused(y: float, options: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(RequestError) as refused:
        told(pairs([(1e14, y), *POINTS]), **options)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("direction", ["y_on_x", "x_on_y"])
@pytest.mark.parametrize("form", ["polynomial", "exponential"])
def test_errors_that_rise_have_no_exponent(form: str, direction: str) -> None:
    rising = pairs([(x, 0.5 - y) for x, y in POINTS])
    found = told(rising, form=form, direction=direction, at=1e18, solve=0.1)
    assert found["status"] == "slope_not_positive"
    assert found["slope"] < 0
    assert [found[name] for name in ("exponent", "exponent_low", "exponent_high", "exponent_interval")] == [None] * 4
    assert found["solve"]["status"] == "slope_not_positive"
    assert {found["solve"][name] for name in ("x", "low", "high", "prediction_low")} == {None}
    assert found["at"]["y"] is not None
    (note,) = found["notes"]
    assert "accuracy" in note
    # In the linear form y may rise.
    assert told(rising, form="linear")["status"] != "slope_not_positive"


def test_an_x_beyond_what_the_points_support_has_a_status() -> None:
    # The points reach over 5.9 decades.
    near, far = (told(pairs(POINTS), at=at)["at"] for at in (1e26, 1e27))
    assert (near["status"], far["status"]) == ("ok", "extrapolation_unsupported")
    same(far, {"beyond": 27 - math.log10(8e20), "ranges_beyond": (27 - math.log10(8e20)) / math.log10(8e5)})
    found = told(pairs(POINTS), solve=0.001)
    assert found["solve"]["status"] == "extrapolation_unsupported"
    assert any("--solve" in note and "beyond" in note for note in found["notes"])
    assert told(pairs(POINTS), solve=0.001, supported_ranges=50.0)["solve"]["status"] == "ok"
    assert told(pairs(POINTS), solve=0.1)["solve"]["status"] == "ok"


def test_without_standard_errors_there_is_a_height_and_no_interval() -> None:
    data = plain(sample())
    found = told(data, estimator="theil_sen", at=1e25, solve=0.01)
    height = 10 ** -(found["intercept"] + 25 * found["slope"])
    same(found["at"], {"y": height, "low": None, "high": None, "prediction_low": None, "prediction_high": None})
    same(
        found["solve"],
        {"log10_x": (2 - found["intercept"]) / found["slope"], "low": None, "high": None, "interval": None},
    )


# --- reading a line at a y


def around(estimate: float, excess: Callable[[Array], Array]) -> tuple[float | None, float | None]:
    """The ends of the set of all x with excess <= 0 that holds the estimate, by scanning; None: it goes on to 10^7."""
    distances = np.concatenate([[0.0], np.geomspace(1e-7, 1e7, 6001)])
    ends: list[float | None] = []
    for side in (-1, 1):
        inside = excess(estimate + side * distances) <= 0
        assert inside[0]
        if inside.all():
            ends.append(None)
            continue
        first = int(np.argmin(inside))
        between = sorted(estimate + side * distances[first - 1 : first + 1])
        ends.append(brentq(lambda x: float(excess(np.array([x]))[0]), *between, xtol=1e-13, rtol=1e-13))
    return ends[0], ends[1]


def fieller(model: Any, target: float, level: float) -> dict[str, float | None]:
    """The x at which the two-sided test of a line's height, and of a new point, does not reject the target."""
    t = stats.t.ppf((1 + level) / 2, model.df_resid)
    found: dict[str, float | None] = {"value": (target - model.params[0]) / model.params[1]}
    for prefix, se in (("", "se_mean"), ("prediction_", "se_obs")):

        def excess(x: Array, se: str = se) -> Array:
            prediction = model.get_prediction(np.column_stack([np.ones_like(x), x]))
            return np.asarray(np.abs(prediction.predicted_mean - target) - t * getattr(prediction, se))

        found[f"{prefix}low"], found[f"{prefix}high"] = around(found["value"], excess)
    return found


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("y", [5.0, 7.5, 12.0])
def test_the_x_at_a_y_has_fiellers_interval(y: float, level: float) -> None:
    data = points(*ANSCOMBE[0])
    wanted = fieller(ols(data.x, data.y), y, level)
    assert None not in wanted.values()
    found = told(data, form="linear", solve=y, level=level)["solve"]
    value = wanted.pop("value")
    same(found, {"y": y, "x": value, "interval": "bounded"} | wanted, rel=1e-8)
    beyond = max(value - 14, 4 - value, 0)
    same(found, {"beyond": beyond, "ranges_beyond": beyond / 10}, rel=1e-8)
    assert found["prediction_low"] < found["low"] < found["x"] < found["high"] < found["prediction_high"]


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
@pytest.mark.parametrize("error", [0.2, 0.01])
def test_the_computation_at_an_error_is_a_power_of_ten(form: str, error: float) -> None:
    data = plain(sample())
    wanted = fieller(ols(*as_in(form, data)), -math.log10(error) if form == "polynomial" else 1 / error, 0.95)
    found = told(data, form=form, solve=error)["solve"]
    value = wanted.pop("value")
    same(found, {"y": error, "interval": "bounded", "log10_x": value, "x": 10**value}, rel=1e-7)
    for name, end in wanted.items():
        same(found, {f"log10_{name}": end, name: 10**end}, rel=1e-7)
    reach = np.log10(data.x)
    beyond = max(value - reach.max(), reach.min() - value, 0)
    same(found, {"beyond": beyond, "ranges_beyond": beyond / np.ptp(reach)}, rel=1e-7)
    assert found["low"] < found["x"] < found["high"]


@pytest.mark.parametrize("y", [-20.0, 4.0, 40.0])
def test_a_line_that_may_be_flat_reaches_a_y_without_bound(y: float) -> None:
    x = np.arange(8.0)
    data = points(x, 3 + 0.5 * x + np.array([2.0, -1.5, 1.0, 2.5, -3.0, 2.0, -2.5, 0.5]))
    model = ols(data.x, data.y)
    assert model.pvalues[1] > 0.05
    wanted = fieller(model, y, 0.95)
    assert None in wanted.values()
    found = told(data, form="linear", solve=y)["solve"]
    assert found["interval"] == "unbounded"
    same(found, {"x": wanted.pop("value")} | wanted, rel=1e-6)


def test_computation_beyond_the_range_of_doubles_is_told_as_its_logarithm() -> None:
    found = told(pairs(POINTS), solve=1e-300)["solve"]
    assert found["x"] is None
    line = ols(*as_in("polynomial", pairs(POINTS))).params
    same(found, {"log10_x": (300 - line[0]) / line[1]})


def test_x_on_y_is_read_the_other_way() -> None:
    data = plain(sample())
    x, y = as_in("polynomial", data)
    turned = ols(y, x)
    found = told(data, direction="x_on_y", at=1e25, solve=0.02)
    wanted = prediction_of(turned, -math.log10(0.02), 0.95)
    names = {
        "x": "y",
        "low": "low",
        "high": "high",
        "prediction_low": "prediction_low",
        "prediction_high": "prediction_high",
    }
    same(found["solve"], {f"log10_{name}": wanted[of] for name, of in names.items()} | {"interval": "bounded"})
    same(found["solve"], {name: 10 ** wanted[of] for name, of in names.items()}, rel=1e-8)
    beyond = max(wanted["y"] - x.max(), 0)
    same(found["solve"], {"beyond": beyond, "ranges_beyond": beyond / np.ptp(x)})
    backwards = fieller(turned, 25.0, 0.95)
    other = {
        "y": "value",
        "low": "high",
        "high": "low",
        "prediction_low": "prediction_high",
        "prediction_high": "prediction_low",
    }
    same(found["at"], {name: 10 ** -backwards[of] for name, of in other.items()}, rel=1e-7)


# --- the bootstrap


def slope_of(x: Array, y: Array, axis: int = -1) -> Array:
    dx, dy = x - x.mean(axis=axis, keepdims=True), y - y.mean(axis=axis, keepdims=True)
    return np.asarray((dx * dy).sum(axis=axis) / (dx * dx).sum(axis=axis))


def turned_slope_of(x: Array, y: Array, axis: int = -1) -> Array:
    return 1 / slope_of(y, x, axis)


def lopsided() -> Data:
    """Points whose scatter is skewed and grows with x, so that BCa and percentile differ."""
    rng = np.random.default_rng(24)
    x = rng.exponential(1, 20)
    return points(x, 1 + 2 * x + (0.2 + 0.5 * x) * (rng.exponential(1, 20) - 1))


@pytest.mark.parametrize(("direction", "statistic"), [("y_on_x", slope_of), ("x_on_y", turned_slope_of)])
def test_intervals_of_resampled_rows_are_those_of_scipy(direction: str, statistic: Callable[..., Array]) -> None:
    data = lopsided()
    found = told(data, form="linear", direction=direction, bootstrap=10_000, seed=1, level=0.9)["bootstrap"]
    assert (found["resampled"], found["resamples"], found["seed"]) == ("rows", 10_000, 1)
    for method in ("percentile", "BCa"):
        expected = stats.bootstrap(
            (data.x, data.y), statistic, paired=True, vectorized=True, n_resamples=10_000, confidence_level=0.9,
            method=method, rng=np.random.default_rng(5),
        )  # fmt: skip
        low, high = expected.confidence_interval
        # From seed to seed the ends move by up to 1 % of the width, here and there (the standard error of a 5 % quantile of
        # 10,000 draws from a normal is 0.7 % of the width of the 90 % interval).
        assert found[method.lower()] == pytest.approx([low, high], abs=0.04 * (high - low)), method
        assert found["slope_sd"] == pytest.approx(expected.standard_error, rel=0.05)
    # So much do the two methods differ that one could not pass for the other.
    assert found["bca"][1] - found["percentile"][1] > 0.1 * (found["percentile"][1] - found["percentile"][0])


def test_resampled_clusters_scatter_as_the_jackknife_says() -> None:
    rng = np.random.default_rng(4)
    papers = np.repeat(np.arange(30), rng.integers(1, 5, 30))
    of_paper = rng.normal(0, 1, 30)[papers]
    x = rng.uniform(0, 8, 30)[papers] + rng.uniform(0, 2, len(papers))
    data = points(x, 2 + 0.5 * x + of_paper + 0.5 * rng.standard_normal(len(x)), cluster=[f"p{at}" for at in papers])
    line = told(data, form="linear", bootstrap=4000, seed=2)
    found = line["bootstrap"]
    assert (found["resampled"], found["resamples"]) == ("clusters", 4000)
    members = [np.flatnonzero(papers == at) for at in range(30)]
    draws = []
    for drawn in rng.integers(0, 30, (4000, 30)):
        rows = np.concatenate([members[at] for at in drawn])
        draws.append(float(slope_of(x[rows], data.y[rows])))
    # The standard error of a standard deviation of 4,000 draws is 1 %, and both have it.
    assert found["slope_sd"] == pytest.approx(np.std(draws, ddof=1), rel=0.05)
    low, high = np.quantile(draws, [0.025, 0.975])
    assert found["percentile"] == pytest.approx([low, high], abs=0.05 * (high - low))
    # The jackknife is about a thirtieth larger, and by what its linear part misses.
    assert found["slope_sd"] == pytest.approx(line["se"], rel=0.15)
    rows_alone = told(plain(data), form="linear", bootstrap=4000, seed=2)["bootstrap"]["slope_sd"]
    assert rows_alone < 0.8 * found["slope_sd"]


THREE = 5


def of_three_papers() -> Data:
    """Three papers of five points each: their resamples are the ten ways to draw three of three."""
    rng = np.random.default_rng(13)
    x = np.concatenate([np.linspace(0.1 * at, 4 + 0.1 * at, THREE) for at in range(3)])
    level = np.repeat([1.0, 1.08, 0.93], THREE)
    steepness = np.repeat([0.3, 0.33, 0.27], THREE)
    error = level * (0.05 + 0.5 * 10 ** (-steepness * x)) * np.exp(0.03 * rng.standard_normal(len(x)))
    return points(10**x, error, cluster=[f"p{at}" for at in np.repeat(range(3), THREE)])


def _huber(x: Array, y: Array) -> float:
    model = sm.RLM(y, sm.add_constant(x), M=sm.robust.norms.HuberT())
    return float(model.fit(tol=1e-12, maxiter=1000).params[1])


def _quantile(x: Array, y: Array) -> float:
    return float(sm.QuantReg(y, sm.add_constant(x)).fit(q=0.7, p_tol=1e-12, max_iter=5000).params[1])


def _power_law(x: Array, y: Array) -> float:
    return float(
        curve_fit(lambda at, a, b: 10 ** (a - b * at), x, 10**-y, p0=[-0.3, 0.3], ftol=1e-14, xtol=1e-14)[0][1]
    )


def _asymptotic(x: Array, y: Array) -> float:
    return float(curve_fit(asymptotic_of, x, 10**-y, p0=[0.05, -0.3, 0.3], ftol=1e-14, xtol=1e-14)[0][2])


@pytest.mark.parametrize(
    ("options", "slope"),
    [
        ({}, lambda x, y: float(stats.linregress(x, y).slope)),
        ({"direction": "x_on_y"}, lambda x, y: 1 / float(stats.linregress(y, x).slope)),
        ({"estimator": "huber"}, _huber),
        ({"estimator": "theil_sen"}, lambda x, y: float(stats.theilslopes(y, x).slope)),
        ({"estimator": "quantile:0.3"}, _quantile),
        ({"form": "asymptotic"}, _asymptotic),
        ({"form": "asymptotic", "irreducible_error": 0.0}, _power_law),
    ],
    ids=lambda given: given.__name__ if callable(given) else str(given),
)
def test_the_resamples_of_three_papers_are_ten(options: dict[str, Any], slope: Callable[[Array, Array], float]) -> None:
    data = of_three_papers()
    x, y = as_in("polynomial", data)
    slopes, chances = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for drawn in itertools.combinations_with_replacement(range(3), 3):
            rows = np.concatenate([np.arange(at * THREE, (at + 1) * THREE) for at in drawn])
            slopes.append(slope(x[rows], y[rows]))
            chances.append(math.factorial(3) / math.prod(math.factorial(drawn.count(at)) for at in range(3)) / 27)
    found = told(data, **options, bootstrap=4000, seed=3)["bootstrap"]
    # The rarest of the ten has 1 chance in 27, which is more than the 2.5 % of a tail.
    assert found["percentile"] == pytest.approx([min(slopes), max(slopes)], rel=2e-5)
    mean = float(np.average(slopes, weights=chances))
    sd = math.sqrt(np.average((np.array(slopes) - mean) ** 2, weights=chances))
    # The standard error of a standard deviation of 4,000 draws is 1 %.
    assert found["slope_sd"] == pytest.approx(sd, rel=0.05)


RESAMPLED = [
    {},
    {"direction": "x_on_y"},
    {"form": "exponential"},
    {"estimator": "ols_hc3"},
    {"estimator": "huber"},
    {"estimator": "theil_sen"},
    {"estimator": "quantile:0.5"},
    {"form": "asymptotic"},
]


@pytest.mark.parametrize("options", RESAMPLED, ids=str)
@pytest.mark.parametrize("by_cluster", [False, True])
def test_the_seed_alone_decides_the_resamples(options: dict[str, Any], by_cluster: bool) -> None:
    if by_cluster and options.get("estimator") == "ols_hc3":
        options = {}
    given = sample(noise=0.05)
    data = without(given, "year") if by_cluster else plain(given)
    found = told(data, **options, bootstrap=300, seed=1)["bootstrap"]
    assert told(data, **options, bootstrap=300, seed=1)["bootstrap"] == found
    assert told(data, **options, bootstrap=300, seed=2)["bootstrap"]["slope_sd"] != found["slope_sd"]
    order = np.random.default_rng(0).permutation(len(data.x))
    cluster = None if data.cluster is None else data.cluster[order]
    shuffled = Data([data.row[at] for at in order], data.x[order], data.y[order], cluster=cluster)
    assert told(shuffled, **options, bootstrap=300, seed=1)["bootstrap"] == found


def test_resampled_clusters_do_not_depend_on_the_order_of_equal_points() -> None:
    x, y = np.array([1.0, 1.0, 2.0, 3.0, 3.0, 5.0]), np.array([2.0, 2.0, 2.5, 4.0, 4.0, 4.5])
    papers = np.array(["a", "b", "c", "b", "c", "a"])
    order = np.array([1, 0, 2, 4, 3, 5])
    found = [
        told(points(x[rows], y[rows], cluster=papers[rows]), form="linear", bootstrap=300, seed=1)["bootstrap"]
        for rows in (np.arange(6), order)
    ]
    assert found[0] == found[1]


def test_a_higher_level_gives_a_wider_interval_of_the_same_resamples() -> None:
    found = [told(lopsided(), form="linear", bootstrap=2000, level=level)["bootstrap"] for level in (0.5, 0.9, 0.99)]
    for method in ("percentile", "bca"):
        widths = [one[method][1] - one[method][0] for one in found]
        assert widths == sorted(widths)
        assert widths[0] > 0
    assert len({one["slope_sd"] for one in found}) == 1


def test_resamples_without_a_line_are_not_counted() -> None:
    # All but one x are the same: of n rows, (1 - 1/n)^n of the resamples lack it, and a few hold it alone.
    found = told(points(*ANSCOMBE[3]), form="linear", bootstrap=4000)["bootstrap"]
    share = 1 - (10 / 11) ** 11
    assert found["resamples"] / 4000 == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / 4000))
    # Without that row there is no line, and so no acceleration.
    assert found["bca"] == [None, None]


def test_the_seed_of_the_command_is_that_of_the_warehouse(tmp_path: Path) -> None:
    path = table(tmp_path, **PEARSON)
    named = ["--csv", str(path), "--x", "x", "--y", "y", "--form", "linear", "--bootstrap", "50"]
    found = fit_told(*named)["bootstrap"]
    assert found["seed"] == 20200710
    assert fit_told(*named, "--seed", "20200710")["bootstrap"] == found
    assert fit_told(*named, "--seed", "1")["bootstrap"]["percentile"] != found["percentile"]


# --- selections


def chosen(data: Data, select: str) -> list[str]:
    """The rows that a selection keeps: those without which, one at a time, the fit has other figures."""
    found = told(data, select=select)
    assert found["select"] == select
    kept = []
    for at, row in enumerate(data.row):
        moved = data.y.copy()
        moved[at] *= 1 - 1e-9
        again = Data(data.row, data.x, moved, cluster=data.cluster, year=data.year)
        if told(again, select=select)["intercept"] != found["intercept"]:
            kept.append(row)
    assert len(kept) == found["n"]
    return kept


BEST = {
    "x": [1e10, 3e10, 1e11, 2e11, 1e12, 4e12, 1e13, 2e13],
    "y": [0.50, 0.40, 0.45, 0.30, 0.35, 0.20, 0.25, 0.22],
    "cluster": ["a", "a", "b", "b", "c", "c", "d", "e"],
    "year": [2012, 2012, 2013, 2014, 2014, 2014.5, 2015, 2016],
}


def test_the_frontier_is_better_than_all_before() -> None:
    # 2012: 0.40 (not 0.50); 2013: 0.45 is worse; 2014: 0.30 (not 0.35); 2014.5: 0.20; nothing later is below.
    assert chosen(points(**BEST), "frontier") == ["row 3", "row 5", "row 7"]


def test_the_best_of_each_paper() -> None:
    assert chosen(points(**BEST), "best_per_paper") == ["row 3", "row 5", "row 7", "row 8", "row 9"]


def test_the_best_of_each_year() -> None:
    assert chosen(points(**BEST), "best_per_year") == ["row 3", "row 4", "row 5", "row 7", "row 8", "row 9"]


def test_of_equal_errors_the_one_of_less_computation_is_best() -> None:
    data = points(
        [3e10, 1e10, 1e12, 1e14], [0.5, 0.5, 0.3, 0.1], cluster=["a", "a", "b", "c"], year=[2012, 2012, 2013, 2014]
    )
    expected = ols(np.array([10.0, 12.0, 14.0]), -np.log10([0.5, 0.3, 0.1]))
    for select in ("frontier", "best_per_paper", "best_per_year"):
        same(told(data, select=select), {"n": 3, "slope": expected.params[1]})


@pytest.mark.parametrize("select", ["frontier", "best_per_paper", "best_per_year"])
@pytest.mark.parametrize("form", ["polynomial", "exponential", "asymptotic"])
def test_a_selection_of_nothing_is_too_little(select: str, form: str) -> None:
    columns = {"cluster": []} if select == "best_per_paper" else {"year": []}
    assert told(points([], [], **columns), form=form, select=select)["status"] == "too_few_points"


def test_papers_may_be_named_for_the_selection_alone() -> None:
    data = without(sample(), "year")
    best = [
        min(np.flatnonzero(data.cluster == paper), key=lambda at: data.y[at]) for paper in sorted(set(data.cluster))
    ]
    x, y = as_in("polynomial", data)
    found = told(data, select="best_per_paper", estimator="theil_sen")
    same(found, {"slope": stats.theilslopes(y[best], x[best]).slope, "n": len(best)})


# --- time


def test_computation_and_time_together() -> None:
    data = without(sample(noise=0.05), "cluster")
    x = np.log10(data.x)
    model = sm.OLS(np.log10(data.y), np.column_stack([np.ones_like(x), x, data.year])).fit()
    a, b, c = model.params
    first = int(np.argmin(data.year))
    found = told(data, level=0.9)["with_time"]
    wanted = {
        # That of the earliest point.
        "intercept": a + b * x[first] + c * data.year[first],
        "compute_slope": b,
        "year_slope": c,
        "r_squared": model.rsquared,
        "years_per_tenfold": b / c,
    }
    same(found, wanted, rel=1e-6)


def test_time_is_told_in_the_polynomial_form_alone() -> None:
    data = without(sample(), "cluster")
    assert [form for form in (*FORMS_OF_LINES, "asymptotic") if "with_time" in told(data, form=form)] == ["polynomial"]


def ratio_of(model: Any, level: float) -> tuple[float | None, float | None]:
    """Fieller's interval of the ratio of the last two coefficients, by scanning the ratios r for which b - r c may be 0."""
    (_, b, c), covariance = model.params, np.asarray(model.cov_params())
    t = stats.t.ppf((1 + level) / 2, model.df_resid)

    def excess(ratio: Array) -> Array:
        variance = covariance[1, 1] - 2 * ratio * covariance[1, 2] + ratio**2 * covariance[2, 2]
        return np.asarray(np.abs(b - ratio * c) - t * np.sqrt(variance))

    return around(b / c, excess)


@pytest.mark.parametrize("level", [0.9, 0.99])
def test_time_that_explains_errors_has_a_bounded_ratio(level: float) -> None:
    rng = np.random.default_rng(3)
    x, year = rng.uniform(15, 24, 40), rng.uniform(2012, 2020, 40)
    error = 10 ** (1.0 - 0.06 * (x - 15) - 0.05 * (year - 2012) + 0.02 * rng.standard_normal(40))
    found = told(points(10**x, error, year=year), level=level)["with_time"]
    assert (found["status"], found["interval"]) == ("ok", "bounded")
    # A tenfold computation lowers log10 of the error by 0.06, a year by 0.05.
    assert found["low"] < 1.2 < found["high"]
    model = sm.OLS(np.log10(error), np.column_stack([np.ones(40), x, year])).fit()
    low, high = ratio_of(model, level)
    same(found, {"low": low, "high": high}, rel=1e-7)


def test_the_ratio_of_years_goes_by_cluster() -> None:
    """What a paper says four times says no more than once; as points of their own the same would say far more."""
    rng = np.random.default_rng(11)
    x, year = rng.uniform(15, 24, 24), rng.integers(2012, 2020, 24).astype(np.float64)
    error = 10 ** (1.0 - 0.06 * (x - 15) - 0.05 * (year - 2012) + 0.05 * rng.standard_normal(24))
    once = points(10**x, error, year=year, cluster=np.array([f"p{n}" for n in range(24)]))
    four = points(*(np.tile(one, 4) for one in (10**x, error)), year=np.tile(year, 4),
                  cluster=np.tile([f"p{n}" for n in range(24)], 4))  # fmt: skip
    found, again = told(once)["with_time"], told(four)["with_time"]
    assert found["interval"] == again["interval"] == "bounded"
    same(again, {name: found[name] for name in ("years_per_tenfold", "low", "high")}, rel=1e-9)
    alone = told(without(four, "cluster"))["with_time"]
    assert alone["high"] - alone["low"] < 0.7 * (found["high"] - found["low"])


def test_time_that_explains_nothing_has_an_unbounded_ratio() -> None:
    rng = np.random.default_rng(5)
    x, year = rng.uniform(15, 24, 20), rng.uniform(2012, 2020, 20)
    error = 10 ** (1.0 - 0.06 * (x - 15) + 0.1 * rng.standard_normal(20))
    assert sm.OLS(np.log10(error), np.column_stack([np.ones(20), x, year])).fit().pvalues[2] > 0.05
    found = told(points(10**x, error, year=year))["with_time"]
    assert (found["status"], found["interval"], found["high"]) == ("slope_not_different_from_0", "unbounded", None)


def test_computation_that_grows_with_time_alone_cannot_be_told_from_it() -> None:
    found = told(
        points([1e10, 1e11, 1e12, 1e13, 1e14], [0.5, 0.4, 0.3, 0.25, 0.2], year=[2012, 2013, 2014, 2015, 2016])
    )
    assert found["with_time"]["status"] == "no_spread_in_x"
    assert found["with_time"]["years_per_tenfold"] is None


# --- influence


@pytest.mark.parametrize("form", FORMS_OF_LINES)
@pytest.mark.parametrize("direction", ["y_on_x", "x_on_y"])
def test_influential_points_are_those_whose_leaving_out_moves_the_slope_most(form: str, direction: str) -> None:
    data = plain(sample(15)) if form != "linear" else points(*ANSCOMBE[2])
    x, y = as_in(form, data)
    statistic = slope_of if direction == "y_on_x" else turned_slope_of
    whole = float(statistic(x, y))
    left_out = {row: float(statistic(np.delete(x, at), np.delete(y, at))) for at, row in enumerate(data.row)}
    worst = sorted(left_out, key=lambda row: -abs(left_out[row] - whole))[:3]
    found = told(data, form=form, direction=direction)["influential"]
    assert [one["row"] for one in found] == worst
    assert [one["slope_without"] for one in found] == pytest.approx([left_out[row] for row in worst], rel=1e-9)


def test_an_influential_row_is_named_as_in_the_file(tmp_path: Path) -> None:
    x, y = ANSCOMBE[2]
    cells = [f"{a},{b}" for a, b in zip(x, y, strict=True)]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(["x,y", "", cells[0], ",", *cells[1:]]) + "\n")
    found = fit_told("--csv", str(path), "--x", "x", "--y", "y", "--form", "linear")
    # 13, 12.74 is Anscombe's outlier, his third point; a blank line and a row without cells stand before it.
    row = path.read_text().splitlines().index("13,12.74") + 1
    assert row == 6
    assert found["influential"][0]["row"] == f"record 3 (line {row})"
    assert found["influential"][0]["slope_without"] == pytest.approx(0.345, abs=0.002)


def test_a_point_without_which_there_is_no_line_is_named_first() -> None:
    found = told(points(*ANSCOMBE[3]), form="linear")["influential"]
    assert found[0] == {"row": "row 9", "slope_without": None}
    assert None not in [one["slope_without"] for one in found[1:]]


# --- data that no line goes through


@pytest.mark.parametrize(
    ("form", "direction"),
    [*itertools.product(FORMS_OF_LINES, ["y_on_x", "x_on_y"]), ("asymptotic", "y_on_x")],
)
@pytest.mark.parametrize(
    ("given", "status"),
    [
        ([], "too_few_points"),
        ([(1.0, 0.5)], "too_few_points"),
        ([(1.0, 0.5), (2.0, 0.4)], "too_few_points"),
        ([(7.0, 0.5), (7.0, 0.4), (7.0, 0.3), (7.0, 0.6)], "no_spread_in_x"),
        ([(0.1, 0.5), (0.1, 0.4), (0.1, 0.3), (0.1, 0.2), (0.1, 0.1), (0.1, 0.6), (0.1, 0.7)], "no_spread_in_x"),
    ],
)
def test_too_little_data_is_a_status_and_no_figure(
    form: str, direction: str, given: list[tuple[float, float]], status: str
) -> None:
    if direction == "x_on_y":
        # Regressed on y, it is y that needs a spread.
        given = [(y, x) for x, y in given]
    found = told(pairs(given), form=form, direction=direction, bootstrap=20, at=5.0, solve=0.1)
    assert (found["status"], found["n"]) == (status, len(given))
    known = {name for name, value in found.items() if value is not None}
    assert known == {"form", "estimator", "direction", "select", "level", "status", "n", "left_out", "notes"}
    assert {"intercept", "slope", "se", "p", "low", "high", "exponent"} <= found.keys()


def test_a_status_of_an_estimator_of_its_own() -> None:
    two = points([1.0, 2.0, 3.0, 4.0], [1.0, 2.5, 2.0, 4.5], cluster=["a", "a", "b", "b"])
    assert told(two, form="linear")["status"] == "too_few_papers"
    alone = told(points(*ANSCOMBE[3]), form="linear", estimator="ols_hc3")
    assert (alone["status"], alone["slope"]) == ("perfect_leverage", None)


@pytest.mark.parametrize("form", ["polynomial", "exponential", "asymptotic"])
@pytest.mark.parametrize("point", [(0.0, 0.5), (-1.0, 0.5), (10.0, 0.0), (10.0, -0.1)])
def test_what_has_no_logarithm_is_named(form: str, point: tuple[float, float]) -> None:
    data = pairs([(10.0, 0.5), point, (100.0, 0.4)])
    with pytest.raises(RequestError, match=rf"row 3: .*must be positive in the {form} form"):
        told(data, form=form)
    assert told(data, form="linear")["n"] == 3


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("column", ["x", "y", "x_error", "year"])
def test_what_is_no_finite_number_is_named(column: str, bad: float) -> None:
    given: dict[str, list[float]] = {"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.0], column: [1.0, bad, 3.0]}
    with pytest.raises(RequestError, match=rf"row 3: {column.replace('_', ' ')} (nan|inf) is not finite"):
        told(points(**given), form="linear")


def test_a_negative_standard_deviation_is_named() -> None:
    with pytest.raises(RequestError, match="row 4: y error -2 is below 0"):
        told(points([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], y_error=[1.0, 0.5, -2.0]), form="linear")


def test_a_point_without_a_paper_is_named() -> None:
    with pytest.raises(RequestError, match="row 3: the cluster is blank"):
        told(points([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], cluster=["a", "", ""]), form="linear")


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_a_fit_beyond_the_range_of_doubles_says_so(scale: float) -> None:
    with pytest.raises(RequestError, match="scale the columns"):
        told(points([scale, 2 * scale, 3 * scale], [1.0, 2.0, 3.1]), form="linear")


# --- requests that cannot be met


# What is asked for, the columns given beside x and y, and the words that must be in the message.
@pytest.mark.parametrize("form", ["polynomial", "exponential", "asymptotic"])
@pytest.mark.parametrize(
    ("at", "value", "said"), [("y", 1e308, "beyond 1e+75"), ("y", 1e-310, "below 1e-75"), ("x", 1e80, "beyond 1e+75")]
)
def test_values_out_of_all_scale_are_refused_by_their_row(form: str, at: str, value: float, said: str) -> None:
    given = Data([f"row {n}" for n in range(1, 7)], 10.0 ** np.arange(6), 0.9 - 0.1 * np.arange(6))
    getattr(given, at)[3] = value
    with pytest.raises(RequestError, match=f"row 4: .*{re.escape(said)}; scale the columns"):
        fit(given, Request(form=form))


REFUSED: list[tuple[dict[str, Any], list[str], list[str]]] = [
    ({"estimator": "lasso"}, [], ["'lasso'", "ols_hc3", "quantile:<tau>", "theil_sen", "york"]),
    ({"estimator": "quantile"}, [], ["'quantile'", "quantile:<tau>"]),
    ({"estimator": "quantile:<tau>"}, [], ["there are"]),
    ({"estimator": "quantile:1"}, [], ["'quantile:1'"]),
    ({"estimator": "quantile:0"}, [], ["'quantile:0'"]),
    ({"estimator": "quantile:nan"}, [], ["'quantile:nan'"]),
    ({"estimator": "ols_cluster"}, ["cluster"], ["'ols_cluster'"]),
    ({"level": 0.0}, [], ["level 0.0", "between 0 and 1"]),
    ({"level": 1.0}, [], ["level 1.0"]),
    ({"level": -0.5}, [], ["level -0.5"]),
    ({"level": 95.0}, [], ["level 95.0"]),
    ({"level": math.nan}, [], ["level nan"]),
    ({"bootstrap": 0}, [], ["--bootstrap 0", "10000"]),
    ({"bootstrap": -3}, [], ["--bootstrap -3"]),
    ({"at": math.inf}, [], ["--at inf", "finite"]),
    ({"at": math.nan, "form": "linear"}, [], ["--at nan", "finite"]),
    ({"solve": math.inf}, [], ["--solve inf", "finite"]),
    ({"at": 0.0}, [], ["--at 0", "positive"]),
    ({"at": -1.0, "form": "exponential"}, [], ["--at -1", "positive"]),
    ({"solve": -0.1}, [], ["--solve -0.1", "positive"]),
    ({"solve": 0.0, "form": "asymptotic"}, [], ["--solve 0", "positive"]),
    ({"at": -5.0, "form": "asymptotic"}, [], ["--at -5", "positive"]),
    ({"estimator": "york"}, [], ["york", "--x-error", "--y-error"]),
    ({"estimator": "huber"}, ["x_error"], ["--x-error", "york"]),
    ({"estimator": "ols"}, ["y_error"], ["--y-error", "york"]),
    ({"variance_ratio": 2.0}, [], ["--variance-ratio", "deming"]),
    ({"variance_ratio": 0.0, "estimator": "deming"}, [], ["ratio", "0.0"]),
    ({"variance_ratio": -1.0, "estimator": "deming"}, [], ["ratio", "-1.0"]),
    ({"irreducible_error": 0.1}, [], ["--irreducible-error", "--form asymptotic"]),
    ({"irreducible_error": -0.1, "form": "asymptotic"}, [], ["--irreducible-error -0.1"]),
    ({"irreducible_error": math.nan, "form": "asymptotic"}, [], ["--irreducible-error nan"]),
    ({"form": "asymptotic", "estimator": "huber"}, [], ["--form asymptotic", "least squares"]),
    ({"form": "asymptotic", "direction": "x_on_y"}, [], ["--form asymptotic"]),
    ({"form": "asymptotic"}, ["y_error"], ["--form asymptotic"]),
    ({"form": "asymptotic", "irreducible_error": 0.0}, ["cluster"], ["--cluster", "--bootstrap 10000"]),
    ({"estimator": "deming", "direction": "x_on_y"}, [], ["--direction", "deming"]),
    ({"direction": "both"}, ["x_error"], ["--direction", "york"]),
    ({"estimator": "huber"}, ["cluster"], ["--cluster", "huber", "--bootstrap 10000"]),
    ({"estimator": "theil_sen"}, ["cluster", "year"], ["--cluster", "theil_sen", "--bootstrap 10000"]),
    ({"select": "frontier", "bootstrap": 10}, ["year"], ["--bootstrap", "--select frontier", "chosen by their error"]),
    ({"estimator": "deming"}, ["cluster"], ["--cluster", "deming", "leave it out"]),
    ({}, ["x_error", "cluster"], ["--cluster", "york", "leave it out"]),
    ({"estimator": "deming", "bootstrap": 10}, [], ["--bootstrap", "deming"]),
    ({"bootstrap": 10}, ["x_error"], ["--bootstrap", "york"]),
    ({"bootstrap": 10**7}, [], ["--bootstrap 10000000", "1000000"]),
    ({"seed": -1}, [], ["--seed -1", "not below 0"]),
    ({"at": -math.inf}, [], ["--at -inf", "finite"]),
    ({"at": 0.0, "form": "asymptotic"}, [], ["--at 0", "positive"]),
    ({"variance_ratio": math.nan, "estimator": "deming"}, [], ["ratio", "nan"]),
    ({"form": "linear", "select": "frontier"}, ["year"], ["--select", "--form linear"]),
    ({"select": "best_per_paper"}, [], ["--select best_per_paper", "--cluster"]),
    ({"select": "frontier"}, [], ["--select frontier", "--year"]),
    ({"select": "best_per_year"}, [], ["--select best_per_year", "--year"]),
]


@pytest.mark.parametrize(("options", "columns", "words"), REFUSED, ids=lambda value: str(value) if value else "-")
def test_what_cannot_be_done_is_refused(
    tmp_path: Path,
    options: dict[str, Any],
    columns: list[str],
    words: list[str],
) -> None:
    data = sample(12)
    given = {"x_error": data.x / 10, "y_error": data.y / 10, "cluster": data.cluster, "year": data.year}
    kept = {name: given[name] for name in columns}
    with pytest.raises(RequestError) as refused:
        told(points(data.x, data.y, **kept), **options)
    for word in words:
        assert word in str(refused.value), str(refused.value)
    path = table(tmp_path, x=data.x, y=data.y, **kept)
    named = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    named += [f"--{name.replace('_', '-')}={name}" for name in columns]
    status, out, err = fit_here("--csv", str(path), "--x", "x", "--y", "y", *named)
    assert (status, out, err) == (1, "", f"error: {refused.value}\n")


@pytest.mark.parametrize(
    ("n", "options", "words"),
    [
        (500_001, {"estimator": "theil_sen"}, ["theil_sen", "500001", "500000", "sample"]),
        (25_001, {"estimator": "deming"}, ["deming", "25000"]),
        (50_001, {"form": "asymptotic"}, ["asymptotic", "50000"]),
        (40_001, {"bootstrap": 10_000}, ["--bootstrap 10000", "at most 40000", "ols"]),
        (6_181, {"bootstrap": 10_000, "estimator": "huber"}, ["--bootstrap 10000", "at most 6180", "huber"]),
        (2_000, {"bootstrap": 10_000, "estimator": "theil_sen"}, ["--bootstrap 10000", "at most 1329", "theil_sen"]),
        (100, {"bootstrap": 1_000_000, "form": "asymptotic"}, ["--bootstrap 1000000", "at most 99", "asymptotic"]),
    ],
)
def test_what_would_take_minutes_is_refused_with_its_bound(n: int, options: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(RequestError) as refused:
        told(points(np.linspace(1, 2, n), np.linspace(0.5, 0.1, n)), **options)
    for word in words:
        assert word in str(refused.value)


def test_a_quantile_of_too_many_papers_is_refused() -> None:
    n = 30_000
    data = points(np.linspace(1, 2, n), np.linspace(0.5, 0.1, n), cluster=np.arange(n).astype(str))
    with pytest.raises(RequestError, match=r"--cluster and quantile:0\.1: of 30000 points in 30000 papers"):
        told(data, estimator="quantile:0.1")


@pytest.mark.parametrize("option", ["form", "direction", "select"])
def test_an_unknown_word_is_refused_with_those_that_there_are(option: str) -> None:
    with pytest.raises(RequestError, match=r"'cubic'; there are: \w+, \w+"):
        told(pairs(POINTS), **{option: "cubic"})


def test_a_point_without_any_error_is_refused() -> None:
    with pytest.raises(RequestError, match="no error in either coordinate"):
        told(
            points([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], x_error=[0.0, 1.0, 1.0], y_error=[0.0, 0.0, 1.0]),
            form="linear",
            scatter=False,
        )


# --- a CSV file


def test_the_command_gives_the_certified_line_of_a_csv_file(tmp_path: Path) -> None:
    path = table(tmp_path, y=[y for _, y in norris()], x=[x for x, _ in norris()])
    found = fit_told("--csv", str(path), "--x", "x", "--y", "y", "--form", "linear")
    same(found, CERTIFIED, rel=1e-9)
    assert (found["n"], found["level"]) == (36, 0.95)


def test_a_file_of_a_header_alone_has_too_few_points(tmp_path: Path) -> None:
    found = fit_told("--csv", str(table(tmp_path, x=[], y=[])), "--x", "x", "--y", "y")
    assert (found["status"], found["n"]) == ("too_few_points", 0)


# --- a query


def test_a_line_of_the_warehouse_comes_out_of_its_points(warehouse_path: Path) -> None:
    # ImageNet, version 1: published exponent 13.6, from 7.9 to 50.7 (tests/test_paper.py has it from the rows).
    sql = (
        "select 10 ** log10_compute as compute, error from fits.points "
        "where row_set = 'paper_v1' and benchmark = 'imagenet' and compute_measure = 'hardware_burden'"
    )
    found = told(points_of_query(warehouse_path, sql, {"x": "compute", "y": "error"}))
    shown = [found["n"], *(round(found[name], 1) for name in ("exponent", "exponent_low", "exponent_high"))]
    assert shown == [13, 13.6, 7.9, 50.7]


# --- what is printed


def test_a_result_is_printed_by_names_with_six_digits(tmp_path: Path) -> None:
    path = table(tmp_path, **PEARSON)
    named = ["--csv", str(path), "--x", "x", "--y", "y", "--form", "linear", "--direction", "both", "--bootstrap", "20"]
    status, out, err = fit_here(*named, "--solve", "3", "--at", "4")
    assert (status, err) == (0, "")
    shown = dict(line.split(maxsplit=1) for line in out.splitlines())
    expected = stats.linregress(PEARSON["x"], PEARSON["y"])
    assert shown["y_on_x.slope"] == f"{expected.slope:.6g}"
    assert shown["y_on_x.at.y"] == f"{expected.intercept + 4 * expected.slope:.6g}"
    assert shown["y_on_x.solve.interval"] == "bounded"
    assert shown["x_on_y.se"] == "–"
    assert " … " in shown["x_on_y.bootstrap.percentile"]
    assert shown["y_on_x.influential.1.row"].startswith("record ")


@pytest.mark.parametrize("estimator", ["huber", "theil_sen", "quantile:0.5", "deming"])
def test_only_least_squares_has_r_squared(estimator: str) -> None:
    assert told(pairs(norris()), form="linear", estimator=estimator)["r_squared"] is None
    assert told(pairs(norris()), form="linear")["r_squared"] == pytest.approx(CERTIFIED["r_squared"], rel=1e-10)


def test_notes_are_printed_below_the_figures_and_told_in_json(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("flop;top1\n" + "".join(f"1e{at};{40 + 3 * at + at % 2}\n" for at in range(1, 9)) + "1e9;\n")
    named = ["--csv", str(path), "--x", "flop", "--y", "top1"]
    found = fit_told(*named)
    assert (found["n"], found["left_out"], found["status"]) == (8, 1, "slope_not_positive")
    said = ("left out", "percent or loss?", "accuracy")
    assert [[word in note for word in said].index(True) for note in found["notes"]] == [0, 1, 2]
    assert "record 9 (line 10)" in found["notes"][0]
    status, out, err = fit_here(*named)
    assert (status, err) == (0, "")
    figures, *notes = out.split("note: ")
    assert [" ".join(note.split()) for note in notes] == found["notes"]
    assert max(map(len, out.splitlines())) <= 80
    assert "left_out                        1\n" in figures
    assert "notes" not in figures


def test_percents_and_losses_by_the_command(tmp_path: Path) -> None:
    path = table(tmp_path, x=[x for x, _ in POINTS], y=[f"{100 * y:g}%" for _, y in POINTS])
    named = ["--csv", str(path), "--x", "x", "--y", "y", "--at", "1e-20"]
    printed = fit_told(*named)
    same(printed, {"slope": told(pairs(POINTS))["slope"]})
    assert printed["at"]["y"] == 1.0
    table(tmp_path, x=[x for x, _ in POINTS], y=[100 * y for _, y in POINTS])
    same(fit_told(*named, "--percent"), {name: printed[name] for name in ("intercept", "slope")})
    assert fit_told(*named, "--percent")["at"] == printed["at"]
    assert fit_told(*named)["at"]["y"] == pytest.approx(100 * told(pairs(POINTS), at=1e-20)["at"]["y"])
    table(tmp_path, x=[x for x, _ in POINTS], y=[y for _, y in POINTS])
    assert (fit_told(*named)["at"]["y"] > 1, fit_told(*named, "--fraction")["at"]["y"]) == (True, 1.0)


def test_losses_are_solved_by_the_command_within_bounds(tmp_path: Path) -> None:
    # As read off a figure: nine losses in nats, which fall towards about 2.
    flop = [1e18, 3e18, 1e19, 3e19, 1e20, 3e20, 1e21, 3e21, 1e22]
    path = table(tmp_path, x=flop, y=[3.60, 3.27, 3.01, 2.81, 2.64, 2.51, 2.40, 2.31, 2.24])
    named = ["--csv", str(path), "--x", "x", "--y", "y", "--form", "asymptotic"]
    found = fit_told(*named, "--solve", "2.5", "--at", "1e23")
    assert found["solve"]["low"] < 3e20 < found["solve"]["high"]
    assert found["solve"]["low"] < found["solve"]["x"] < found["solve"]["high"]
    assert 2.0 < found["at"]["y"] < 2.24


def test_a_file_of_a_spreadsheet_by_the_command(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text('flop,error\n1e17,"0,665"\n3e17,"0,612"\n1e18,"0,540"\n3e18,"0,512"\n')
    named = ["--csv", str(path), "--x", "flop", "--y", "error"]
    status, out, err = fit_here(*named)
    assert (status, out) == (1, "")
    assert "record 1 (line 2), column 'error': '0,665'" in err
    assert "--decimal ," in err
    wanted = told(pairs([(1e17, 0.665), (3e17, 0.612), (1e18, 0.540), (3e18, 0.512)]))["slope"]
    same(fit_told(*named, "--decimal", ","), {"slope": wanted})
    path.write_text("flop|error\n1e17|0.665\n3e17|0.612\n1e18|0.540\n3e18|0.512\n", encoding="utf-16")
    same(fit_told(*named, "--delimiter", "|"), {"slope": wanted})
    for option in (["--delimiter", "tab"], ["--decimal", ","]):
        status, out, err = fit_here("--query", "select 1", "--x", "x", "--y", "y", *option)
        assert (status, err) == (1, "error: --delimiter and --decimal are of a file, --csv\n")
    status, out, err = fit_here(*named, "--delimiter", "::")
    assert (status, "one character" in err) == (1, True)
