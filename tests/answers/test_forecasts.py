"""Statements for the register, from what had been released by a day, and their scores by what came later."""

from __future__ import annotations

import itertools
import math
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import integrate, stats

from flows import build, cli, paths
from flows.answers import forecasts
from flows.declared import forecast_register
from flows.declared.forecast_register import RegisterError

DAY = date(2022, 12, 31)


@pytest.fixture
def data(tmp_path: Path, warehouse_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with the built warehouse and no register."""
    (tmp_path / "warehouse").mkdir()
    shutil.copyfile(warehouse_path, tmp_path / "warehouse" / "compute_limits.duckdb")
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(tmp_path))
    monkeypatch.setattr(paths, "SHIPPED_REGISTER", tmp_path / "nothing ships")
    return tmp_path


def rows(db: duckdb.DuckDBPyConnection, sql: str, *given: Any) -> list[dict[str, Any]]:
    cursor = db.execute(sql, given)
    names = [one[0] for one in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_the_command_writes_what_was_known_by_the_day(
    data: Path, db: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["forecast", "--until", DAY.isoformat(), "--benchmark", "mmlu", "--years", "2"])
    assert ended.value.code == 0
    lines = forecast_register.read(data / "forecasts" / "register.jsonl")
    assert f"{len(lines)} statements added to" in capsys.readouterr().out
    assert {line.benchmark for line in lines} == {"mmlu"}
    assert {(line.kind, line.information_until, line.horizon_years) for line in lines} == {
        ("hindcast", DAY, 1),
        ("hindcast", DAY, 2),
    }
    key, newest = db.execute(
        "select key, (select max(newest_retrieved_on) from staging.source_reading) from meta.kept_keys where kind = 'build'"
    ).fetchall()[0]
    assert {(line.warehouse, line.made_on) for line in lines} == {(key, newest)}
    points = db.execute(
        "select log10_compute, log10(error) from fits.samples where row_set = 'current' and benchmark = 'mmlu' "
        "and compute_measure = 'training_compute' and selection = 'one_per_training' and released_on <= ?",
        [DAY],
    ).fetchnumpy()
    x, y = (np.asarray(values) for values in points.values())
    fit = sm.OLS(y, sm.add_constant(x)).fit()
    for line in lines:
        if (line.quantity, line.method) == ("error_at_computation", "line"):
            read = fit.get_prediction(np.array([[1.0, line.at_log10]]))
            assert (line.location, line.scale) == pytest.approx((read.predicted_mean[0], read.se_obs[0]), abs=1e-5)
            assert line.degrees_of_freedom == len(x) - 2
    assert {line.method for line in lines} >= {"line", "last_value", "drift"}


def test_a_statement_is_written_once_and_nothing_is_told_beforehand(data: Path) -> None:
    many, where = forecasts.register(paths.warehouse(), DAY, 1, "mmlu")
    before = where.read_bytes()
    assert len(before.splitlines()) == many
    with pytest.raises(RegisterError, match="is registered already"):
        forecasts.register(paths.warehouse(), DAY, 1, "mmlu")
    assert where.read_bytes() == before
    assert where.is_relative_to(data)
    with pytest.raises(RegisterError, match="nothing can be told by 2199-01-01"):
        forecasts.register(paths.warehouse(), date(2199, 1, 1), 1)
    with pytest.raises(RegisterError, match="papers or models by 1990-01-01"):
        forecasts.register(paths.warehouse(), date(1990, 1, 1), 1)


def test_a_new_statement_is_a_new_build(data: Path) -> None:
    assert not (data / "forecasts").exists()

    def of_build() -> str:
        return build.key(paths.raw(), paths.shipped_raw(), date(2099, 12, 31))

    before = of_build()
    forecasts.register(paths.warehouse(), DAY, 1, "mmlu")
    assert of_build() != before


def test_years_on_from_a_leap_day() -> None:
    assert forecasts._years_on(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert forecasts._years_on(date(2024, 2, 29), 4) == date(2028, 2, 29)
    assert forecasts._years_on(date(2022, 12, 31), -2) == date(2020, 12, 31)


def crps(value: float, location: float, scale: float, df: float) -> float:
    """By its definition: the integral of the squared distance of the distribution function from the step at the value."""
    law, total = stats.t(df), 0.0
    z = (value - location) / scale
    ends = [-np.inf, min(z, 0) - 30, *sorted((z, 0.0)), max(z, 0) + 30, np.inf]
    for start, end in itertools.pairwise(ends):
        tail = law.cdf if end <= z else law.sf
        total += integrate.quad(lambda x, tail=tail: float(tail(x)) ** 2, start, end, limit=500)[0]
    return scale * total


def test_scores_are_those_of_the_definitions(db: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        db,
        "select outcomes.*, location, scale, degrees_of_freedom as df from fits.forecast_outcomes as outcomes "
        "join staging.forecast using (statement) order by hash(statement || outcome) limit 40",
    )
    assert len(found) == 40
    for row in found:
        law = stats.t(row["df"], row["location"], row["scale"])
        assert row["log_score"] == pytest.approx(law.logpdf(row["value"]), rel=1e-9, abs=1e-9)
        assert row["crps"] == pytest.approx(crps(row["value"], row["location"], row["scale"], row["df"]), rel=1e-6)
        tail = abs(law.cdf(row["value"]) - 0.5)
        for level in (50, 80, 95):
            if abs(tail - level / 200) > 1e-4:
                assert row[f"in_{level}"] == (tail < level / 200)


def test_results_score_what_they_are_about(db: duckdb.DuckDBPyConnection) -> None:
    for quantity in ("error_at_computation", "computation_of_error"):
        of = rows(
            db,
            "select * from marts.forecast_scores where benchmark = 'mmlu' and quantity = ? and method = 'line' and n_scored > 1 "
            "order by horizon_end, at_log10 limit 1",
            quantity,
        )[0]
        later = rows(
            db,
            "select log10_compute as x, log10(error) as y, cluster from fits.samples "
            "where row_set = 'current' and benchmark = 'mmlu' "
            "and compute_measure = 'training_compute' and selection = 'one_per_training' and released_on > ? and released_on <= ?",
            of["horizon_start"],
            of["horizon_end"],
        )
        about, told = ("x", "y") if quantity == "error_at_computation" else ("y", "x")
        hit = [row for row in later if abs(row[about] - of["at_log10"]) <= of["within_decades"]]
        assert (of["n_scored"], of["n_clusters"]) == (len(hit), len({row["cluster"] for row in hit}))
        law = stats.t(of["degrees_of_freedom"], of["location"], of["scale"])
        papers = {
            row["cluster"]: [law.logpdf(one[told]) for one in hit if one["cluster"] == row["cluster"]] for row in hit
        }
        assert of["log_score"] == pytest.approx(np.mean([np.mean(one) for one in papers.values()]))


def test_growth_is_of_medians_of_whole_years(db: duckdb.DuckDBPyConnection) -> None:
    outcomes = rows(
        db,
        "select * from fits.forecast_outcomes join staging.forecast using (statement) where quantity = 'computation_growth'",
    )
    assert outcomes
    newest = db.execute("select max(released_on) from fits.samples").fetchall()[0][0]
    for row in outcomes:
        assert row["horizon_end"] <= newest
        subject = [row[name] for name in ("benchmark", "metric", "compute_measure", "selection")]
        medians = [
            float(
                np.median(
                    db.execute(
                        "select log10_compute from fits.samples where row_set = 'current' and benchmark = ? and metric = ? "
                        "and compute_measure = ? and selection = ? and released_on > ? and released_on <= ?",
                        [*subject, start, end],
                    ).fetchnumpy()["log10_compute"]
                )
            )
            for start, end in (
                (row["horizon_start"], row["horizon_end"]),
                (row["information_until"].replace(year=row["information_until"].year - 1), row["information_until"]),
            )
        ]
        assert row["value"] == pytest.approx(medians[0] - medians[1], abs=1e-9)


def test_the_line_beats_naive_forecasts_of_the_error(db: duckdb.DuckDBPyConnection) -> None:
    told = rows(
        db,
        "select * from marts.forecast_methods where kind = 'hindcast' and quantity = 'error_at_computation' "
        "and horizon_years = 1 and n_benchmarks > 3",
    )
    by_method = {row["method"]: row for row in told}
    assert by_method["line"]["crps_over_naive"] < 0.9
    assert min(by_method["drift"]["crps_over_naive"], by_method["last_value"]["crps_over_naive"]) >= 1
    assert all(0 <= row[f"coverage_{level}"] <= 1 for row in told for level in (50, 80, 95))
    n = sum(row["n_statements"] for row in rows(db, "from marts.forecast_methods"))
    assert n == db.execute("select count(*) from marts.forecast_scores where n_scored > 0").fetchall()[0][0]
    assert math.isfinite(by_method["line"]["log_score"])
