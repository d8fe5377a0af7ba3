"""Predictions over rolling origins, held to statsmodels and scipy."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from flows.fits import rolling
from flows.fits.line import FitError

RNG = np.random.default_rng(20261)
DATE = np.sort(RNG.uniform(2018, 2022, 30))
X = 20 + DATE - 2018 + RNG.normal(size=30)
Y = 0.1 * X + RNG.normal(0, 0.1, 30)
PAPER = np.arange(30)


def test_each_later_point_is_predicted_as_statsmodels_predicts_it() -> None:
    made = rolling.predictions(X, Y, DATE, PAPER)
    assert len(np.unique(made.origin)) > 5
    for origin in np.unique(made.origin):
        known, here = origin >= DATE, made.origin == origin
        assert known.sum() >= rolling.PAPERS_MIN
        np.testing.assert_array_equal(made.point[here], np.flatnonzero(~known))
        fit = sm.OLS(Y[known], sm.add_constant(X[known])).fit()
        read = fit.get_prediction(np.column_stack([np.ones((~known).sum()), X[~known]]))
        np.testing.assert_allclose(made.sd[here], read.se_obs, rtol=1e-9)
        np.testing.assert_allclose(made.t[here], (Y[~known] - read.predicted_mean) / read.se_obs, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(made.horizon[here], DATE[~known] - origin)
        assert set(made.degrees_of_freedom[here]) == {known.sum() - 2}


def test_origins_are_ends_of_quarters_in_which_something_was_released() -> None:
    date = np.concatenate([np.full(10, 2020.1), np.full(3, 2021.6), [2023.0]])
    x = np.arange(14.0)
    made = rolling.predictions(x, np.sin(x), date, np.arange(14))
    assert sorted(set(made.origin)) == [2020.25, 2021.75]


def test_a_line_needs_papers_and_not_points() -> None:
    date, x = np.repeat([2020.1, 2020.6, 2021.1], 10), np.arange(30.0)
    made = rolling.predictions(x, np.sin(x), date, np.repeat(np.arange(6), 5))
    assert len(made) == 0
    many = rolling.predictions(x, np.sin(x), date, np.arange(30))
    assert sorted(set(many.origin)) == [2020.25, 2020.75]


def test_a_perfect_line_predicts_nothing() -> None:
    x = np.arange(20.0)
    assert len(rolling.predictions(x, 2 * x, 2000 + x, np.arange(20))) == 0
    assert len(rolling.predictions(np.empty(0), np.empty(0), np.empty(0), np.empty(0, dtype=np.intp))) == 0


def test_scores_and_densities_are_those_of_student_and_the_normal() -> None:
    made = rolling.predictions(X, Y, DATE, PAPER)
    expected = stats.norm.ppf(stats.t.cdf(made.t, made.degrees_of_freedom))
    np.testing.assert_allclose(made.score, expected, rtol=1e-8, atol=1e-12)
    density = stats.t.logpdf(made.t * made.sd, made.degrees_of_freedom, scale=made.sd)
    np.testing.assert_allclose(made.log_density, density, rtol=1e-10)
    assert np.isfinite(rolling.normal_scores(np.array([1e12, -1e12]), np.array([200.0, 200.0]))).all()


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(FitError, match="finite"):
        rolling.predictions(np.array([np.nan, 1.0]), np.zeros(2), np.zeros(2), np.arange(2))
