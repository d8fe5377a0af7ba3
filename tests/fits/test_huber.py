"""flows/fits/huber.py against RLM of statsmodels, also on the points of each resample."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from made_points import drawn, sample

from flows.fits.huber import huber, huber_resampled
from flows.fits.line import NO_SPREAD, NOT_CONVERGED, OK, TOO_FEW_POINTS, Array, FitError, Line
from flows.fits.resampling import Counts

# Millions of telephone calls from Belgium in 1950 to 1973, of which 1964 to 1969 are minutes: Rousseeuw and Leroy 1987,
# Robust Regression and Outlier Detection, table 2; the example of Huber's estimator in Venables and Ripley 2002, 6.5.
BELGIAN_CALLS = """
4.4 4.7 4.7 5.9 6.6 7.3 8.1 8.8 10.6 12.0 13.5 14.9 16.1 21.2 119.0 124.0 142.0 159.0 182.0 212.0 43.0 24.0 27.0 29.0
"""
YEAR, CALLS = np.arange(50.0, 74.0), np.array(BELGIAN_CALLS.split(), dtype=float)


def rlm(x: Array, y: Array, steps: int = 5_000) -> tuple[Array, Array, float]:
    """Intercept and slope, their covariances and the scale by statsmodels, converged tighter than by default."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.RLM(y, sm.add_constant(x), M=sm.robust.norms.HuberT(t=1.345))
        found = model.fit(tol=1e-12, maxiter=steps)
    return found.params, found.cov_params(), found.scale


def assert_is_rlm(line: Line, x: Array, y: Array) -> None:
    (intercept, slope), covariances, scale = rlm(x, y)
    assert line.status == OK
    assert (line.n, line.degrees_of_freedom) == (len(x), math.inf)
    assert [line.slope, line.residual_sd] == pytest.approx([slope, scale], rel=1e-8)
    assert line.intercept == pytest.approx(intercept, rel=1e-8, abs=1e-8)
    found = [line.intercept_variance, line.slope_variance, line.covariance]
    assert found == pytest.approx([covariances[0, 0], covariances[1, 1], covariances[0, 1]], rel=1e-7)


def test_huber_of_the_belgian_calls() -> None:
    assert_is_rlm(huber(YEAR, CALLS), YEAR, CALLS)


@pytest.mark.parametrize("kind", ["normal", "far-out", "tied"])
@pytest.mark.parametrize("n", [7, 13, 30, 110])
def test_huber_is_rlm(n: int, kind: str) -> None:
    for seed in range(5):
        x, y = sample(n, seed, kind=kind)
        assert_is_rlm(huber(x, y), x, y)


def test_huber_moves_with_the_points_and_does_not_depend_on_their_order() -> None:
    x, y = sample(40, 1, kind="far-out")
    line, order = huber(x, y), np.random.default_rng(0).permutation(40)
    turned, moved = huber(x[order], y[order]), huber(1e3 * x - 5, 7 - 1e-6 * y)
    assert [turned.intercept, turned.slope] == pytest.approx([line.intercept, line.slope], rel=1e-12)
    assert moved.slope == pytest.approx(-1e-9 * line.slope, rel=1e-9)
    assert moved.at(1e3 * 23 - 5) == pytest.approx(7 - 1e-6 * line.at(23), rel=1e-12)
    assert moved.residual_sd == pytest.approx(1e-6 * line.residual_sd, rel=1e-7)
    assert moved.slope_se == pytest.approx(1e-9 * line.slope_se, rel=1e-7)


def test_huber_where_most_points_lie_on_a_line() -> None:
    x = np.arange(18.0, 31.0)
    y = 1 + 0.25 * x
    y[[1, 4, 7, 10]] += [5, -3, 8, -2]
    line = huber(x, y)
    assert [line.intercept, line.slope] == pytest.approx([1, 0.25], abs=1e-9)
    assert (line.status, line.residual_sd, line.slope_variance, line.intercept_variance) == (OK, 0, 0, 0)
    # RLM comes to the same line with a scale of rounding.
    params, _, scale = rlm(x, y)
    assert params == pytest.approx([1, 0.25], abs=1e-8)
    assert scale < 1e-10


@pytest.mark.parametrize("slope", [0.0, 0.1, -3e5])
def test_huber_where_all_points_lie_on_a_line(slope: float) -> None:
    x = np.array([18.1, 19.7, 20.3, 20.3, 25.9])
    line = huber(x, 0.1 + slope * x)
    assert line.slope == pytest.approx(slope, rel=1e-12, abs=1e-12)
    assert line.at(20.3) == pytest.approx(0.1 + slope * 20.3, rel=1e-12)
    assert (line.status, line.residual_sd, line.slope_variance) == (OK, 0, 0)


@pytest.mark.slow
def test_huber_that_does_not_converge_says_so() -> None:
    # The steps get shorter without end: RLM's are on the way still after ten thousand.
    x, y = np.array([1.0, 2, 1, 2, 3]), np.array([3.0, 2, 2, 0, 2])
    line = huber(x, y)
    assert line.status == NOT_CONVERGED
    assert abs(rlm(x, y, 1_000)[0][1] - rlm(x, y, 10_000)[0][1]) > 1e-3
    # The last step is at hand.
    assert line.slope == pytest.approx(rlm(x, y, 200)[0][1], abs=1e-3)


def test_huber_of_the_solution_that_rlm_comes_to() -> None:
    # A slope of -0.350 with a scale of 1.885 solves the equations too, but the steps lead away from it.
    x, y = np.array([1.0, 2, 4, 7, 9, 5, 3, 8, 5]), np.array([8.0, 7.3, 2.8, 3.3, 6.7, 6.1, 7.0, 4.2, 1.0])
    line = huber(x, y)
    assert_is_rlm(line, x, y)
    assert (line.slope, line.residual_sd) == (pytest.approx(-0.4849, abs=1e-4), pytest.approx(0.9769, abs=1e-4))


def test_huber_that_starts_at_the_solution() -> None:
    # Psi cuts both points at x = 2 alike, so that the line of least squares stays, and only points of one x are uncut.
    x, y = np.array([2.0, 0, 2, 0]), np.array([4.0, 4, 0, 4])
    assert_is_rlm(huber(x, y), x, y)
    assert huber(x, y).slope == pytest.approx(-1)


def assert_is_each(resampled: Array, x: Array, y: Array, counts: Counts, rows: range) -> None:
    for row in rows:
        line = huber(np.repeat(x, counts[row]), np.repeat(y, counts[row]))
        assert resampled[row].tolist() == pytest.approx([line.intercept, line.slope], rel=1e-8, nan_ok=True)


@pytest.mark.parametrize("papers", [False, True])
@pytest.mark.parametrize("kind", ["normal", "far-out", "tied"])
@pytest.mark.parametrize("n", [7, 13, 60])
def test_huber_resampled_is_huber_of_the_repeated_points(n: int, kind: str, papers: bool) -> None:
    x, y = sample(n, 2, kind=kind)
    # More than fill one portion of work, where n = 60.
    counts = drawn(n, 2_000, 3, papers=papers)
    assert_is_each(huber_resampled(x, y, counts), x, y, counts, range(0, 2_000, 20))


@pytest.mark.parametrize("papers", [False, True])
def test_huber_resampled_is_rlm_of_the_repeated_points(papers: bool) -> None:
    x, y = sample(30, 4)
    counts = drawn(30, 40, 5, papers=papers)
    resampled = huber_resampled(x, y, counts)
    for row, count in zip(resampled, counts, strict=True):
        assert row.tolist() == pytest.approx(rlm(np.repeat(x, count), np.repeat(y, count))[0].tolist(), rel=1e-8)


def test_samples_that_cannot_be_fitted() -> None:
    two, one_x, ramp = np.array([1.0, 2.0]), np.full(4, 23.0), np.arange(4.0)
    assert huber(two, two).status == TOO_FEW_POINTS
    assert huber(one_x, ramp).status == NO_SPREAD
    assert math.isnan(huber(one_x, ramp).slope)
    broken, counts = np.array([0, 1, math.nan, 2]), np.ones((1, 4), dtype=np.int64)
    for call in (
        lambda: huber(ramp, broken),
        lambda: huber(ramp, two),
        lambda: huber_resampled(ramp, broken, counts),
        lambda: huber_resampled(ramp, two, counts),
    ):
        with pytest.raises(FitError):
            call()
