"""flows/fits/logistic.py: known curves, scipy's bounded least squares from many starts, and simulated truths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import curve_fit, least_squares

from flows.fits.asymptotic import NO_DECLINE, SLOPE_AT_BOUND
from flows.fits.line import NO_SPREAD, OK, TOO_FEW_POINTS, Array, FitError
from flows.fits.logistic import inverse, logistic, logistic_resampled, logistic_without_each, profiled

GUESSING = 0.75
SEED = 20204
TRUTHS = 100
TIGHT = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15}


def sigmoid(x: Array, floor: float, intercept: float, slope: float, guessing: float = GUESSING) -> Array:
    return np.asarray(floor + (guessing - floor) / (1 + 10 ** (intercept + slope * x)))


def noisy(seed: int, n: int = 60, floor: float = 0.15, slope: float = 0.5, sd: float = 0.03) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(18, 26, n)
    return x, sigmoid(x, floor, -22 * slope, slope) + sd * rng.standard_normal(n)


def by_scipy(x: Array, error: Array) -> tuple[float, Array]:
    """The least sum of squares of many starts and its (floor, height of the odds at the mean x, slope), by trust region."""
    z = x - x.mean()

    def residuals(at: Array) -> Array:
        return sigmoid(z, *at) - error

    bounds = ([0, -60, 0], [GUESSING, 60, np.inf])
    starts = [
        (floor, middle, slope) for floor in (0.01, 0.3) for middle in (-2.0, 0.0, 2.0) for slope in (0.05, 0.4, 2.0)
    ]
    found = [least_squares(residuals, at, bounds=bounds, xtol=1e-14, ftol=1e-14, gtol=1e-14) for at in starts]
    best = min(found, key=lambda one: one.cost)
    return 2 * float(best.cost), np.asarray(best.x)


@pytest.mark.parametrize(
    ("floor", "slope", "middle", "guessing"),
    [(0.2, 0.4, 22.0, 0.75), (0.05, 1.1, 24.0, 1.0), (0.3, 0.15, 20.0, 0.999), (0.11, 3.0, 21.0, 0.5)],
)
def test_a_known_curve_is_recovered(floor: float, slope: float, middle: float, guessing: float) -> None:
    x = np.linspace(17.0, 27.0, 24)
    fit = logistic(x, sigmoid(x, floor, -slope * middle, slope, guessing), guessing)
    assert fit.status == OK
    assert (fit.irreducible_error, fit.slope) == pytest.approx((floor, slope), rel=1e-6)
    assert fit.intercept == pytest.approx(-slope * middle, rel=1e-6)
    assert fit.residual_sd < 1e-7
    assert inverse(fit, (guessing + floor) / 2) == pytest.approx(middle, rel=1e-7)
    assert (fit.n, fit.degrees_of_freedom, fit.floor_at_bound) == (24, 21, False)


@pytest.mark.parametrize("seed", range(8))
def test_no_start_of_scipy_finds_a_better_curve(seed: int) -> None:
    # Floors that the points tell, that they do not, and that lie at the bound; points nearly all before the decline or after it.
    floor, sd = [(0.15, 0.03), (0.02, 0.05), (0.0, 0.04), (0.3, 0.1)][seed % 4]
    x, error = noisy(seed, n=[20, 80][seed // 4], floor=floor, slope=[0.5, 0.2][seed // 4], sd=sd)
    fit = logistic(x, error, GUESSING)
    least, (level, middle, slope) = by_scipy(x, error)
    assert fit.residual_sum_of_squares <= least * (1 + 1e-9)
    assert fit.residual_sum_of_squares == pytest.approx(least, rel=1e-6)
    assert (fit.irreducible_error, fit.slope) == pytest.approx((level, slope), rel=1e-3, abs=1e-4)
    assert fit.intercept + fit.slope * x.mean() == pytest.approx(middle, rel=1e-3, abs=1e-3)


def test_the_covariance_is_that_of_scipy() -> None:
    x, error = noisy(3)
    fit = logistic(x, error, GUESSING)
    found, covariance = curve_fit(sigmoid, x - 22, error, p0=[0.1, 0.0, 0.5], **TIGHT)
    assert (fit.irreducible_error, fit.intercept + 22 * fit.slope, fit.slope) == pytest.approx(tuple(found), rel=1e-6)
    of_intercept = covariance[1, 1] - 44 * covariance[1, 2] + 484 * covariance[2, 2]
    assert fit.slope_se == pytest.approx(math.sqrt(covariance[2, 2]), rel=1e-4)
    assert fit.covariance[0][0] == pytest.approx(covariance[0, 0], rel=1e-4)
    assert fit.intercept_se == pytest.approx(math.sqrt(of_intercept), rel=1e-3)
    assert fit.residual_sd == pytest.approx(math.sqrt(fit.residual_sum_of_squares / 57))


def test_points_beyond_guessing_are_part_of_the_curve() -> None:
    # Without the flat stretch, of which half is worse than guessing, the same points say another slope.
    rng = np.random.default_rng(5)
    x = np.linspace(16, 24, 80)
    error = sigmoid(x, 0.1, -0.8 * 21.5, 0.8) + 0.01 * rng.standard_normal(80)
    assert (error > GUESSING).sum() > 10
    fit = logistic(x, error, GUESSING)
    assert (fit.irreducible_error, fit.slope) == pytest.approx((0.1, 0.8), abs=0.06)
    assert fit.at(10.0) == pytest.approx(GUESSING, abs=1e-6)
    assert fit.at(40.0) == pytest.approx(fit.irreducible_error, abs=1e-6)


def test_a_floor_at_its_bound_is_0() -> None:
    rng = np.random.default_rng(2)
    x = np.linspace(18, 24, 40)
    error = sigmoid(x, -0.3, -0.3 * 21, 0.3) + 0.005 * rng.standard_normal(40)
    fit = logistic(x, error, GUESSING)
    assert (fit.status, fit.floor_at_bound, fit.irreducible_error) == (OK, True, 0.0)
    assert (fit.degrees_of_freedom, fit.covariance[0]) == (38, (0.0, 0.0, 0.0))
    # With the floor held at 0 the odds are a line in logarithms but for the scatter.
    held, _ = curve_fit(lambda z, a, b: sigmoid(z, 0.0, a, b), x - 21, error, p0=[0.0, 0.3], **TIGHT)
    assert fit.slope == pytest.approx(held[1], rel=1e-6)
    assert inverse(fit, 0.0) == math.inf


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_points_changes_nothing(seed: int) -> None:
    x, error = noisy(seed)
    order = np.random.default_rng(seed).permutation(len(x))
    assert logistic(x[order], error[order], GUESSING) == logistic(x, error, GUESSING)


@pytest.mark.parametrize("error", [[0.3, 0.4, 0.5, 0.6, 0.7], [0.4] * 5, [0.8, 0.9, 0.8, 0.9, 0.8]])
def test_points_that_do_not_fall_have_a_flat_curve(error: list[float]) -> None:
    fit = logistic(np.arange(18.0, 23.0), np.array(error), GUESSING)
    height = min(float(np.mean(error)), GUESSING)
    assert (fit.status, fit.slope) == (NO_DECLINE, 0)
    assert fit.irreducible_error == pytest.approx(height)
    assert (fit.at(0.0), fit.at(99.0)) == pytest.approx((height, height))
    assert (inverse(fit, height - 0.01), inverse(fit, height + 0.01)) == (math.inf, -math.inf)


def test_a_step_does_not_say_how_steep_it_is() -> None:
    x, error = np.arange(18.0, 26.0), np.array([0.75, 0.74, 0.76, 0.75, 0.2, 0.21, 0.19, 0.2])
    assert logistic(x, error, GUESSING).status == SLOPE_AT_BOUND


def test_too_little_to_fit() -> None:
    x, error = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.7, 0.5, 0.3, 0.2])
    assert logistic(x[:3], error[:3], GUESSING).status == TOO_FEW_POINTS
    assert logistic(np.array([1.0, 1.0, 2.0, 2.0]), error, GUESSING).status == NO_SPREAD
    assert math.isnan(logistic(x[:2], error[:2], GUESSING).slope)
    with pytest.raises(FitError, match="above 0"):
        logistic(x, error, 0.0)
    with pytest.raises(FitError, match="finite"):
        logistic(x, np.array([0.7, math.nan, 0.3, 0.2]), GUESSING)


def test_each_resample_is_the_fit_of_its_points() -> None:
    x, error = noisy(1, n=30)
    counts = np.random.default_rng(0).multinomial(30, np.ones(30) / 30, 12)
    counts[0] = 0
    counts[0, :2] = 15
    found = logistic_resampled(x, error, counts, GUESSING)
    assert np.isnan(found[0]).all()
    for drawn, (floor, intercept, slope) in zip(counts[1:], found[1:], strict=True):
        one = logistic(np.repeat(x, drawn), np.repeat(error, drawn), GUESSING)
        assert (floor, slope) == pytest.approx((one.irreducible_error, one.slope), rel=1e-4, abs=1e-6)
        assert intercept == pytest.approx(one.intercept, rel=1e-4)


def test_the_fits_without_each_paper_are_those_of_the_other_points() -> None:
    x, error = noisy(4, n=50)
    unit = np.random.default_rng(4).permutation(np.repeat(np.arange(10), 5))
    for paper, (floor, intercept, slope) in enumerate(logistic_without_each(x, error, unit, GUESSING)):
        one = logistic(x[unit != paper], error[unit != paper], GUESSING)
        assert (floor, intercept, slope) == pytest.approx(
            (one.irreducible_error, one.intercept, one.slope), rel=1e-3, abs=1e-4
        )


def test_the_profile_has_the_best_curve_of_each_slope() -> None:
    x, error = noisy(6)
    m, k, squares, curvature = profiled(x, error, GUESSING, np.array([0.01, 0.05, 0.2]))
    z = x - x.mean()
    for at in range(3):
        found = least_squares(
            lambda free, k=k[at]: sigmoid(z, free[0], free[1], k / math.log(10)) - error,
            [0.1, m[at] / math.log(10)],
            bounds=([0, -60], [GUESSING, 60]),
            xtol=1e-14,
            ftol=1e-14,
            gtol=1e-14,
        )
        assert squares[at] == pytest.approx(2 * found.cost, rel=1e-5)
        assert curvature[at] > 0


@pytest.mark.slow
def test_the_parameters_of_simulated_truths_are_recovered() -> None:
    """The medians of 100 truths a case lie within a third of the spread of the estimates of the truth, which shrinks with n."""
    for floor, slope in ((0.1, 0.4), (0.25, 0.7)):
        spread = {}
        for n in (60, 200):
            print(f"\nseed {SEED}, {floor}, {slope}, {n}: ", end="")
            rng = np.random.default_rng([SEED, n, round(100 * floor), round(10 * slope)])
            found = []
            for _ in range(TRUTHS):
                x = rng.uniform(18, 26, n)
                error = sigmoid(x, floor, -slope * 22, slope) + 0.05 * rng.standard_normal(n)
                fit = logistic(x, error, GUESSING)
                found.append((fit.irreducible_error, -fit.intercept / fit.slope, fit.slope))
            low, middle, high = np.quantile(np.array(found), [0.16, 0.5, 0.84], axis=0)
            print(np.round(middle, 3), np.round((high - low) / 2, 3), end="")
            spread[n] = (high - low) / 2
            assert (np.abs(middle - (floor, 22.0, slope)) <= spread[n] / 3).all()
        assert (spread[200] < 0.75 * spread[60]).all()
