"""Forms compared, scored on later years and with a term of time, held to scipy, statsmodels and brute force."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from sets_of_points import (
    FORMS,
    KEYS,
    LEVEL,
    PROJECTED,
    Array,
    Points,
    curve,
    jackknife,
    named,
    of_jackknife,
    rows,
    sets_of,
    some,
)

from flows.fits.logistic import logistic


@pytest.fixture(scope="module")
def sets(warehouse_path: Path) -> dict[int, Points]:
    return sets_of(warehouse_path)


def densities(points: Points, form: str) -> float:
    """The log-likelihood of the errors themselves, with the deviation that makes it largest."""
    y = points.y(form)
    residuals = np.asarray(points.ols(form).resid)
    slope_of_response = 1 / (points.error * math.log(10)) if form == "polynomial" else 1 / points.error**2
    sd = math.sqrt(float((residuals**2).mean()))
    density = stats.norm.pdf(y, y - residuals, sd) * slope_of_response
    return float(np.log(density).sum())


def predicted(form: str, line: Array, x: Array) -> Array:
    y = line[0] + line[1] * x
    return np.minimum(10.0**-y, 1) if form == "polynomial" else 1 / np.maximum(y, 1)


def rmse(found: Array, error: Array) -> float:
    return float(np.sqrt((np.log10(found / error) ** 2).mean()))


def test_forms_are_compared_as_densities_of_the_error(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    told = {(row["sample_id"], row["form"]): row for row in rows(db, "from fits.form_scores")}
    for points in some(sets):
        n = len(points.x)
        for form in FORMS:
            row = told[points.sample_id, form]
            expected = densities(points, form)
            assert (row["n"], row["coefficients"]) == (n, 2)
            assert row["log_likelihood"] == pytest.approx(expected, rel=1e-9), points.name
            # Of the coefficients alone, as statsmodels counts them; aicc counts the variance too (Hurvich and Tsai 1989).
            assert row["aic"] == pytest.approx(4 - 2 * expected, rel=1e-9)
            assert row["bic"] == pytest.approx(2 * math.log(n) - 2 * expected, rel=1e-9)
            if n > 4:
                assert row["aicc"] == pytest.approx(6 + 24 / (n - 4) - 2 * expected, rel=1e-9)
            # In the response itself statsmodels has the same criteria.
            jacobian = expected - points.ols(form).llf
            assert row["bic"] + 2 * jacobian == pytest.approx(points.ols(form).bic, rel=1e-7, abs=1e-7)
        if (points.sample_id, "asymptotic") in told and n > 5:
            row, total = told[points.sample_id, "asymptotic"], curve(points.x, points.error)[3]
            expected = float(stats.norm.logpdf(math.sqrt(total / n), scale=math.sqrt(total / n)) * n)
            assert row["coefficients"] == 3
            assert row["log_likelihood"] == pytest.approx(expected, rel=1e-6), points.name
            assert row["aicc"] == pytest.approx(8 + 40 / (n - 5) - 2 * row["log_likelihood"], rel=1e-9)


def test_each_paper_is_predicted_from_all_others(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    told = {(row["sample_id"], row["form"]): row for row in rows(db, "from fits.form_scores")}
    for points in some(sets):
        _, paper = np.unique(points.paper, return_inverse=True)
        for form in FORMS:
            lines = jackknife(points, form)[paper]
            expected = rmse(predicted(form, lines.T, points.x), points.error)
            assert told[points.sample_id, form]["left_out_rmse_decades"] == pytest.approx(expected, rel=1e-6), (
                points.name
            )
    points = named(sets, *PROJECTED[3])
    found = []
    for paper in points.paper:
        level, log10_amplitude, slope, _ = curve(*(of[points.paper != paper] for of in (points.x, points.error)))
        found.append(level + 10 ** (log10_amplitude - slope * points.x[points.paper == paper][0]))
    assert told[points.sample_id, "asymptotic"]["left_out_rmse_decades"] == pytest.approx(
        rmse(np.array(found), points.error), rel=1e-4
    )


SPLIT = ("paper_v2", "imagenet", "top1", "network_operations", "all")


def test_each_form_is_scored_on_what_came_after_each_year(
    db: duckdb.DuckDBPyConnection, sets: dict[int, Points]
) -> None:
    points = named(sets, *SPLIT)
    told = {
        (row["form"], row["fitted_to_year"]): row
        for row in rows(db, f"from fits.time_splits where sample_id = {points.sample_id}")
    }
    years = sorted(set(points.year))[:-1]
    scored = [year for year in years if (points.year <= year).sum() >= 3]
    assert {year for form, year in told if form == "polynomial"} == set(scored)
    for year in scored:
        before, after = points.only(points.year <= year), points.only(points.year > year)
        for form in FORMS:
            row, fit = told[form, year], before.ols(form)
            assert (row["n_fitted"], row["n_scored"]) == (len(before.x), len(after.x))
            found = predicted(form, fit.params, after.x)
            assert row["rmse_decades"] == pytest.approx(rmse(found, after.error), rel=1e-8)
            assert row["bias_decades"] == pytest.approx(np.median(np.log10(after.error / found)), rel=1e-8)
            at = np.column_stack([np.ones_like(after.x), after.x])
            ends = fit.get_prediction(at).summary_frame(alpha=1 - LEVEL)
            covered = (ends.obs_ci_lower <= after.y(form)) & (after.y(form) <= ends.obs_ci_upper)
            assert row["coverage"] == pytest.approx(covered.mean(), rel=1e-12)
        if ("asymptotic", year) in told:
            row = told["asymptotic", year]
            level, log10_amplitude, slope, _ = curve(before.x, before.error)
            expected = rmse(level + 10 ** (log10_amplitude - slope * after.x), after.error)
            assert row["rmse_decades"] == pytest.approx(expected, rel=1e-3), year
            assert row["coverage"] is None
        if ("logistic", year) in told:
            row = told["logistic", year]
            fit = logistic(before.x, before.error, 0.999)
            expected = rmse(np.array([fit.at(one) for one in after.x]), after.error)
            assert row["rmse_decades"] == pytest.approx(expected, rel=1e-4), year
            assert row["coverage"] is None
    assert scored == [2018, 2019, 2020, 2021]
    assert {("asymptotic", 2021), ("logistic", 2021)} <= told.keys()


def test_the_forms_of_a_benchmark_stand_beside_each_other(db: duckdb.DuckDBPyConnection) -> None:
    told = db.execute("from marts.forms").df()
    # Beside the others for every benchmark, since each declares the error of guessing, but where no curve describes the points.
    sigmoid = told[told.form == "logistic"]
    assert set(sigmoid.benchmark) >= set(told[told.form == "asymptotic"].benchmark)
    assert (sigmoid.coefficients == 3).all()
    # Points near guessing are many there: the form that levels off has the support.
    mmlu = told[(told.benchmark == "mmlu") & (told.row_set == "current") & (told.selection == "all")]
    assert mmlu.set_index("form").aicc_above_best["logistic"] == 0
    assert mmlu.set_index("form").aicc_above_best["polynomial"] > 50
    key = [*KEYS, "selection"]
    best = told.groupby(key).aicc.transform("min")
    np.testing.assert_allclose(told.aicc_above_best, told.aicc - best, atol=1e-9)
    assert set(told.groupby(key).aicc_above_best.min().dropna()) == {0}
    splits = db.execute("from fits.time_splits join fits.sample_sets using (sample_id)").df()
    by = splits.groupby([*key, "form"])
    total = by.apply(lambda of: math.sqrt((of.rmse_decades**2 * of.n_scored).sum() / of.n_scored.sum()))
    coverage = by.apply(lambda of: (of.coverage * of.n_scored).sum(skipna=False) / of.n_scored.sum())
    expected = pd.DataFrame({"splits": by.size(), "rmse": total, "coverage": coverage})
    # Where the asymptotic form does not describe all points it has no row, though it may have some of the splits.
    table = told.set_index([*key, "form"]).join(expected)
    assert table.splits.notna().sum() >= 100
    for column, other in {
        "n_time_splits": "splits",
        "time_split_rmse_decades": "rmse",
        "time_split_coverage": "coverage",
    }.items():
        np.testing.assert_allclose(table[column].astype(float), table[other], rtol=1e-9)


def test_every_time_term_is_what_statsmodels_fits(db: duckdb.DuckDBPyConnection, sets: dict[int, Points]) -> None:
    told = rows(db, "from fits.time_terms where status in ('ok', 'slope_not_different_from_0')")
    assert len(told) >= 40
    columns = ["intercept", "compute_slope", "year_slope", "compute_slope_se", "year_slope_se", "r_squared"]
    for row in told:
        points = sets[row["sample_id"]]
        dated = points.only(~np.isnan(points.year))
        x, year = dated.x - row["reference_log10_compute"], dated.year - row["reference_year"]
        assert row["reference_year"] == dated.year.min()
        assert (row["n"], abs(x[year == 0]).min()) == (len(x), 0)
        design = sm.add_constant(np.column_stack([x, year]), has_constant="add")
        fit = sm.OLS(np.log10(dated.error), design).fit()
        papers = np.unique(dated.paper)
        without = [
            np.linalg.lstsq(design[dated.paper != one], np.log10(dated.error[dated.paper != one]))[0] for one in papers
        ]
        se = np.sqrt(np.diag(of_jackknife(np.array(without))))
        expected = [*fit.params, *se[1:], fit.rsquared]
        assert [row[column] for column in columns] == pytest.approx(expected, rel=1e-6, abs=1e-9), points.name
        assert row["n_clusters"] == len(papers)
        p = 2 * stats.t.sf(abs(fit.params[2]) / se[2], len(papers) - 1)
        assert row["status"] == ("ok" if p < 1 - LEVEL else "slope_not_different_from_0")
        assert row["years_per_tenfold_interval"] == ("bounded" if row["status"] == "ok" else "unbounded")
