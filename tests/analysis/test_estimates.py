"""What Python fits between two SQL files, and what the marts make of it, held to statsmodels, scipy and brute force."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from conftest import AS_OF
from hand_made import built
from scipy import optimize, stats

from flows import paths
from flows.analysis import computed
from flows.declared import settings
from flows.declared.setting_types import RowSet
from flows.fits import least_squares
from flows.readers.row_types import Compute, Model, Operations, Result
from flows.warehouse import connection, expectations

Array = np.ndarray
FORMS = ("polynomial", "exponential")
KEYS = ["row_set", "benchmark", "metric", "compute_measure"]
# As declared in flows/declared/estimation.toml.
LEVEL, RANGES = 0.95, 1.0


@dataclass(frozen=True)
class Points:
    """A set of points as fits.samples has it, by its own reading."""

    sample_id: int
    name: tuple[str, ...]
    x: Array
    error: Array
    paper: Array
    year: Array
    confidence: Array

    def y(self, form: str) -> Array:
        return -np.log10(self.error) if form == "polynomial" else 1 / self.error

    def ols(self, form: str) -> Any:
        return sm.OLS(self.y(form), sm.add_constant(self.x)).fit()

    def only(self, kept: Array) -> Points:
        fields = ("x", "error", "paper", "year", "confidence")
        return replace(self, **{field: getattr(self, field)[kept] for field in fields})


@pytest.fixture(scope="module")
def sets(warehouse_path: Path) -> dict[int, Points]:
    with connection.connect(warehouse_path, read_only=True) as con:
        frame = con.execute("from fits.samples").df()
    return {
        int(number): Points(
            int(number),
            tuple(told[column].iloc[0] for column in (*KEYS, "selection")),
            *(told[column].to_numpy(np.float64) for column in ("log10_compute", "error")),
            told["paper"].to_numpy(str),
            told["year"].to_numpy(np.float64, na_value=np.nan),
            told["confidence"].to_numpy(object),
        )
        for number, told in frame.groupby("sample_id")
    }


def named(sets: dict[int, Points], *name: str) -> Points:
    (found,) = (points for points in sets.values() if points.name == name)
    return found


def some(sets: dict[int, Points]) -> list[Points]:
    """Sets of every kind, none so large that an oracle takes long."""
    return [
        points
        for points in sets.values()
        if points.name[-1] == "all"
        and 3 <= len(points.x) < 300
        and (points.name[0] != "current" or points.name[1] in ("squad", "conll", "mmlu", "piqa"))
    ]


def rows(db: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = db.execute(query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def estimates(db: duckdb.DuckDBPyConnection, estimator: str) -> dict[tuple[int, str], dict[str, Any]]:
    found = rows(db, f"from fits.estimates where estimator = '{estimator}'")
    return {(row["sample_id"], row["form"]): row for row in found}


def of_some(sets: dict[int, Points], told: dict[tuple[int, str], Any]) -> Iterator[tuple[Points, str, dict[str, Any]]]:
    chosen = [(points, form) for points in some(sets) for form in FORMS]
    assert len(chosen) >= 40
    for points, form in chosen:
        yield points, form, told[points.sample_id, form]


def interval(row: dict[str, Any]) -> tuple[float, float]:
    return row["slope_low"], row["slope_high"]


# --- lines


def test_the_line_of_sql_and_that_of_python_are_one(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    told = rows(db, "from fits.ols")
    assert len(told) >= 600
    columns = ("intercept", "intercept_se", "slope", "slope_se", "residual_sd")
    none = Points(0, (), *(np.empty(0) for _ in range(5)))
    for row in told:
        points = sets.get(row["sample_id"], none)
        line = least_squares.ols(points.x, points.y(row["form"]))
        assert (row["n"], row["status"]) == (line.n, line.status)
        if line.status == "ok":
            assert [row[column] for column in columns] == pytest.approx(
                [getattr(line, column) for column in columns], rel=1e-7
            ), (points.name, row["form"])
            assert row["degrees_of_freedom"] == line.degrees_of_freedom
    assert {row["status"] for row in told} >= {"ok", "too_few_points"}


def test_hc3_is_that_of_statsmodels(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    for points, form, row in of_some(sets, estimates(db, "ols_hc3")):
        fit = sm.OLS(points.y(form), sm.add_constant(points.x)).fit(cov_type="HC3", use_t=True)
        expected = [*fit.params, *fit.bse, fit.pvalues[1], *fit.conf_int(1 - LEVEL)[1], math.sqrt(fit.mse_resid)]
        columns = [
            "intercept",
            "slope",
            "intercept_se",
            "slope_se",
            "p_value",
            "slope_low",
            "slope_high",
            "residual_sd",
        ]
        assert [row[column] for column in columns] == pytest.approx(expected, rel=1e-7), (points.name, form)


def jackknife(points: Points, form: str) -> Array:
    """The lines (intercept, slope) without each paper."""
    papers = np.unique(points.paper)
    without = [points.only(points.paper != paper) for paper in papers]
    return np.array([np.polyfit(left.x, left.y(form), 1)[::-1] for left in without])


def of_jackknife(lines: Array) -> Array:
    """The covariance matrix of intercept and slope from the lines without each paper."""
    apart = lines - lines.mean(axis=0)
    return np.asarray(apart.T @ apart * (len(lines) - 1) / len(lines))


def test_clustered_errors_are_those_of_the_lines_without_each_paper(
    db: duckdb.DuckDBPyConnection, sets: dict[int, Points]
) -> None:
    fewer = 0
    for points, form, row in of_some(sets, estimates(db, "ols_cluster")):
        lines, fit = jackknife(points, form), points.ols(form)
        covariance = of_jackknife(lines)
        fewer += len(lines) < len(points.x)
        half = stats.t.ppf((1 + LEVEL) / 2, len(lines) - 1) * math.sqrt(covariance[1, 1])
        expected = [*fit.params, *np.sqrt(np.diag(covariance)), fit.params[1] - half, fit.params[1] + half]
        columns = ["intercept", "slope", "intercept_se", "slope_se", "slope_low", "slope_high"]
        assert [row[column] for column in columns] == pytest.approx(expected, rel=1e-5), (points.name, form)
        assert row["degrees_of_freedom"] == len(lines) - 1
    # Where every paper has one point it would say nothing of papers.
    assert fewer >= 10


def test_the_quantile_is_that_of_statsmodels(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    compared = 0
    for points, form, row in of_some(sets, estimates(db, "quantile:0.1")):
        # A tenth of the errors lie below, so nine tenths of the performances.
        model = sm.QuantReg(points.y(form), sm.add_constant(points.x))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = model.fit(q=0.9, max_iter=3000, p_tol=1e-12)
        found = np.array([row["intercept"], row["slope"]])
        loss, least = (
            float(np.maximum(0.9 * left, -0.1 * left).sum())
            for left in (points.y(form) - sm.add_constant(points.x) @ line for line in (found, fit.params))
        )
        assert loss <= least * (1 + 1e-9) + 1e-12, (points.name, form)
        # Where several lines have the least loss the two may differ.
        if np.allclose(found, fit.params, rtol=1e-6, atol=1e-6):
            compared += 1
            if row["slope_se"] is not None:
                # There a point on the line counts as above or below it by rounding, which weighs 0.01 or 0.81.
                assert row["slope_se"] == pytest.approx(fit.bse[1], rel=0.5), (points.name, form)
                half = stats.t.ppf((1 + LEVEL) / 2, len(points.x) - 2) * row["slope_se"]
                assert interval(row) == pytest.approx((row["slope"] - half, row["slope"] + half), rel=1e-9)
        below = points.y(form) <= found @ [np.ones_like(points.x), points.x] + 1e-9
        assert abs(below.mean() - 0.9) <= 2 / len(points.x)
    assert compared >= 25


def test_huber_is_that_of_statsmodels(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    for points, form, row in of_some(sets, estimates(db, "huber")):
        model = sm.RLM(points.y(form), sm.add_constant(points.x - points.x.mean()), M=sm.robust.norms.HuberT(1.345))
        fit = model.fit(maxiter=5000, tol=1e-13, conv="coefs")
        height, slope = fit.params
        expected = [slope, height - slope * points.x.mean(), fit.bse[1], fit.scale, *fit.conf_int(1 - LEVEL)[1]]
        columns = ["slope", "intercept", "slope_se", "residual_sd", "slope_low", "slope_high"]
        assert [row[column] for column in columns] == pytest.approx(expected, rel=1e-6, abs=1e-9), (points.name, form)


def test_theil_sen_is_that_of_scipy(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    for points, form, row in of_some(sets, estimates(db, "theil_sen")):
        fit = stats.theilslopes(points.y(form), points.x, LEVEL)
        columns = ["intercept", "slope", "slope_low", "slope_high"]
        expected = [fit.intercept, fit.slope, fit.low_slope, fit.high_slope]
        assert [row[column] for column in columns] == pytest.approx(expected, rel=1e-9), (points.name, form)
        assert row["slope_se"] is None


# Within 3, 10 and 30 times, read as intervals of 90 %: 1.6449 standard deviations either side.
SPREADS = {"Confident": 0.29007, "Likely": 0.60796, "Speculative": 0.89803}


def test_the_classes_of_confidence_are_standard_deviations(db: duckdb.DuckDBPyConnection) -> None:
    told = dict(db.execute("from staging.compute_error").fetchall())
    assert {name: round(sd, 5) for name, sd in told.items()} == SPREADS
    for name, factor in {"Confident": 3, "Likely": 10, "Speculative": 30}.items():
        within = stats.norm.cdf(math.log10(factor) / told[name]) - stats.norm.cdf(-math.log10(factor) / told[name])
        assert within == pytest.approx(0.90, abs=1e-12)


def test_york_is_used_where_every_computation_has_a_class(
    db: duckdb.DuckDBPyConnection, sets: dict[int, Points]
) -> None:
    wanted = {
        points.sample_id
        for points in sets.values()
        if points.name[-1] in ("all", "best_per_paper")
        and len(points.x) >= 3
        and set(points.confidence) <= set(SPREADS)
    }
    assert wanted
    told = estimates(db, "york")
    assert {number for number, _ in told} == wanted
    assert {row["direction"] for row in told.values()} == {"symmetric"}
    for (number, form), row in told.items():
        points = sets[number]
        x, y, sd = points.x, points.y(form), np.array([SPREADS[name] for name in points.confidence])

        def squares(
            line: Array, x: Array = x, y: Array = y, sd: Array = sd, scatter: float = row["residual_sd"]
        ) -> float:
            return float(((y - line[0] - line[1] * (x - x.mean())) ** 2 / (scatter**2 + (line[1] * sd) ** 2)).sum())

        start = np.polyfit(x - x.mean(), y, 1)[::-1]
        best = optimize.minimize(squares, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12})
        assert row["slope"] == pytest.approx(best.x[1], rel=1e-3), (points.name, form)
        # The scatter of y is the one that the points show beside the error of the computation.
        if row["residual_sd"] > 0:
            assert best.fun / (len(x) - 2) == pytest.approx(1, abs=1e-3), (points.name, form)


def test_york_is_left_out_where_one_computation_has_no_class(tmp_path: Path) -> None:
    def of(benchmark: str, metric: str, at: int, confidence: str | None) -> tuple[Any, ...]:
        total = Compute(None, "training_compute", 10.0 ** (18 + at), "flop", confidence)
        return "zoo", Model(f"{benchmark} {at}"), Result(benchmark, metric, 50.0 + 5 * at + at % 2), total

    records = [of("imagenet", "top1", at, ("Confident", "Likely")[at % 2]) for at in range(6)]
    records += [of("coco", "box_ap", at, "Likely" if at else None) for at in range(6)]
    with built(tmp_path, records) as con:
        told = con.execute(
            "select benchmark, estimator, n from marts.scaling where selection = 'all' and n = 6"
        ).fetchall()
    assert ("coco", "huber", 6) in told
    assert {benchmark for benchmark, estimator, _ in told if estimator == "york"} == {"imagenet"}


def curve(x: Array, error: Array) -> tuple[float, float, float, float]:
    """E, log10 A, b of error = E + A C^-b with the least squares, by a fine search of b; and their sum."""
    z, spread = x - x.mean(), np.ptp(x)

    def linear(b: float) -> tuple[Array, float]:
        terms = np.column_stack([np.ones_like(z), 10 ** (-b * z)])
        found, left = optimize.nnls(terms, error)
        return found, float(left) ** 2

    tried = np.geomspace(1e-4, 20 / spread, 400)
    sums = np.array([linear(b)[1] for b in tried])
    at = int(sums.argmin())
    ends = tried[max(at - 1, 0)], tried[min(at + 1, len(tried) - 1)]
    best = optimize.minimize_scalar(lambda b: linear(b)[1], bounds=ends, method="bounded", options={"xatol": 1e-12})
    (level, amplitude), total = linear(best.x)
    return level, math.log10(amplitude) + best.x * x.mean(), float(best.x), total


def test_the_asymptotic_form_is_the_best_curve(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    told, compared = estimates(db, "nls"), 0
    for points in some(sets):
        row = told[points.sample_id, "asymptotic"]
        if row["status"] not in ("ok", "slope_not_different_from_0"):
            continue
        level, log10_amplitude, slope, total = curve(points.x, points.error)
        found = row["irreducible_error"] + 10 ** -(row["intercept"] + row["slope"] * points.x)
        assert ((found - points.error) ** 2).sum() <= total * (1 + 1e-9), points.name
        if row["status"] == "ok":
            compared += 1
            assert row["slope"] == pytest.approx(slope, rel=1e-3), points.name
            assert (row["irreducible_error"], row["intercept"]) == pytest.approx(
                (level, -log10_amplitude), rel=1e-2, abs=1e-5
            )
            assert row["residual_sd"] == pytest.approx(math.sqrt(total / row["degrees_of_freedom"]), rel=1e-6)
    assert compared >= 8


def test_a_line_whose_slope_may_be_0_says_so(db: duckdb.DuckDBPyConnection) -> None:
    told = rows(
        db,
        "select status, slope, slope_low, slope_high from fits.estimates where status in ('ok', 'slope_not_different_from_0')",
    )
    for row in told:
        low, high = interval(row)
        ruled_out = (low is not None and low > 0) or (high is not None and high < 0)
        assert row["status"] == ("ok" if ruled_out else "slope_not_different_from_0"), row
    assert {row["status"] for row in told} == {"ok", "slope_not_different_from_0"}


def test_exponents_are_the_inverse_slopes_of_the_same_interval(db: duckdb.DuckDBPyConnection) -> None:
    told = rows(db, "from marts.scaling where direction != 'x_on_y' and slope is not null")
    for row in told:
        low, high = interval(row)
        if row["form"] == "exponential" or row["slope"] == 0:
            assert row["exponent"] is None
            continue
        assert row["exponent"] == pytest.approx(1 / row["slope"], rel=1e-12)
        is_bounded = (low is not None and low > 0) or (high is not None and high < 0)
        has_interval = low is not None or high is not None
        assert row["exponent_interval"] == ("bounded" if is_bounded else "unbounded" if has_interval else None)
        assert row["exponent_high"] == (pytest.approx(1 / low, rel=1e-12) if is_bounded else None)
        if is_bounded or (high is not None and high > 0):
            assert row["exponent_low"] == pytest.approx(1 / high, rel=1e-12)
    assert {row["estimator"] for row in told} >= {"ols_cluster", "quantile:0.1", "huber", "theil_sen", "york", "nls"}


def test_the_exponents_of_a_benchmark_stand_beside_each_other(db: duckdb.DuckDBPyConnection) -> None:
    scaling = db.execute("from marts.scaling where form = 'polynomial' and status = 'ok'").df()
    told = db.execute("from marts.exponents").df().set_index(KEYS)
    choices = {
        "exponent_all": ("ols", "y_on_x", "all"),
        "exponent_x_on_y": ("ols", "x_on_y", "all"),
        "exponent_best_per_paper": ("ols", "y_on_x", "best_per_paper"),
        "exponent_best_per_year": ("ols", "y_on_x", "best_per_year"),
        "exponent_frontier": ("ols", "y_on_x", "frontier"),
        "exponent_quantile": ("quantile:0.1", "y_on_x", "all"),
        "exponent_huber": ("huber", "y_on_x", "all"),
        "exponent_theil_sen": ("theil_sen", "y_on_x", "all"),
        "exponent_york": ("york", "symmetric", "all"),
    }
    for column, (estimator, direction, selection) in choices.items():
        mine = (scaling.estimator == estimator) & (scaling.direction == direction) & (scaling.selection == selection)
        expected = scaling[mine].set_index(KEYS).exponent
        pd.testing.assert_series_equal(told[column].dropna().sort_index(), expected.sort_index(), check_names=False)
    extremes = scaling.groupby(KEYS).exponent.agg(["count", "min", "max"]).sort_index()
    np.testing.assert_array_equal(told.sort_index()[["n_choices", "exponent_min", "exponent_max"]], extremes)


# --- intervals by resampling


def drawn(points: Points, form: str, unit: Array, seed: int = 7, resamples: int = 10_000) -> tuple[Array, Array, Array]:
    """Intercepts, slopes, and slopes of the other direction turned, over resamples of whole units."""
    rng = np.random.default_rng(seed)
    _, unit = np.unique(unit, return_inverse=True)
    counts = rng.multinomial(unit.max() + 1, np.full(unit.max() + 1, 1 / (unit.max() + 1)), resamples)[:, unit]
    x, y = points.x - points.x.mean(), points.y(form)
    n = counts.sum(axis=1)
    mean_x, mean_y = counts @ x / n, counts @ y / n
    xx, xy, yy = (
        counts @ (x * x) / n - mean_x**2,
        counts @ (x * y) / n - mean_x * mean_y,
        counts @ (y * y) / n - mean_y**2,
    )
    slope = xy / xx
    return mean_y - slope * (mean_x + points.x.mean()), slope, yy / xy


BOOTSTRAPPED = [
    ("paper_v2", "imagenet", "top1", "network_operations", "all"),
    ("paper_v1", "squad", "f1", "hardware_burden", "all"),
    ("current", "mmlu", "accuracy", "training_compute", "all"),
]


def near(found: tuple[float | None, float | None], draws: Array) -> bool:
    """Within what the ends of two bootstraps of 10,000 resamples differ by: the share beyond each has an error of 0.16 %."""
    return all(
        np.quantile(draws, tail - 0.008, method="lower")
        <= (math.inf if end is None else end)
        <= np.quantile(draws, tail + 0.008, method="higher")
        for end, tail in zip(found, (0.025, 0.975), strict=True)
    )


@pytest.mark.parametrize("name", BOOTSTRAPPED)
def test_percentiles_are_those_of_another_bootstrap(
    db: duckdb.DuckDBPyConnection, sets: dict[int, Points], name: tuple[str, ...]
) -> None:
    points = named(sets, *name)
    told = {
        (row["form"], row["direction"], row["resampling"]): row
        for row in rows(
            db,
            f"from fits.bootstrap_intervals where sample_id = {points.sample_id} and method = 'percentile'",
        )
    }
    assert len(told) == 8
    for form in FORMS:
        for resampling, unit in (("rows", np.arange(len(points.x))), ("papers", points.paper)):
            _, slope, turned = drawn(points, form, unit)
            for direction, slopes in (("y_on_x", slope), ("x_on_y", turned)):
                row = told[form, direction, resampling]
                assert near(interval(row), slopes), (form, direction, resampling)
                assert row["resamples"] == 10_000


def test_bca_is_that_of_scipy(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    points = named(sets, "paper_v1", "squad", "f1", "hardware_burden", "all")

    def slope(x: Array, y: Array, axis: int) -> Array:
        dx = x - x.mean(axis=axis, keepdims=True)
        return (dx * y).sum(axis=axis) / (dx * dx).sum(axis=axis)

    for form in FORMS:
        expected = stats.bootstrap(
            (points.x, points.y(form)), slope, paired=True, n_resamples=20_000, method="BCa",
            rng=np.random.default_rng(3),
        ).confidence_interval  # fmt: skip
        (row,) = rows(
            db,
            f"from fits.bootstrap_intervals where sample_id = {points.sample_id} and form = '{form}' "
            "and direction = 'y_on_x' and resampling = 'rows' and method = 'bca'",
        )
        width = expected.high - expected.low
        assert interval(row) == pytest.approx(tuple(expected), abs=0.06 * width), form


def test_every_interval_of_a_slope_is_listed(db: duckdb.DuckDBPyConnection) -> None:
    told = db.execute("from marts.intervals").df()
    scaling = db.execute("from marts.scaling where slope_low is not null").df()
    key = [*KEYS, "form", "selection", "direction"]
    for method, estimator in {"t": "ols", "hc3": "ols_hc3", "cluster": "ols_cluster"}.items():
        mine = told[told.method == method].set_index(key)[["slope_low", "slope_high"]].sort_index()
        expected = scaling[scaling.estimator == estimator].set_index(key)[["slope_low", "slope_high"]].sort_index()
        pd.testing.assert_frame_equal(mine, expected)
    counted = told.groupby("method").size()
    assert set(counted.index) == {"t", "hc3", "cluster"} | {
        f"bootstrap_{unit}_{method}" for unit in ("rows", "papers") for method in ("percentile", "bca")
    }
    polynomial = told[(told.form == "polynomial") & told.is_bounded]
    np.testing.assert_allclose(polynomial.exponent_low, 1 / polynomial.slope_high, rtol=1e-12)
    np.testing.assert_allclose(polynomial.exponent_high, 1 / polynomial.slope_low, rtol=1e-12)
    assert told[(told.form == "polynomial") & ~told.is_bounded].exponent_high.isna().all()
    assert told[told.form == "exponential"].exponent_low.isna().all()


# --- selections and dates of release

IMAGENET = ("imagenet", "top1", "operations_per_pass")


def record(name: str, top1: float, flop: float = 1e9, source: str = "zoo", **model: Any) -> tuple[Any, ...]:
    return source, Model(name, **model), Result("imagenet", "top1", top1), Operations("imagenet", flop, "flop")


def arxiv(number: str) -> str:
    return f"https://arxiv.org/abs/{number}"


def names_of(con: duckdb.DuckDBPyConnection, selection: str) -> set[str]:
    found = con.execute(
        "select models.name from fits.samples join core.models as models using (model_id) "
        "where benchmark = 'imagenet' and metric = 'top1' and compute_measure = 'operations_per_pass' and selection = ?",
        [selection],
    )
    return {name for (name,) in found.fetchall()}


def test_each_selection_of_a_few_rows(tmp_path: Path) -> None:
    records = [
        record("First", 60, published_on=date(2015, 3, 1), paper_url=arxiv("1503.00001")),
        record("First small", 55, published_on=date(2015, 3, 1), paper_url=arxiv("1503.00001")),
        record("Worse later", 58, published_on=date(2015, 9, 1), paper_url=arxiv("1509.00001")),
        record("Equal later", 60, published_on=date(2016, 1, 1), paper_url=arxiv("1601.00001")),
        # On one day: of equal errors the one that took less computation.
        record("Same day, more", 70, 9e9, published_on=date(2016, 5, 1), paper_url=arxiv("1605.00001")),
        record("Same day, less", 70, 2e9, published_on=date(2016, 5, 1), paper_url=arxiv("1605.00002")),
        # The month alone is known, and the year alone.
        record("By month", 75, year=2017, paper_url=arxiv("1702.00001")),
        record("By year", 74, year=2017),
        record("Undated", 99),
    ]
    with built(tmp_path, records) as con:
        everything = {row[1].name for row in records}
        assert names_of(con, "all") == everything
        assert names_of(con, "best_per_paper") == everything - {"First small"}
        assert names_of(con, "best_per_year") == {"First", "Same day, less", "By month"}
        # Better than all before: not equal to them, and not without a date.
        assert names_of(con, "frontier") == {"First", "Same day, less", "By month"}


def test_the_frontier_is_of_its_day_and_not_of_the_best_of_all(tmp_path: Path) -> None:
    days = [date(2015, 1, 1) + timedelta(days=200 * step) for step in range(6)]
    records = [
        record(f"Model {step}", top1, published_on=day, paper_url=arxiv(f"15{step + 1:02d}.0000{step}"))
        for step, (day, top1) in enumerate(zip(days, [60, 70, 65, 70.5, 50, 80], strict=True))
    ]
    with built(tmp_path, records) as con:
        assert names_of(con, "frontier") == {"Model 0", "Model 1", "Model 3", "Model 5"}
        assert names_of(con, "best_per_year") == {"Model 1", "Model 3", "Model 4", "Model 5"} - {
            name for name in ("Model 4",) if days[4].year == days[3].year or days[4].year == days[5].year
        }


def test_a_release_is_as_precise_as_its_source(tmp_path: Path) -> None:
    records = [
        record("Day", 60, published_on=date(2019, 5, 28), year=2020, paper_url=arxiv("1801.00001")),
        record("Month", 61, year=2020, paper_url=arxiv("1905.11946") + "v3"),
        record("Year", 62, year=2021),
        record("Neither", 63),
        # Ids from before April 2007 and numbers that are no month tell none.
        record("Old id", 64, year=2006, paper_url=arxiv("cs/0501001")),
        record("No month", 65, year=2014, paper_url=arxiv("1413.11946")),
        # Another record of the same paper has the day.
        record("With paper", 66, year=2020, paper_url=arxiv("2003.00001")),
        record("Of paper", 67, published_on=date(2020, 3, 9), paper_url=arxiv("2003.00001")),
    ]
    with built(tmp_path, records) as con:
        told = con.execute(
            "select models.name, released_on, released_precision from core.results as results "
            "join core.models as models using (model_id)"
        ).fetchall()
    assert {name: rest for name, *rest in told} == {
        "Day": [date(2019, 5, 28), "day"],
        "Month": [date(2019, 5, 15), "month"],
        "Year": [date(2021, 7, 1), "year"],
        "Neither": [None, None],
        "Old id": [date(2006, 7, 1), "year"],
        "No month": [date(2014, 7, 1), "year"],
        "With paper": [date(2020, 3, 9), "day"],
        "Of paper": [date(2020, 3, 9), "day"],
    }


def test_releases_of_all_sources_agree_with_what_is_printed(db: duckdb.DuckDBPyConnection) -> None:
    told = rows(
        db,
        "select results.released_on, released_precision, models.published_on, models.year, papers.arxiv_id, "
        "papers.published_on as paper_on from core.results as results join core.models as models using (model_id) "
        "left join core.papers as papers on results.paper_id = papers.paper_id",
    )
    for row in told:
        day = row["published_on"] or row["paper_on"]
        number = row["arxiv_id"] or ""
        if day:
            expected = (day, "day")
        elif number[:4].isdigit():
            expected = (date(2000 + int(number[:2]), int(number[2:4]), 15), "month")
        else:
            expected = (date(row["year"], 7, 1), "year") if row["year"] else (None, None)
        assert (row["released_on"], row["released_precision"]) == expected, row
    assert {row["released_precision"] for row in told} == {"day", "month", "year", None}


def test_a_perfect_score_is_told_and_not_fitted(tmp_path: Path) -> None:
    records = [record(f"Model {at}", 60 + at * at, 10.0 ** (9 + at)) for at in range(5)]
    with built(tmp_path, [*records, record("Perfect", 100, 1e15)]) as con:
        assert names_of(con, "all") == {f"Model {at}" for at in range(5)}
        assert "ok" in {row["status"] for row in rows(con, "from marts.scaling where n = 5")}
    suite = tmp_path / "expectations"
    suite.mkdir()
    shutil.copy(paths.EXPECTATIONS / "core.results.json", suite)
    (failure,) = [
        one for one in expectations.validate(tmp_path / "hand_made.duckdb", suite) if "'value'" in one.expectation
    ]
    assert (failure.severity, failure.finding) == ("critical", "1 of 6 rows, such as [100.0]")


# --- projections


def scanned(excess: Any, start: float, lows: bool) -> float:
    """The end of a set {x: excess(x) <= 0} on one side of a point in it, infinite where none is within 10,000 decades."""
    step, inside = (-1e-3 if lows else 1e-3), start
    while abs(inside + step - start) < 1e4:
        if excess(inside + step) > 0:
            return float(optimize.brentq(excess, *sorted((inside, inside + step)), xtol=1e-11))
        inside, step = inside + step, step * 1.02
    return math.inf


def by_method(db: duckdb.DuckDBPyConnection, points: Points, method: str) -> list[dict[str, Any]]:
    found = rows(db, f"from fits.projections where sample_id = {points.sample_id} and method = '{method}'")
    assert len(found) == 6
    return found


PROJECTED = [
    ("paper_v1", "imagenet", "top1", "hardware_burden", "all"),
    ("paper_v1", "wmt_en_de", "bleu", "hardware_burden", "all"),  # no slope to speak of
    ("paper_v2", "imagenet", "top1", "network_operations", "all"),
    ("paper_v2", "squad", "em", "hardware_burden", "all"),
    ("current", "conll", "f1", "hardware_burden", "all"),
]


@pytest.mark.parametrize("name", PROJECTED)
def test_fiellers_interval_holds_what_the_line_does_not_rule_out(
    db: duckdb.DuckDBPyConnection, sets: dict[int, Points], name: tuple[str, ...]
) -> None:
    points = named(sets, *name)
    for row in by_method(db, points, "y_on_x"):
        fit = points.ols(row["form"])
        target = float(-math.log10(row["error"]) if row["form"] == "polynomial" else 1 / row["error"])
        reached = (target - fit.params[0]) / fit.params[1]
        assert row["log10_compute"] == pytest.approx(reached, rel=1e-9)
        t = stats.t.ppf((1 + LEVEL) / 2, fit.df_resid)
        for scatter, low, high in ((0.0, "low", "high"), (fit.mse_resid, "new_low", "new_high")):

            def excess(
                x: float, fit: Any = fit, scatter: float = scatter, target: float = target, t: float = t
            ) -> float:
                at = np.array([1.0, x])
                return float(abs(target - at @ fit.params) - t * math.sqrt(at @ fit.cov_params() @ at + scatter))

            for column, is_low in ((low, True), (high, False)):
                end, found = scanned(excess, reached, is_low), row[f"log10_compute_{column}"]
                assert found == (None if math.isinf(end) else pytest.approx(end, rel=1e-6)), (row["form"], column)
        is_bounded = None not in (row["log10_compute_low"], row["log10_compute_high"])
        assert row["interval"] == ("bounded" if is_bounded else "unbounded")
    if name[1] == "wmt_en_de":
        assert row["interval"] == "unbounded"
        assert row["status"] == "slope_not_different_from_0"


@pytest.mark.parametrize("name", [PROJECTED[0], PROJECTED[3], BOOTSTRAPPED[1]])
def test_the_interval_by_paper_takes_the_lines_without_each(
    db: duckdb.DuckDBPyConnection, sets: dict[int, Points], name: tuple[str, ...]
) -> None:
    points = named(sets, *name)
    for row in by_method(db, points, "cluster"):
        lines, fit = jackknife(points, row["form"]), points.ols(row["form"])
        covariance, t = of_jackknife(lines), stats.t.ppf((1 + LEVEL) / 2, len(lines) - 1)
        target = float(-math.log10(row["error"]) if row["form"] == "polynomial" else 1 / row["error"])

        def excess(
            x: float, fit: Any = fit, covariance: Array = covariance, t: float = t, target: float = target
        ) -> float:
            at = np.array([1.0, x])
            return float(abs(target - at @ fit.params) - t * math.sqrt(at @ covariance @ at))

        for column, is_low in (("low", True), ("high", False)):
            end, found = scanned(excess, row["log10_compute"], is_low), row[f"log10_compute_{column}"]
            assert found == (None if math.isinf(end) else pytest.approx(end, rel=1e-5)), (row["form"], column)


@pytest.mark.parametrize("name", PROJECTED)
def test_the_other_direction_predicts_the_computation(
    db: duckdb.DuckDBPyConnection, sets: dict[int, Points], name: tuple[str, ...]
) -> None:
    points = named(sets, *name)
    for row in by_method(db, points, "x_on_y"):
        y = points.y(row["form"])
        target = float(-math.log10(row["error"]) if row["form"] == "polynomial" else 1 / row["error"])
        told = sm.OLS(points.x, sm.add_constant(y)).fit().get_prediction([[1.0, target]]).summary_frame(1 - LEVEL)
        columns = ["log10_compute", *(f"log10_compute_{end}" for end in ("low", "high", "new_low", "new_high"))]
        expected = told[["mean", "mean_ci_lower", "mean_ci_upper", "obs_ci_lower", "obs_ci_upper"]].iloc[0]
        assert [row[column] for column in columns] == pytest.approx(list(expected), rel=1e-8), row["form"]


@pytest.mark.parametrize("name", BOOTSTRAPPED)
def test_projected_percentiles_are_those_of_another_bootstrap(
    db: duckdb.DuckDBPyConnection, sets: dict[int, Points], name: tuple[str, ...]
) -> None:
    points = named(sets, *name)
    for row in by_method(db, points, "bootstrap"):
        form, fit = row["form"], points.ols(row["form"])
        intercept, slope, _ = drawn(points, form, points.paper)
        target = float(-math.log10(row["error"]) if form == "polynomial" else 1 / row["error"])
        rng = np.random.default_rng(11)
        scatter = rng.choice(np.asarray(fit.resid), len(slope)) * math.sqrt(len(points.x) / (len(points.x) - 2))
        for apart, low, high in ((0.0, "low", "high"), (scatter, "new_low", "new_high")):
            reached = np.where(slope > 0, (target - apart - intercept) / slope, np.inf)
            found = (row[f"log10_compute_{low}"], row[f"log10_compute_{high}"])
            assert near(found, reached), (form, row["target"], low)


def test_every_projection_says_how_far_it_is_to_be_trusted(
    db: duckdb.DuckDBPyConnection, sets: dict[int, Points]
) -> None:
    fits = {(number, form): points.ols(form) for number, points in sets.items() if len(points.x) >= 3 for form in FORMS}
    told = rows(db, "from fits.projections where method in ('y_on_x', 'x_on_y')")
    assert {row["sample_id"] for row in told} == {number for number, _ in fits} & {
        number for (number,) in db.execute("select sample_id from fits.targets").fetchall()
    }
    for row in told:
        fit, x = fits[row["sample_id"], row["form"]], sets[row["sample_id"]].x
        if fit.params[1] <= 0:
            assert (row["status"], row["log10_compute"], row["interval"]) == ("slope_not_positive", None, None)
            continue
        beyond = max(x.min() - row["log10_compute"], row["log10_compute"] - x.max(), 0)
        assert row["decades_beyond"] == pytest.approx(beyond, rel=1e-12, abs=1e-12)
        assert row["ranges_beyond"] == pytest.approx(beyond / np.ptp(x), rel=1e-12, abs=1e-12)
        if fit.pvalues[1] >= 1 - LEVEL:
            assert row["status"] == "slope_not_different_from_0"
        else:
            assert row["status"] == ("extrapolation_unsupported" if beyond / np.ptp(x) > RANGES else "ok")
    statuses = {"ok", "slope_not_positive", "slope_not_different_from_0", "extrapolation_unsupported"}
    assert {row["status"] for row in told} == statuses


def test_a_fit_that_is_none_projects_nothing(tmp_path: Path) -> None:
    """Of three models of one computation, and of two: no line, and its status instead of a figure."""
    records = [record(f"Model {at}", 60 + at, paper_url=arxiv(f"2001.0000{at}")) for at in range(3)]
    with built(tmp_path, records) as con:
        told = rows(con, "from marts.projections where benchmark = 'imagenet' and selection = 'all'")
        lines = rows(con, "from marts.scaling where benchmark = 'imagenet' and n > 0 and selection = 'all'")
    assert {row["method"] for row in told} == {"y_on_x", "cluster", "x_on_y", "bootstrap", "nls"}
    straight = [row for row in told if row["method"] in ("y_on_x", "cluster", "bootstrap")]
    assert {row["status"] for row in straight} == {"no_spread_in_x"}
    for row in told:
        assert row["status"] != "ok"
        assert (row["log10_compute_low"], row["log10_compute_high"], row["interval"]) == (None, None, None)
    ols = {row["status"] for row in lines if row["estimator"] == "ols" and row["direction"] == "y_on_x"}
    assert ols == {"no_spread_in_x"}
    assert {row["exponent_interval"] for row in lines} == {None}


def test_an_error_below_the_irreducible_one_is_reached_by_no_computation(db: duckdb.DuckDBPyConnection) -> None:
    told = rows(
        db,
        "select projections.*, irreducible_error, estimates.intercept, estimates.slope from fits.projections as projections "
        "join fits.estimates as estimates using (sample_id, form) where method = 'nls' and log10_compute is not null "
        "or (method = 'nls' and projections.status = 'below_irreducible_error')",
    )
    for row in told:
        is_below = row["error"] <= row["irreducible_error"]
        assert is_below == (row["status"] == "below_irreducible_error")
        if not is_below:
            reached = -(math.log10(row["error"] - row["irreducible_error"]) + row["intercept"]) / row["slope"]
            assert row["log10_compute"] == pytest.approx(reached, rel=1e-9)
        else:
            assert row["log10_compute"] is None
    assert {row["status"] for row in told} == {"below_irreducible_error", "ok", "extrapolation_unsupported"}


def test_costs_are_those_of_the_projected_computation(db: duckdb.DuckDBPyConnection) -> None:
    told = rows(
        db,
        "select costs.*, projections.log10_compute - if(compute_unit = 'flop', 9, 0) as middle, "
        "log10_compute_low - if(compute_unit = 'flop', 9, 0) as low, "
        "log10_compute_high - if(compute_unit = 'flop', 9, 0) as high, interval, projections.status as projected "
        "from marts.costs as costs "
        "join marts.projections as projections using (row_set, benchmark, metric, compute_measure, form, target) "
        "where method = 'y_on_x' and selection = 'all' and scenario = 'h100_2026' and region = 'USA'",
    )
    assert {row["row_set"] for row in told} == {"paper_v1", "paper_v2", "current"}
    assert {row["interval"] for row in told} >= {"bounded", "unbounded"}
    for row in told:
        assert row["status"] == row["projected"]
        middle = None if row["middle"] is None else pytest.approx(row["middle"], rel=1e-12)
        assert row["log10_gflop"] == middle
        # Costs are drawn; the draws of the line have Fieller's ends, the far one less sharply.
        if row["interval"] == "bounded":
            width = row["high"] - row["low"]
            assert row["log10_gflop_low"] == pytest.approx(row["low"], abs=0.03 * width)
            assert row["log10_gflop_high"] == pytest.approx(row["high"], abs=0.25 * width)
        else:
            assert row["log10_gflop_high"] is None


# --- what came out later

PUBLISHED = {"paper_v1": date(2020, 7, 31), "paper_v2": date(2022, 8, 31)}


def later(db: duckdb.DuckDBPyConnection) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The points of the papers' lines, and those of today with their dates, both straight from fits.points."""
    frame = db.execute(
        "select points.*, results.released_on from fits.points as points join core.results as results using (result_id)"
    ).df()
    return frame[frame.row_set != "current"], frame[frame.row_set == "current"]


def scored(db: duckdb.DuckDBPyConnection) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables by statsmodels: each later result with its prediction interval of 90 %, and the counts."""
    known, today = later(db)
    found, counted = [], []
    for key, points in known.groupby(KEYS):
        if len(points) < 3:
            continue
        day = pd.Timestamp(PUBLISHED[key[0]])
        mine = today[(today[KEYS[1:]] == list(key[1:])).all(axis=1)]
        new = mine[mine.released_on > day]
        x = new.log10_compute.to_numpy() - (9 if key[0] == "paper_v1" else 0)
        for form in FORMS:
            y, achieved = (
                -np.log10(of.error.to_numpy()) if form == "polynomial" else 1 / of.error.to_numpy()
                for of in (points, new)
            )
            fit = sm.OLS(y, sm.add_constant(points.log10_compute.to_numpy())).fit()
            if len(new):
                told = fit.get_prediction(np.column_stack([np.ones_like(x), x])).summary_frame(alpha=0.1)
                ends = told[["mean", "obs_ci_upper", "obs_ci_lower"]].to_numpy().T
                # No metric has an error above 1.
                errors = np.minimum(10.0**-ends, 1) if form == "polynomial" else 1 / np.maximum(ends, 1)
                covered = (told.obs_ci_lower.to_numpy() <= achieved) & (achieved <= told.obs_ci_upper.to_numpy())
                names = ("predicted_error", "predicted_error_low", "predicted_error_high")
                found.append(
                    pd.DataFrame(
                        dict(zip(KEYS, key, strict=True)) | {"form": form, "result_id": new.result_id.to_numpy()}
                    )
                    .assign(**dict(zip(names, errors, strict=True)))
                    .assign(achieved_error=new.error.to_numpy(), is_covered=covered)
                    .assign(decades_beyond=np.maximum(x - points.log10_compute.max(), 0))
                )
            counted.append((*key, form, len(new), int(mine.released_on.isna().sum())))
    return pd.concat(found), pd.DataFrame(counted, columns=[*KEYS, "form", "n_later", "n_undated"])


def test_later_results_are_held_against_the_published_lines(db: duckdb.DuckDBPyConnection) -> None:
    expected, counted = scored(db)
    key = [*KEYS, "form", "result_id"]
    told = db.execute("from marts.backtest").df()
    assert set(told.row_set) == set(PUBLISHED)
    assert (told.released_on > told.published_on).all()
    assert set(told.published_on) == {pd.Timestamp(day) for day in PUBLISHED.values()}
    columns = list(expected.columns.drop(key))
    one, other = (frame.set_index(key).sort_index()[columns] for frame in (told, expected))
    pd.testing.assert_frame_equal(one, other, rtol=1e-8, check_dtype=False)
    residual = np.log10(told.achieved_error / told.predicted_error)
    np.testing.assert_allclose(told.residual_decades, residual, rtol=1e-12)

    table = db.execute("from marts.backtest_coverage").df().set_index([*KEYS, "form"]).sort_index()
    counted = counted.set_index([*KEYS, "form"]).sort_index()
    pd.testing.assert_frame_equal(table[["n_later", "n_undated"]], counted, check_dtype=False)
    by = expected.groupby([*KEYS, "form"])
    better = by.apply(lambda of: (of.achieved_error < of.predicted_error_low).sum())
    worse = by.apply(lambda of: (of.achieved_error > of.predicted_error_high).sum())
    median = by.apply(lambda of: np.median(np.log10(of.achieved_error / of.predicted_error)))
    some_later = table.loc[by.size().index]
    np.testing.assert_array_equal(some_later.n_covered, by.is_covered.sum())
    np.testing.assert_array_equal(some_later.n_better, better)
    np.testing.assert_array_equal(some_later.n_worse, worse)
    np.testing.assert_allclose(some_later.coverage, by.is_covered.mean(), rtol=1e-12)
    np.testing.assert_allclose(some_later.median_residual_decades, median, rtol=1e-8)
    np.testing.assert_allclose(some_later.decades_beyond_max, by.decades_beyond.max(), atol=1e-12)
    assert (table.n_covered + table.n_better + table.n_worse == table.n_later).all()
    assert table.coverage[table.n_later == 0].isna().all()


def test_what_was_out_on_the_day_is_no_later_result(tmp_path: Path) -> None:
    def of(source: str, name: str, top1: float, gflop: float, number: int, **model: Any) -> tuple[Any, ...]:
        total = Compute("imagenet", "hardware_burden", gflop, "gflop")
        return (
            source,
            Model(name, paper_url=f"https://example.org/{number}", **model),
            Result("imagenet", "top1", top1),
            total,
        )

    old = [
        of("old", f"Old {at}", 60 + at, 10.0 ** (9 + at / 2), at, published_on=date(2018, 1, at + 1)) for at in range(6)
    ]
    new = [
        of("new", "On the day", 80, 1e12, 11, published_on=date(2020, 7, 31)),
        of("new", "Day after", 81, 1e12, 12, published_on=date(2020, 8, 1)),
        of("new", "Of the year", 82, 1e12, 13, year=2020),
        of("new", "Year after", 50, 1e15, 14, year=2021),
        of("new", "Undated", 83, 1e12, 15),
    ]
    row_sets = [
        RowSet("paper_v1", "old", False, "gflop"),
        *(RowSet("current", source, True, "flop") for source in ("old", "new")),
    ]
    with built(tmp_path, [*old, *new], row_set=row_sets) as con:
        told = rows(con, "from marts.backtest where form = 'polynomial'")
        assert {row["name"] for row in told} == {"Day after", "Year after"}
        assert {(row["row_set"], row["compute_unit"], row["log10_compute"]) for row in told} == {
            ("paper_v1", "gflop", 12.0),
            ("paper_v1", "gflop", 15.0),
        }
        (table,) = rows(con, "from marts.backtest_coverage where form = 'polynomial' and benchmark = 'imagenet'")
        assert (table["n_later"], table["n_undated"], table["n_papers"]) == (2, 1, 2)
        assert (table["level"], table["published_on"]) == (0.9, date(2020, 7, 31))
        # The line rises by 1 point of accuracy for half a decade: a later, larger and worse model is outside.
        by_name = {row["name"]: row for row in told}
        assert by_name["Year after"]["achieved_error"] > by_name["Year after"]["predicted_error_high"]
        assert not by_name["Year after"]["is_covered"]
        assert by_name["Year after"]["decades_beyond"] == pytest.approx(15 - 11.5)


# --- forms


def densities(points: Points, form: str) -> float:
    """The log-likelihood of the errors themselves, with the deviation that makes it largest."""
    y = points.y(form)
    residuals = np.asarray(points.ols(form).resid)
    slope_of_response = 1 / (points.error * math.log(10)) if form == "polynomial" else 1 / points.error**2
    sd = math.sqrt(float((residuals**2).mean()))
    density = stats.norm.pdf(y, y - residuals, sd) * slope_of_response
    return float(np.log(density).sum())


def predicted(form: str, line: Array, x: Array) -> Array:
    y = line[0] + line[1] * x
    return np.minimum(10.0**-y, 1) if form == "polynomial" else 1 / np.maximum(y, 1)


def rmse(found: Array, error: Array) -> float:
    return float(np.sqrt((np.log10(found / error) ** 2).mean()))


def test_forms_are_compared_as_densities_of_the_error(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    told = {(row["sample_id"], row["form"]): row for row in rows(db, "from fits.form_scores")}
    for points in some(sets):
        n = len(points.x)
        for form in FORMS:
            row = told[points.sample_id, form]
            expected = densities(points, form)
            assert (row["n"], row["coefficients"]) == (n, 2)
            assert row["log_likelihood"] == pytest.approx(expected, rel=1e-9), points.name
            # Of the coefficients alone, as statsmodels counts them; aicc counts the variance too (Hurvich and Tsai 1989).
            assert row["aic"] == pytest.approx(4 - 2 * expected, rel=1e-9)
            assert row["bic"] == pytest.approx(2 * math.log(n) - 2 * expected, rel=1e-9)
            if n > 4:
                assert row["aicc"] == pytest.approx(6 + 24 / (n - 4) - 2 * expected, rel=1e-9)
            # In the response itself statsmodels has the same criteria.
            jacobian = expected - points.ols(form).llf
            assert row["bic"] + 2 * jacobian == pytest.approx(points.ols(form).bic, rel=1e-7, abs=1e-7)
        if (points.sample_id, "asymptotic") in told and n > 5:
            row, total = told[points.sample_id, "asymptotic"], curve(points.x, points.error)[3]
            expected = float(stats.norm.logpdf(math.sqrt(total / n), scale=math.sqrt(total / n)) * n)
            assert row["coefficients"] == 3
            assert row["log_likelihood"] == pytest.approx(expected, rel=1e-6), points.name
            assert row["aicc"] == pytest.approx(8 + 40 / (n - 5) - 2 * row["log_likelihood"], rel=1e-9)


def test_each_paper_is_predicted_from_all_others(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    told = {(row["sample_id"], row["form"]): row for row in rows(db, "from fits.form_scores")}
    for points in some(sets):
        _, paper = np.unique(points.paper, return_inverse=True)
        for form in FORMS:
            lines = jackknife(points, form)[paper]
            expected = rmse(predicted(form, lines.T, points.x), points.error)
            assert told[points.sample_id, form]["left_out_rmse_decades"] == pytest.approx(expected, rel=1e-6), (
                points.name
            )
    points = named(sets, *PROJECTED[3])
    found = []
    for paper in points.paper:
        level, log10_amplitude, slope, _ = curve(*(of[points.paper != paper] for of in (points.x, points.error)))
        found.append(level + 10 ** (log10_amplitude - slope * points.x[points.paper == paper][0]))
    assert told[points.sample_id, "asymptotic"]["left_out_rmse_decades"] == pytest.approx(
        rmse(np.array(found), points.error), rel=1e-4
    )


SPLIT = ("paper_v2", "imagenet", "top1", "network_operations", "all")


def test_each_form_is_scored_on_what_came_after_each_year(
    db: duckdb.DuckDBPyConnection, sets: dict[int, Points]
) -> None:
    points = named(sets, *SPLIT)
    told = {
        (row["form"], row["fitted_to_year"]): row
        for row in rows(db, f"from fits.time_splits where sample_id = {points.sample_id}")
    }
    years = sorted(set(points.year))[:-1]
    scored = [year for year in years if (points.year <= year).sum() >= 3]
    assert {year for form, year in told if form == "polynomial"} == set(scored)
    for year in scored:
        before, after = points.only(points.year <= year), points.only(points.year > year)
        for form in FORMS:
            row, fit = told[form, year], before.ols(form)
            assert (row["n_fitted"], row["n_scored"]) == (len(before.x), len(after.x))
            found = predicted(form, fit.params, after.x)
            assert row["rmse_decades"] == pytest.approx(rmse(found, after.error), rel=1e-8)
            assert row["bias_decades"] == pytest.approx(np.median(np.log10(after.error / found)), rel=1e-8)
            at = np.column_stack([np.ones_like(after.x), after.x])
            ends = fit.get_prediction(at).summary_frame(alpha=1 - LEVEL)
            covered = (ends.obs_ci_lower <= after.y(form)) & (after.y(form) <= ends.obs_ci_upper)
            assert row["coverage"] == pytest.approx(covered.mean(), rel=1e-12)
        if ("asymptotic", year) in told:
            row = told["asymptotic", year]
            level, log10_amplitude, slope, _ = curve(before.x, before.error)
            expected = rmse(level + 10 ** (log10_amplitude - slope * after.x), after.error)
            assert row["rmse_decades"] == pytest.approx(expected, rel=1e-3), year
            assert row["coverage"] is None
    assert scored == [2018, 2019, 2020, 2021]
    assert ("asymptotic", 2021) in told


def test_the_forms_of_a_benchmark_stand_beside_each_other(db: duckdb.DuckDBPyConnection) -> None:
    told = db.execute("from marts.forms").df()
    key = [*KEYS, "selection"]
    best = told.groupby(key).aicc.transform("min")
    np.testing.assert_allclose(told.aicc_above_best, told.aicc - best, atol=1e-9)
    assert set(told.groupby(key).aicc_above_best.min().dropna()) == {0}
    splits = db.execute("from fits.time_splits join fits.sample_sets using (sample_id)").df()
    by = splits.groupby([*key, "form"])
    total = by.apply(lambda of: math.sqrt((of.rmse_decades**2 * of.n_scored).sum() / of.n_scored.sum()))
    coverage = by.apply(lambda of: (of.coverage * of.n_scored).sum(skipna=False) / of.n_scored.sum())
    expected = pd.DataFrame({"splits": by.size(), "rmse": total, "coverage": coverage})
    # Where the asymptotic form does not describe all points it has no row, though it may have some of the splits.
    table = told.set_index([*key, "form"]).join(expected)
    assert table.splits.notna().sum() >= 100
    for column, other in {
        "n_time_splits": "splits",
        "time_split_rmse_decades": "rmse",
        "time_split_coverage": "coverage",
    }.items():
        np.testing.assert_allclose(table[column].astype(float), table[other], rtol=1e-9)


def test_every_time_term_is_what_statsmodels_fits(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    told = rows(db, "from fits.time_terms where status in ('ok', 'slope_not_different_from_0')")
    assert len(told) >= 40
    columns = ["intercept", "compute_slope", "year_slope", "compute_slope_se", "year_slope_se", "r_squared"]
    for row in told:
        points = sets[row["sample_id"]]
        dated = points.only(~np.isnan(points.year))
        x, year = dated.x - row["reference_log10_compute"], dated.year - row["reference_year"]
        assert row["reference_year"] == dated.year.min()
        assert (row["n"], abs(x[year == 0]).min()) == (len(x), 0)
        fit = sm.OLS(np.log10(dated.error), sm.add_constant(np.column_stack([x, year]), has_constant="add")).fit()
        expected = [*fit.params, *fit.bse[1:], fit.rsquared]
        assert [row[column] for column in columns] == pytest.approx(expected, rel=1e-6, abs=1e-9), points.name
        assert row["status"] == ("ok" if fit.pvalues[2] < 1 - LEVEL else "slope_not_different_from_0")
        assert row["years_per_tenfold_interval"] == ("bounded" if row["status"] == "ok" else "unbounded")


# --- the same from the same


def shuffled(path: Path, copy: Path, change: str) -> Path:
    """A copy of a warehouse with some of the papers' sets of points alone, changed."""
    shutil.copy(path, copy)
    with connection.connect(copy) as con:
        con.execute(
            "delete from fits.samples where sample_id not in "
            "(select sample_id from fits.sample_sets where row_set = 'paper_v1' or (row_set = 'paper_v2' and benchmark = 'squad'))"
        )
        con.execute(change)
    return copy


def computed_rows(path: Path) -> dict[str, list[Any]]:
    with connection.connect(path, read_only=True) as con:
        tables = computed.Tables()
        tables.start(con)
        return {name: rows.to_pylist() for name, rows in tables.tables().items()}


def test_the_order_of_the_points_does_not_matter(tmp_path: Path, warehouse_path: Path) -> None:
    as_built = computed_rows(shuffled(warehouse_path, tmp_path / "a.duckdb", "select 1"))
    counted = {table: len(found) for table, found in as_built.items()}
    assert min(counted.values()) >= 5, counted
    stored = "create or replace table fits.samples as select * from fits.samples order by hash(result_id)"
    assert computed_rows(shuffled(warehouse_path, tmp_path / "b.duckdb", stored)) == as_built
    # Under other names the points come in another order into every sum.
    renamed = computed_rows(
        shuffled(warehouse_path, tmp_path / "c.duckdb", "update fits.samples set result_id = md5(result_id)")
    )
    for table, found in as_built.items():
        for one, other in zip(found, renamed[table], strict=True):
            for field in one.__dataclass_fields__:
                mine, theirs = getattr(one, field), getattr(other, field)
                if isinstance(mine, float):
                    assert theirs == pytest.approx(mine, rel=1e-10, abs=1e-12), (table, field, one)
                else:
                    assert theirs == mine, (table, field, one)


def test_the_order_of_the_records_does_not_matter(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    records = [
        record(
            f"Model {at}",
            50 + 3 * at + float(rng.normal(0, 2)),
            10 ** (9 + at / 5),
            published_on=date(2012 + at // 2, 1 + at, 1),
            paper_url=arxiv(f"2001.000{at // 2:02d}"),
        )
        for at in range(12)
    ]
    figures = []
    for order in (records, records[::-1]):
        with built(tmp_path, order) as con:
            figures.append(
                {
                    mart: con.execute(f"from marts.{mart} where benchmark = 'imagenet' order by all").df()
                    for mart in ("scaling", "projections", "intervals", "exponents", "forms", "algorithmic_progress")
                }
            )
    for mart, frame in figures[0].items():
        assert len(frame) >= 1
        pd.testing.assert_frame_equal(frame, figures[1][mart], rtol=1e-10, atol=1e-12, obj=mart)


@pytest.mark.slow
def test_threads_change_no_published_digit(tmp_path: Path, shipped: Path) -> None:
    code = (
        "import sys; from datetime import date; from pathlib import Path; "
        "from flows import build; from flows.publish import exports; "
        "path, raw, facts, day, out = sys.argv[1:]; "
        "build.read_sources(Path(path), Path(raw), Path(facts), date.fromisoformat(day)); "
        "build.transform(Path(path)); exports.export(Path(path), Path(out))"
    )
    for threads in ("1", "2"):
        variables = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        arguments = [str(tmp_path / f"{threads}.duckdb"), str(tmp_path / "raw"), str(shipped), AS_OF.isoformat()]
        subprocess.run(
            [sys.executable, "-c", code, *arguments, str(tmp_path / threads)],
            check=True,
            env=os.environ | variables | {"PYTHONPATH": str(paths.PACKAGE.parent)},
        )
    names = {file.name for file in (tmp_path / "1").iterdir()}
    assert names == {file.name for file in (tmp_path / "2").iterdir()}
    assert len(names) >= 15
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name


def test_what_is_declared_is_what_is_computed(db: duckdb.DuckDBPyConnection) -> None:
    declared = settings.estimation()
    assert (declared.level, declared.supported_ranges) == (LEVEL, RANGES)
    found = db.execute(
        "select distinct estimator, selection from fits.estimates join fits.sample_sets using (sample_id)"
    ).fetchall()
    assert set(found) == {(name, one) for name, selections in declared.estimators.items() for one in selections}
