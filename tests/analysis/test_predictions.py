"""Calibrated predictions of the built warehouse: their coverage, recomputed point by point, and the weights of forms."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from flows.analysis import predictions, samples
from flows.declared.setting_types import FitRule
from flows.fits.calibration import SCORED_MIN

CURRENT = "from marts.prediction_coverage where row_set = 'current'"


@pytest.mark.parametrize("selection", ["all", "one_per_training"])
@pytest.mark.parametrize("form", ["polynomial", "exponential"])
def test_calibrated_intervals_held_what_came_later(db: duckdb.DuckDBPyConnection, form: str, selection: str) -> None:
    many, nominal, calibrated = db.execute(
        f"select count(*), avg(coverage_nominal), avg(coverage_calibrated) {CURRENT} "
        "and horizon = 'all' and form = ? and selection = ? and coverage_calibrated is not null",
        [form, selection],
    ).fetchall()[0]
    print(f"{form}, {selection}: {many} sets, calibrated {calibrated:.3f}, by the line {nominal:.3f}")
    assert many >= 8
    assert 0.90 <= calibrated <= 0.97
    assert nominal < 0.90


def test_no_coverage_is_told_of_few_papers(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(f"select n_scored, coverage_nominal, coverage_calibrated, factor {CURRENT}").fetchall()
    assert {n >= SCORED_MIN for n, *_ in rows} == {True, False}
    for n, *figures in rows:
        assert [figure is not None for figure in figures] == [n >= SCORED_MIN] * 3


def test_the_horizons_make_up_the_whole(db: duckdb.DuckDBPyConnection) -> None:
    apart = db.execute(
        "select sample_id, form, sum(n_predictions) filter (horizon = 'all') = sum(n_predictions) filter (horizon <> 'all') "
        "from fits.prediction_scores group by all"
    ).fetchall()
    assert all(same for *_, same in apart)


def of(db: duckdb.DuckDBPyConnection, name: str) -> samples.Sample:
    return next(one for one in samples.all_samples(db) if one.name == name)


def test_a_coverage_is_that_of_lines_fitted_anew(db: duckdb.DuckDBPyConnection) -> None:
    sample = of(db, "current/mmlu/accuracy/training_compute/one_per_training")
    kept = ~np.isnan(sample.date)
    x, y, date = sample.x[kept], -np.log10(sample.error[kept]), sample.date[kept]
    paper = sample.paper[kept]
    rows, known_before = [], -1
    for origin in np.arange(math.floor(date.min()), date.max(), 0.25):
        known = date <= origin
        if len(set(paper[known])) < 8 or known.sum() == known_before:
            continue
        known_before = known.sum()
        fit = sm.OLS(y[known], sm.add_constant(x[known])).fit()
        read = fit.get_prediction(np.column_stack([np.ones((~known).sum()), x[~known]]))
        t = (y[~known] - read.predicted_mean) / read.se_obs
        score = np.sign(t) * -stats.norm.ppf(stats.t.sf(np.abs(t), known.sum() - 2))
        rows += [
            (origin, point, date[point] - origin, z) for point, z in zip(np.flatnonzero(~known), score, strict=True)
        ]
    table = np.array(rows)
    origins, horizon, score = table[:, 0], table[:, 2], table[:, 3]
    point = table[:, 1].astype(int)
    held, by_line, scored = [], [], set()
    for origin in np.unique(origins):
        before = (origins < origin) & (date[point] <= origin)
        papers, here = paper[point[before]], origins == origin
        if len(set(papers)) < 20:
            continue
        weight = np.array([1 / (papers == one).sum() for one in papers])
        drift = np.sum(weight * horizon[before] * score[before]) / np.sum(weight * horizon[before] ** 2)
        apart = np.abs(score[before] - drift * horizon[before])
        enough = [half for half in apart if weight[apart <= half].sum() >= 0.95 * (len(set(papers)) + 1) - 1e-9]
        held += (np.abs(score[here] - drift * horizon[here]) <= min(enough)).tolist()
        by_line += (np.abs(score[here]) <= stats.norm.ppf(0.975)).tolist()
        scored |= set(paper[point[here]])
    # Each paper has one training here, so that each prediction counts alike.
    assert len(set(paper)) == len(paper)
    told = db.execute(
        "select n_predictions, n_scored, coverage_nominal, coverage_calibrated from fits.prediction_scores "
        "where sample_id = ? and form = 'polynomial' and horizon = 'all'",
        [sample.sample_id],
    ).fetchall()[0]
    assert told[:2] == (len(held), len(scored))
    assert told[2:] == pytest.approx((np.mean(by_line), np.mean(held)))


def test_weights_add_up_and_few_papers_give_equal_ones(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        "select sum(weight), max(abs(weight - 1 / forms)), min(n_scored), basis from "
        "(select *, count(*) over (partition by sample_id) as forms from fits.form_weights) group by sample_id, basis"
    ).fetchall()
    assert {basis for *_, basis in rows} == {"log_score", "equal"}
    for total, from_equal, scored, basis in rows:
        assert total == pytest.approx(1)
        assert (basis == "log_score") == (scored >= SCORED_MIN)
        assert basis == "log_score" or from_equal == pytest.approx(0)


def test_log_scores_are_of_densities_of_log10_of_the_error(db: duckdb.DuckDBPyConnection, rule: FitRule) -> None:
    sample = of(db, "current/imagenet/top1/training_compute/all")
    found = predictions.rolled(sample, rule)
    dated, made = found.dated, found.made
    for at, form in enumerate(dated.forms):
        one = made[form]
        terms = []
        for point, t, sd, df in zip(one.point, one.t, one.sd, one.degrees_of_freedom, strict=True):
            error = dated.error[point]
            y = -math.log10(error) if form == "polynomial" else 1 / error
            density = stats.t(df, loc=y - t * sd, scale=sd)
            # The probability of a little more and a little less, in decades of the error.
            step = 1e-5
            worse, better = error * 10**step, error * 10**-step
            ends = [-math.log10(e) if form == "polynomial" else 1 / e for e in (worse, better)]
            terms.append(math.log((density.cdf(ends[1]) - density.cdf(ends[0])) / (2 * step)))
        papers = dated.paper[one.point]
        weight = [1 / (papers == paper).sum() for paper in papers]
        assert found.weights.log_score[at] == pytest.approx(np.average(terms, weights=weight), abs=1e-4)


@pytest.fixture(scope="module")
def rule(warehouse_path: Path) -> FitRule:
    with duckdb.connect(str(warehouse_path), read_only=True) as con:
        return FitRule(*con.execute("select * from staging.fit_rule").fetchall()[0])
