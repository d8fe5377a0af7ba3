"""Inverse predictions and their intervals, held to statsmodels and to a search for the ends."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import statsmodels.api as sm
from hand_made import built
from scipy import optimize, stats
from sets_of_points import (
    BOOTSTRAPPED,
    CHOSEN,
    FORMS,
    LEVEL,
    PROJECTED,
    RANGES,
    Array,
    Points,
    arxiv,
    drawn,
    jackknife,
    named,
    near,
    of_jackknife,
    record,
    rows,
    sets_of,
)


@pytest.fixture(scope="module")
def sets(warehouse_path: Path) -> dict[int, Points]:
    return sets_of(warehouse_path)


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
@pytest.mark.slow
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
        if sets[row["sample_id"]].name[-1] in CHOSEN:
            far = beyond / np.ptp(x) > RANGES
            assert row["status"] == ("extrapolation_unsupported" if far else "selected_no_interval")
        elif fit.pvalues[1] >= 1 - LEVEL:
            assert row["status"] == "slope_not_different_from_0"
        else:
            assert row["status"] == ("extrapolation_unsupported" if beyond / np.ptp(x) > RANGES else "ok")
    statuses = {"ok", "slope_not_positive", "slope_not_different_from_0", "extrapolation_unsupported"}
    assert {row["status"] for row in told} == {*statuses, "selected_no_interval"}


@pytest.mark.slow
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
        "select projections.*, irreducible_error, estimates.intercept, estimates.slope, error_of_guessing as guessing "
        "from fits.projections as projections join fits.estimates as estimates using (sample_id, form) "
        "join (select distinct sample_id, error_of_guessing from staging.fit join fits.sample_sets "
        "using (row_set, benchmark, metric, compute_measure, selection)) using (sample_id) "
        "where estimator = 'nls' and method = 'nls' "
        "and (log10_compute is not null or projections.status = 'below_irreducible_error')",
    )
    assert {row["form"] for row in told} == {"asymptotic", "logistic"}
    for row in told:
        is_below = row["error"] <= row["irreducible_error"]
        assert is_below == (row["status"] == "below_irreducible_error")
        if not is_below:
            above = row["error"] - row["irreducible_error"]
            reached = -(math.log10(above) + row["intercept"]) / row["slope"]
            if row["form"] == "logistic":
                reached = (math.log10((row["guessing"] - row["error"]) / above) - row["intercept"]) / row["slope"]
            assert row["log10_compute"] == pytest.approx(reached, rel=1e-9)
        else:
            assert row["log10_compute"] is None
        # What the points allow: no computation by any curve, from one on by some, or an interval around the best.
        low, high = row["log10_compute_low"], row["log10_compute_high"]
        if row["interval"] == "below_irreducible_error":
            assert (is_below, low, high) == (True, None, None)
        elif row["interval"] == "bounded":
            assert low <= (row["log10_compute"] or high) <= high
        else:
            assert (row["interval"], low is None or high is None) == ("unbounded", True)
    assert {row["interval"] for row in told} == {"below_irreducible_error", "bounded", "unbounded"}
    assert {row["status"] for row in told} == {"below_irreducible_error", "ok", "extrapolation_unsupported"}
