"""flows/fits/asymptotic.py: the power law with an irreducible error, against certified and published fits, scipy and grids."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit, minimize_scalar
from scipy.stats import f as f_distribution
from scipy.stats import t as t_distribution

from flows.fits import asymptotic as module
from flows.fits.asymptotic import (
    IDENTIFIED,
    NO_DECLINE,
    NOT_BOUNDED,
    SLOPE_AT_BOUND,
    ZERO_NOT_RULED_OUT,
    Asymptote,
    asymptotic,
    asymptotic_resampled,
    asymptotic_without_each,
    inverse,
    profile_interval,
)
from flows.fits.line import NO_SPREAD, NOT_CONVERGED, OK, TOO_FEW_POINTS, Array, FitError

LN10 = math.log(10)

# NIST Statistical Reference Datasets, nonlinear regression, DanWood (x, y): y = b1 x^b2, certified to 11 digits.
DANWOOD = [(1.309, 2.138), (1.471, 3.421), (1.490, 3.597), (1.565, 4.340), (1.611, 4.882), (1.680, 5.660)]
# R's data set Loblolly, Seed 329 (Kung 1986; Pinheiro and Bates 2000): age, height. The fit is that of R's own reference
# output of example(SSasymp), tests/Examples/stats-Ex.Rout.save: height = Asym + (R0 - Asym) exp(-exp(lrc) age).
LOBLOLLY = [(3, 3.93), (5, 9.34), (10, 26.08), (15, 37.79), (20, 48.31), (25, 56.43)]
# R's data set CO2, Plant Qn1 (Potvin et al. 1990): conc, uptake. The fit is that of example(SSasympOff), in the same file:
# uptake = Asym (1 - exp(-exp(lrc) (conc - c0))).
CO2_QN1 = [(95, 16.0), (175, 30.4), (250, 34.8), (350, 37.2), (500, 35.3), (675, 39.2), (1000, 39.7)]


def columns(points: Sequence[tuple[float, float]]) -> tuple[Array, Array]:
    x, y = np.array(points, dtype=float).T
    return x, y


def noisy(seed: int, n: int = 40, irreducible: float = 0.08, sd: float = 0.01) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(16, 24, n)
    return x, irreducible + 10 ** (2.6 - 0.19 * x) + rng.normal(0, sd, n)


def by_scipy(x: Array, error: Array, **options: Any) -> tuple[Array, Array, float]:
    """(E, amplitude at the mean x, b), their covariance and the sum of squares, by bounded trust region."""
    z = x - x.mean()

    def curve(z: Array, e: float, a: float, b: float) -> Array:
        return np.asarray(e + a * 10 ** (-b * z))

    tight = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15, "max_nfev": 5000}
    start = [max(error.min(), 0.0) / 2 + 1e-3, error.mean() / 2, 0.5 / np.ptp(x)]
    found, covariance = curve_fit(curve, z, error, p0=start, bounds=([0, 0, 0], np.inf), **tight, **options)
    return found, covariance, float(((error - curve(z, *found)) ** 2).sum())


def profiled(x: Array, error: Array, b: float, held: float | None = None) -> float:
    """The least sum of squares at one b: every corner of E >= 0, A >= 0 by lstsq."""
    u = 10 ** (-b * (x - x.mean()))
    if held is not None:
        amplitude = max(float(u @ (error - held) / (u @ u)), 0.0)
        return float(((error - held - amplitude * u) ** 2).sum())
    level, amplitude = np.linalg.lstsq(np.column_stack([np.ones_like(u), u]), error, rcond=None)[0]
    inside = [(level, amplitude)] if level >= 0 and amplitude >= 0 else []
    corners = [*inside, (0.0, max(float(u @ error / (u @ u)), 0.0)), (max(error.mean(), 0.0), 0.0)]
    return min(float(((error - e - a * u) ** 2).sum()) for e, a in corners)


def by_grid(x: Array, error: Array, end: float, held: float | None = None) -> float:
    """The least sum of squares over b in [0, end]: a fine grid, then the bounded minimum around its best."""
    grid = np.concatenate([[0.0], np.geomspace(1e-5, 1, 400)]) * end
    best = int(np.argmin([profiled(x, error, b, held) for b in grid]))
    around = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    found = minimize_scalar(
        lambda b: profiled(x, error, b, held), bounds=around, method="bounded", options={"xatol": 1e-13}
    )
    return min(float(found.fun), profiled(x, error, grid[best], held))


def sum_of_squares(fit: Asymptote, x: Array, error: Array) -> float:
    return sum((value - fit.at(place)) ** 2 for place, value in zip(x.tolist(), error.tolist(), strict=True))


# --- certified and published figures


def test_the_certified_set_of_nist() -> None:
    x, y = columns(DANWOOD)
    fit = asymptotic(np.log10(x), y, irreducible_error=0.0)
    amplitude = 10**fit.log10_amplitude
    assert fit.status == OK
    assert amplitude == pytest.approx(7.6886226176e-01, rel=1e-10)
    assert amplitude * LN10 * fit.log10_amplitude_se == pytest.approx(1.8281973860e-02, rel=1e-10)
    assert -fit.slope == pytest.approx(3.8604055871e00, rel=1e-10)
    assert fit.slope_se == pytest.approx(5.1726610913e-02, rel=1e-10)
    assert fit.residual_sum_of_squares == pytest.approx(4.3173084083e-03, rel=1e-10)
    assert fit.residual_sd == pytest.approx(3.2853114039e-02, rel=1e-10)
    assert (fit.n, fit.degrees_of_freedom, fit.irreducible_error_se, fit.e_at_bound) == (6, 4, 0, False)


def test_the_asymptotic_regression_of_r() -> None:
    age, height = columns(LOBLOLLY)
    fit = asymptotic(age, 100 - height)
    assert 100 - fit.irreducible_error == pytest.approx(94.1282, abs=5e-5)
    assert fit.irreducible_error_se == pytest.approx(8.4030, abs=5e-5)
    assert 100 - fit.at(0) == pytest.approx(-8.250753, abs=5e-7)
    assert math.sqrt(fit.variance_at(0)) == pytest.approx(1.2261, abs=5e-5)
    assert math.log(fit.slope * LN10) == pytest.approx(-3.217578, abs=5e-7)
    assert fit.slope_se / fit.slope == pytest.approx(0.1386, abs=5e-5)
    assert fit.residual_sd == pytest.approx(0.7493, abs=5e-5)
    assert fit.degrees_of_freedom == 3


def test_the_asymptotic_regression_with_an_offset_of_r() -> None:
    conc, uptake = columns(CO2_QN1)
    fit = asymptotic(conc, 100 - uptake)
    offset = inverse(fit, 100.0)
    steepness = LN10 * fit.slope * (100 - fit.irreducible_error)
    assert 100 - fit.irreducible_error == pytest.approx(38.1398, abs=5e-5)
    assert fit.irreducible_error_se == pytest.approx(0.9164, abs=5e-5)
    assert math.log(fit.slope * LN10) == pytest.approx(-4.380647, abs=2e-6)
    assert fit.slope_se / fit.slope == pytest.approx(0.2042, abs=5e-5)
    assert offset == pytest.approx(51.22324, abs=2e-4)
    assert math.sqrt(fit.variance_at(offset)) / steepness == pytest.approx(11.6698, abs=5e-4)
    assert fit.residual_sd == pytest.approx(1.663, abs=5e-4)


# --- independent computations


@pytest.mark.parametrize(
    ("irreducible", "amplitude", "slope"),
    [(0.05, 2.5, 0.17), (0.0, 0.7, 0.055), (0.21, 40.0, 1.9), (0.3, -0.5, 0.02)],
)
def test_parameters_are_recovered_at_1e23_flop(irreducible: float, amplitude: float, slope: float) -> None:
    x = np.linspace(20.5, 25.5, 12)
    error = irreducible + 10 ** (amplitude - slope * x)
    fit = asymptotic(x, error)
    assert fit.status == OK
    assert fit.irreducible_error == pytest.approx(irreducible, rel=1e-6, abs=1e-9)
    assert fit.log10_amplitude == pytest.approx(amplitude, rel=1e-6)
    assert fit.slope == pytest.approx(slope, rel=1e-6)
    assert fit.at(23.0) == pytest.approx(irreducible + 10 ** (amplitude - slope * 23), rel=1e-9)


def test_a_slope_that_lies_on_the_grid_of_the_search_is_recovered() -> None:
    x = np.linspace(20, 24, 9)
    for part in module.GRID[10:40]:
        slope = float(20 / 4 * part)
        fit = asymptotic(x, 0.05 + 0.2 * 10 ** (-slope * (x - 20)))
        assert (fit.status, fit.slope) == (OK, pytest.approx(slope, rel=1e-9))


@pytest.mark.parametrize("seed", range(6))
def test_the_fit_and_its_covariance_are_those_of_scipy(seed: int) -> None:
    x, error = noisy(seed)
    fit = asymptotic(x, error)
    found, covariance, squares = by_scipy(x, error)
    assert fit.status == OK
    assert fit.irreducible_error == pytest.approx(found[0], rel=1e-5)
    assert fit.log10_amplitude - fit.slope * x.mean() == pytest.approx(math.log10(found[1]), abs=1e-6)
    assert fit.slope == pytest.approx(found[2], rel=1e-5)
    assert fit.residual_sum_of_squares == pytest.approx(squares, rel=1e-10)
    # log10 A = log10(amplitude at the mean) + b mean(x)
    change = np.array([[1, 0, 0], [0, 1 / (found[1] * LN10), x.mean()], [0, 0, 1]])
    np.testing.assert_allclose(fit.covariance, change @ covariance @ change.T, rtol=1e-4)
    gradient = np.array([1, 10 ** (-found[2] * 3), -LN10 * 3 * found[1] * 10 ** (-found[2] * 3)])
    assert fit.variance_at(x.mean() + 3) == pytest.approx(gradient @ covariance @ gradient, rel=1e-4)
    assert fit.quantile(0.9) == pytest.approx(t_distribution.ppf(0.95, len(x) - 3), rel=1e-12)


@given(
    st.lists(
        st.tuples(
            st.integers(90, 260).map(lambda tenths: tenths / 10), st.integers(2, 60).map(lambda part: part / 100)
        ),
        min_size=4,
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None, derandomize=True)
@pytest.mark.slow
def test_no_b_within_the_search_is_better(points: list[tuple[float, float]]) -> None:
    x, error = columns(points)
    fit = asymptotic(x, error)
    distinct = np.unique(x)
    if len(distinct) < 3:
        assert fit.status in (NO_SPREAD, TOO_FEW_POINTS)
        return
    end = min(20 / np.ptp(x), 6 / (distinct[1] - distinct[0]))
    assert fit.residual_sum_of_squares <= by_grid(x, error, end) * (1 + 1e-8) + 1e-20
    assert sum_of_squares(fit, x, error) == pytest.approx(fit.residual_sum_of_squares, rel=1e-6, abs=1e-15)
    assert fit.irreducible_error >= 0
    assert 0 <= fit.slope <= end * (1 + 1e-12)


def test_the_lower_of_two_minima_is_taken() -> None:
    # The fall between the first two x and the fall over the whole range are two local minima; each of the two sets has
    # the other one as its lowest.
    x = np.array([10.0, 11, 12, 13, 14, 20, 21, 22, 23, 24])
    slow = np.array([0.60, 0.30, 0.31, 0.30, 0.31, 0.14, 0.13, 0.12, 0.11, 0.10])
    fast = np.array([0.90, 0.30, 0.31, 0.30, 0.31, 0.24, 0.23, 0.22, 0.21, 0.20])
    slopes = []
    for error in (slow, fast):
        fit = asymptotic(x, error)
        assert fit.residual_sum_of_squares == pytest.approx(by_grid(x, error, 20 / 14), rel=1e-9)
        slopes.append(fit.slope)
    assert slopes[0] < 0.2 < 0.7 < slopes[1]


def test_a_hair_of_decline_in_bent_points_is_found() -> None:
    x = np.linspace(20, 24, 9)
    error = 0.3 + 0.05 * (1 - ((x - 22) / 2) ** 2) - 1e-5 * (x - 22)
    fit = asymptotic(x, error)
    assert fit.status == OK
    assert fit.e_at_bound
    # A steeper curve soon bends the wrong way, and the best one is flat again.
    assert asymptotic(x, error + 3e-5 * (x - 22)).status == NO_DECLINE
    best = minimize_scalar(
        lambda b: profiled(x, error, b), bounds=(0, 1e-4), method="bounded", options={"xatol": 1e-13}
    )
    assert fit.slope == pytest.approx(best.x, rel=1e-3)


# --- bounds, statuses, order


def test_a_fit_at_the_bound_of_e_is_the_fit_with_e_held_at_0() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(18, 24, 30)
    error = 0.6 - 0.07 * (x - 18) + rng.normal(0, 0.01, 30)  # concave in log error: E < 0 would be better
    free, held = asymptotic(x, error), asymptotic(x, error, irreducible_error=0.0)
    assert free.e_at_bound
    assert not held.e_at_bound
    assert (free.status, free.irreducible_error, free.degrees_of_freedom) == (OK, 0.0, 28)
    for name in (
        "log10_amplitude",
        "slope",
        "residual_sum_of_squares",
        "residual_sd",
        "slope_se",
        "log10_amplitude_se",
    ):
        assert getattr(free, name) == pytest.approx(getattr(held, name), rel=1e-9), name
    assert free.covariance[0] == (0, 0, 0)
    assert by_scipy(x, error)[2] == pytest.approx(free.residual_sum_of_squares, rel=1e-9)


@pytest.mark.parametrize("held", [0.0, 0.05, 0.12])
def test_an_e_held_is_held(held: float) -> None:
    x, error = noisy(11)
    fit = asymptotic(x, error, irreducible_error=held)
    assert fit.irreducible_error == held
    assert fit.degrees_of_freedom == len(x) - 2
    assert fit.residual_sum_of_squares == pytest.approx(by_grid(x, error, 3.0, held), rel=1e-10)


def test_with_e_held_the_curve_may_rise() -> None:
    x = np.linspace(20, 24, 9)
    fit = asymptotic(x, 0.1 + 10 ** (-7 + 0.27 * x), irreducible_error=0.1)
    assert (fit.status, fit.slope, fit.log10_amplitude) == (OK, pytest.approx(-0.27), pytest.approx(-7))


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_points_changes_nothing(seed: int) -> None:
    x, error = noisy(seed)
    x = np.round(x)  # ties
    shuffled = np.random.default_rng(seed).permutation(len(x))
    assert asymptotic(x, error) == asymptotic(x[shuffled], error[shuffled])
    assert profile_interval(x, error) == profile_interval(x[shuffled], error[shuffled])


@pytest.mark.parametrize("error", [[0.1, 0.2, 0.3, 0.4, 0.5], [0.3] * 5, [0.1] * 5, [0.0] * 5])
def test_points_that_do_not_decline_have_a_flat_curve(error: list[float]) -> None:
    x = np.arange(20.0, 25)
    fit = asymptotic(x, np.array(error))
    mean = float(np.mean(error))
    assert (fit.status, fit.log10_amplitude, fit.slope) == (NO_DECLINE, -math.inf, 0)
    assert fit.irreducible_error == fit.at(22) == pytest.approx(mean)
    assert fit.residual_sum_of_squares == pytest.approx(5 * np.var(error))
    assert math.isnan(fit.slope_se)
    assert inverse(fit, mean) == math.inf
    assert inverse(fit, mean + 0.01) == -math.inf


def test_an_e_held_above_every_error_leaves_nothing_to_decline() -> None:
    fit = asymptotic(np.arange(20.0, 25), np.array([0.5, 0.4, 0.3, 0.2, 0.1]), irreducible_error=0.9)
    assert (fit.status, fit.irreducible_error, fit.log10_amplitude) == (NO_DECLINE, 0.9, -math.inf)


def test_a_step_does_not_say_how_steep_it_is() -> None:
    x = np.arange(20.0, 26)
    fit = asymptotic(x, np.array([0.5, 0.29, 0.31, 0.3, 0.29, 0.31]))
    assert fit.status == SLOPE_AT_BOUND
    assert fit.slope == pytest.approx(20 / 5)
    assert fit.irreducible_error == pytest.approx(0.3, abs=1e-4)
    assert fit.at(20) == pytest.approx(0.5, abs=1e-4)
    assert math.isnan(fit.slope_se)


def test_too_little_to_fit() -> None:
    assert asymptotic(np.array([20.0, 21]), np.array([0.5, 0.4])).status == TOO_FEW_POINTS
    assert asymptotic(np.array([20.0, 21, 22]), np.array([0.5, 0.4, 0.35])).status == TOO_FEW_POINTS
    assert asymptotic(np.array([20.0, 21, 22]), np.array([0.5, 0.4, 0.35]), irreducible_error=0.1).status == OK
    two = np.array([20.0, 20, 21, 21, 21]), np.array([0.5, 0.4, 0.35, 0.3, 0.32])
    assert asymptotic(*two).status == NO_SPREAD
    assert math.isnan(asymptotic(*two).slope)
    assert asymptotic(*two, irreducible_error=0.1).status == OK
    assert asymptotic(np.full(5, 20.0), two[1], irreducible_error=0.1).status == NO_SPREAD


@pytest.mark.parametrize(
    ("x", "error", "held"),
    [
        ([20, 21, 22, 23], [0.5, 0.4, math.nan, 0.3], None),
        ([20, 21, math.inf, 23], [0.5, 0.4, 0.35, 0.3], None),
        ([20, 21, 22], [0.5, 0.4, 0.35, 0.3], None),
        ([20, 21, 22, 23], [0.5, 0.4, 0.35, 0.3], math.nan),
    ],
)
def test_what_cannot_be_fitted_at_all(x: list[float], error: list[float], held: float | None) -> None:
    with pytest.raises(FitError):
        asymptotic(np.array(x, dtype=float), np.array(error), irreducible_error=held)


def test_the_residuals_of_many_points_leave_a_gradient_of_0() -> None:
    rng = np.random.default_rng(8)
    x = rng.uniform(9, 26, 2400)
    error = 0.05 + 10 ** (0.5 - 0.1 * x) + rng.normal(0, 0.03, 2400)
    fit = asymptotic(x, error)
    term = 10 ** (fit.log10_amplitude - fit.slope * x)
    residuals = error - fit.irreducible_error - term
    for column in (np.ones_like(x), term, x * term):
        assert abs(column @ residuals) < 1e-8 * np.linalg.norm(column) * np.linalg.norm(residuals)


def test_a_root_that_is_none_is_said_not_to_converge(monkeypatch: pytest.MonkeyPatch) -> None:
    def halfway(_derivative: object, low: Array, high: Array, **_options: object) -> Array:
        return (low + high) / 2

    monkeypatch.setattr(module, "roots", halfway)
    assert asymptotic(*noisy(0)).status == NOT_CONVERGED


def test_inverse_undoes_the_curve() -> None:
    fit = asymptotic(*noisy(4))
    for x in (12.0, 23.0, 31.0):
        assert inverse(fit, fit.at(x)) == pytest.approx(x)
    assert inverse(fit, fit.irreducible_error) == math.inf
    assert inverse(fit, 0.0) == math.inf


# --- the profile of E


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_ends_of_the_profile_interval_lie_on_the_cut_of_f(level: float) -> None:
    x, error = noisy(5, sd=0.02)
    found = profile_interval(x, error, level)
    best, end = by_grid(x, error, 3.0), 3.0
    cut = best * (1 + f_distribution.ppf(level, 1, len(x) - 3) / (len(x) - 3))
    assert found.identified
    assert (found.reason, found.level) == (IDENTIFIED, level)
    for e in (found.low, found.high):
        assert by_grid(x, error, end, held=e) == pytest.approx(cut, rel=1e-8)
    assert 0 < found.low < asymptotic(x, error).irreducible_error < found.high < error.max()
    middle = np.linspace(found.low, found.high, 9)[1:-1]
    assert all(by_grid(x, error, end, held=e) < cut for e in middle)


def test_e_of_r_s_pines_is_not_told_from_0() -> None:
    age, height = columns(LOBLOLLY)
    found = profile_interval(age, 100 - height)
    cut = by_grid(age, 100 - height, 0.5) * (1 + t_distribution.ppf(0.975, 3) ** 2 / 3)
    assert (found.low, found.reason, found.identified) == (0.0, ZERO_NOT_RULED_OUT, False)
    assert by_grid(age, 100 - height, 0.5, held=0.0) < cut
    assert by_grid(age, 100 - height, 0.5, held=found.high) == pytest.approx(cut, rel=1e-8)


def test_e_of_noise_is_not_bounded() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(18, 24, 12)
    found = profile_interval(x, 0.3 + rng.normal(0, 0.05, 12))
    assert (found.low, found.reason) == (0.0, NOT_BOUNDED)
    assert profile_interval(np.arange(20.0, 25), np.array([0.1, 0.2, 0.3, 0.4, 0.5])).reason == NOT_BOUNDED
    for level in (0.1, 0.17, 0.3, 0.7):
        assert profile_interval(np.linspace(20, 24, 7), np.full(7, level)).reason == NOT_BOUNDED


def test_one_low_point_at_the_end_leaves_e_open_to_the_largest_error() -> None:
    found = profile_interval(np.arange(20.0, 25), np.array([1.0, 1, 1, 1, 0]))
    assert (found.low, found.high, found.reason) == (0.0, 1.0, NOT_BOUNDED)


def test_the_profile_of_points_without_noise_is_a_point() -> None:
    x = np.linspace(20, 24, 9)
    found = profile_interval(x, 0.05 + 10 ** (2.5 - 0.17 * x))
    assert found.low == pytest.approx(0.05, rel=1e-6)
    assert found.high == pytest.approx(0.05, rel=1e-6)
    assert found.identified


def test_no_profile_without_a_fit() -> None:
    found = profile_interval(np.array([20.0, 21, 22]), np.array([0.5, 0.4, 0.35]))
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert found.reason == NOT_BOUNDED
    with pytest.raises(FitError):
        profile_interval(*noisy(1), level=95)


# --- resamples


def multinomial(seed: int, n: int, resamples: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), resamples)


@pytest.mark.parametrize("held", [None, 0.03])
def test_each_resample_is_the_fit_of_its_points(held: float | None) -> None:
    x, error = noisy(6, n=25, sd=0.03)
    counts = multinomial(6, 25, 60)
    found = asymptotic_resampled(x, error, counts, held)
    for row, count in zip(found, counts, strict=True):
        fit = asymptotic(np.repeat(x, count), np.repeat(error, count), held)
        assert fit.status == OK
        np.testing.assert_allclose(row, [fit.irreducible_error, fit.log10_amplitude, fit.slope], rtol=1e-7, atol=1e-12)


def test_no_resample_is_worse_than_scipy_makes_it() -> None:
    x, error = noisy(7, n=14, irreducible=0.02, sd=0.03)
    counts = multinomial(7, 14, 150)
    found = asymptotic_resampled(x, error, counts)
    assert (found[:, 0] == 0).any()
    assert (found[:, 0] > 0).any()
    for (level, amplitude, slope), count in zip(found, counts, strict=True):
        squares = float(count @ (error - level - 10 ** (amplitude - slope * x)) ** 2)
        assert squares <= by_scipy(np.repeat(x, count), np.repeat(error, count))[2] * (1 + 1e-9)


def test_resamples_that_decline_not_or_hold_too_few_x() -> None:
    x = np.array([24.0, 20, 21, 21, 23])
    error = np.array([0.4, 0.5, 0.3, 0.2, 0.3])
    counts = np.array(
        [[0, 3, 2, 0, 0], [5, 0, 0, 0, 0], [0, 1, 2, 2, 0], [2, 0, 1, 1, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]]
    )
    found = asymptotic_resampled(x, error, counts)
    assert np.isnan(found).all(axis=1).tolist() == [True, True, True, False, True, False]
    assert found[3].tolist() == [pytest.approx((0.8 + 0.3 + 0.2 + 0.3) / 5), -math.inf, 0]
    held = asymptotic_resampled(x, error, counts, 0.1)
    assert np.isnan(held).all(axis=1).tolist() == [False, True, False, False, True, False]
    assert np.isnan(asymptotic_resampled(np.full(5, 20.0), error, counts)).all()


def test_resamples_do_not_depend_on_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    x, error = noisy(9, n=13, sd=0.04)
    counts = multinomial(9, 13, 50)
    together = asymptotic_resampled(x, error, counts)
    monkeypatch.setattr(module, "BLOCK", 1)
    np.testing.assert_allclose(asymptotic_resampled(x, error, counts), together, rtol=1e-9, atol=1e-12)


def test_counts_that_are_none() -> None:
    x, error = noisy(1, n=5)
    for counts in (np.ones(5, dtype=int), np.ones((2, 4), dtype=int), np.array([[1, 1, 1, 1, -1]])):
        with pytest.raises(FitError):
            asymptotic_resampled(x, error, counts)
    with pytest.raises(FitError):
        asymptotic_resampled(x, np.array([0.1, 0.2, math.nan, 0.2, 0.1]), np.ones((1, 5), dtype=int))
    assert asymptotic_resampled(x, error, np.ones((0, 5), dtype=int)).shape == (0, 3)


@pytest.mark.parametrize("kind", ["falls", "ties", "falls steeply", "rises"])
def test_fits_without_each_paper_from_sums_are_those_of_all_other_points(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(8, 150))
        x = rng.uniform(18, 26, n)
        x = np.round(x) if kind == "ties" else x
        rate = {"falls": 0.1, "ties": 0.3, "falls steeply": 2.0, "rises": -0.02}[kind]
        error = (0.1 if seed % 2 else 0.0) + 0.5 * 10 ** (-rate * (x - 18)) * np.exp(rng.normal(0, 0.1, n))
        paper = np.unique(rng.integers(0, n // 2, n), return_inverse=True)[1]
        direct = asymptotic_without_each(x, error, paper)
        counts = (paper[None, :] != np.arange(paper.max() + 1)[:, None]).astype(np.int64)
        np.testing.assert_array_equal(direct, asymptotic_resampled(x, error, counts))
        with monkeypatch.context() as patch:
            patch.setattr(module, "DIRECT", 0)
            from_sums = asymptotic_without_each(x, error, paper)
        # E, which may be 0, in parts of the errors; log10 A and b as they are.
        np.testing.assert_allclose(from_sums[:, 0], direct[:, 0], atol=1e-9 * error.max())
        np.testing.assert_allclose(from_sums[:, 1:], direct[:, 1:], rtol=1e-7, atol=1e-9)


def test_a_paper_without_which_there_is_no_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    x, error = np.array([18.0, 18, 20, 22, 22.0]), np.array([0.5, 0.45, 0.3, 0.2, 0.22])
    paper = np.array([0, 1, 2, 3, 4])
    direct = asymptotic_without_each(x, error, paper)
    monkeypatch.setattr(module, "DIRECT", 0)
    from_sums = asymptotic_without_each(x, error, paper)
    # Without the third point two computations are left.
    for curves in (direct, from_sums):
        assert np.isnan(curves).all(axis=1).tolist() == [False, False, True, False, False]


def test_fits_without_each_of_many_papers_stay_within_their_memory() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(18, 26, 12_000)
    error = 0.1 + 0.4 * 10 ** (-0.2 * (x - 18)) * np.exp(rng.normal(0, 0.1, 12_000))
    paper = np.unique(rng.integers(0, 6_000, 12_000), return_inverse=True)[1]
    tracemalloc.start()
    curves = asymptotic_without_each(x, error, paper)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # How often each other point is there would be 500 MB.
    assert peak < 150e6
    for left in (0, 17, 5_000):
        kept = paper != left
        one = asymptotic(x[kept], error[kept])
        assert curves[left].tolist() == pytest.approx([one.irreducible_error, one.log10_amplitude, one.slope], rel=1e-8)
