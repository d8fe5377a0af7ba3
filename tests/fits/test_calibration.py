"""Calibrated intervals: the conformal distance by brute force, what calibrates what, and coverage in simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from flows.fits import calibration, least_squares, projection, rolling
from flows.fits.line import Array

LEVEL = 0.95


def test_half_of_it_is_the_distance_that_holds_the_level_with_one_more_infinitely_far() -> None:
    rng = np.random.default_rng(5)
    paper = np.sort(rng.integers(0, 40, 90))
    paper = np.unique(paper, return_inverse=True)[1]
    score, horizon = rng.normal(size=90), rng.uniform(0, 3, 90)
    found = calibration.calibration(score, horizon, paper, LEVEL)
    assert found is not None
    weight = np.array([1 / (paper == one).sum() for one in paper])
    drift = np.polynomial.polynomial.polyfit(horizon, score, [1], w=np.sqrt(weight))[1]
    assert found.drift == pytest.approx(drift, rel=1e-9)
    apart, papers = np.abs(score - drift * horizon), len(set(paper))
    enough = [half for half in apart if weight[apart <= half + 1e-12].sum() >= LEVEL * (papers + 1) - 1e-9]
    assert found.half == pytest.approx(min(enough), rel=1e-9)
    assert found.papers == papers
    low, high = found.scores(np.array([2.0]))
    assert (low[0], high[0]) == pytest.approx((2 * drift - min(enough), 2 * drift + min(enough)))


def test_fewer_than_twenty_papers_calibrate_nothing_however_many_points_they_have() -> None:
    score = np.random.default_rng(1).normal(size=190)
    horizon = np.ones(190)
    assert calibration.calibration(score, horizon, np.arange(190) % 19, LEVEL) is None
    assert calibration.calibration(score, horizon, np.arange(190) % 20, LEVEL) is not None
    # At 99 % the largest of 20 is not enough.
    assert calibration.calibration(score, horizon, np.arange(190) % 20, 0.99) is None
    assert calibration.calibration(np.empty(0), np.empty(0), np.empty(0, dtype=np.intp), LEVEL) is None


def test_quantiles_are_students() -> None:
    scores, df = np.array([-3.0, 0.0, 1.5, 8.0]), np.array([6.0, 6.0, 100.0, 20.0])
    np.testing.assert_allclose(
        calibration.quantiles(scores, df),
        [*stats.t.ppf(stats.norm.cdf(scores[:3]), df[:3]), stats.t.isf(stats.norm.sf(8.0), 20)],
    )
    np.testing.assert_allclose(rolling.normal_scores(calibration.quantiles(scores, df), df), scores, atol=1e-9)


def points(rng: np.random.Generator, n: int, progress: float, years: float = 6) -> tuple[Array, Array, Array]:
    """Computation that grows by half a decade a year, and errors that fall with it and, by `progress` decades, a year."""
    date = rng.uniform(0, years, n)
    x = 20 + 0.5 * date + rng.normal(size=n)
    return x, 0.1 * x + progress * date + rng.normal(0, 0.1, n), date


def test_a_calibration_knows_only_what_was_released_by_its_day() -> None:
    x, y, date = points(np.random.default_rng(8), 120, 0.05)
    paper, day = np.arange(120), 4.0
    made = rolling.predictions(x, y, date, paper)
    low, high = calibration.replayed(made, made.score, date, paper, LEVEL)
    other = rolling.predictions(x, np.where(date > day, y + 3, y), date, paper)
    changed = calibration.replayed(other, other.score, date, paper, LEVEL)
    until = made.origin <= day
    np.testing.assert_allclose(low[until], changed[0][until], rtol=1e-9)
    np.testing.assert_allclose(high[until], changed[1][until], rtol=1e-9)
    assert np.isfinite(low[until]).any()
    assert not np.allclose(low[~until], changed[0][~until], equal_nan=True)
    # The first origins have nothing behind them.
    assert np.isnan(low[made.origin == made.origin.min()]).all()
    origin = made.origin[np.isfinite(low)].max()
    before = (made.origin < origin) & (date[made.point] <= origin)
    by = calibration.calibration(made.score[before], made.horizon[before], made.point[before], LEVEL)
    assert by is not None
    np.testing.assert_array_equal(low[made.origin == origin], by.scores(made.horizon[made.origin == origin])[0])


def test_a_paper_counts_once_at_each_origin() -> None:
    held = np.array([True, True, True, False, True, False])
    origin, paper = np.array([1.0, 1, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 0, 1])
    assert calibration.coverage(held, origin, paper) == pytest.approx(0.5)
    assert np.isnan(calibration.coverage(held[:0], origin[:0], paper[:0]))


def held(seed: int, n: int, progress: float, truths: int) -> tuple[float, float]:
    """The share of models of the next year that the calibrated interval holds, and the line's own."""
    rng, shares = np.random.default_rng([seed, n, round(100 * progress)]), []
    for _ in range(truths):
        x, y, date = points(rng, n, progress)
        made = rolling.predictions(x, y, date, np.arange(n))
        by = calibration.calibration(made.score, made.horizon, made.point, LEVEL)
        if by is None:
            continue
        horizon = rng.uniform(0, 1, 20)
        new_x = 20 + 0.5 * (6 + horizon) + rng.normal(size=20)
        new_y = 0.1 * new_x + progress * (6 + horizon) + rng.normal(0, 0.1, 20)
        line = least_squares.ols(x, y)
        sd = np.array([np.sqrt(line.variance_at(one) + line.residual_sd**2) for one in new_x])
        t = (new_y - line.intercept - line.slope * new_x) / sd
        score = rolling.normal_scores(t, np.full(20, n - 2.0))
        low, high = by.scores(horizon)
        shares.append((((low <= score) & (score <= high)).mean(), (np.abs(score) <= 1.959964).mean()))
    assert len(shares) > truths / 2
    calibrated, nominal = np.mean(shares, axis=0)
    return float(calibrated), float(nominal)


@pytest.mark.slow
@pytest.mark.parametrize("progress", [0.0, 0.06])
@pytest.mark.parametrize("n", [30, 60, 200])
def test_models_of_the_next_year_are_held_as_often_as_said(n: int, progress: float) -> None:
    seed, truths = 20261125, 2000
    calibrated, nominal = held(seed, n, progress, truths)
    print(f"seed {seed}, {n} points, {progress} decades a year: {calibrated:.3f}, by the line {nominal:.3f}")
    assert 0.92 <= calibrated <= 0.97
    if progress:
        assert nominal < 0.92


def test_an_end_of_the_interval_is_where_the_line_is_so_far_below() -> None:
    x, y, _ = points(np.random.default_rng(3), 40, 0.0)
    line = least_squares.ols(x, y)
    for t in (-3.0, -0.5, 0.5, 3.0, 6.0):
        found = projection.crossing(line, 2.6, t)
        sd = np.sqrt(line.variance_at(found) + line.residual_sd**2)
        assert (2.6 - line.at(found)) / sd == pytest.approx(t, rel=1e-9)
    both = projection.solve(line, 2.6, LEVEL, new=True)
    quantile = stats.t.ppf(0.975, 38)
    assert projection.crossing(line, 2.6, quantile) == pytest.approx(both.low)
    assert projection.crossing(line, 2.6, -quantile) == pytest.approx(both.high)
    assert projection.crossing(line, 2.6, -1e3) == np.inf
