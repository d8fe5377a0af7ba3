"""flows/fits/monte_carlo.py against the moments of the distributions that it draws from."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flows.fits import monte_carlo
from flows.fits.line import FitError, Line


def test_a_line_that_may_not_rise_has_no_upper_end_and_says_how_often() -> None:
    line = Line(10, 0.0, 0.1, 1.0, 0.05**2, 0.0, 8, 0.1)
    drawn = monte_carlo.lines(line, 100_000, np.random.default_rng(1))
    reached = monte_carlo.reached(*drawn, 5.0)
    # P(t_8 > 2), from a table of Student's t: 0.0403.
    assert np.isinf(reached).mean() == pytest.approx(0.0403, abs=0.002)
    assert math.isinf(monte_carlo.interval(reached, 0.95)[1])
    with pytest.raises(FitError, match="a line with variances"):
        monte_carlo.lines(Line(10, 0.0, 0.1), 10, np.random.default_rng(1))


def test_a_range_is_triangular_on_the_logarithm() -> None:
    drawn = monte_carlo.triangular(1, 10, 1000, 200_000, np.random.default_rng(1))
    # Of a triangle on [0, 3] with its peak at 1: mean 4/3, variance (9 + 1 - 3) / 18, a third of it below the peak.
    assert drawn.mean() == pytest.approx(4 / 3, abs=0.006)
    assert drawn.var() == pytest.approx(7 / 18, abs=0.006)
    assert (drawn < 1).mean() == pytest.approx(1 / 3, abs=0.005)
    assert 0 <= drawn.min() <= drawn.max() <= 3
    assert set(monte_carlo.triangular(2, 2, 2, 5, np.random.default_rng(1))) == {math.log10(2)}
    with pytest.raises(FitError, match="does not hold of 3, 2, 4"):
        monte_carlo.triangular(3, 2, 4, 5, np.random.default_rng(1))


def test_prices_are_drawn_from_those_observed_whatever_their_order() -> None:
    prices = [np.array(order) for order in ([1.0, 10.0, 100.0], [100.0, 1.0, 10.0])]
    first, second = (monte_carlo.observed(one, 30_000, np.random.default_rng(1)) for one in prices)
    assert np.array_equal(first, second)
    values, counts = np.unique(first, return_counts=True)
    assert values.tolist() == [0, 1, 2]
    assert counts / 30_000 == pytest.approx([1 / 3] * 3, abs=0.01)


def test_shares_are_covariances_with_the_total() -> None:
    rng = np.random.default_rng(5)
    parts = [rng.normal(0, sd, 5000) for sd in (1.0, 2.0, 0.5)]
    total = sum(parts)
    found = monte_carlo.shares(parts, total, -math.inf, math.inf)
    covariances = [np.cov(part, total)[0, 1] / np.var(total, ddof=1) for part in parts]
    assert found == pytest.approx(covariances, abs=1e-12)
    # One draw far outside of the interval decides nothing.
    parts[0][0] = total[0] = 1e6
    low, high = monte_carlo.interval(total, 0.95)
    assert monte_carlo.shares(parts, total, low, high)[1] == pytest.approx(4 / 5.25, abs=0.06)
    assert all(math.isnan(share) for share in monte_carlo.shares([np.zeros(9)] * 2, np.zeros(9), 0, 0))


def test_draws_are_stretched_to_an_interval_that_is_known() -> None:
    x = np.random.default_rng(2).standard_t(5, 10_000)
    moved = monte_carlo.agreeing(x, 0.5, (-3.0, 7.0), 0.95)
    assert monte_carlo.interval(moved, 0.95) == pytest.approx((-3.0, 7.0), rel=1e-12)
    assert np.array_equal(np.argsort(moved), np.argsort(x))
    # No end: nor have the draws beyond theirs; a draw that never reaches it stops at an end that is known.
    unbounded = monte_carlo.agreeing(x, 0.5, (-3.0, math.inf), 0.95)
    assert monte_carlo.interval(unbounded, 0.95) == (pytest.approx(-3.0), math.inf)
    assert np.isinf(unbounded).mean() == pytest.approx(0.025, abs=2e-4)
    far = np.where(x > 1.9, math.inf, x)
    assert monte_carlo.interval(monte_carlo.agreeing(far, 0.5, (-3.0, 7.0), 0.95), 0.95) == pytest.approx((-3.0, 7.0))
    assert np.array_equal(monte_carlo.agreeing(np.zeros(9), 0.0, (0.0, 0.0), 0.95), np.zeros(9))
