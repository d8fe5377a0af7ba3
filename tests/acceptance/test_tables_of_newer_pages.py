"""Export tables behind the pages of efficiency, hardware, scores and leaderboards: each held against the rows behind it."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from typing import Any

import duckdb
import numpy as np
import pytest

Db = duckdb.DuckDBPyConnection


def rows(db: Db, select: str) -> list[dict[str, Any]]:
    cursor = db.execute(select)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_each_fall_is_that_of_the_points_that_are_drawn(db: Db) -> None:
    """By numpy's least squares: points and lines are two tables, and a page draws the one over the other."""
    of: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for point in rows(db, "select * from exports.figure_target_trends"):
        of[point["line"], point["quantity"]].append(point)
    lines = rows(db, "select * from exports.target_trends")
    kept = {
        "all": lambda point: point["locator"] is not None,
        "up_to_16": lambda point: point["is_up_to_16"],
        "least_of_round": lambda point: point["is_least_of_round"],
    }
    for line in lines:
        points = [point for point in of[line["line"], line["quantity"]] if kept[line["sample"]](point)]
        slope, intercept = np.polyfit(
            [point["year"] - 2000 for point in points], [point["log10_taken"] for point in points], 1
        )
        assert len(points) == line["n"]
        assert [slope, intercept] == pytest.approx([line["slope"], line["intercept"]], rel=1e-6), line
        assert line["fall_per_year"] == pytest.approx(10**-slope)
        assert (line["slope_low"] is None) == (line["sample"] == "least_of_round")
        assert line["slope_low"] is None or line["slope_low"] < line["slope"] < line["slope_high"]
    assert {line["measured_by"] for line in lines} == {"mlperf", "ai_and_efficiency", "speedrun"}
    assert len(lines) > 40


def test_a_rate_beside_chip_hours_is_that_of_the_chip(db: Db) -> None:
    """One H100's FP32 peak of its sheet, times the same chips and seconds."""
    ((ratio, count),) = db.execute(
        "select median(burden.log10_taken - hours.log10_taken), count(*) from exports.figure_target_trends as hours "
        "join exports.figure_target_trends as burden using (source, page, locator) "
        "join core.timed_trainings as groups using (source, page, locator) "
        "where hours.quantity = 'chip_hours' and burden.quantity = 'fp32_burden' and processor_id = 'NVIDIA H100 SXM5 80GB'"
    ).fetchall()
    assert count > 30
    assert ratio == pytest.approx(math.log10(67e12 * 3600), abs=0.01)


def test_prices_are_medians_of_providers_of_one_commitment(db: Db) -> None:
    of: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for row in rows(db, "select * from core.provider_prices"):
        of[row["processor_id"], row["year"], row["commitment"]].append(row["price_usd"])
    told = rows(db, "select * from exports.provider_prices")
    assert {(row["processor_id"], row["year"], row["commitment"]) for row in told} == set(of)
    for row in told:
        prices = of[row["processor_id"], row["year"], row["commitment"]]
        assert (row["n_providers"], row["price_usd"]) == (len(prices), pytest.approx(statistics.median(prices)))
        assert (row["price_usd_low"], row["price_usd_high"]) == (min(prices), max(prices))
    both = {(row["processor_id"], row["commitment"]) for row in told}
    assert {("NVIDIA H100 SXM5 80GB", "on demand"), ("NVIDIA H100 SXM5 80GB", "spot")} <= both


def test_the_same_providers_are_followed_from_month_to_month(db: Db) -> None:
    of: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows(db, "select * from exports.rental_prices order by processor_id, commitment, month"):
        of[row["processor_id"], row["commitment"]].append(row)
    breaks = 0
    for months in of.values():
        since, price, index = None, math.nan, math.nan
        for month in months:
            if month["price_ratio"] is None:
                breaks += since is not None
                since, price, index = month["month"], month["price_usd"], 1.0
            else:
                index *= month["price_ratio"]
            assert month["followed_since"] == since
            assert [month["price_index"], month["price_usd_followed"]] == pytest.approx([index, price * index])
    # A processor of which nobody was there in the month before begins anew.
    assert breaks > 0


def test_clusters_are_those_of_the_line(db: Db) -> None:
    ((listed, least),) = db.execute(
        "select count(*), min(op_per_s_16_bit) from exports.clusters where operational_on is not null"
    ).fetchall()
    ((n,),) = db.execute(
        "select n from marts.hardware_growth where series = 'clusters' and era = 'all_years' and rule = 'all'"
    ).fetchall()
    assert listed == n > 400
    assert least > 0
    assert db.execute("select count(*) from exports.clusters where status = 'planned'").fetchall() == [(0,)]


def test_of_a_region_the_newest_year_stands(db: Db) -> None:
    ((regions, google),) = db.execute(
        "select count(distinct (provider, region)), count(*) filter (provider = 'Google Cloud Platform' and year < 2024) "
        "from exports.region_carbon"
    ).fetchall()
    assert db.execute("select count(*) from exports.region_carbon").fetchall() == [(regions,)]
    assert google == 0


def test_the_best_score_is_the_best_by_its_metric(db: Db) -> None:
    """The lowest of error rates, perplexities and bits, the highest of ratings and lengths of time."""
    told = rows(db, "select * from exports.scores")
    assert {row["domain"] for row in told} == {"speech recognition", "language modelling", "Go", "chess", "long tasks"}
    for row in told:
        values = [value for (value,) in db.execute(
            "select value from core.unbounded_scores where benchmark = ? and split = 'test'", [row["benchmark"]]
        ).fetchall()]  # fmt: skip
        best = max(values) if row["metric"] in ("elo", "time_horizon") else min(values)
        assert (row["best_value"], row["n_scores"]) == (best, len(values)), row["benchmark"]
        drawn = rows(db, f"select * from exports.figure_scores where benchmark = '{row['benchmark']}'")
        assert len(drawn) == len(values)
        assert sum(point["log10_computation"] is not None for point in drawn) == row["n"]


def test_a_time_horizon_has_the_day_that_its_growth_has(db: Db) -> None:
    ((dated,),) = db.execute(
        "select count(year) from exports.figure_scores where benchmark = 'metr_time_horizon'"
    ).fetchall()
    ((n,),) = db.execute(
        "select n from marts.compute_growth where series = 'time_horizons' and era = 'all_years' and rule = 'all'"
    ).fetchall()
    assert dated == n > 20


def test_leaderboards_have_the_names_that_are_known(db: Db) -> None:
    told = db.execute(
        "select source, page, benchmark, count(distinct name) from exports.leaderboards group by all order by all"
    ).fetchall()
    assert (
        told
        == db.execute(
            "select source, page, benchmark, n_with_computation from marts.leaderboards where n_with_computation > 0 order by all"
        ).fetchall()
    )
