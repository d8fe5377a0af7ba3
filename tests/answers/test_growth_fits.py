"""`compute-limits fit --form growth`: what it tells of simulated and of the warehouse's points, and what it refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from running import fit_here

from flows.answers import growth_fits
from flows.answers.dated_points import Dated, decimal_year
from flows.answers.fit_requests import RequestError
from flows.answers.growth_fits import Request


def dated(n: int = 120, bend: float = 0.0, seed: int = 5) -> Dated:
    """Growth of 0.3 powers of ten a year from 2010 to 2020, which bends after 2016."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0, 10, n))
    value = 10 ** (3 + 0.3 * x + bend * np.maximum(x - 6, 0) + 0.5 * rng.standard_normal(n))
    return Dated([f"row {at}" for at in range(n)], 2010 + x, value)


def test_the_answer_is_that_of_the_line() -> None:
    data = dated()
    answer = growth_fits.fit(data, Request(resamples=999))
    slope = sm.OLS(np.log10(data.value), sm.add_constant(data.year)).fit().params[1]
    assert answer["growth_per_year"] == pytest.approx(10**slope, rel=1e-9)
    assert answer["doubling_time_month"] == pytest.approx(12 * math.log10(2) / slope, rel=1e-9)
    assert answer["growth_per_year_low"] < 10**0.3 < answer["growth_per_year_high"]
    assert answer["doubling_time_month_low"] < 12 * math.log10(2) / 0.3 < answer["doubling_time_month_high"]
    assert not answer["kink"]["asked_for"]
    assert (answer["n"], answer["status"], answer["bootstrap"]["blocks"]) == (120, "ok", 10)


def test_a_kink_is_told() -> None:
    answer = growth_fits.fit(dated(bend=1.0), Request(resamples=999))
    kink = answer["kink"]
    assert kink["asked_for"]
    assert kink["p"] == 0.001
    assert kink["low"] < "2016-01-01" < kink["high"]
    assert kink["low"] < kink["date"] < kink["high"]
    assert kink["growth_before_low"] < 10**0.3 < kink["growth_before_high"]
    assert kink["growth_after_low"] < 10**1.3 < kink["growth_after_high"]
    assert kink["doubling_time_month_after"] == pytest.approx(12 * math.log10(2) / math.log10(kink["growth_after"]))
    told = list(growth_fits.lines(answer))
    assert max(map(len, told)) <= 80
    assert any("the data ask for one" in line for line in told)


def test_what_is_unknown_is_told() -> None:
    few = growth_fits.fit(dated(2), Request())
    assert (few["status"], few["growth_per_year"], few["bootstrap"]) == ("too_few_points", None, None)
    assert list(growth_fits.lines(few))[-1] == "no line: too_few_points"
    seven = growth_fits.fit(dated(7), Request())
    assert (seven["status"], seven["growth_per_year_low"], seven["kink"]["p"]) == ("no_interval", None, None)
    assert any("not looked for: too_few_points" in line for line in growth_fits.lines(seven))
    nothing = growth_fits.fit(Dated([], np.empty(0), np.empty(0)), Request())
    assert (nothing["status"], nothing["first_date"]) == ("too_few_points", None)
    assert next(growth_fits.lines(nothing)) == "growth of 0 points, no dates"
    data = dated(60)
    shrinking = growth_fits.fit(Dated(data.row, data.year, 1 / data.value), Request(resamples=99))
    assert (shrinking["doubling_time_month"], shrinking["doubling_time_month_high"]) == (None, None)
    assert any("doubling time    none: it does not grow" in line for line in growth_fits.lines(shrinking))


def test_a_request_that_cannot_be_met() -> None:
    for request, told in ((Request(level=1.0), "level 1.0"), (Request(resamples=0), "--bootstrap 0")):
        with pytest.raises(RequestError, match=told):
            growth_fits.fit(dated(), request)


# --- the command


def write(folder: Path, text: str) -> str:
    path = folder / "data.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_growth_of_a_file(tmp_path: Path) -> None:
    # A doubling each month: 4,096 a year.
    rows = [
        f"{year}-{month:02},{2.0 ** (12 * (year - 2015) + month)}"
        for year in range(2015, 2018)
        for month in range(1, 13)
    ]
    path = write(tmp_path, "date,flop\n" + "\n".join(rows) + "\n2018-01,\n")
    code, out, _ = fit_here("--form", "growth", "--csv", path, "--x", "date", "--y", "flop", "--json")
    answer = json.loads(out)
    x = [decimal_year(row.partition(",")[0]) for row in rows]
    slope = np.polyfit(np.array(x) - 2016, np.arange(36) * math.log10(2), 1)[0]
    assert (code, answer["n"], answer["left_out"], answer["first_date"]) == (0, 36, 1, "2015-01-16")
    assert answer["growth_per_year"] == pytest.approx(10**slope, rel=1e-9)
    assert answer["doubling_time_month"] == pytest.approx(1, rel=0.01)
    code, out, _ = fit_here("--form", "growth", "--csv", path, "--x", "date", "--y", "flop")
    assert code == 0
    assert "growth of 36 points, 2015-01-16 to 2017-12-16, 1 row without date" in out


def test_seed_resamples_and_clusters(tmp_path: Path) -> None:
    data = dated(60)
    rows = "\n".join(
        f"{year},{value},{at % 12}" for at, (year, value) in enumerate(zip(data.year, data.value, strict=True))
    )
    path = write(tmp_path, f"year,flop,by\n{rows}\n")
    common = ("--csv", path, "--x", "year", "--y", "flop", "--bootstrap", "200", "--json")
    one, other, seeded, named = (
        json.loads(fit_here("--form", "growth", *common, *more)[1])
        for more in ((), ("--seed", "1"), ("--seed", "1"), ("--cluster", "by"))
    )
    assert other == seeded
    assert one["growth_per_year"] == other["growth_per_year"]
    assert one["growth_per_year_low"] != other["growth_per_year_low"]
    assert named["bootstrap"] | {"seed": 0} == {"blocks": 12, "of": "clusters", "resamples": 200, "seed": 0}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--year", "year"), ("--x-error", "year"), ("--y-error", "year"), ("--estimator", "huber"), ("--direction", "x_on_y"),
        ("--select", "frontier"), ("--variance-ratio", "1"), ("--irreducible-error", "0"), ("--at", "1"), ("--solve", "1"),
    ],
)  # fmt: skip
def test_options_of_other_forms_are_refused(tmp_path: Path, option: str, value: str) -> None:
    path = write(tmp_path, "year,flop\n2010,1\n2011,2\n2012,4\n")
    code, _, err = fit_here("--form", "growth", "--csv", path, "--x", "year", "--y", "flop", option, value)
    assert (code, err) == (1, f"error: {option}: --form growth does not take it; leave it out\n")


def test_a_source_of_points_is_needed() -> None:
    assert fit_here("--form", "growth", "--x", "year", "--y", "flop")[::2] == (
        1,
        "error: give either --csv FILE or --query SELECT\n",
    )


def test_the_published_doubling_time_lies_within(warehouse_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sevilla et al. 2022 (arXiv 2202.05924): 5.7 months from 2010 to 2022 for their systems; ours are Epoch AI's notable ones."""
    monkeypatch.setattr("flows.paths.warehouse", lambda: warehouse_path)
    sql = (
        "select published_on, value from staging.compute join staging.model using (source, page, locator) "
        "where source = 'epoch_all_models' and compute_measure = 'training_compute' and notability_criteria is not null "
        "and published_on >= '2010-01-01' and published_on < '2022-02-11'"
    )
    code, out, err = fit_here(
        "--form", "growth", "--query", sql, "--x", "published_on", "--y", "value", "--bootstrap", "999", "--json"
    )
    assert (code, err) == (0, "")
    answer: dict[str, Any] = json.loads(out)
    assert answer["doubling_time_month_low"] < 5.7 < answer["doubling_time_month_high"]
    # sql/fits/growth_lines.sql has the line of the same points, a year being 365.25 days there.
    assert answer["doubling_time_month"] == pytest.approx(6.04, abs=0.01)
