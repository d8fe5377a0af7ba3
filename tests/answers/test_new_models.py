"""What a quote tells of one new model, held to the tables that it is from and to statsmodels."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from flows.analysis import samples
from flows.answers import cost_quotes, new_models


def told(path: Path, benchmark: str, form: str) -> dict[str, Any]:
    answer = cost_quotes.quote(path, cost_quotes.Request(benchmark, "10%"))
    return next(row["new_model"] for row in answer["results"] if row["form"] == form)


def test_ends_are_where_the_line_is_as_far_away_as_earlier_predictions_were(
    db: duckdb.DuckDBPyConnection, warehouse_path: Path
) -> None:
    found = told(warehouse_path, "mmlu", "polynomial")
    name = "current/mmlu/accuracy/training_compute/one_per_training"
    sample = next(one for one in samples.all_samples(db) if one.name == name)
    drift, half = db.execute(
        "select drift_per_year, half_width from fits.calibrations where sample_id = ? and form = 'polynomial'",
        [sample.sample_id],
    ).fetchall()[0]
    fit = sm.OLS(-np.log10(sample.error), sm.add_constant(sample.x)).fit()

    def off(x: float, score: float) -> float:
        read = fit.get_prediction(np.array([[1.0, x]]))
        t = stats.t.ppf(stats.norm.cdf(score), fit.df_resid)
        return float(1.0 - read.predicted_mean[0] - t * read.se_obs[0])

    for end, score in (("low", drift + half), ("high", drift - half)):
        expected = optimize.brentq(off, 15, 45, args=(score,)) - 9
        assert found[f"log10_gflop_calibrated_{end}"] == pytest.approx(expected, abs=1e-6)
    scores = db.execute(
        "select coverage_nominal, coverage_calibrated from fits.prediction_scores "
        "where sample_id = ? and form = 'polynomial' and horizon = '1'",
        [sample.sample_id],
    ).fetchall()[0]
    assert (found["coverage_nominal"], found["coverage_calibrated"]) == scores
    text = "\n".join(new_models.lines(found, "95% interval ", cost_quotes.power))
    assert f"held {scores[1]:.0%} of later results" in text


@pytest.mark.parametrize(("benchmark", "form"), [("gpqa_diamond", "exponential"), ("imagenet", "exponential")])
def test_a_new_model_is_no_surer_than_the_line(
    db: duckdb.DuckDBPyConnection, warehouse_path: Path, benchmark: str, form: str
) -> None:
    error, low, high = db.execute(
        "select error, log10_compute_new_low, log10_compute_new_high from marts.projections where row_set = 'current' "
        "and benchmark = ? and form = ? and method = 'cluster' and selection = 'one_per_training' and target = 'today' "
        "and compute_measure in ('training_compute', 'hardware_burden') "
        "order by compute_measure = 'hardware_burden' desc",
        [benchmark, form],
    ).fetchall()[0]
    answer = cost_quotes.quote(warehouse_path, cost_quotes.Request(benchmark, f"{100 * error}%", form=form))
    (row,) = answer["results"]
    found = row["new_model"]
    unit = 9 if answer["compute_unit"] == "flop" else 0
    for end, expected in (("low", low), ("high", high)):
        if expected is None:
            assert found[f"log10_gflop_nominal_{end}"] is None
        else:
            assert found[f"log10_gflop_nominal_{end}"] == pytest.approx(expected - unit, rel=1e-9)
    assert found["log10_gflop_nominal_low"] < row["log10_gflop_low"]


def test_an_interval_that_lies_below_its_line_says_why(warehouse_path: Path) -> None:
    found = told(warehouse_path, "gpqa_diamond", "polynomial")
    assert found["log10_gflop"] > found["log10_gflop_calibrated_high"]
    assert "  all below the line: later results needed less computation than it said" in list(
        new_models.lines(found, "95% interval ", cost_quotes.power)
    )


def test_a_benchmark_with_few_results_has_no_calibrated_interval(warehouse_path: Path) -> None:
    found = told(warehouse_path, "squad", "polynomial")
    assert found["calibration"] == "too_few_scored"
    assert found["log10_gflop_calibrated_low"] is None
    assert found["log10_gflop_calibrated_high"] is None
    assert isinstance(found["log10_gflop_nominal_low"], float)
    text = "\n".join(new_models.lines(found, "95% interval ", cost_quotes.power))
    assert "none calibrated" in text
    assert "of the next year" not in text


def test_projections_have_the_same_ends(db: duckdb.DuckDBPyConnection, warehouse_path: Path) -> None:
    error, low, high = db.execute(
        "select error, log10_compute_calibrated_low, log10_compute_calibrated_high from marts.projections "
        "where row_set = 'current' and benchmark = 'mmlu' and selection = 'one_per_training' and form = 'polynomial' "
        "and method = 'y_on_x' and target = 'target_1'"
    ).fetchall()[0]
    answer = cost_quotes.quote(warehouse_path, cost_quotes.Request("mmlu", str(error), form="polynomial"))
    new = answer["results"][0]["new_model"]
    assert math.isclose(new["log10_gflop_calibrated_low"], low - 9, rel_tol=1e-12)
    assert math.isclose(new["log10_gflop_calibrated_high"], high - 9, rel_tol=1e-12)
