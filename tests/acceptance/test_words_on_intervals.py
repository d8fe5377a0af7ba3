"""The README's words on intervals: each sentence is held by a test that CONTRIBUTING.md names, and its figures are the tables'."""

from __future__ import annotations

import math
import re
from pathlib import Path

import duckdb
import numpy as np
import pytest
import statsmodels.api as sm

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TABLE = TABLE.split("## What the words on intervals rest on")[1].split("\n## ")[0]
# {what a sentence with the word has: the row of CONTRIBUTING.md on it}; None: of a schedule.
SENTENCES = {
    "An interval that means what it says": "intervals of lines go by paper, model and training",
    "An empty `high` is an interval that is not bounded": "an empty `high` is an interval that is not bounded",
    "it is empty where there is no interval": "an empty `high` is an interval that is not bounded",
    "line of the polynomial form that leads in tables": "exponents are the inverse slopes, with the same interval",
    "exponent and interval": "exponents are the inverse slopes, with the same interval",
    "released by then, with its interval as if each stood alone": "exponents by year, as if each stood alone",
    "its slope's interval by t, HC3, paper, and four bootstraps": "a slope's interval by seven methods",
    "the interval of the line and of a new model": "projections: the interval of the line and of a new model",
    "how many later results the interval of a new model held": "one new model: calibrated by what earlier predictions missed",
    "how many its interval holds": "the paper's own lines and what came after them",
    "step of error and the computation that it takes": "lines of costs have the interval of costs",
    "log10 of Gflop, kWh, CO2, USD with intervals": "costs: the parts of an interval add up",
    "selection bias and show no interval": "none where none is honest: points chosen by their error",
    "of the curves and of costs go by them": "intervals of the curves, and whether the points tell E",
    "how much of the interval is the choice of form": "stacked: how much of the interval is the choice of form",
    "The interval of one new model is calibrated": "one new model: calibrated by what earlier predictions missed",
    "of the interval of USD is the choice of form": "stacked: how much of the interval is the choice of form",
    "Growth at the frontier of computation is described": "growth: of all points alone",
    "`--cluster` names the column of papers": "`fit --cluster`, also of the years",
    "`--at` and `--solve` read the fit both ways": "`fit --at`, `--solve`: of the line and of a new point",
    "`…Interval`, `…Low` and `…High` if it has an interval": "numbers for texts have their interval",
    "`--every 6h` sets an interval": None,
}


def sentences() -> list[str]:
    """Those of the README with the word, without what commands print; a cell of a table is one too."""
    text, found = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL), list[str]()
    for block in re.split(r"\n\s*\n|\n(?=[|*-])", text):
        parts = re.split(r"(?<=[.;:])\s+|\s\|\s", " ".join(block.split()))
        # The name of a table is no sentence on it.
        found += [part for part in parts if "interval" in part.lower() and not part.startswith("| `")]
    return found


def test_every_sentence_on_intervals_is_held_by_tests() -> None:
    assert len(sentences()) >= 20
    rows = {line.split(" | ")[0].removeprefix("| ") for line in TABLE.splitlines() if "tests/" in line}
    for sentence in sentences():
        held = [row for part, row in SENTENCES.items() if part in sentence]
        assert held, f"no test is named for: {sentence}"
        assert set(held) - {None} <= rows, held


def said(pattern: str) -> tuple[str, ...]:
    found = re.search(pattern, " ".join(README.split()))
    assert found is not None, pattern
    return found.groups()


def test_the_shares_that_were_held_are_those_of_the_table(db: duckdb.DuckDBPyConnection) -> None:
    calibrated, low, high = said(r"it held (\d+) % of later results, the line's own (\d+) to (\d+) %")
    rows = db.execute(
        "select avg(coverage_calibrated), avg(coverage_nominal) from marts.prediction_coverage where row_set = 'current' and "
        "horizon = 'all' and selection = 'one_per_training' and coverage_calibrated is not null group by form"
    ).fetchall()
    assert {f"{100 * share:.0f}" for share, _ in rows} == {calibrated}
    assert [f"{100 * share:.0f}" for share in sorted(own for _, own in rows)] == [low, high]
    (fewest,) = said(r"where fewer than (\d+) papers or models were scored there is none")
    assert db.execute("select min(n_scored) from marts.prediction_coverage where coverage_calibrated is not null").fetchall() >= [
        (int(fewest),)
    ]  # fmt: skip


def test_a_stacked_projection_is_as_wide_as_it_is_said(db: duckdb.DuckDBPyConnection) -> None:
    low, high, share = said(r"MMLU at 6 % takes ([\d.e]+) to ([\d.e]+) Gflop, and (\d+) % of the interval of USD")
    ((*ends, of_form),) = db.execute(
        "select log10_gflop_low, log10_gflop_high, usd_share_form from marts.costs where row_set = 'current' and "
        "benchmark = 'mmlu' and form = 'stacked' and error = 0.06 and scenario = 'h100_2026' and region = 'OWID_WRL'"
    ).fetchall()
    for told, log10 in zip((low, high), ends, strict=True):
        mantissa, power = told.split("e")
        assert (mantissa, int(power)) == (f"{10 ** (log10 % 1):.1f}", math.floor(log10))
    assert f"{100 * of_form:.0f}" == share


@pytest.mark.parametrize("table", ["marts.scaling", "main.exponents"])
def test_an_end_that_is_empty_is_said_to_be_so(table: str, db: duckdb.DuckDBPyConnection) -> None:
    low, high = ("exponent_low", "exponent_high")
    rows = db.execute(
        f"select exponent_interval, {low} is not null, {high} is not null, count(*) from {table} group by all"
    ).fetchall()
    assert {row[:3] for row in rows} == {("bounded", True, True), ("unbounded", True, False), (None, False, False)}


def test_exponents_by_year_have_the_interval_of_points_that_stand_alone(db: duckdb.DuckDBPyConnection) -> None:
    of = "row_set = 'current' and benchmark = 'imagenet' and compute_measure = 'hardware_burden' and metric = 'top1'"
    points = db.execute(
        f"select year, log10_compute, -log10(error) from fits.samples where {of} and selection = 'one_per_training'"
    ).fetchnumpy()
    year, x, y = points.values()
    rows = db.execute(
        f"select year, exponent, exponent_low, exponent_high from marts.exponents_by_year where {of} and status = 'ok'"
    ).fetchall()
    assert len(rows) >= 3
    for until, *told in rows:
        kept = np.ma.filled(year <= until, fill_value=False)
        line = sm.OLS(y[kept], sm.add_constant(np.asarray(x[kept]))).fit()
        slope_low, slope_high = line.conf_int(0.05)[1]
        assert told == pytest.approx([1 / line.params[1], 1 / slope_high, 1 / slope_low], rel=1e-9)
