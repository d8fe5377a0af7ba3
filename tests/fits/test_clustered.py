"""flows/fits/clustered.py: against lines fitted anew without each paper, and statsmodels where each paper has a point.

That its intervals cover is in test_fit_coverage.py.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm

from flows.fits.clustered import TOO_FEW_PAPERS, cluster_robust, jackknife_covariance
from flows.fits.least_squares import PERFECT_LEVERAGE, ols
from flows.fits.line import NO_SPREAD, OK, TOO_FEW_POINTS, FitError, Line


def sample(seed: int, sizes: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of papers of those sizes, with a common part in each paper's x and y."""
    rng = np.random.default_rng(seed)
    paper = np.repeat(np.arange(len(sizes)), sizes)
    x = 23 + rng.standard_normal(len(sizes))[paper] + rng.standard_normal(len(paper))
    return x, 4 - 0.15 * x + rng.standard_normal(len(sizes))[paper] + 0.5 * rng.standard_normal(len(paper)), paper


def covariance(line: Line) -> np.ndarray:
    return np.array([[line.intercept_variance, line.covariance], [line.covariance, line.slope_variance]])


@pytest.mark.parametrize("sizes", [[5] * 6, [1, 1, 2, 4, 7, 15], [1, 1, 1, 30], [2, 1, 1], [3] * 60])
def test_the_covariance_is_the_jackknife_over_papers(sizes: list[int]) -> None:
    x, y, paper = sample(len(sizes), sizes)
    line = cluster_robust(x, y, paper)
    lines = np.array([np.polyfit(x[paper != at], y[paper != at], 1)[::-1] for at in range(len(sizes))])
    about = lines - lines.mean(axis=0)
    expected = (len(sizes) - 1) / len(sizes) * (about.T @ about)
    assert covariance(line) == pytest.approx(expected, rel=1e-7)
    assert [line.slope, line.intercept] == pytest.approx(list(np.polyfit(x, y, 1)), rel=1e-10)
    assert (line.n, line.degrees_of_freedom, line.status) == (len(x), len(sizes) - 1, OK)


def test_papers_of_one_point_give_the_jackknife_over_points() -> None:
    x, y, paper = sample(3, [1] * 25)
    results = sm.OLS(y, sm.add_constant(x)).fit()
    changes = results.get_influence().dfbeta
    about = changes - changes.mean(axis=0)
    line = cluster_robust(x, y, paper)
    assert covariance(line) == pytest.approx(24 / 25 * (about.T @ about), rel=1e-7)
    # Within the centring and (n - 1)/n of HC3.
    assert line.slope_se == pytest.approx(results.HC3_se[1], rel=0.03)


def test_the_scatter_is_of_residuals_without_the_paper() -> None:
    x, y, paper = sample(4, [1, 2, 3, 4, 10])
    residuals = y - np.polyval(np.polyfit(x, y, 1), x)
    without = np.empty_like(y)
    for at in range(5):
        own = paper == at
        without[own] = y[own] - np.polyval(np.polyfit(x[~own], y[~own], 1), x[own])
    assert cluster_robust(x, y, paper).residual_sd ** 2 == pytest.approx(float(np.mean(residuals * without)), rel=1e-8)


def test_points_told_again_within_their_paper_say_nothing_new() -> None:
    x, y, paper = sample(5, [3] * 10)
    once = cluster_robust(x, y, paper)
    again = cluster_robust(*(np.repeat(values, 4) for values in (x, y, paper)))
    assert covariance(again) == pytest.approx(covariance(once), rel=1e-9)
    assert again.degrees_of_freedom == once.degrees_of_freedom
    # As points of their own they would.
    assert ols(np.repeat(x, 4), np.repeat(y, 4)).slope_variance < 0.3 * ols(x, y).slope_variance


def test_the_names_and_the_order_of_papers_do_not_matter() -> None:
    x, y, paper = sample(6, [1, 5, 9, 2, 2, 14])
    one = cluster_robust(x, y, paper)
    named = np.array(["e", "d", "arXiv 1512.03385", "b", "a", "c"])[paper]
    order = np.argsort(y)
    for keys in (named, named.astype(object), -7 * paper.astype(np.int32)):
        other = cluster_robust(x[order], y[order], keys[order])
        assert covariance(other) == pytest.approx(covariance(one), rel=1e-11)
        assert other.residual_sd == pytest.approx(one.residual_sd, rel=1e-12)


def test_a_far_origin_loses_no_digits() -> None:
    # Eighths, which no addition of 10^9 rounds.
    x, y, paper = sample(7, [5] * 8)
    x = np.round(x * 8) / 8
    near, far = cluster_robust(x, y, paper), cluster_robust(x + 1e9, y, paper)
    assert far.slope == pytest.approx(near.slope, rel=1e-12)
    assert far.slope_variance == pytest.approx(near.slope_variance, rel=1e-12)


def test_the_unit_of_x_scales_the_slope() -> None:
    x, y, paper = sample(8, [5] * 8)
    near, far = cluster_robust(x, y, paper), cluster_robust(x * 1e60, y, paper)
    assert far.slope_se * 1e60 == pytest.approx(near.slope_se, rel=1e-10)


def test_a_perfect_line_has_no_error() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    line = cluster_robust(x, 1 + 2 * x, np.array([0, 0, 1, 1, 2, 2]))
    assert (line.slope, line.slope_se, line.residual_sd) == pytest.approx((2, 0, 0), abs=1e-13)


@pytest.mark.parametrize(
    ("x", "paper", "status"),
    [
        ([], [], TOO_FEW_POINTS),
        ([1.0, 2.0], [0, 1], TOO_FEW_POINTS),
        ([23.0] * 4, [0, 1, 2, 3], NO_SPREAD),
        ([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1], TOO_FEW_PAPERS),
        ([1.0, 2.0, 3.0, 4.0], [7, 7, 7, 7], TOO_FEW_PAPERS),
        # Without paper 0 all x are 0.1, whose sums are rounded.
        ([1.0, 2.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], [0, 0, 1, 1, 1, 2, 2, 2], PERFECT_LEVERAGE),
        ([1.0, 2.0, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1], [0, 0, 1, 1, 1, 2, 2, 2], OK),
    ],
)
def test_too_little_data_is_a_status_and_no_figure(x: list[float], paper: list[int], status: str) -> None:
    y = np.array([1.0, 0.0, 2.0, 1.0, 3.0, 0.0, 2.0, 5.0])[: len(x)]
    line = cluster_robust(np.array(x), y, np.array(paper, dtype=int))
    assert (line.status, line.n) == (status, len(x))
    assert math.isnan(line.slope) == (status != OK)
    assert math.isnan(line.slope_variance) == (status != OK)


@pytest.mark.parametrize(
    "paper",
    [
        np.array([0, 1, 2]),
        np.array([[0, 1, 2, 3]]),
        np.array([0.0, 1.0, 2.0, 3.0]),
        np.array([0.0, 1.0, 2.0, math.nan]),
        np.array(["a", "b", "c", None], dtype=object),
        np.array(["a", "b", "c", 4], dtype=object),
    ],
)
def test_a_point_without_a_paper_is_refused(paper: np.ndarray) -> None:
    with pytest.raises(FitError):
        cluster_robust(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 5.0]), paper)


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(FitError):
        cluster_robust(np.array([1.0, 2.0, 3.0]), np.array([1.0, math.nan, 3.0]), np.array([0, 1, 2]))


@pytest.mark.parametrize("sizes", [[5] * 6, [1, 1, 2, 4, 7, 15], [3] * 60])
def test_the_covariance_of_more_coefficients_is_the_jackknife_over_papers(sizes: list[int]) -> None:
    x, y, paper = sample(len(sizes), sizes)
    design = np.column_stack([np.ones_like(x), x - 23, np.random.default_rng(1).standard_normal(len(sizes))[paper]])

    def fitted(kept: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(design[kept], y[kept], rcond=None)[0]

    planes = np.array([fitted(paper != at) for at in range(len(sizes))])
    about = planes - planes.mean(axis=0)
    expected = (len(sizes) - 1) / len(sizes) * (about.T @ about)
    found, papers = jackknife_covariance(design, y - design @ fitted(paper >= 0), paper)
    assert (found, papers) == (pytest.approx(expected, rel=1e-6), len(sizes))
    line, _ = jackknife_covariance(design[:, :2], y - np.polyval(np.polyfit(x, y, 1), x), paper)
    assert line is not None
    assert line[1, 1] == pytest.approx(cluster_robust(x, y, paper).slope_variance, rel=1e-8)


def test_a_plane_without_a_paper_or_of_few_has_no_covariance() -> None:
    x, y, paper = sample(2, [4] * 4)
    alone = np.column_stack([np.ones_like(x), x - 23, np.where(paper == 0, x, 7.0)])
    assert jackknife_covariance(alone, y, paper) == (None, 4)
    assert jackknife_covariance(alone, y, np.minimum(paper, 2)) == (None, 3)
