"""Lines of scores without a full scale: those of numpy, with the interval of the jackknife written out anew."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pytest
from scipy import stats

from flows import paths
from flows.analysis import unbounded
from flows.fits.line import FitError
from flows.warehouse import transform

LEVEL = 0.95
X = np.array([17.5, 18.4, 19.1, 19.6, 20.2, 20.6])
# log10 of 1/perplexity, falling perplexities that scatter.
Y = -np.log10([41.0, 33.5, 24.0, 26.5, 18.0, 19.5])


def named(*names: str) -> np.ndarray:
    return np.array(names, np.str_)


def jackknife(x: np.ndarray, y: np.ndarray, paper: np.ndarray) -> tuple[float, float]:
    """The interval of the slope from the lines without each paper (Tukey 1958)."""
    papers = np.unique(paper)
    slopes = np.array([np.polyfit(x[paper != one], y[paper != one], 1)[0] for one in papers])
    variance = (len(papers) - 1) / len(papers) * ((slopes - slopes.mean()) ** 2).sum()
    half = stats.t.ppf((1 + LEVEL) / 2, len(papers) - 1) * math.sqrt(variance)
    slope = np.polyfit(x, y, 1)[0]
    return float(slope - half), float(slope + half)


@pytest.mark.parametrize("form", ["polynomial", "exponential"])
def test_a_line_is_least_squares_with_the_interval_by_paper(form: str) -> None:
    paper = named("a", "a", "b", "c", "d", "e")
    response = Y if form == "polynomial" else 10**Y
    line = unbounded.line("b", form, X, Y, paper, LEVEL)
    slope, intercept = np.polyfit(X, response, 1)
    assert (line.n, line.n_papers, line.status) == (6, 5, "ok")
    assert (line.slope, line.intercept) == pytest.approx((slope, intercept))
    assert (line.slope_low, line.slope_high) == pytest.approx(jackknife(X, response, paper))
    residuals = response - intercept - slope * X
    assert line.residual_sd == pytest.approx(math.sqrt((residuals**2).sum() / 4))
    assert (line.log10_computation_min, line.log10_computation_max) == (17.5, 20.6)


def test_points_of_two_papers_have_a_line_and_no_interval() -> None:
    line = unbounded.line("b", "polynomial", X, Y, named("a", "a", "a", "b", "b", "b"), LEVEL)
    assert (line.slope_low, line.slope_high, line.status) == (None, None, "too_few_papers")
    assert line.slope == pytest.approx(np.polyfit(X, Y, 1)[0])


def test_a_slope_that_may_be_0_is_said_to_be_so() -> None:
    line = unbounded.line("b", "polynomial", X, np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0]), named(*"abcdef"), LEVEL)
    assert line.status == "slope_not_different_from_0"
    assert line.slope_low is not None
    assert line.slope_high is not None
    assert line.slope_low < 0 < line.slope_high


@pytest.mark.parametrize(("n", "status"), [(0, "too_few_points"), (2, "too_few_points")])
def test_fewer_than_three_points_are_no_line(n: int, status: str) -> None:
    line = unbounded.line("b", "polynomial", X[:n], Y[:n], named(*"abcdef"[:n]), LEVEL)
    assert (line.n, line.n_papers, line.slope, line.slope_low, line.status) == (n, n, None, None, status)


def test_points_of_one_computation_are_no_line() -> None:
    line = unbounded.line("b", "polynomial", np.full(6, 18.0), Y, named(*"abcdef"), LEVEL)
    assert (line.slope, line.status) == (None, "no_spread_in_x")


def test_what_is_no_number_is_not_fitted() -> None:
    with pytest.raises(FitError, match="not finite"):
        unbounded.line("b", "polynomial", X, np.array([*Y[:5], math.nan]), named(*"abcdef"), LEVEL)


@pytest.mark.parametrize(
    ("metric", "score", "performance"),
    [
        ("word_error_rate", 12.5, 8.0),
        ("perplexity", 20.0, 0.05),
        ("bits_per_character", 1.25, 0.8),
        ("elo", 800.0, 100.0),
    ],
)
def test_the_performance_of_a_metric(metric: str, score: float, performance: float) -> None:
    with duckdb.connect() as con:
        transform.make_known(con, paths.SQL, {})
        ((found,),) = con.execute("select log10_performance(?, ?)", [metric, score]).fetchall()
    assert 10**found == pytest.approx(performance)


def test_ten_to_one_are_400_points_apart() -> None:
    # Elo's expected score of a difference d is 1 / (1 + 10^(-d/400)).
    with duckdb.connect() as con:
        transform.make_known(con, paths.SQL, {})
        query = "select log10_performance('elo', 1900) - log10_performance('elo', 1500)"
        ((difference,),) = con.execute(query).fetchall()
    won = 1 / (1 + 10 ** (-400 / 400))
    assert 10**difference == pytest.approx(won / (1 - won))
