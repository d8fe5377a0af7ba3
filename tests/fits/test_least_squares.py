"""flows/fits/least_squares.py: against certified figures, statsmodels and lines fitted without each point."""

from __future__ import annotations

import math
from collections.abc import Callable

import nist
import numpy as np
import pytest
import statsmodels.api as sm

from flows.fits.least_squares import PERFECT_LEVERAGE, hc3, ols
from flows.fits.line import NO_SPREAD, OK, TOO_FEW_POINTS, FitError, Line

CERTIFIED = {name: value for name, value in nist.CERTIFIED.items() if name != "r_squared"}
# Anscombe 1973, The American Statistician 27:17, fourth set: all x but one are 8.
ANSCOMBE_X = np.array([8.0] * 7 + [19] + [8] * 3)
ANSCOMBE_Y = np.array([6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.50, 5.56, 7.91, 6.89])
ESTIMATORS = [ols, hc3]


def sample(seed: int, n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Log10 of FLOP and an error whose scatter grows with them; some x tie."""
    rng = np.random.default_rng(seed)
    x = np.round(rng.uniform(20, 25, n), 1)
    return x, -0.15 * x + 4 + rng.standard_normal(n) * (0.05 + 0.1 * (x - 20))


def covariance(line: Line) -> np.ndarray:
    return np.array([[line.intercept_variance, line.covariance], [line.covariance, line.slope_variance]])


def test_the_certified_set_of_nist() -> None:
    y, x = np.array(nist.NORRIS.split(), dtype=float).reshape(-1, 2).T
    line = ols(x, y)
    for name, value in CERTIFIED.items():
        assert getattr(line, name) == pytest.approx(value, rel=1e-10), name
    assert (line.n, line.degrees_of_freedom, line.status) == (36, 34, OK)


@pytest.mark.parametrize(("estimator", "kind"), [(ols, "nonrobust"), (hc3, "HC3")])
@pytest.mark.parametrize("seed", range(5))
def test_line_and_covariance_are_those_of_statsmodels(estimator: Callable[..., Line], kind: str, seed: int) -> None:
    x, y = sample(seed, n=[3, 4, 10, 40, 2400][seed])
    # The oracle gets x about its mean: about 0 its own figures lose digits.
    shifted = estimator(x - x.mean(), y)
    expected = sm.OLS(y, sm.add_constant(x - x.mean())).fit(cov_type=kind, use_t=True)
    assert [shifted.intercept, shifted.slope] == pytest.approx(list(expected.params), rel=1e-10)
    assert covariance(shifted) == pytest.approx(expected.cov_params(), rel=1e-8, abs=1e-14)
    half = shifted.quantile(0.9) * shifted.slope_se
    assert [shifted.slope - half, shifted.slope + half] == pytest.approx(list(expected.conf_int(0.1)[1]), rel=1e-8)
    assert shifted.residual_sd == pytest.approx(math.sqrt(expected.mse_resid), rel=1e-10)
    line = estimator(x, y)
    wanted = sm.OLS(y, sm.add_constant(x)).fit(cov_type=kind)
    assert covariance(line) == pytest.approx(wanted.cov_params(), rel=1e-8)
    assert [line.intercept, line.slope] == pytest.approx(list(wanted.params), rel=1e-8)


def test_hc3_is_the_sum_over_the_lines_without_each_point() -> None:
    x, y = sample(7, n=12)
    without = [np.polyfit(np.delete(x, at), np.delete(y, at), 1) for at in range(len(x))]
    changes = np.array(without)[:, ::-1] - np.polyfit(x, y, 1)[::-1]
    assert covariance(hc3(x, y)) == pytest.approx(changes.T @ changes, rel=1e-7)


def test_scatter_that_grows_away_from_the_mean_moves_the_variance_and_not_the_line() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(20, 25, 400)
    y = 0.2 * x + rng.standard_normal(400) * (x - 22.5)
    plain, robust = ols(x, y), hc3(x, y)
    assert (plain.intercept, plain.slope, plain.residual_sd) == (robust.intercept, robust.slope, robust.residual_sd)
    # With x uniform, E[u^4]/E[u^2]^2 = 9/5 is how far the true variance of the slope exceeds that of equal scatter.
    assert robust.slope_variance / plain.slope_variance == pytest.approx(1.8, rel=0.15)


def test_a_point_of_leverage_one_leaves_no_hc3() -> None:
    line = hc3(ANSCOMBE_X, ANSCOMBE_Y)
    assert line.status == PERFECT_LEVERAGE
    assert math.isnan(line.slope)
    assert f"{ols(ANSCOMBE_X, ANSCOMBE_Y).slope:.3f}" == "0.500"
    # A second point beside the one makes its leverage less than 1.
    assert hc3(np.append(ANSCOMBE_X, 18.0), np.append(ANSCOMBE_Y, 12.0)).status == OK


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("offset", [1e6, 1e12])
def test_a_far_origin_loses_no_digits(estimator: Callable[..., Line], offset: float) -> None:
    x, y = np.arange(11.0), np.array([3.0 * at + (-1) ** at / 2 for at in range(11)])
    near, far = estimator(x, y), estimator(offset + x, y)
    assert far.slope == pytest.approx(near.slope, rel=1e-12)
    assert far.slope_variance == pytest.approx(near.slope_variance, rel=1e-12)
    assert far.residual_sd == pytest.approx(near.residual_sd, rel=1e-12)


def test_a_mean_that_doubles_cannot_hold_costs_nothing() -> None:
    # Eighths, exact beside 10^12; their mean is not. The slope is a ratio of whole numbers.
    x, y = [0, 1, 3, 4, 9, 11, 17], [5, 2, 8, 8, 31, 20, 44]
    mixed = 7 * sum(a * b for a, b in zip(x, y, strict=True)) - sum(x) * sum(y)
    square = 7 * sum(a * a for a in x) - sum(x) ** 2
    assert ols(1e12 + np.array(x) / 8, 1e12 + np.array(y) / 8).slope == pytest.approx(mixed / square, rel=1e-13)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_order_of_the_points_does_not_matter(estimator: Callable[..., Line]) -> None:
    x, y = sample(5, n=2400)
    order = np.argsort(y)
    one, other = estimator(x, y), estimator(x[order], y[order])
    for name in ("intercept", "slope", "residual_sd"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-12)
    assert covariance(one) == pytest.approx(covariance(other), rel=1e-12)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_perfect_line_has_no_error(estimator: Callable[..., Line]) -> None:
    line = estimator(np.array([1.0, 2.0, 3.0, 3.0]), np.array([3.0, 5.0, 7.0, 7.0]))
    assert (line.intercept, line.slope) == (pytest.approx(1), pytest.approx(2))
    assert (line.intercept_se, line.slope_se, line.residual_sd) == pytest.approx((0, 0, 0), abs=1e-14)


def test_no_trend_is_a_slope_of_zero() -> None:
    line = ols(np.array([1.0, 2.0, 3.0]), np.array([4.0, 4.0, 4.0]))
    assert (line.intercept, line.slope, line.slope_se, line.status) == (4.0, 0.0, 0.0, OK)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(
    ("x", "status"),
    [([], TOO_FEW_POINTS), ([1.0, 2.0], TOO_FEW_POINTS), ([23.0] * 3, NO_SPREAD), ([0.1] * 7, NO_SPREAD)],
)
def test_too_little_data_is_a_status_and_no_figure(estimator: Callable[..., Line], x: list[float], status: str) -> None:
    line = estimator(np.array(x), np.arange(len(x), dtype=float))
    assert (line.status, line.n) == (status, len(x))
    assert all(math.isnan(value) for value in (line.slope, line.intercept, line.slope_variance, line.residual_sd))


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2, math.nan, 4], [1, 2, 3, 4]),
        ([1, 2, 3, 4], [1, 2, math.inf, 4]),
        ([1, 2, 3], [1, 2, 3, 4]),
        ([1e200, 2e200, 3e200], [1, 2, 4]),
        ([1e-200, 2e-200, 3e-200], [1, 2, 4]),
        ([1, 2, 3], [1e200, 2e200, 4e200]),
        ([1, 2, 3], [1e-200, 2e-200, 4e-200]),
    ],
)
def test_what_cannot_be_fitted_is_refused(estimator: Callable[..., Line], x: list[float], y: list[float]) -> None:
    with pytest.raises(FitError):
        estimator(np.array(x, dtype=float), np.array(y, dtype=float))


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("scale", [1e-60, 1e60])
def test_the_unit_of_x_scales_the_slope(estimator: Callable[..., Line], scale: float) -> None:
    x, y = sample(6)
    one, other = estimator(x, y), estimator(x * scale, y)
    assert other.slope * scale == pytest.approx(one.slope, rel=1e-10)
    assert other.slope_se * scale == pytest.approx(one.slope_se, rel=1e-10)
    assert other.intercept == pytest.approx(one.intercept, rel=1e-10)
