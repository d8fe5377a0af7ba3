"""flows/fits/theil_sen.py against theilslopes of scipy, also on the points of each resample."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from made_points import drawn, sample
from scipy.stats import kendalltau, theilslopes

from flows.fits import slope_ranks
from flows.fits import theil_sen as module
from flows.fits.line import NO_SPREAD, OK, TOO_FEW_POINTS, Array, FitError
from flows.fits.theil_sen import theil_sen, theil_sen_resampled

# The worked example of Sen 1968, which scipy tests theilslopes on too.
SEN_X, SEN_Y = np.array([1.0, 2, 3, 4, 10, 12, 18]), np.array([9.0, 15, 19, 20, 45, 55, 78])


def assert_is_scipys(x: Array, y: Array, level: float) -> None:
    """Equal to the last bit, NaN included."""
    line, interval = theil_sen(x, y, level)
    with np.errstate(invalid="ignore"):
        expected = theilslopes(y, x, level)
    np.testing.assert_array_equal(
        [line.slope, line.intercept, *interval],
        [expected.slope, expected.intercept, expected.low_slope, expected.high_slope],
    )


def test_theil_sen_of_sens_example() -> None:
    # The line and the 93 % interval that Sen 1968 works out.
    line, interval = theil_sen(SEN_X, SEN_Y, 0.93)
    assert (line.slope, line.intercept, line.status, line.n) == (4, 4, OK, 7)
    assert np.isnan([line.slope_variance, line.intercept_variance, line.covariance, line.residual_sd]).all()
    assert interval == (pytest.approx(3.71, abs=0.005), pytest.approx(4.38, abs=0.005))


@pytest.mark.parametrize("kind", ["normal", "far-out", "tied"])
@pytest.mark.parametrize("n", [3, 4, 13, 14, 110])
def test_theil_sen_is_theilslopes(n: int, kind: str) -> None:
    for seed in range(5):
        for level in (0.5, 0.9, 0.95, 0.999):
            assert_is_scipys(*sample(n, seed, kind=kind), level)


@pytest.mark.parametrize("kind", ["normal", "tied", "level"])
def test_theil_sen_of_more_pairs_than_are_held_is_theilslopes(kind: str) -> None:
    x, y = sample(3_000, 1, kind="tied" if kind == "tied" else "normal")
    assert module._HELD < 3_000 * 2_999 / 2
    # Where most points are level, most slopes are 0: they must not be held.
    assert_is_scipys(x, np.where(np.arange(3_000) % 5, 1.0, y) if kind == "level" else y, 0.95)


def test_theil_sen_does_not_depend_on_the_sample_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    # Few pairs asked and a margin of next to none: bounds that miss the ranks are widened.
    monkeypatch.setattr(module, "_HELD", 100)
    monkeypatch.setattr(module, "_SAMPLED", 60)
    monkeypatch.setattr(module, "_MARGIN", 1e-3)
    for seed in range(20):
        for kind in ("normal", "tied"):
            assert_is_scipys(*sample(200, seed, kind=kind), 0.9)


@pytest.mark.parametrize("kind", ["normal", "far-out", "tied", "level"])
def test_theil_sen_without_going_through_the_pairs_is_theilslopes(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(module, "_BY_PAIRS", 10)
    monkeypatch.setattr(slope_ranks, "_HELD", 500)
    for n, seed in ((11, 1), (200, 2), (331, 3)):
        x, y = sample(n, seed, kind="normal" if kind == "level" else kind)
        y = np.where(np.arange(n) % 5, 1.0, y) if kind == "level" else y
        line, interval = theil_sen(x, y, 0.95)
        wanted = theilslopes(y, x, 0.95)
        # Where many pairs have nearly one slope, the rounding of any of them.
        close = [
            pytest.approx(value, rel=1e-12, abs=1e-14) for value in (wanted.slope, wanted.low_slope, wanted.high_slope)
        ]
        assert [line.slope, *interval] == close
        if kind == "normal":
            assert [line.slope, *interval] == [wanted.slope, wanted.low_slope, wanted.high_slope]


def test_theil_sen_of_very_many_points_is_quick_and_small() -> None:
    # All pairs would be 7 GB.
    x, y = sample(30_000, 1)
    tracemalloc.start()
    line, (low, high) = theil_sen(x, y, 0.95)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
    # As many slopes lie below the median as above it, counted in another way: Kendall's tau of the residuals is 0.
    assert abs(kendalltau(x, y - line.slope * x).statistic) < 1e-8
    assert low < line.slope < high
    # The ends are those at which tau is 1.96 of its standard errors (Sen 1968).
    half = 1.959964 * math.sqrt(2 * (2 * 30_000 + 5) / (9 * 30_000 * 29_999))
    for end, sign in ((low, 1), (high, -1)):
        assert kendalltau(x, y - end * x).statistic == pytest.approx(sign * half, rel=1e-4)


def test_very_many_points_beyond_the_range_of_doubles_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BY_PAIRS", 10)
    x = np.arange(20.0)
    with pytest.raises(FitError, match="scale the columns"):
        theil_sen(1e-200 * x, 1e200 * x, 0.95)


def test_theil_sen_interval_narrows_with_the_level_below_a_half_too() -> None:
    # scipy reads a level below a half as 1 less that level.
    x, y = sample(60, 3)
    intervals = [theil_sen(x, y, level)[1] for level in (0.1, 0.4, 0.6, 0.9)]
    lows, highs = zip(*intervals, strict=True)
    assert list(lows) == sorted(lows, reverse=True)
    assert list(highs) == sorted(highs)
    assert len({*lows, *highs}) == 8


def test_theil_sen_interval_where_ties_leave_no_variance() -> None:
    x, y = np.array([1.0, 1, 1, 2]), np.full(4, 5.0)
    assert_is_scipys(x, y, 0.95)
    line, interval = theil_sen(x, y, 0.95)
    assert np.isnan(interval).all()
    assert line.slope == 0


def test_theil_sen_of_many_points_stays_within_its_memory() -> None:
    # All pairs would be 400 MB.
    x, y = sample(10_000, 1)
    for values in (y, np.where(np.arange(10_000) % 5, 1.0, y)):
        tracemalloc.start()
        line, (low, high) = theil_sen(x, values, 0.95)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60e6
        assert low <= line.slope <= high


def test_differences_beyond_the_range_of_doubles_end() -> None:
    theil_sen(np.array([-1.7e308, 0.0, 1.7e308]), np.array([-1.7e308, 0.0, 1.7e308]), 0.95)


@pytest.mark.parametrize("papers", [False, True])
@pytest.mark.parametrize("kind", ["normal", "tied"])
@pytest.mark.parametrize("n", [4, 7, 13, 14, 60])
def test_theil_sen_resampled_is_theilslopes_of_the_repeated_points(n: int, kind: str, papers: bool) -> None:
    x, y = sample(n, 2, kind=kind)
    counts = drawn(n, 1_500, 3, papers=papers)
    resampled = theil_sen_resampled(x, y, counts)
    parities = set()
    for row in range(0, 1_500, 15):
        xs, ys = np.repeat(x, counts[row]), np.repeat(y, counts[row])
        if len(xs) < 3 or np.ptp(xs) == 0:
            assert np.isnan(resampled[row]).all()
            continue
        expected = theilslopes(ys, xs)
        assert resampled[row].tolist() == pytest.approx([expected.intercept, expected.slope], rel=1e-12, abs=1e-12)
        parities.add(int(np.count_nonzero(np.subtract.outer(xs, xs))) // 2 % 2)
    # Among them are odd and even numbers of pairs (of whole papers and ties, perhaps not).
    assert parities == {0, 1} or papers or kind == "tied"


def test_samples_that_cannot_be_fitted() -> None:
    two, one_x, ramp = np.array([1.0, 2.0]), np.full(4, 23.0), np.arange(4.0)
    for x, y, status in ((two, two, TOO_FEW_POINTS), (one_x, ramp, NO_SPREAD)):
        line, interval = theil_sen(x, y, 0.95)
        assert line.status == status
        assert np.isnan([line.slope, *interval]).all()
    broken, counts = np.array([0, 1, math.nan, 2]), np.ones((1, 4), dtype=np.int64)
    for call in (
        lambda: theil_sen(broken, ramp, 0.95),
        lambda: theil_sen(ramp, broken, 0.95),
        lambda: theil_sen_resampled(broken, ramp, counts),
        lambda: theil_sen_resampled(ramp, two, counts),
    ):
        with pytest.raises(FitError):
            call()
    for level in (0.0, 1.0, -0.1, math.nan):
        with pytest.raises(FitError, match="level"):
            theil_sen(ramp, ramp, level)
