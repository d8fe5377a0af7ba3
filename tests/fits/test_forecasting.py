"""Distributions that are forecast, held to statsmodels, scipy, the calibration that they are of, and draws."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from flows.fits import calibration, forecasting, rolling
from flows.fits.forecasting import Distribution

RNG = np.random.default_rng(77)
DATE = np.sort(RNG.uniform(2018, 2022, 50))
X = 20 + 0.5 * (DATE - 2018) + RNG.normal(size=50)
Y = -0.1 * X + RNG.normal(0, 0.1, 50)
PAPER = np.arange(50)


def test_quantiles_are_students_at_every_level() -> None:
    assert len(forecasting.LEVELS) == 21
    assert forecasting.LEVELS[10] == 0.5
    expected = stats.t.ppf(forecasting.LEVELS, 7, 2, 0.5)
    np.testing.assert_allclose(Distribution(2, 0.5, 7).quantiles(), expected)


def test_the_line_forecasts_a_new_observation() -> None:
    found = forecasting.by_line(X, Y, 25.0)
    read = sm.OLS(Y, sm.add_constant(X)).fit().get_prediction(np.array([[1.0, 25.0]]))
    assert found is not None
    assert (found.location, found.scale) == pytest.approx((read.predicted_mean[0], read.se_obs[0]), rel=1e-9)
    assert found.degrees_of_freedom == 48
    assert forecasting.by_line(X, 2 * X, 25.0) is None
    assert forecasting.by_line(X[:2], Y[:2], 25.0) is None


def test_a_calibrated_forecast_has_the_calibrated_interval() -> None:
    found = forecasting.calibrated(X, Y, DATE, PAPER, 25.0, 1.5, 0.95)
    line = forecasting.by_line(X, Y, 25.0)
    made = rolling.predictions(X, Y, DATE, PAPER)
    by = calibration.calibration(made.score, made.horizon, made.point, 0.95)
    assert found is not None
    assert line is not None
    assert by is not None
    ends = stats.norm.cdf(by.drift * 1.5 + np.array([-1, 1]) * by.half)
    expected = line.location + line.scale * stats.t.ppf(ends, 48)
    np.testing.assert_allclose(stats.t.ppf([0.025, 0.975], 48, found.location, found.scale), expected, rtol=1e-9)
    assert forecasting.calibrated(X[:20], Y[:20], DATE[:20], PAPER[:20], 25.0, 1.5, 0.95) is None


def test_naive_forecasts_go_on_from_the_last_value() -> None:
    date, value = np.array([2020.0, 2021, 2023, 2022]), np.array([1.0, 3.0, 7.0, 4.0])
    still = forecasting.last_value(date, value, 2025.0, drift=False)
    moving = forecasting.last_value(date, value, 2025.0, drift=True)
    assert still == Distribution(7.0, pytest.approx(np.sqrt((4 + 1 + 9) / 2)), 2)
    assert moving == Distribution(pytest.approx(11.0), pytest.approx(np.sqrt((0 + 1 + 1) / 2)), 2)
    assert forecasting.last_value(date[:3], value[:3], 2025.0, drift=False) is None
    assert forecasting.last_value(date, np.ones(4), 2025.0, drift=False) is None


def test_growth_scatters_as_medians_of_two_years_do() -> None:
    rng, many, changes = np.random.default_rng(3), 20, []
    date = np.concatenate([np.linspace(2020, 2020.99, many), np.linspace(2021, 2021.99, many)])
    recent, before = date >= 2021, date < 2021
    covered = []
    for _ in range(400):
        value = 0.4 * date + rng.normal(size=2 * many)
        found = forecasting.growth(date, value, recent, before, 1)
        later = np.median(0.4 * np.linspace(2022, 2022.99, many) + rng.normal(size=many)) - np.median(value[recent])
        one = found["line"]
        covered.append(abs(stats.t.cdf(later, one.degrees_of_freedom, one.location, one.scale) - 0.5) < 0.475)
        changes.append((found["drift"].location, np.median(value[recent]) - np.median(value[before])))
    assert 0.90 < np.mean(covered) < 0.995
    np.testing.assert_allclose(*np.transpose(changes))
    assert set(forecasting.growth(date, value, recent, before & (date < 2020.1), 1)) == {"line", "last_value"}
    assert forecasting.growth(date, value, date > 2021.9, before, 1) == {}
