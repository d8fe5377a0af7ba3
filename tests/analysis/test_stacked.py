"""The stacked projection: quantiles of the mixture by its distribution function, and what the choice of form is of it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy import optimize, stats

from flows.analysis import costs, samples, stacked
from flows.declared.setting_types import FitRule
from flows.fits import clustered
from flows.fits.forms import response

MMLU = "current/mmlu/accuracy/training_compute/one_per_training"


@pytest.fixture(scope="module")
def rule(warehouse_path: Path) -> FitRule:
    with duckdb.connect(str(warehouse_path), read_only=True) as con:
        return FitRule(*con.execute("select * from staging.fit_rule").fetchall()[0])


def of(db: duckdb.DuckDBPyConnection, name: str) -> samples.Sample:
    return next(one for one in samples.all_samples(db) if one.name == name)


def quantile(sample: samples.Sample, weights: dict[str, float], error: float, probability: float) -> float:
    """Of the mixture: the form's line reaches the error by x if it is above it there, which Student's t gives the chance of."""

    def below(x: float) -> float:
        total = 0.0
        for form, weight in weights.items():
            line = clustered.cluster_robust(sample.x, response(form, sample.error), sample.paper)
            goal = float(response(form, np.array([error]))[0])
            total += weight * stats.t.cdf((line.at(x) - goal) / math.sqrt(line.variance_at(x)), line.degrees_of_freedom)
        return total - probability

    return float(optimize.brentq(below, 20, 200))


def test_a_stacked_projection_has_the_quantiles_of_the_mixture(db: duckdb.DuckDBPyConnection, rule: FitRule) -> None:
    sample, weights = of(db, MMLU), {"polynomial": 0.7, "exponential": 0.3}
    (mixture,) = stacked.mixtures(sample, weights, [0.06], rule)
    row = stacked.projected(sample, mixture, "asked", 0.06, rule)
    assert row.log10_compute == pytest.approx(quantile(sample, weights, 0.06, 0.5), abs=0.1)
    assert row.log10_compute_low == pytest.approx(quantile(sample, weights, 0.06, 0.025), abs=0.1)
    assert row.log10_compute_high == pytest.approx(quantile(sample, weights, 0.06, 0.975), abs=0.3)
    assert (row.form, row.method, row.interval) == ("stacked", "stacked", "bounded")


def test_the_choice_of_form_is_the_largest_part_of_a_far_target(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        "select form, log10_gflop_low, log10_gflop, log10_gflop_high, usd_share_form, "
        "greatest(usd_share_fit, usd_share_utilisation, usd_share_price), "
        "usd_share_fit + usd_share_form + usd_share_utilisation + usd_share_price "
        "from marts.costs where row_set = 'current' and benchmark = 'mmlu' and target = 'target_1' "
        "and scenario = 'h100_2026' and region = 'USA'"
    ).fetchall()
    by_form = {form: figures for form, *figures in rows}
    assert set(by_form) == {"polynomial", "exponential", "stacked"}
    low, middle, high, share, rest, total = by_form["stacked"]
    assert share > rest
    assert total == pytest.approx(1, abs=1e-12)
    assert low == pytest.approx(by_form["polynomial"][0], abs=0.3)
    # The other form is within the interval of neither line alone.
    assert by_form["polynomial"][2] < by_form["exponential"][0]
    assert high > by_form["exponential"][0]
    assert by_form["polynomial"][0] < middle < by_form["exponential"][1]
    assert {by_form[form][3] for form in ("polynomial", "exponential")} == {0.0}


def test_projections_and_costs_are_of_the_same_mixture(db: duckdb.DuckDBPyConnection) -> None:
    apart = db.execute(
        "select max(abs(costs.log10_gflop - (projections.log10_compute - if(compute_unit = 'flop', 9, 0)))), "
        "max(abs(costs.log10_gflop_low - (projections.log10_compute_low - if(compute_unit = 'flop', 9, 0)))), count(*) "
        "from marts.costs as costs join marts.projections as projections "
        "using (row_set, benchmark, metric, compute_measure, form, selection, target) where form = 'stacked'"
    ).fetchall()[0]
    assert apart[2] > 100
    assert max(apart[:2]) < 1e-9


def test_a_form_with_all_the_weight_is_the_projection(db: duckdb.DuckDBPyConnection, rule: FitRule) -> None:
    sample = of(db, MMLU)
    (mixture,) = stacked.mixtures(sample, {"polynomial": 1.0, "exponential": 0.0}, [0.06], rule)
    line = next(
        one
        for one in costs.costs(
            sample,
            "training_compute",
            "flop",
            [costs.Goal("a", 0.06)],
            costs.all_scenarios(db)[:1],
            costs.Spreads(rule),
        )
        if one.form == "polynomial"
    )
    row = stacked.projected(sample, mixture, "a", 0.06, rule)
    assert row.log10_compute is not None
    assert row.log10_compute - 9 == pytest.approx(line.log10_gflop, abs=0.05)
    assert row.share_of_form == 0
    # Nothing is mixed without weights.
    asked = "training_compute", "flop", [costs.Goal("a", 0.06)], costs.all_scenarios(db)[:1], costs.Spreads(rule)
    assert list(costs.stacked_costs(sample, {}, *asked)) == []


def test_what_half_of_the_draws_do_not_reach_has_no_projection(db: duckdb.DuckDBPyConnection, rule: FitRule) -> None:
    sample = of(db, MMLU)
    falls = replace(sample, error=np.sort(sample.error)[np.argsort(np.argsort(sample.x))])
    (mixture,) = stacked.mixtures(falls, {"polynomial": 0.5, "exponential": 0.5}, [0.06], rule)
    row = stacked.projected(falls, mixture, "asked", 0.06, rule)
    assert (row.log10_compute, row.log10_compute_high, row.status) == (None, None, "slope_not_positive")
