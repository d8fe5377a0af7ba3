"""flows/fits/comparison.py against statsmodels and the lines without each paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from made_points import sample

from flows.fits.comparison import information, left_out, rmse_decades


def test_criteria_are_those_of_statsmodels() -> None:
    x, y = sample(25, 1)
    model = sm.OLS(y, sm.add_constant(x)).fit()
    criteria = information(float(model.ssr), 25, 2)
    assert [criteria.log_likelihood, criteria.aic, criteria.bic] == pytest.approx(
        [model.llf, model.aic, model.bic], rel=1e-12
    )
    # Hurvich and Tsai: 2 n k / (n - k - 1), of three parameters with the variance.
    assert criteria.aicc == pytest.approx(2 * 25 * 3 / 21 - 2 * model.llf, rel=1e-12)
    moved = information(float(model.ssr), 25, 2, 7.0)
    assert moved.log_likelihood == pytest.approx(model.llf + 7)
    assert moved.aic == pytest.approx(model.aic - 14)


def test_a_perfect_fit_and_too_few_points() -> None:
    assert information(0.0, 10, 2).aic == -math.inf
    assert [math.isinf(information(1.0, n, 2).aicc) for n in (3, 4, 5)] == [True, True, False]


def test_each_unit_is_predicted_from_all_others() -> None:
    x, y = sample(30, 2)
    unit = np.random.default_rng(0).integers(0, 9, 30)
    predicted = left_out(x, y, unit)
    for at in range(30):
        kept = unit != unit[at]
        assert predicted[at] == pytest.approx(np.polyval(np.polyfit(x[kept], y[kept], 1), x[at]), rel=1e-9)


def test_without_a_unit_that_has_all_the_spread_there_is_no_prediction() -> None:
    predicted = left_out(np.array([1.0, 1, 1, 2]), np.array([1.0, 2, 3, 4]), np.arange(4))
    assert np.isnan(predicted).tolist() == [False, False, False, True]


def test_errors_of_prediction_are_counted_in_decades() -> None:
    assert rmse_decades(np.array([0.1, 1.0, math.nan]), np.array([0.01, 1.0, 0.5])) == pytest.approx(math.sqrt(0.5))
    assert math.isnan(rmse_decades(np.array([math.nan]), np.array([0.5])))
