"""flows/fits/quantile_by_paper.py against lines found by trying every pair of points, and what an interval must not depend on.

That its intervals hold the truth is in test_coverage_of_selections.py.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from flows.fits import resampling
from flows.fits.line import FitError
from flows.fits.quantile_by_paper import PAPERS_WORTH_MIN, papers_worth, resamples, slope_interval


def sample(sizes: list[int], seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of papers of those sizes, with a common part in each paper's y."""
    rng = np.random.default_rng(seed)
    paper = np.repeat(np.arange(len(sizes)), sizes)
    x = 23 + rng.standard_normal(len(paper))
    return x, 0.2 * x + rng.standard_normal(len(sizes))[paper] + 0.3 * rng.standard_normal(len(paper)), paper


def best_slope(x: np.ndarray, y: np.ndarray, weight: np.ndarray, tau: float) -> float:
    """The slope of the line through two points that has the least sum of check losses."""
    i, j = np.triu_indices(len(x), 1)
    slope = (y[j] - y[i]) / (x[j] - x[i])
    residual = y - y[i][:, None] - slope[:, None] * (x - x[i][:, None])
    residual[np.arange(len(i)), i] = residual[np.arange(len(i)), j] = 0
    loss = (weight * residual * (tau - (residual < 0))).sum(axis=1)
    return float(slope[loss.argmin()])


def test_the_ends_lie_five_draws_of_papers_from_the_outermost() -> None:
    x, y, paper = sample([2] * 9)
    order = np.lexsort((paper, y, x))
    x, y, paper = x[order], y[order], paper[order]
    unit = resampling.units(paper)
    drawn = resampling.counts(resampling.seeded(3, "papers of a quantile line"), 199, 9)[:, unit]
    # 0.3 of an even number of points below 40 that is no multiple of 10 is no whole number: one line is best.
    slopes = np.sort([best_slope(x, y, weight, 0.3) for weight in drawn])
    assert slope_interval(x, y, paper, 0.3, 0.95, 3) == pytest.approx((slopes[4], slopes[-5]), rel=1e-9)


@pytest.mark.parametrize(("level", "many"), [(0.9, 99), (0.95, 199), (0.99, 999), (0.999999, 9999)])
def test_as_many_draws_as_leave_five_beyond_each_end(level: float, many: int) -> None:
    assert resamples(level) == many


def test_papers_are_worth_as_many_of_equal_size() -> None:
    assert papers_worth(np.repeat(np.arange(12), 5)) == pytest.approx(12)
    assert papers_worth(np.repeat(np.arange(3), [8, 1, 1])) == pytest.approx(100 / 66)
    assert papers_worth(np.array([], dtype=np.intp)) == 0


def test_few_papers_or_a_few_that_have_most_of_the_points_give_no_interval() -> None:
    least = math.ceil(PAPERS_WORTH_MIN)
    for sizes, has in (([3] * least, True), ([3] * (least - 1), False), ([1] * 20 + [12] * 2, False), ([], False)):
        ends = slope_interval(*sample(sizes), 0.1, 0.95, 0)
        assert [math.isfinite(end) for end in ends] == [has, has], sizes


def test_points_told_again_within_their_paper_say_nothing_new() -> None:
    x, y, paper = sample([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3])
    once = slope_interval(x, y, paper, 0.25, 0.95, 1)
    assert slope_interval(*(np.repeat(one, 3) for one in (x, y, paper)), 0.25, 0.95, 1) == pytest.approx(once)
    # As papers of their own they would.
    low, high = slope_interval(*(np.repeat(one, 3) for one in (x, y)), np.arange(3 * len(x)), 0.25, 0.95, 1)
    assert high - low < 0.8 * (once[1] - once[0])


def test_neither_order_nor_names_nor_units_matter_but_the_seed_does() -> None:
    x, y, paper = sample([1, 2, 3, 4] * 4)
    once, order = slope_interval(x, y, paper, 0.1, 0.95, 1), np.argsort(y)
    named = np.array([f"arXiv {one}" for one in paper])
    assert slope_interval(x[order], y[order], named[order], 0.1, 0.95, 1) == once
    assert slope_interval(x, 8 * y + x, paper, 0.1, 0.95, 1) == pytest.approx([8 * end + 1 for end in once])
    assert slope_interval(x, y, paper, 0.1, 0.95, 2) != once


def test_what_cannot_be_fitted_is_refused() -> None:
    x, y, paper = sample([1] * 12)
    for bad in (paper[:5], paper.astype(float), np.array([*"abcdefghijk", None], dtype=object)):
        with pytest.raises(FitError):
            slope_interval(x, y, bad, 0.1, 0.95, 0)
    with pytest.raises(FitError):
        slope_interval(x, y, paper, 0.1, 1.0, 0)
    with pytest.raises(FitError):
        slope_interval(x, y, paper, 1.0, 0.95, 0)
    assert all(map(math.isnan, slope_interval(np.ones(12), y, paper, 0.1, 0.95, 0)))
