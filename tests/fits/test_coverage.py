"""How often the intervals hold the truth, in 2,000 simulated truths a case; the seed and the shares are printed (pytest -s).

Independent points. n = 15, 30 or 60 points: x uniform on 20 to 25 (log10 of FLOP), y = 1 + 0.1 x + e, e normal with a
standard deviation of 0.1 (strong: the slope is 5 to 12 of its standard errors) or of 0.4 (weak: 1 to 3, so that many
intervals of x are unbounded); all drawn anew for each truth. Each truth also has an x of its own, uniform on 19 to 27 (up to
two decades beyond the data), at which the line is predicted, and a new observation of the same scatter drawn. From the
true height of the line there, and from the new observation, x is solved for; an infinite end holds what lies beyond.

Points of papers. G = 6, 12 or 24 papers: x = 22 + 1.5 (sqrt(s) p_g + sqrt(1 - s) q_i), y = 0.1 x + sqrt(r) u_g + sqrt(1 - r) e_i,
with p_g and u_g standard normal for each paper and q_i and e_i for each point; all drawn anew for each truth. s is the
share of the variance of x that lies between papers: 0 (x spread within papers), 0.5, or 0.95 (x clustered by paper). r is
the share of the variance around the line that is of the papers: 0.2 (weak effects) or 0.8 (strong). Sizes of papers: 5
points each; or 1, 1, 2, 4, 7 and 15 over again, so that of six papers one has half of the points. For contrast the
percentile interval of 199 resamples of single rows, where papers are of equal size, s is 0.5 and r is 0.8.

Errors of computation. n = 30, 60 or 200 points: true x uniform on 18 to 23.3, known with a standard deviation of 0.3, y =
0.1 x - 2 + e, e normal with a standard deviation of 0.1 that is not known; and, 1,000 truths of n = 60, x on 18 to 22 known
within 0.24, 0.5 or 0.74 (the warehouse's classes of confidence), a fifth of its variance. Level 0.95; for contrast York's
line without scatter.

The standard error of a share is 0.7 points (0.9 x 0.1 over 2,000, and the root). Intervals are two-sided of level 0.9.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from running import sample

from flows.fits.clustered import cluster_robust
from flows.fits.errors_in_variables import york, york_with_scatter
from flows.fits.least_squares import hc3, ols
from flows.fits.line import Line
from flows.fits.projection import BOUNDED, prediction, solve

pytestmark = pytest.mark.slow

SEED = 20201
TRUTHS = 2000
LEVEL = 0.9
INTERCEPT, SLOPE = 1.0, 0.1
SIZES = {"equal": [5] * 6, "unequal": [1, 1, 2, 4, 7, 15]}


def generator(*case: object) -> np.random.Generator:
    print(f"\nseed {SEED}, {case}: ", end="")
    return np.random.default_rng([SEED, *"/".join(map(str, case)).encode()])


def holds_slope(line: Line) -> bool:
    return abs(line.slope - SLOPE) <= line.quantile(LEVEL) * line.slope_se


def independent(rng: np.random.Generator, n: int, scatter: float, estimator: Callable[..., Line]) -> dict[str, bool]:
    """Which of its intervals hold one truth."""
    x = rng.uniform(20, 25, n)
    line = estimator(x, INTERCEPT + SLOPE * x + scatter * rng.standard_normal(n))
    at = rng.uniform(19, 27)
    height = INTERCEPT + SLOPE * at
    new = height + scatter * rng.standard_normal()
    found = prediction(line, at, LEVEL)
    of_line, of_new = solve(line, height, LEVEL), solve(line, new, LEVEL, new=True)
    return {
        "slope": holds_slope(line),
        "line": found.low <= height <= found.high,
        "new": found.new_low <= new <= found.new_high,
        "x of line": of_line.low <= at <= of_line.high,
        "x of new": of_new.low <= at <= of_new.high,
        "bounded": of_line.interval == BOUNDED,
    }


def shares(rng: np.random.Generator, n: int, scatter: float, estimator: Callable[..., Line]) -> dict[str, float]:
    rows = [independent(rng, n, scatter, estimator) for _ in range(TRUTHS)]
    found = {name: 100 * float(np.mean([row[name] for row in rows])) for name in rows[0]}
    print(", ".join(f"{name} {share:.1f}" for name, share in found.items()), end="")
    return found


@pytest.mark.parametrize("n", [15, 30, 60])
def test_intervals_of_independent_points(n: int) -> None:
    found = shares(generator("ols", n, "strong"), n, 0.1, ols)
    assert found.pop("bounded") > 99
    for name, share in found.items():
        assert 88 <= share <= 92, name


@pytest.mark.parametrize("n", [15, 30, 60])
def test_intervals_where_the_slope_may_be_zero(n: int) -> None:
    found = shares(generator("ols", n, "weak"), n, 0.4, ols)
    assert found["bounded"] < 90
    for name in ("slope", "line", "new"):
        assert 88 <= found[name] <= 92, name
    # The whole set of x holds the truth as often as the interval of the line there; an unbounded interval leaves out the
    # part of the set that slopes of the other sign would reach.
    for name in ("x of line", "x of new"):
        assert 85 <= found[name] <= 92, name


@pytest.mark.parametrize("n", [15, 30, 60])
def test_hc3_with_students_t(n: int) -> None:
    found = shares(generator("hc3", n, "strong"), n, 0.1, hc3)
    for name in ("slope", "line", "x of line"):
        assert 88 <= found[name] <= 92, name


def of_papers(
    rng: np.random.Generator, papers: int, sizes: str, between: float, effects: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The points of 2,000 truths, shape (2000, n) twice, and their papers, shape (n,)."""
    paper = np.repeat(np.arange(papers), SIZES[sizes] * (papers // 6))
    shape, groups = (TRUTHS, len(paper)), (TRUTHS, papers)
    x = 22 + 1.5 * (
        np.sqrt(between) * rng.standard_normal(groups)[:, paper] + np.sqrt(1 - between) * rng.standard_normal(shape)
    )
    noise = np.sqrt(effects) * rng.standard_normal(groups)[:, paper] + np.sqrt(1 - effects) * rng.standard_normal(shape)
    return x, SLOPE * x + noise, paper


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("papers", [6, 12, 24])
def test_slope_of_points_of_papers(papers: int, sizes: str) -> None:
    # Of six papers one may have half of the points: the jackknife over so few is a little further from its level.
    low, high = {"equal": (87, 93), "unequal": (86, 94)}[sizes]
    for between, effects in itertools.product((0.0, 0.5, 0.95), (0.2, 0.8)):
        x, y, paper = of_papers(generator(papers, sizes, between, effects), papers, sizes, between, effects)
        lines = [cluster_robust(*points, paper) for points in zip(x, y, strict=True)]
        share = 100 * float(np.mean([holds_slope(line) for line in lines]))
        print(f"slope {share:.1f}", end="")
        assert low <= share <= high, (between, effects)


@pytest.mark.parametrize("papers", [6, 12, 24])
def test_a_bootstrap_of_single_rows_is_too_sure_of_points_of_papers(papers: int) -> None:
    rng = generator("rows", papers)
    x, y, _ = of_papers(rng, papers, "equal", between=0.5, effects=0.8)
    share = rows_bootstrap(rng, x, y)
    print(f"slope {share:.1f}", end="")
    assert share < 75


def rows_bootstrap(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> float:
    """The share of truths that the percentile interval of 199 resamples of single rows holds."""
    slopes = np.empty((199, len(x)))
    for resample in slopes:
        drawn = rng.integers(0, x.shape[1], x.shape)
        dx, dy = np.take_along_axis(x, drawn, 1), np.take_along_axis(y, drawn, 1)
        dx = dx - dx.mean(axis=1, keepdims=True)
        resample[:] = (dx * dy).sum(axis=1) / (dx * dx).sum(axis=1)
    low, high = np.quantile(slopes, [0.05, 0.95], axis=0)
    return 100 * float(np.mean((low <= SLOPE) & (high >= SLOPE)))


def with_errors_of_x(
    rng: np.random.Generator, n: int, width: float, sds: list[float], truths: int
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """x, y and the standard deviations of x of each truth."""
    true, sd = rng.uniform(18, 18 + width, (truths, n)), rng.choice(sds, (truths, n))
    x, y = true + sd * rng.standard_normal((truths, n)), SLOPE * true - 2 + 0.1 * rng.standard_normal((truths, n))
    return list(zip(x, y, sd, strict=True))


def share_of_slopes(lines: list[Line]) -> float:
    share = 100 * float(np.mean([abs(line.slope - SLOPE) <= line.quantile(0.95) * line.slope_se for line in lines]))
    print(f"slope {share:.1f}", end="")
    return share


@pytest.mark.soak
@pytest.mark.parametrize("n", sample(full=[30, 60, 200], part=[30]))
def test_errors_of_computation_with_a_scatter_that_is_estimated(n: int) -> None:
    made = with_errors_of_x(generator("york", n), n, 5.3, [0.3], TRUTHS)
    lines = [york_with_scatter(*points) for points in made]
    assert 92 <= share_of_slopes(lines) <= 97
    assert abs(float(np.median([line.slope for line in lines])) - SLOPE) < 0.001
    # Without it the slope is too steep, and sure of it.
    without = [york(*points, np.zeros(n)) for points in made[:100]]
    assert share_of_slopes(without) < 10
    assert float(np.median([line.slope for line in without])) > 1.3 * SLOPE


def test_errors_of_computation_that_are_a_fifth_of_its_spread() -> None:
    made = with_errors_of_x(generator("york", "wide"), 60, 4, [0.24, 0.5, 0.74], 1000)
    assert 92 <= share_of_slopes([york_with_scatter(*points) for points in made]) <= 97
