"""flows/fits/resampling.py, and what holds of the resamples of every estimator that has them."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from made_points import drawn, sample

from flows.fits import resampling
from flows.fits.huber import huber_resampled
from flows.fits.line import Array, FitError
from flows.fits.quantile import quantile_resampled
from flows.fits.resampling import Counts
from flows.fits.theil_sen import theil_sen_resampled


@pytest.mark.parametrize("resample", [huber_resampled, theil_sen_resampled])
def test_resamples_without_a_line(resample) -> None:  # type: ignore[no-untyped-def]
    x, y = np.array([1.0, 1.0, 2.0, 5.0]), np.array([1.0, 2.0, 2.0, 5.0])
    # None drawn; two points; one point thrice; two points of one x; and one that is as it should be.
    counts = np.array([[0, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 3], [2, 3, 0, 0], [1, 1, 1, 1]])
    resampled = resample(x, y, counts)
    assert np.isnan(resampled[:4]).all()
    assert np.isfinite(resampled[4]).all()
    assert resample(x, y, np.zeros((0, 4), dtype=np.int64)).shape == (0, 2)
    assert np.isnan(resample(np.full(4, 23.0), y, counts)).all()


@pytest.mark.parametrize("resample", [huber_resampled, theil_sen_resampled])
def test_a_resample_does_not_depend_on_the_others(resample) -> None:  # type: ignore[no-untyped-def]
    x, y = sample(20, 6)
    counts = drawn(20, 50, 7) * np.arange(50)[:, None]
    together = resample(x, y, counts)
    alone = np.concatenate([resample(x, y, counts[row : row + 1]) for row in range(50)])
    np.testing.assert_allclose(together, alone, rtol=1e-12)


@pytest.mark.parametrize("resample", [huber_resampled, theil_sen_resampled])
@pytest.mark.parametrize(
    "counts",
    [np.ones((2, 3), dtype=np.int64), np.ones(4, dtype=np.int64), np.ones((2, 4)), -np.ones((2, 4), dtype=np.int64)],
)
def test_counts_that_cannot_be(resample, counts: Counts) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FitError, match="count"):
        resample(np.arange(4.0), np.arange(4.0), counts)


@pytest.mark.parametrize("resample", [huber_resampled, theil_sen_resampled])
def test_one_point_drawn_often_is_no_line(resample) -> None:  # type: ignore[no-untyped-def]
    # The mean of equal values may differ from them in its last digit.
    x, y = sample(30, 10)
    counts = np.concatenate([np.eye(30, dtype=np.int64) * often for often in range(3, 30)])
    assert np.isnan(resample(x, y, counts)).all()


@pytest.mark.parametrize("resample", [huber_resampled, theil_sen_resampled])
@pytest.mark.parametrize("large", [0, 100])
def test_resampling_stays_within_its_memory(resample, large: int) -> None:  # type: ignore[no-untyped-def]
    x, y = sample(110, 8)
    counts = drawn(110, 5_000, 9)
    # Some papers may be much larger than most.
    counts[::50] += large * counts[0]
    tracemalloc.start()
    resample(x, y, counts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


@pytest.mark.parametrize(
    "resample", [huber_resampled, theil_sen_resampled, lambda x, y, c: quantile_resampled(x, y, c, 0.5)]
)
def test_counts_of_no_resamples_and_of_no_points(resample) -> None:  # type: ignore[no-untyped-def]
    assert resample(np.arange(4.0), np.arange(4.0), np.zeros((0, 4), dtype=np.int64)).shape == (0, 2)


def test_a_seed_and_a_key_make_a_stream_of_their_own() -> None:
    def of(seed: int, *key: str) -> list[float]:
        return resampling.seeded(seed, *key).random(3).tolist()

    assert of(1, "a", "b") == of(1, "a", "b")
    assert len({tuple(of(*key)) for key in ((1, "a", "b"), (2, "a", "b"), (1, "ab"), (1, "b", "a"), (1, "a"))}) == 5


def test_units_are_numbered_by_their_first_rows() -> None:
    assert resampling.units(np.array(["b", "a", "b", "c", "a"])).tolist() == [0, 1, 0, 2, 1]


def test_counts_draw_as_many_units_as_there_are() -> None:
    counts = resampling.counts(np.random.default_rng(0), 4_000, 12)
    assert counts.shape == (4_000, 12)
    assert (counts.sum(axis=1) == 12).all()
    # Each unit is drawn once on average, within five standard errors of (1 - 1/12) / 4,000.
    assert np.abs(counts.mean(axis=0) - 1).max() < 5 * np.sqrt(11 / 12 / 4_000)


def test_each_unit_is_left_out_once_whatever_the_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = np.array([0, 1, 0, 2, 3, 1])
    expected = [[int(other != left) for other in unit] for left in range(4)]
    for held in (1, 12, 13, 1 << 22):
        monkeypatch.setattr(resampling, "_COUNTED", held)
        portions = list(resampling.without_each(unit))
        assert np.concatenate(portions).tolist() == expected
        assert max(portion.size for portion in portions) <= max(held, len(unit))
    assert list(resampling.without_each(np.array([], dtype=np.intp))) == []


@pytest.mark.parametrize("by_unit", [False, True])
def test_lines_of_resamples_are_those_of_numpy(by_unit: bool) -> None:
    x, y = sample(24, 1)
    ys, unit = np.stack([y, np.exp(y)]), np.repeat(np.arange(8), 3)
    lines = resampling.ols_resampled(x, ys, 300, np.random.default_rng(5), unit if by_unit else None)
    # The same stream, drawn anew.
    drawn_units = resampling.counts(np.random.default_rng(5), 300, 8 if by_unit else 24)
    counts = drawn_units[:, unit] if by_unit else drawn_units
    for one, values in zip(lines, ys, strict=True):
        for row in range(0, 300, 30):
            xs, vs = np.repeat(x, counts[row]), np.repeat(values, counts[row])
            slope, intercept = np.polyfit(xs, vs, 1)
            turned = np.polyfit(vs, xs, 1)[0]
            assert [one.slope[row], one.intercept[row], one.turned[row]] == pytest.approx(
                [slope, intercept, 1 / turned], rel=1e-8
            )
        for left in range(len(drawn_units[0])):
            kept = unit != left if by_unit else np.arange(24) != left
            assert one.jackknife[left] == pytest.approx(np.polyfit(x[kept], values[kept], 1)[0], rel=1e-8)


def test_percentiles_are_order_statistics_that_keep_infinite_ends() -> None:
    draws: Array = np.array([5.0, np.nan, 3, np.inf, 1, 2, 4, -np.inf, 6, 7, 8])
    # Of ten draws: ranks 0.5 and 8.5 of 0 to 9 at 90 %, taken outward.
    assert resampling.percentile(draws, 0.9) == (-np.inf, np.inf)
    assert resampling.percentile(draws, 0.5) == (2.0, 7.0)
    assert np.isnan(resampling.percentile(np.full(3, np.nan), 0.9)).all()
