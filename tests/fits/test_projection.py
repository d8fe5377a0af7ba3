"""flows/fits/projection.py: against worked examples, statsmodels and a scan of the definition."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from flows.fits.clustered import cluster_robust
from flows.fits.forms import error_at, response
from flows.fits.least_squares import hc3, ols
from flows.fits.line import FitError, Line
from flows.fits.projection import BOUNDED, UNBOUNDED, UNKNOWN, Projection, distance, prediction, solve

# Graybill and Iyer 1994, Regression Analysis: Concepts and Applications, chapter 6: temperatures and what a thermometer
# reads at them; settings of a dial and the temperature of a reaction chamber. The intervals are those that they print.
THERMOMETER = (np.arange(96.0, 111, 2), np.array([95.71, 98.16, 99.52, 102.09, 103.79, 106.18, 108.14, 110.21]))
CHAMBER = (
    np.arange(0.0, 101, 10),
    np.array([206.36, 225.52, 252.18, 289.33, 318.11, 349.49, 383.03, 410.70, 444.40, 469.14, 501.16]),
)


def sample(seed: int, slope: float, n: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(20, 25, n)
    return x, 1 + slope * (x - 22) + rng.standard_normal(n)


def within(line: Line, x: np.ndarray, y0: float, level: float, new: bool) -> np.ndarray:
    """The definition: whether the interval of the line, or of a new observation, holds y0 at each x."""
    t = stats.t.ppf((1 + level) / 2, line.degrees_of_freedom)
    variance = line.intercept_variance + 2 * x * line.covariance + x**2 * line.slope_variance
    return (line.intercept + line.slope * x - y0) ** 2 <= t**2 * (variance + new * line.residual_sd**2)


# --- from y to x


def test_the_thermometer_of_graybill_and_iyer() -> None:
    line = ols(*THERMOMETER)
    found = solve(line, 104, 0.95, new=True)
    assert (round(found.x, 3), round(found.low, 1), round(found.high, 1)) == (103.995, 103.4, 104.6)
    found = solve(line, 100, 0.9, new=True)
    assert (round(found.x, 1), round(found.low, 2), round(found.high, 2)) == (100.1, 99.63, 100.59)
    assert found.interval == BOUNDED


def test_the_reaction_chamber_of_graybill_and_iyer() -> None:
    found = solve(ols(*CHAMBER), 400, 0.99)
    assert (round(found.x, 1), round(found.low, 2), round(found.high, 2)) == (66.5, 65.07, 68.03)


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("slope", [-1.0, -0.5, 0.0, 0.1, 0.3, 0.5, 2.0])
@pytest.mark.parametrize("y0", [-3.0, 0.0, 1.0, 1.5, 6.0])
def test_the_interval_is_what_a_scan_of_the_definition_finds(y0: float, slope: float, level: float, new: bool) -> None:
    for estimator in (ols, hc3, lambda x, y: cluster_robust(x, y, np.arange(len(x)) // 2)):
        line = estimator(*sample(11, slope))
        found = solve(line, y0, level, new=new)
        steps = np.concatenate([-np.geomspace(1e6, 1e-6, 4001), [0], np.geomspace(1e-6, 1e6, 4001)])
        grid = found.x + steps
        inside = within(line, grid, y0, level, new)
        middle = len(steps) // 2
        assert inside[middle]
        # The first step on either side of the estimate that is outside, if one is.
        right = next((at for at in range(middle, len(grid)) if not inside[at]), None)
        left = next((at for at in range(middle, -1, -1) if not inside[at]), None)
        assert found.high == math.inf if right is None else grid[right - 1] <= found.high <= grid[right]
        assert found.low == -math.inf if left is None else grid[left] <= found.low <= grid[left + 1]
        assert (found.interval == BOUNDED) == (not inside[0] and not inside[-1])


@pytest.mark.parametrize("seed", range(20))
def test_it_is_unbounded_where_the_interval_of_the_slope_holds_zero(seed: int) -> None:
    line = ols(*sample(seed, slope=0.3))
    half = line.quantile(0.9) * line.slope_se
    bounded = not line.slope - half <= 0 <= line.slope + half
    assert (solve(line, 4.0, 0.9).interval == BOUNDED) == bounded


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_unbounded_interval_keeps_the_end_towards_the_data(sign: float) -> None:
    x, y = sample(7, slope=0.2)
    line = ols(x, sign * y)
    assert abs(line.slope) < line.quantile(0.9) * line.slope_se
    above = line.at(x.max() + 30)
    found = solve(line, above, 0.9)
    assert (found.interval, found.high) == (UNBOUNDED, math.inf)
    assert x.max() < found.low < found.x
    below = solve(line, line.at(x.min() - 30), 0.9)
    assert (below.interval, below.low) == (UNBOUNDED, -math.inf)
    assert below.x < below.high < x.min()
    assert solve(line, line.at(x.mean()), 0.9) == Projection(pytest.approx(x.mean()), -math.inf, math.inf, UNBOUNDED)


def test_a_slope_of_zero_reaches_no_y() -> None:
    found = solve(ols(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 1.0])), 3.0, 0.9)
    assert math.isnan(found.x)
    assert (found.low, found.high, found.interval) == (-math.inf, math.inf, UNBOUNDED)


def test_the_border_between_bounded_and_unbounded() -> None:
    # b^2 = t^2 v_b: the set is a half-line. In u: -2 t^2 c u - t^2 v <= 0 with b = 1, t^2 v_b = 1, x = 3.
    t = stats.norm.ppf(0.95)
    line = Line(10, 0.0, 1.0, 2 / t**2, 1 / t**2, 0.0, math.inf, 1.0)
    found = solve(line, 3.0, 0.9)
    # v = (2 + 9)/t^2 and c = 3/t^2: u >= -11/6. The last bit decides on which side of the border it falls.
    assert found.low == pytest.approx(3 - 11 / 6)
    assert found.high > 1e12


@given(
    shift=st.floats(-50, 50),
    y0=st.floats(-20, 20),
    seed=st.integers(0, 500),
    level=st.sampled_from([0.5, 0.9, 0.99]),
    new=st.booleans(),
)
def test_the_origin_of_x_moves_the_interval_alone(shift: float, y0: float, seed: int, level: float, new: bool) -> None:
    x, y = sample(seed, slope=0.7)
    here, there = (solve(ols(values, y), y0, level, new=new) for values in (x, x + shift))
    assert here.interval == there.interval
    assert here.low <= here.x <= here.high
    scale = 1 + abs(here.x)
    for name in ("x", "low", "high"):
        one, other = getattr(here, name), getattr(there, name) - shift
        assert other == pytest.approx(one, rel=1e-6, abs=1e-6 * scale)


def test_a_new_observation_has_the_longer_interval_and_a_higher_level_too() -> None:
    line = ols(*THERMOMETER)
    of_line, of_new, higher = solve(line, 104, 0.9), solve(line, 104, 0.9, new=True), solve(line, 104, 0.99)
    assert of_new.low < of_line.low < of_line.x < of_line.high < of_new.high
    assert higher.low < of_line.low
    assert higher.high > of_line.high


def test_a_perfect_line_knows_its_x() -> None:
    line = ols(np.array([1.0, 2.0, 3.0]), np.array([3.0, 5.0, 7.0]))
    assert solve(line, 11.0, 0.9, new=True) == Projection(5.0, 5.0, 5.0, BOUNDED)


@pytest.mark.parametrize(
    ("line", "x"),
    [
        (Line(9, 1.0, 2.0), 2.0),
        (Line(9, status="no_spread_in_x"), math.nan),
    ],
)
def test_no_variance_is_no_interval(line: Line, x: float) -> None:
    assert solve(line, 5.0, 0.9) == Projection(
        pytest.approx(x, nan_ok=True),
        pytest.approx(math.nan, nan_ok=True),
        pytest.approx(math.nan, nan_ok=True),
        UNKNOWN,
    )


def test_no_scatter_is_no_interval_of_a_new_observation() -> None:
    line = Line(9, 1.0, 2.0, 0.01, 0.01, 0.0, 7.0)
    assert solve(line, 5.0, 0.9).interval == BOUNDED
    assert solve(line, 5.0, 0.9, new=True).interval == UNKNOWN
    found = prediction(line, 2.0, 0.9)
    assert found.low < 5.0 < found.high
    assert math.isnan(found.new_low)
    assert math.isnan(found.new_high)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 90.0, math.nan])
def test_a_level_is_a_probability(level: float) -> None:
    line = ols(*THERMOMETER)
    with pytest.raises(FitError, match="level"):
        solve(line, 104.0, level)
    with pytest.raises(FitError, match="level"):
        prediction(line, 104.0, level)


@pytest.mark.parametrize("y0", [math.nan, math.inf])
def test_a_target_is_finite(y0: float) -> None:
    with pytest.raises(FitError, match="y0"):
        solve(ols(*THERMOMETER), y0, 0.9)


# --- from x to y


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("x0", [0.0, 21.3, 40.0])
def test_predictions_are_those_of_statsmodels(x0: float, level: float) -> None:
    x, y = sample(5, slope=0.4)
    expected = sm.OLS(y, sm.add_constant(x)).fit().get_prediction([1, x0])
    found = prediction(ols(x, y), x0, level)
    assert found.y == pytest.approx(expected.predicted_mean[0], rel=1e-9)
    assert [found.low, found.high] == pytest.approx(list(expected.conf_int(alpha=1 - level)[0]), rel=1e-8)
    assert [found.new_low, found.new_high] == pytest.approx(
        list(expected.conf_int(obs=True, alpha=1 - level)[0]), rel=1e-8
    )


def test_a_robust_line_predicts_by_its_own_variances() -> None:
    x, y = sample(6, slope=0.4)
    expected = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HC3", use_t=True).get_prediction([1, 27.0])
    found = prediction(hc3(x, y), 27.0, 0.9)
    assert [found.low, found.high] == pytest.approx(list(expected.conf_int(alpha=0.1)[0]), rel=1e-8)


def test_a_perfect_line_predicts_without_error() -> None:
    line = ols(np.array([0.1, 0.2, 0.3, 0.7]), np.array([1.3, 1.6, 1.9, 3.1]))
    found = prediction(line, 23.0, 0.9)
    assert [found.low, found.high, found.new_low, found.new_high] == pytest.approx([70] * 4, abs=1e-6)


def test_a_variance_that_rounding_leaves_below_zero_is_zero() -> None:
    # The line is certain at 20.1, where its variance comes to -3e-14.
    line = Line(9, 0.0, 1.0, 20.1 * 20.1 * 0.3, 0.3, -20.1 * 0.3, 7.0, 0.5)
    assert line.variance_at(20.1) < 0
    found = prediction(line, 20.1, 0.9)
    assert (found.low, found.high) == (20.1, 20.1)
    assert found.new_high - found.y == pytest.approx(0.5 * stats.t.ppf(0.95, 7))
    assert solve(line, 20.1, 0.9).x == 20.1


# --- beyond the data


@pytest.mark.parametrize(
    ("x0", "expected"),
    [(20.0, (0, 0)), (22.0, (0, 0)), (24.0, (0, 0)), (30.0, (6, 1.5)), (19.0, (1, 0.25)), (math.inf, (math.inf,) * 2)],
)
def test_how_far_beyond_the_data(x0: float, expected: tuple[float, float]) -> None:
    assert distance(x0, np.array([20.0, 24.0, 21.0])) == expected


def test_data_without_a_range() -> None:
    assert distance(23.0, np.array([23.0, 23.0])) == (0, 0)
    assert distance(25.0, np.array([23.0, 23.0])) == (2, math.inf)
    assert all(math.isnan(value) for value in distance(math.nan, np.array([23.0, 23.0])))
    with pytest.raises(FitError):
        distance(1.0, np.array([]))


def test_sql_and_python_have_the_same_prediction_intervals(db: duckdb.DuckDBPyConnection) -> None:
    keys = "row_set, benchmark, metric, compute_measure"
    points: dict[tuple[str, ...], list[tuple[float, float]]] = {}
    for *name, compute, error in db.execute(
        f"select {keys}, log10_compute, error from fits.samples where selection = 'all' order by all"
    ).fetchall():
        points.setdefault(tuple(name), []).append((compute, error))
    later = db.execute(
        f"select {keys}, form, level, log10_compute, predicted_error, predicted_error_low, predicted_error_high, decades_beyond "
        "from marts.backtest"
    ).fetchall()
    assert len(later) >= 100
    for *name, form, level, compute, predicted, low, high, beyond in later:
        x, error = np.array(points[tuple(name)]).T
        read = prediction(ols(x, response(form, error)), compute, level)
        # A high performance is a low error.
        expected = error_at(form, np.array([read.y, read.new_high, read.new_low]), 1.0)
        assert [predicted, low, high] == pytest.approx(expected.tolist(), rel=1e-9)
        assert beyond == pytest.approx(distance(compute, x)[0] if compute > x.max() else 0, abs=1e-12)
