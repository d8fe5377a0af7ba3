"""flows/analysis/pooled.py: which slopes are put together, and what the tables say of them."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pytest
from scipy import optimize
from sets_of_points import rows

from flows import columns
from flows.analysis import pooled
from flows.analysis.estimates import Estimate
from flows.analysis.pooled import Headline


def estimate(sample_id: int, slope: float | None, se: float | None, **changed: str) -> Estimate:
    told = dict.fromkeys(Estimate.__dataclass_fields__)
    kind = {"form": "polynomial", "estimator": "ols_cluster", "direction": "y_on_x", "status": "ok"} | changed
    return Estimate(**{**told, "sample_id": sample_id, "n": 9, "slope": slope, "slope_se": se, **kind})  # type: ignore[arg-type]


def test_slopes_of_one_row_set_and_measure_are_put_together_significant_or_not() -> None:
    sets = [Headline("a", "burden", at) for at in (1, 2, 3, 4)] + [
        Headline("a", "operations", 5),
        Headline("b", "burden", 6),
    ]
    slopes = [
        estimate(1, 0.08, 0.01),
        estimate(2, 0.05, 0.02),
        estimate(3, 0.001, 0.02, status="slope_not_different_from_0"),
        estimate(4, None, None, status="too_few_papers"),
        estimate(4, 0.5, 0.01, estimator="huber"),
        estimate(5, 0.1, 0.02),
        estimate(1, 3.0, 0.1, form="exponential"),
        estimate(7, 0.3, 0.01),
    ]
    made = pooled.tables(sets, columns.table(Estimate, slopes), 0.95)
    first, second, third = made["fits.pooled_slopes"].to_pylist()
    assert [(one["row_set"], one["compute_measure"], one["n_benchmarks"], one["n_left_out"], one["status"])
            for one in (first, second, third)] == [
        ("a", "burden", 3, 1, "slope_not_different_from_0"), ("a", "operations", 1, 0, "too_few_places"),
        ("b", "burden", 0, 1, "too_few_places"),
    ]  # fmt: skip
    assert first["slope_low"] < 0.02 < first["slope"] < 0.08 < first["slope_high"]
    assert second["slope"] is None
    shrunken = {one["sample_id"]: one for one in made["fits.shrunken_slopes"].to_pylist()}
    assert set(shrunken) == {1, 2, 3, 5}
    assert 0.001 < shrunken[3]["slope_shrunken"] < first["slope"] < shrunken[1]["slope_shrunken"] < 0.08
    assert shrunken[5]["slope_shrunken"] is None


def test_the_tables_are_the_random_effects_of_the_clustered_slopes(db: duckdb.DuckDBPyConnection) -> None:
    """Restricted likelihood written out and maximised by scipy, over slopes and standard errors of marts.scaling."""
    told = {(row["row_set"], row["compute_measure"]): row for row in rows(db, "from marts.pooled_exponents")}
    compared = 0
    for key in [("current", "hardware_burden"), ("current", "training_compute"), ("paper_v1", "hardware_burden"),
                ("paper_v2", "hardware_burden")]:  # fmt: skip
        own = rows(
            db,
            "select benchmark, metric, slope, slope_se, n from marts.scaling where is_headline_selection and form = 'polynomial' "
            f"and estimator = 'ols_cluster' and slope_se > 0 and (row_set, compute_measure) = {key!r} order by n desc, metric",
        )
        # Of two metrics of one benchmark the one with more points.
        by = {row["benchmark"]: row for row in reversed(own)}
        y = np.array([row["slope"] for row in by.values()])
        v = np.array([row["slope_se"] for row in by.values()]) ** 2

        def minus(log_tau2: float, y: np.ndarray = y, v: np.ndarray = v) -> float:
            total = v + math.exp(log_tau2)
            mean = (y / total).sum() / (1 / total).sum()
            return float(np.log(total).sum() + math.log((1 / total).sum()) + ((y - mean) ** 2 / total).sum())

        best = optimize.minimize_scalar(minus, bounds=(-14, 0), method="bounded", options={"xatol": 1e-10})
        total = v + math.exp(best.x)
        row = told[key]
        assert row["n_benchmarks"] == len(by), key
        assert row["tau_squared"] == pytest.approx(math.exp(best.x), rel=1e-5), key
        assert row["exponent"] == pytest.approx((1 / total).sum() / (y / total).sum(), rel=1e-6), key
        assert row["q"] == pytest.approx((y**2 / v).sum() - (y / v).sum() ** 2 / (1 / v).sum(), rel=1e-6), key
        compared += 1
        shrunken = {one["benchmark"]: one for one in rows(
            db, f"from marts.shrunken_exponents where (row_set, compute_measure) = {key!r}")}  # fmt: skip
        assert set(shrunken) == set(by)
        for at, benchmark in enumerate(by):
            weight = math.exp(best.x) / total[at]
            drawn = weight * y[at] + (1 - weight) / row["exponent"]
            assert 1 / shrunken[benchmark]["exponent_shrunken"] == pytest.approx(drawn, rel=1e-5), benchmark
    assert compared == 4


def test_a_new_benchmark_is_less_sure_than_the_mean_and_language_models_are_shared(
    db: duckdb.DuckDBPyConnection,
) -> None:
    told = rows(db, "from marts.pooled_exponents where status != 'too_few_places'")
    assert {row["row_set"] for row in told} == {"paper_v1", "paper_v2", "current"}
    for row in told:
        assert row["exponent_new_low"] < row["exponent_low"] < row["exponent"]
        assert row["exponent_new_high"] is None or row["exponent_new_high"] > row["exponent_high"]
        assert (row["status"] == "ok") == (row["exponent_high"] is not None)
        # Benchmarks differ by more than their slopes' standard errors say.
        assert row["i_squared"] > 0.5
    shares = {(row["row_set"], row["compute_measure"]): row["share_of_models_in_several"] for row in told}
    assert shares["current", "training_compute"] > 0.5 > shares["current", "hardware_burden"]
