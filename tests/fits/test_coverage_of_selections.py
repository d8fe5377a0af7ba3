"""How often the intervals of the frontier and of progress hold the truth, and why chosen points have none; seeds are printed.

Points of papers of 5, 3, 2, 2, 1, 1 and 1 points over again, of 30, 60 and 210 points in all (14, 28 and 98 papers). With p and
u standard normal for each paper, q and e for each point, and t the year of a paper (a normal number of standard deviation 3):
x = 22 + g t + 1.5 (sqrt(s) p + sqrt(1 - s) q) is the computation, y = 0.1 x + h t + 0.3 (sqrt(r) u + sqrt(1 - r) e) the
performance; all drawn anew for each truth. r = 0.8: most of the scatter is of the papers. Without progress over time g and h
are 0; with it g = 0.5 and h = 0.1. All is normal, so that the conditional quantile of y given x is a line for every tau, with
the slope 0.1 + h g 9 / (2.25 + 9 g^2); it is the truth of the quantile line. To add any slope to y moves slope and interval
alike, so that the share of intervals without the truth is that of false positives where computation has no effect.

For the years the same with a year drawn from ten, x growing by 0.3 a year, log10(error) = -0.1 x + c t + 0.15 (...), c = -0.03
or 0; the truths are -0.1, c and their ratio.

In full 2,000 truths a case (`SOAK=1`), of which the standard error is 0.5 points; else a part. Intervals are of level 0.95.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from running import sample

from flows.fits import estimators, selections
from flows.fits.estimators import Points
from flows.fits.least_squares import ols
from flows.fits.line import OK, judged, slope_interval
from flows.fits.with_time import with_time

pytestmark = pytest.mark.slow

SEED, LEVEL, TRUTHS = 20204, 0.95, 2000
SIZES = [5, 3, 2, 2, 1, 1, 1]
EFFECTS = 0.8


def generator(*case: object) -> np.random.Generator:
    print(f"\nseed {SEED}, {case}: ", end="")
    return np.random.default_rng([SEED, *"/".join(map(str, case)).encode()])


def papers_of(n: int) -> np.ndarray:
    """The paper of each point."""
    sizes = SIZES * (n // sum(SIZES))
    return np.repeat(np.arange(len(sizes)), sizes)


def mixed(rng: np.random.Generator, paper: np.ndarray, share: float) -> np.ndarray:
    """Standard normal numbers of which a share of the variance is of the papers."""
    of_papers = rng.standard_normal(paper.max() + 1)[paper]
    return math.sqrt(share) * of_papers + math.sqrt(1 - share) * rng.standard_normal(len(paper))


def is_near(share: float, truths: int) -> bool:
    """Whether a share is 92 to 97 %, of fewer truths than 2,000 within three standard errors of that."""
    slack = 0.0 if truths == TRUTHS else 300 * math.sqrt(0.05 * 0.95 / truths)
    return 92 - slack <= share <= 97 + slack


# --- the frontier


@pytest.mark.soak
@pytest.mark.parametrize("between", [0.5, 0.95])
@pytest.mark.parametrize("progress", [0.0, 0.1])
@pytest.mark.parametrize(("n", "part"), [(30, 50), (60, 40), (210, 5)])
def test_the_frontier_by_paper(n: int, part: int, progress: float, between: float) -> None:
    rng, paper = generator("frontier", n, progress, between), papers_of(n)
    growth, truths = 0.5 if progress else 0.0, sample(full=TRUTHS, part=part)
    truth = 0.1 + progress * growth * 9 / (2.25 + 9 * growth**2)
    held = 0
    for _ in range(truths):
        year = 3 * rng.standard_normal(paper.max() + 1)[paper]
        x = 22 + growth * year + 1.5 * mixed(rng, paper, between)
        y = 0.1 * x + progress * year + 0.3 * mixed(rng, paper, EFFECTS)
        points = Points(x, y, cluster=paper, is_performance=True, seed=int(rng.integers(1 << 30)))
        found = estimators.fitted("quantile:0.1", points, LEVEL)
        held += found.low <= truth <= found.high
    share = 100 * held / truths
    print(f"{truths} truths, slope {share:.1f}", end="")
    assert is_near(share, truths)


# --- progress over time


@pytest.mark.soak
@pytest.mark.parametrize("of_year", [-0.03, 0.0])
@pytest.mark.parametrize("n", [30, 60, 210])
def test_progress_by_paper(n: int, of_year: float) -> None:
    rng, paper = generator("progress", n, of_year), papers_of(n)
    held, truths = np.zeros(4), sample(full=TRUTHS, part=200)
    for _ in range(truths):
        year = rng.integers(2012, 2022, paper.max() + 1)[paper].astype(float)
        x = 22 + 0.3 * (year - 2012) + 1.5 * mixed(rng, paper, 0.5)
        y = -0.1 * x + of_year * (year - 2012) + 0.15 * mixed(rng, paper, EFFECTS)
        by_paper, alone = (with_time(x, 10**y, year, LEVEL, one) for one in (paper, None))
        t = 2.16 if n == 30 else 2.05 if n == 60 else 1.985  # of 13, 27 and 97 degrees of freedom
        ratio = -0.1 / of_year if of_year else math.inf
        held += [
            abs(by_paper.compute_slope + 0.1) <= t * by_paper.compute_slope_se,
            abs(by_paper.year_slope - of_year) <= t * by_paper.year_slope_se,
            abs(alone.year_slope - of_year) <= t * alone.year_slope_se,
            # An infinite ratio is in every interval that is not bounded.
            not ratio < by_paper.low and not ratio > (math.inf if math.isnan(by_paper.high) else by_paper.high),
        ]
    compute, years, as_single, ratios = 100 * held / truths
    print(
        f"{truths} truths, computation {compute:.1f}, year {years:.1f}, ratio {ratios:.1f}; of single points {as_single:.1f}",
        end="",
    )
    assert is_near(compute, truths)
    assert is_near(years, truths)
    assert is_near(ratios, truths)
    assert as_single < 88


# --- points that were chosen by their error


def says_it_rises(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether ordinary least squares would call the slope positive."""
    line = ols(x, y)
    low, high = slope_interval(line, LEVEL)
    return judged(line.status, low, high) == OK and low > 0


@pytest.mark.parametrize(("papers", "least"), [(30, 25), (100, 70)])
def test_the_best_of_papers_that_try_more_and_compute_more_rise_without_an_effect(papers: int, least: float) -> None:
    rng, found = generator("best", papers), 0
    for _ in range(TRUTHS):
        sizes = rng.choice([1, 1, 2, 4, 7], papers)
        paper = np.repeat(np.arange(papers), sizes)
        x = 22 + np.log(sizes)[paper] + rng.standard_normal(papers)[paper] + 0.5 * rng.standard_normal(len(paper))
        y = 0.3 * mixed(rng, paper, 0.2)
        kept = selections.best_of_each(paper, -y, x)
        found += says_it_rises(x[kept], y[kept])
    print(f"rises in {100 * found / TRUTHS:.1f}", end="")
    assert 100 * found / TRUTHS > least


@pytest.mark.parametrize("n", [60, 200])
def test_records_of_computation_that_grows_rise_without_an_effect(n: int) -> None:
    rng, found = generator("records", n), 0
    for _ in range(TRUTHS):
        year = np.sort(rng.uniform(0, 10, n))
        x, y = 20 + 0.5 * year + 0.3 * rng.standard_normal(n), 0.1 * rng.standard_normal(n)
        kept = selections.frontier(year, -y, x)
        found += says_it_rises(x[kept], y[kept])
    print(f"rises in {100 * found / TRUTHS:.1f}", end="")
    # Nominal: 2.5.
    assert 100 * found / TRUTHS > 12
