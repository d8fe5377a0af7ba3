"""flows/fits/with_time.py against statsmodels, and against the ratios that the definition allows."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from flows.fits.clustered import TOO_FEW_PAPERS
from flows.fits.least_squares import PERFECT_LEVERAGE
from flows.fits.line import NO_SPREAD, OK, SLOPE_MAY_BE_ZERO, TOO_FEW_POINTS, Array, FitError
from flows.fits.with_time import compute_shares, with_time, without_interval


def points(of_year: float, n: int = 30) -> tuple[Array, Array, Array]:
    """log10 computation, error and year; log10(error) falls by 0.1 a decade and by `of_year` a year."""
    rng = np.random.default_rng(3)
    year = np.sort(rng.integers(2012, 2024, n)).astype(np.float64)
    x = 18 + 0.3 * (year - 2012) + rng.normal(0, 1, n)
    return x, 10 ** (-0.3 - 0.1 * (x - 18) - of_year * (year - 2012) + rng.normal(0, 0.03, n)), year


def fitted(x: Array, error: Array, year: Array):  # type: ignore[no-untyped-def]
    first = np.lexsort((error, x, year))[0]
    return sm.OLS(np.log10(error), sm.add_constant(np.column_stack([x - x[first], year - year[first]]))).fit()


@pytest.mark.parametrize(
    ("of_year", "status", "interval"), [(0.04, OK, "bounded"), (0.0, SLOPE_MAY_BE_ZERO, "unbounded")]
)
def test_the_plane_is_that_of_statsmodels(of_year: float, status: str, interval: str) -> None:
    x, error, year = points(of_year)
    plane, expected = with_time(x, error, year, 0.9), fitted(x, error, year)
    found = [plane.intercept, plane.compute_slope, plane.year_slope, plane.compute_slope_se, plane.year_slope_se]
    assert found == pytest.approx([*expected.params, *expected.bse[1:]], rel=1e-8)
    assert plane.r_squared == pytest.approx(expected.rsquared, rel=1e-10)
    assert plane.years_per_tenfold == pytest.approx(expected.params[1] / expected.params[2], rel=1e-8)
    assert (plane.n, plane.status, plane.interval) == (30, status, interval)


def test_the_ends_of_the_ratio_are_where_it_is_ruled_out() -> None:
    x, error, year = points(0.04)
    plane, expected = with_time(x, error, year, 0.9), fitted(x, error, year)
    assert plane.low < plane.years_per_tenfold < plane.high
    for end in (plane.low, plane.high):
        # b - r c differs from 0 with a p of 0.1.
        assert float(expected.t_test([0, 1, -end]).pvalue) == pytest.approx(0.1, rel=1e-6)


def test_the_share_of_computation_is_that_of_two_regressions() -> None:
    x, error, year = points(0.04)
    counts = np.random.default_rng(0).multinomial(30, np.full(30, 1 / 30), 20)
    shares = compute_shares(x, error, year, counts)
    for share, count in zip(shares, counts, strict=True):
        xs, errors, years = (np.repeat(values, count) for values in (x, error, year))
        plane, growth = with_time(xs, errors, years, 0.9), np.polyfit(years, xs, 1)[0]
        of_computation = plane.compute_slope * growth
        assert share == pytest.approx(of_computation / (of_computation + plane.year_slope), rel=1e-7)


def test_the_share_by_paper_is_that_of_its_points() -> None:
    x, error, year = points(0.04)
    unit = np.arange(30) // 3
    counts = np.random.default_rng(0).multinomial(10, np.full(10, 1 / 10), 20)
    by_paper, by_point = (compute_shares(x, error, year, *of) for of in ((counts, unit), (counts[:, unit],)))
    np.testing.assert_allclose(by_paper, by_point, rtol=1e-9)


def test_a_resample_of_one_year_has_no_share_whatever_rounding_leaves() -> None:
    x = np.array([17.3, 18.1, 19.7, 20.2, 20.9, 21.4, 22.3])
    error, year = np.linspace(0.5, 0.27, 7), np.array([2016.0, 2017, 2018, 2018, 2019, 2020, 2020])
    counts = np.array([[0] * 5 + [k, 7 - k] for k in range(1, 7)])
    assert np.isnan(compute_shares(x, error, year, counts)).all()


def test_points_that_tell_no_plane() -> None:
    x, error, year = points(0.04)
    assert with_time(x[:3], error[:3], year[:3], 0.9).status == TOO_FEW_POINTS
    together = with_time(2 * year, error, year, 0.9)
    assert together.status == NO_SPREAD
    assert math.isnan(together.compute_slope)
    with pytest.raises(FitError):
        with_time(x, -error, year, 0.9)


def test_standard_errors_by_paper_are_those_of_planes_without_each() -> None:
    x, error, _ = points(0.04)
    paper = np.repeat(np.arange(10), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    year = 2012.0 + (paper * 7) % 10
    plane = with_time(x, error, year, 0.9, paper)
    alone = with_time(x, error, year, 0.9)
    design = sm.add_constant(np.column_stack([x, year]))
    planes = [sm.OLS(np.log10(error[paper != at]), design[paper != at]).fit().params for at in range(10)]
    expected = 9 / 10 * sum(np.outer(one - np.mean(planes, axis=0), one - np.mean(planes, axis=0)) for one in planes)
    assert [plane.compute_slope_se**2, plane.year_slope_se**2] == pytest.approx(list(np.diag(expected)[1:]), rel=1e-5)
    figures = ["compute_slope", "year_slope", "intercept", "r_squared", "years_per_tenfold"]
    assert [getattr(plane, name) for name in figures] == [getattr(alone, name) for name in figures]
    assert (plane.n_papers, alone.n_papers) == (10, None)
    for end in filter(math.isfinite, (plane.low, plane.high)):
        # b - r c differs from 0 by t of nine degrees of freedom.
        contrast = np.array([0, 1, -end])
        away = abs(plane.compute_slope - end * plane.year_slope) / math.sqrt(contrast @ expected @ contrast)
        assert 2 * stats.t.sf(away, 9) == pytest.approx(0.1, rel=1e-5)


@pytest.mark.parametrize(
    ("paper", "status"),
    [(np.arange(30) % 3, TOO_FEW_PAPERS), ((np.arange(30) > 20).astype(int) * np.arange(30), PERFECT_LEVERAGE)],
)
def test_few_papers_give_a_plane_and_no_interval(paper: Array, status: str) -> None:
    x, error, year = points(0.04)
    if status == PERFECT_LEVERAGE:
        # Without the first paper all of one year.
        year = np.where(paper == 0, year, 2024.0)
    plane, alone = with_time(x, error, year, 0.9, paper), with_time(x, error, year, 0.9)
    assert (plane.status, plane.interval, plane.n_papers) == (status, None, len(np.unique(paper)))
    assert plane.years_per_tenfold == alone.years_per_tenfold
    assert all(map(math.isnan, (plane.compute_slope_se, plane.year_slope_se, plane.low, plane.high)))


def test_points_chosen_by_their_error_tell_a_plane_and_no_interval() -> None:
    plane = with_time(*points(0.04), 0.9)
    unsure = without_interval(plane)
    assert (plane.status, unsure.status, unsure.interval) == (OK, "selected_no_interval", None)
    assert unsure.year_slope == plane.year_slope
    assert all(map(math.isnan, (unsure.compute_slope_se, unsure.year_slope_se, unsure.low, unsure.high)))
    assert without_interval(with_time(*(one[:3] for one in points(0.04)), 0.9)).status == TOO_FEW_POINTS
