"""flows/fits/quantile.py: against published figures, linear programs, statsmodels and every line through two points."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from statsmodels.datasets import engel

from flows.fits import quantile
from flows.fits.line import NO_SPREAD, NOT_CONVERGED, OK, TOO_FEW_POINTS, Array, FitError, Line
from flows.fits.quantile import quantile_line, quantile_resampled

TAUS = (0.1, 0.25, 0.5, 0.75, 0.9)


def drawn(n: int, seed: int) -> tuple[Array, Array]:
    """Points like log10 FLOP and log10(1/error), their scatter growing with x."""
    random = np.random.default_rng(seed)
    x = random.uniform(9, 26, n)
    return x, 0.05 * x - 0.2 + 0.01 * x * random.normal(size=n)


def loss(x: Array, y: Array, weights: Array, tau: float, intercept: float, slope: float) -> float:
    residuals = y - intercept - slope * x
    return float(np.sum(weights * np.where(residuals > 0, tau * residuals, (tau - 1) * residuals)))


def of_linear_program(x: Array, y: Array, tau: float) -> tuple[float, float, float]:
    """Intercept, slope and loss at the optimum, from HiGHS; x is centred for its sake."""
    n = len(x)
    parts = np.column_stack([np.ones(n), x - x.mean(), np.eye(n), -np.eye(n)])
    costs = np.concatenate([[0, 0], np.full(n, tau), np.full(n, 1 - tau)])
    found = linprog(costs, A_eq=parts, b_eq=y, bounds=[(None, None)] * 2 + [(0, None)] * (2 * n), method="highs")
    return found.x[0] - found.x[1] * x.mean(), found.x[1], found.fun


def of_all_pairs(x: Array, y: Array, weights: Array, tau: float) -> tuple[float, float, float]:
    """The least loss of any line through two points, and the lowest and the highest slope that have it."""
    x, y, weights = x[weights > 0], y[weights > 0], weights[weights > 0]
    first, second = np.triu_indices(len(x), 1)
    first, second = first[x[first] != x[second]], second[x[first] != x[second]]
    slopes = (y[second] - y[first]) / (x[second] - x[first])
    residuals = (y - y[first, None]) - slopes[:, None] * (x - x[first, None])
    losses = np.where(residuals > 0, tau * residuals, (tau - 1) * residuals) @ weights
    best = slopes[losses <= losses.min() + 1e-12]
    return float(losses.min()), float(best.min()), float(best.max())


def resamples(n: int, size: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=size)


# --- figures


# R's quantreg 5, rq(foodexp ~ income, tau) on the data of Koenker and Bassett 1982: coefficients as printed in
# m-clark.github.io/models-by-example/quantile-regression.html, at the median to 7 decimals (Koenker 2005: 81.48, 0.56).
@pytest.mark.parametrize(
    ("tau", "intercept", "slope", "decimals"),
    [
        (0.05, 124.880, 0.343, 3),
        (0.1, 110.142, 0.402, 3),
        (0.25, 95.484, 0.474, 3),
        (0.5, 81.4822474, 0.5601806, 7),
        (0.75, 62.397, 0.644, 3),
        (0.9, 67.351, 0.686, 3),
        (0.95, 64.104, 0.709, 3),
    ],
)
def test_food_expenditure_of_engel(tau: float, intercept: float, slope: float, decimals: int) -> None:
    data = engel.load_pandas().data
    line = quantile_line(data["income"].to_numpy(), data["foodexp"].to_numpy(), tau)
    assert line.status == OK
    assert line.n == 235
    assert round(line.intercept, decimals) == intercept
    assert round(line.slope, decimals) == slope


def test_standard_errors_of_engel() -> None:
    # statsmodels' example "Quantile regression", the summary at q = 0.5; its bandwidth is Stata 12's.
    data = engel.load_pandas().data
    line = quantile_line(data["income"].to_numpy(), data["foodexp"].to_numpy(), 0.5)
    assert round(line.intercept_se, 3) == 14.634
    assert round(line.slope_se, 3) == 0.013
    assert line.degrees_of_freedom == 233
    assert math.isnan(line.residual_sd)


# --- the optimum


@pytest.mark.parametrize("tau", [*TAUS, 0.02, 1 / 3])
@pytest.mark.parametrize("n", [3, 8, 40, 111])
def test_the_optimum_is_that_of_a_linear_program(n: int, tau: float) -> None:
    x, y = drawn(n, seed=n)
    line = quantile_line(x, y, tau)
    intercept, slope, least = of_linear_program(x, y, tau)
    assert loss(x, y, np.ones(n), tau, line.intercept, line.slope) <= least * (1 + 1e-12) + 1e-14
    # As each x is another real number, the optimum is one vertex; at n = 3 and far tau it is not.
    if n * min(tau, 1 - tau) > 1:
        assert line.slope == pytest.approx(slope, rel=1e-9)
        assert line.intercept == pytest.approx(intercept, rel=1e-9)


def test_some_thousand_points() -> None:
    x, y = drawn(2400, seed=1)
    line = quantile_line(x, y, 0.9)
    # The condition of optimality: at most tau n points are below, and at most (1 - tau) n above; and two are on the line.
    residuals = y - line.at(x)
    on = np.abs(residuals) < 1e-12
    assert on.sum() == 2
    assert (residuals < -1e-12).sum() <= 2160 <= ((residuals < 1e-12).sum())
    # No line through either of the two points has less.
    least = loss(x, y, np.ones(2400), 0.9, line.intercept, line.slope)
    for point in np.flatnonzero(on):
        for step in (-1e-7, 1e-7):
            slope = line.slope + step
            assert loss(x, y, np.ones(2400), 0.9, y[point] - slope * x[point], slope) > least


@pytest.mark.parametrize("tau", TAUS)
def test_reweighted_least_squares_comes_near(tau: float) -> None:
    x, y = drawn(60, seed=7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = sm.QuantReg(y, sm.add_constant(x)).fit(q=tau, p_tol=1e-12, max_iter=5000)
    line = quantile_line(x, y, tau)
    assert line.slope == pytest.approx(found.params[1], abs=1e-6)
    # Its weights stop at residuals of 1e-6, so that its line misses the two points by as much; 0 is far from the data.
    assert line.intercept == pytest.approx(found.params[0], abs=1e-5)
    assert loss(x, y, np.ones(60), tau, line.intercept, line.slope) < loss(x, y, np.ones(60), tau, *found.params)


@given(
    points=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 3)), min_size=3, max_size=14),
    tau=st.sampled_from([0.5, 0.1, 0.9, 0.25, 1 / 3, 0.37]),
    tenths=st.booleans(),
)
def test_ties_and_duplicates(points: list[tuple[int, int, int]], tau: float, tenths: bool) -> None:
    x, y, counts = np.array(points).T
    x, y = (x / 10 + 20, y / 10) if tenths else (x.astype(float), y.astype(float))
    intercept, slope = quantile_resampled(x, y, counts[None], tau)[0]
    if len(set(x[counts > 0])) < 2:
        assert math.isnan(intercept)
        assert math.isnan(slope)
        return
    least, lowest, highest = of_all_pairs(x, y, counts.astype(float), tau)
    assert loss(x, y, counts, tau, intercept, slope) == pytest.approx(least, rel=1e-12, abs=1e-12)
    assert slope == pytest.approx((lowest + highest) / 2, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("decimals", [0, 1, 2])
@pytest.mark.parametrize("tau", [0.1, 0.5, 0.9])
def test_rounded_values(tau: float, decimals: int) -> None:
    for seed in range(12):
        x, y = drawn(60, seed)
        x, y = x.round(decimals), y.round(max(decimals, 1))
        line = quantile_line(x, y, tau)
        least, lowest, highest = of_all_pairs(x, y, np.ones(60), tau)
        assert loss(x, y, np.ones(60), tau, line.intercept, line.slope) == pytest.approx(least, rel=1e-12)
        assert lowest - 1e-12 <= line.slope <= highest + 1e-12


def test_many_points_on_one_line() -> None:
    # Half of the points on a line, some twice; the others on one side of it, so that the line is optimal for few tau only.
    x = np.array([10.0, 12, 12, 15, 15, 18, 20, 21, 11, 13, 16, 17, 19, 22])
    y = 0.1 * x - 0.4 + np.array([0, 0, 0, 0, 0, 0, 0, 0, 0.3, 0.1, 0.7, 0.2, 0.4, 0.1])
    for tau in (0.1, 0.3, 0.5, 0.56, 0.6, 0.8, 0.95):
        line = quantile_line(x, y, tau)
        least, _, _ = of_all_pairs(x, y, np.ones(14), tau)
        assert loss(x, y, np.ones(14), tau, line.intercept, line.slope) == pytest.approx(least, rel=1e-12)
    line = quantile_line(x, y, 0.5)
    assert (line.intercept, line.slope) == pytest.approx((-0.4, 0.1), abs=1e-13)


def test_large_offsets_and_an_outlier() -> None:
    x, y = drawn(31, seed=4)
    line = quantile_line(x, y, 0.5)
    moved = quantile_line(x + 1000, 1e-6 * y + 7, 0.5)
    assert moved.slope == pytest.approx(1e-6 * line.slope, rel=1e-6)
    # The line does not move while a point stays on its side.
    high = np.where(np.arange(31) == np.argmax(y - line.at(x)), y + 1e6, y)
    assert quantile_line(x, high, 0.5).slope == line.slope


# --- the choice among several optima


def test_two_values_of_x_give_the_line_through_the_medians() -> None:
    x = np.array([1.0, 1, 1, 1, 3, 3, 3, 3])
    y = np.array([0.0, 1, 2, 9, 5, 6, 9, 10])
    line = quantile_line(x, y, 0.5)
    assert line.at(1.0) == pytest.approx(1.5, rel=1e-14)
    assert line.at(3.0) == pytest.approx(7.5, rel=1e-14)
    quarter = quantile_line(x, y, 0.25)
    assert (quarter.at(1.0), quarter.at(3.0)) == pytest.approx((0.5, 5.5), rel=1e-14)


@given(
    points=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), min_size=3, max_size=12),
    tau=st.sampled_from([0.5, 0.25, 0.75, 0.1]),
    seed=st.integers(0, 99),
)
def test_the_order_of_rows_and_the_signs_do_not_matter(points: list[tuple[int, int]], tau: float, seed: int) -> None:
    x, y = np.array(points, dtype=float).T
    line = quantile_line(x, y, tau)
    if line.status != OK:
        return
    order = np.random.default_rng(seed).permutation(len(x))
    wanted = pytest.approx((line.intercept, line.slope), rel=1e-12, abs=1e-12)
    shuffled = quantile_line(x[order], y[order], tau)
    assert (shuffled.intercept, shuffled.slope) == wanted
    variances = [line.intercept_variance, line.slope_variance, line.covariance]
    again = [shuffled.intercept_variance, shuffled.slope_variance, shuffled.covariance]
    assert again == pytest.approx(variances, rel=1e-9, nan_ok=True)
    mirrored = quantile_line(-x, y, tau)
    assert (mirrored.intercept, -mirrored.slope) == wanted
    negative = quantile_line(x, -y, 1 - tau)
    assert (-negative.intercept, -negative.slope) == wanted


# --- standard errors


@pytest.mark.parametrize("tau", [0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("n", [40, 110, 700])
@pytest.mark.parametrize("heaps", [False, True])
def test_variances_are_those_of_statsmodels(n: int, tau: float, heaps: bool) -> None:
    x, y = drawn(n, seed=n)
    # Two heaps spread their quartiles further apart than their standard deviation.
    y = y / 10 + 0.2 * (np.arange(n) % 2) if heaps else y
    line = quantile_line(x, y, tau)
    # Without an iteration QuantReg takes the coefficients 1: with columns scaled by ours, it describes our line.
    # A point on the line has a residual of rounding, of either sign; a nudge makes it none that is above.
    y = np.where(np.abs(y - line.at(x)) < 1e-12, y - 1e-11, y)
    scale = np.array([line.intercept, line.slope])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = sm.QuantReg(y, sm.add_constant(x) * scale).fit(q=tau, max_iter=0)
    wanted = found.cov_params() * np.outer(scale, scale)
    if (n, tau) in {(40, 0.1), (40, 0.9)}:
        assert np.isnan(wanted).all()
    assert line.intercept_variance == pytest.approx(wanted[0, 0], rel=1e-6, nan_ok=True)
    assert line.slope_variance == pytest.approx(wanted[1, 1], rel=1e-6, nan_ok=True)
    assert line.covariance == pytest.approx(wanted[0, 1], rel=1e-6, nan_ok=True)


def without_variances(line: Line) -> bool:
    return all(map(math.isnan, (line.intercept_variance, line.slope_variance, line.covariance)))


@pytest.mark.filterwarnings("error")
def test_no_variance_where_the_density_is_not_estimated() -> None:
    x, y = drawn(12, seed=2)
    # The bandwidth reaches beyond probability 1.
    assert without_variances(quantile_line(x, y, 0.9))
    assert not without_variances(quantile_line(x, y, 0.5))
    # All points on a line leave no bandwidth.
    perfect = quantile_line(x, 0.25 * x, 0.5)
    assert without_variances(perfect)
    assert (perfect.intercept, perfect.slope) == pytest.approx((0, 0.25), abs=1e-14)
    level = quantile_line(x, np.full(12, 0.7), 0.5)
    assert without_variances(level)
    assert (level.intercept, level.slope) == (0.7, 0)
    # No point within the bandwidth of the middle of two heaps.
    heaps = quantile_line(np.tile([10.0, 10, 20, 20], 100), np.tile([1.0, 3, 2, 4], 100), 0.5)
    assert without_variances(heaps)
    assert (heaps.intercept, heaps.slope) == pytest.approx((1, 0.1), rel=1e-14)


def test_no_variance_beyond_the_range_of_floats() -> None:
    x, y = drawn(40, seed=2)
    with np.errstate(over="ignore", invalid="ignore"):
        line = quantile_line(x, 1e200 * y, 0.5)
    assert without_variances(line)
    assert line.slope == pytest.approx(1e200 * quantile_line(x, y, 0.5).slope, rel=1e-12)


# --- resamples


@pytest.mark.parametrize("tau", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("rounded", [False, True])
def test_resamples_are_linear_programs_on_repeated_points(tau: float, rounded: bool) -> None:
    x, y = drawn(30, seed=11)
    x, y = (x.round(), y.round(1)) if rounded else (x, y)
    counts = resamples(30, 40, seed=12)
    for row, (intercept, slope) in zip(counts, quantile_resampled(x, y, counts, tau), strict=True):
        repeated_x, repeated_y = np.repeat(x, row), np.repeat(y, row)
        least = of_linear_program(repeated_x, repeated_y, tau)[2]
        assert loss(repeated_x, repeated_y, np.ones(30), tau, intercept, slope) <= least * (1 + 1e-12)
        _, lowest, highest = of_all_pairs(x, y, row.astype(float), tau)
        assert slope == pytest.approx((lowest + highest) / 2, rel=1e-9)


def test_resamples_are_lines_of_their_points() -> None:
    x, y = drawn(13, seed=5)
    counts = resamples(13, 300, seed=6)
    # Totals that differ, and a row that holds each point once.
    counts = np.vstack([counts, 2 * counts[:3], counts[:3] * np.arange(13), np.ones((1, 13), dtype=int)])
    found = quantile_resampled(x, y, counts, 0.5)
    assert found.shape == (307, 2)
    for row, pair in zip(counts, found, strict=True):
        line = quantile_line(np.repeat(x, row), np.repeat(y, row), 0.5)
        assert list(pair) == pytest.approx([line.intercept, line.slope], rel=1e-12)
    order = np.random.default_rng(1).permutation(13)
    assert quantile_resampled(x[order], y[order], counts[:, order], 0.5) == pytest.approx(found, rel=1e-12)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = drawn(20, seed=8)
    counts = resamples(20, 101, seed=9)
    whole = quantile_resampled(x, y, counts, 0.9)
    for size in (1, 200, 2000):
        monkeypatch.setattr(quantile, "CHUNK", size)
        assert quantile_resampled(x, y, counts, 0.9) == pytest.approx(whole, rel=1e-12)


def test_resamples_without_spread() -> None:
    x, y = np.array([1.0, 1, 2, 4]), np.array([3.0, 5, 1, 0])
    counts = np.array([[2, 2, 0, 0], [0, 0, 4, 0], [0, 0, 0, 0], [0, 0, 1, 3]])
    found = quantile_resampled(x, y, counts, 0.5)
    assert np.isnan(found[:3]).all()
    assert list(found[3]) == [2, -0.5]
    assert np.isnan(quantile_resampled(np.ones(3), np.arange(3.0), np.ones((2, 3), dtype=int), 0.5)).all()
    assert quantile_resampled(x, y, counts[:0], 0.5).shape == (0, 2)
    assert np.isnan(quantile_resampled(x[:0], y[:0], counts[:, :0], 0.5)).all()


# --- what cannot be fitted


def test_statuses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert quantile_line(np.array([1.0, 2]), np.array([1.0, 2]), 0.5).status == TOO_FEW_POINTS
    vertical = quantile_line(np.ones(5), np.arange(5.0), 0.5)
    assert vertical.status == NO_SPREAD
    assert math.isnan(vertical.slope)
    x, y = drawn(30, seed=3)
    monkeypatch.setattr(quantile, "TURNS_MAX", 1)
    stopped = quantile_line(x, y, 0.5)
    assert stopped.status == NOT_CONVERGED
    assert math.isnan(stopped.slope)


@pytest.mark.parametrize("tau", [0, 1, -0.5, 2, math.nan])
def test_a_probability_is_needed(tau: float) -> None:
    with pytest.raises(FitError, match="tau"):
        quantile_line(np.arange(3.0), np.arange(3.0), tau)
    with pytest.raises(FitError, match="tau"):
        quantile_resampled(np.arange(3.0), np.arange(3.0), np.ones((1, 3), dtype=int), tau)


def test_arrays_that_do_not_fit() -> None:
    x = np.arange(4.0)
    with pytest.raises(FitError):
        quantile_line(x, x[:3], 0.5)
    with pytest.raises(FitError):
        quantile_line(x, np.array([0, 1, math.inf, 3]), 0.5)
    with pytest.raises(FitError):
        quantile_resampled(x, np.array([0, 1, math.nan, 3]), np.ones((1, 4), dtype=int), 0.5)
    for counts in (np.ones((1, 3), dtype=int), np.ones(4, dtype=int), np.array([[1, 1, 1, -1]])):
        with pytest.raises(FitError, match="counts"):
            quantile_resampled(x, x, counts, 0.5)
