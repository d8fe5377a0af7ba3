"""The lines that Python fits, their intervals, and what the marts make of them, held to statsmodels, scipy and brute force."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import warnings
from datetime import date
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
from scipy.special import expit
from sets_of_points import (
    BOOTSTRAPPED,
    CHOSEN,
    FORMS,
    KEYS,
    LEVEL,
    RANGES,
    Array,
    Points,
    arxiv,
    curve,
    drawn,
    estimates,
    interval,
    jackknife,
    named,
    near,
    of_jackknife,
    of_some,
    record,
    rows,
    sets_of,
    some,
)

from flows import paths
from flows.analysis import computed
from flows.declared import settings
from flows.fits import least_squares, quantile_by_paper
from flows.readers.row_types import Compute, Model, Result
from flows.warehouse import connection


@pytest.fixture(scope="module")
def sets(warehouse_path: Path) -> dict[int, Points]:
    return sets_of(warehouse_path)


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
            # How sure the line of points is that were chosen by their error is not told.
            known = [column for column in columns if not (points.name[-1] in CHOSEN and column.endswith("_se"))]
            assert [row[column] for column in known] == pytest.approx(
                [getattr(line, column) for column in known], rel=1e-7
            ), (points.name, row["form"])
            assert all(row[column] is None for column in columns if column not in known)
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


@pytest.mark.slow
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


def test_the_logistic_form_is_the_best_sigmoid_from_guessing_down(
    db: duckdb.DuckDBPyConnection, sets: dict[int, Points]
) -> None:
    told, compared = estimates(db, "nls"), 0
    guessing = dict(
        db.execute(
            "select distinct sample_id, error_of_guessing from staging.fit join fits.sample_sets "
            "using (row_set, benchmark, metric, compute_measure, selection)"
        ).fetchall()
    )
    for points in some(sets):
        row = told[points.sample_id, "logistic"]
        if row["status"] not in ("ok", "slope_not_different_from_0"):
            continue
        top, middle = guessing[points.sample_id], points.x.mean()

        def off(at: Array, points: Points = points, top: float = top, middle: float = middle) -> Array:
            return np.asarray(at[0] + (top - at[0]) * expit(-(at[1] + at[2] * (points.x - middle))) - points.error)

        found = (
            row["irreducible_error"],
            *(math.log(10) * np.array([row["intercept"] + row["slope"] * middle, row["slope"]])),
        )
        starts = [found, *((level, 0.0, slope) for level in (0.01, 0.1) for slope in (0.2, 1.0))]
        bounds = ([0, -40, 0], [top, 40, 100])
        best = min(2 * optimize.least_squares(off, start, bounds=bounds).cost for start in starts)
        assert float((off(np.array(found)) ** 2).sum()) <= best * (1 + 1e-6), points.name
        assert row["irreducible_error_low"] <= row["irreducible_error"] <= row["irreducible_error_high"]
        assert row["slope_low"] <= row["slope"]
        compared += 1
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


def test_lines_through_points_chosen_by_their_error_have_no_interval(db: duckdb.DuckDBPyConnection) -> None:
    chosen = f"selection in {CHOSEN}"
    told = rows(db, f"from marts.scaling where {chosen} and slope is not null")
    sure = [*("intercept_se", "slope_se", "slope_low", "slope_high", "p_value"), "exponent_low", "exponent_high"]
    for row in told:
        assert row["status"] == "selected_no_interval", row
        assert [row[column] for column in (*sure, "exponent_interval")] == [None] * 8, row
    assert {row["selection"] for row in told} == set(CHOSEN)
    assert {row["estimator"] for row in told} >= {"ols", "ols_hc3", "huber", "theil_sen", "quantile:0.1", "york"}
    assert db.execute(f"select count(*) from marts.intervals where {chosen}").fetchall() == [(0,)]
    # Nor is one of those left out that stand.
    others = "status in ('ok', 'slope_not_different_from_0') and slope_low is not null"
    held = {
        (selection, estimator)
        for selection, estimator in db.execute(
            f"select distinct selection, estimator from marts.scaling where not {chosen} and {others}"
        ).fetchall()
    }
    assert held >= {("all", "ols_cluster"), ("one_per_training", "ols_cluster"), ("all", "quantile:0.1")}
    sure = [f"log10_compute{of}_{end}" for of in ("", "_new") for end in ("low", "high")]
    reached = rows(db, f"from marts.projections where {chosen} and log10_compute is not null")
    for row in reached:
        assert row["status"] in ("selected_no_interval", "extrapolation_unsupported"), row
        assert [row[column] for column in (*sure, "interval")] == [None] * 5, row
    assert {row["status"] for row in reached} == {"selected_no_interval", "extrapolation_unsupported"}


def test_the_frontiers_interval_is_that_of_its_papers(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    told = estimates(db, "quantile:0.1")
    seed = db.execute("select seed from staging.fit_rule").fetchall()[0][0]
    worth, compared = {}, 0
    for points in sets.values():
        if points.name[-1] != "all" or len(points.x) < 3:
            continue
        sizes = np.unique(points.paper, return_counts=True)[1]
        worth[points.sample_id] = sizes.sum() ** 2 / (sizes**2).sum()
        for form in FORMS:
            row = told.get((points.sample_id, form))
            if row is None or row["slope"] is None:
                continue
            assert (row["slope_se"], row["p_value"]) == (None, None)
            assert (row["slope_low"] is None) == (worth[points.sample_id] < 8), points.name
            if worth[points.sample_id] >= 8 and len(points.x) < 40:
                compared += 1
                ends = quantile_by_paper.slope_interval(points.x, points.y(form), points.paper, 0.9, LEVEL, seed)
                assert interval(row) == pytest.approx(ends, rel=1e-9), points.name
    assert compared >= 30
    assert min(worth.values()) < 8


def test_exponents_are_the_inverse_slopes_of_the_same_interval(db: duckdb.DuckDBPyConnection) -> None:
    told = rows(db, "from marts.scaling where direction != 'x_on_y' and slope is not null")
    for row in told:
        low, high = interval(row)
        if row["form"] == "exponential" or row["slope"] == 0:
            assert row["exponent"] is None
            continue
        assert row["exponent"] == pytest.approx(1 / row["slope"], rel=1e-12)
        is_bounded = (low is not None and low > 0) or (high is not None and high < 0)
        assert row["exponent_interval"] == (
            None if (low, high) == (None, None) else "bounded" if is_bounded else "unbounded"
        )
        assert row["exponent_high"] == (pytest.approx(1 / low, rel=1e-12) if is_bounded else None)
        if high is None:
            # Points that allow a step; without either end there is no interval.
            assert row["exponent_low"] == (None if low is None else 0)
        elif is_bounded or high > 0:
            assert row["exponent_low"] == pytest.approx(1 / high, rel=1e-12)
    assert {row["estimator"] for row in told} >= {"ols_cluster", "quantile:0.1", "huber", "theil_sen", "york", "nls"}


def test_the_exponents_of_a_benchmark_stand_beside_each_other(db: duckdb.DuckDBPyConnection) -> None:
    scaling = db.execute("from marts.scaling where form = 'polynomial'").df()
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
        expected = scaling[mine].set_index(KEYS).exponent.dropna()
        pd.testing.assert_series_equal(told[column].dropna().sort_index(), expected.sort_index(), check_names=False)
    # Every set of points that is declared has its row, and no line is left out of the counts and the range.
    tried = scaling.groupby(KEYS).size().sort_index()
    pd.testing.assert_series_equal(told.n_tried.sort_index(), tried, check_names=False)
    rising = scaling[scaling.exponent > 0]
    found = told[told.n_with_exponent > 0].sort_index()
    extremes = rising.groupby(KEYS).exponent.agg(["count", "min", "max"]).sort_index()
    np.testing.assert_array_equal(found[["n_with_exponent", "exponent_min", "exponent_max"]], extremes)
    assert found.n_ok.sum() == (rising.status == "ok").sum() < len(rising)


def test_the_range_of_exponents_holds_those_whose_slope_may_be_0(db: duckdb.DuckDBPyConnection) -> None:
    """The authors' rows for English to German: no slope to speak of, and a row that says so."""
    (row,) = rows(
        db,
        "from marts.exponents where row_set = 'paper_v1' and benchmark = 'wmt_en_de' and compute_measure = 'hardware_burden'",
    )
    assert row["exponent"] == pytest.approx(433.9, abs=0.05)
    assert row["exponent_high"] is None
    assert (row["status"], row["n_ok"]) == ("slope_not_different_from_0", 0)
    assert 0 < row["n_with_exponent"] < row["n_tried"]
    (today,) = rows(
        db,
        "from marts.exponents where row_set = 'current' and benchmark = 'wmt_en_de' and compute_measure = 'hardware_burden'",
    )
    # Its lines without significance reach further either way than those with it, which alone lie between 144 and 163.
    assert today["n_ok"] < today["n_with_exponent"] == today["n_tried"]
    assert today["exponent_min"] < 100
    assert today["exponent_max"] > 200


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


def shuffled(path: Path, copy: Path, change: str) -> Path:
    """A copy of a warehouse with some of the papers' sets of points alone, changed."""
    shutil.copyfile(path, copy)
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


@pytest.mark.slow
def test_the_order_of_the_points_does_not_matter(tmp_path: Path, warehouse_path: Path) -> None:
    as_built = computed_rows(shuffled(warehouse_path, tmp_path / "a.duckdb", "select 1"))
    counted = {table: len(found) for table, found in as_built.items()}
    # Of all benchmarks together there is one row for each row set and compute measure.
    assert min(found for table, found in counted.items() if table != "fits.pooled_slopes") >= 5, counted
    stored = "create or replace table fits.samples as select * from fits.samples order by hash(result_id)"
    assert computed_rows(shuffled(warehouse_path, tmp_path / "b.duckdb", stored)) == as_built
    # Under other names the points come in another order into every sum.
    renamed = computed_rows(
        shuffled(warehouse_path, tmp_path / "c.duckdb", "update fits.samples set result_id = md5(result_id)")
    )
    for table, found in as_built.items():
        for one, other in zip(found, renamed[table], strict=True):
            for field, mine in one.items():
                theirs = other[field]
                if isinstance(mine, float):
                    assert theirs == pytest.approx(mine, rel=1e-10, abs=1e-12), (table, field, one)
                else:
                    assert theirs == mine, (table, field, one)


@pytest.mark.slow
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


# In whole builds, of other things too, by tests/acceptance/test_same_everywhere.py.
@pytest.mark.soak
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


# --- forms that are declared


@pytest.mark.slow
def test_a_set_gets_no_line_of_a_form_that_is_not_declared_for_it(tmp_path: Path) -> None:
    records = [
        record(
            f"Model {at}",
            60 + 2 * at - (at == 5),
            10 ** (9 + at / 4),
            year=2012 + at // 2,
            paper_url=arxiv(f"2001.0000{at}"),
        )
        for at in range(10)
    ]
    priced = [
        (*row, Compute("imagenet", "hardware_burden", 10 ** (18 + at / 3), "flop")) for at, row in enumerate(records)
    ]
    declared = [fit for fit in settings.rows()["fit"] if (fit.row_set, fit.benchmark) == ("current", "imagenet")]
    one = [fit for fit in declared if fit.form == "exponential"]
    assert 0 < len(one) < len(declared)
    tables = {
        "fits.ols",
        "fits.estimates",
        "fits.bootstrap_intervals",
        "fits.projections",
        "fits.costs",
        "fits.form_scores",
        "fits.time_splits",
    }

    def lines(name: str, fits: list[Any]) -> tuple[dict[str, pd.DataFrame], dict[str, int]]:
        """{table: its rows of other forms}, {table: how many are polynomial}."""
        folder = tmp_path / name
        folder.mkdir()
        with built(folder, priced, fit=fits) as con:
            frames = {table: con.execute(f"from {table} order by all").df() for table in tables}
        # The forms stacked are of those that are there.
        kept = {table: frame[~frame.form.isin(["polynomial", "stacked"])] for table, frame in frames.items()}
        others = {table: frame.reset_index(drop=True) for table, frame in kept.items()}
        return others, {table: int((frame.form == "polynomial").sum()) for table, frame in frames.items()}

    (of_both, polynomial), (of_one, none) = lines("both", declared), lines("one", one)
    assert min(polynomial.values()) > 0
    assert set(none.values()) == {0}
    # The lines of the other form are as they were, resamples included.
    for table in tables:
        assert len(of_one[table]) > 0, table
        pd.testing.assert_frame_equal(of_one[table], of_both[table], rtol=1e-10, obj=table)
