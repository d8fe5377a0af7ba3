"""flows/fits/estimators.py: each name gives the line of its module, and both places that fit by name know it."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from made_points import sample

from flows.analysis import estimates
from flows.analysis.samples import Sample
from flows.answers import fit_requests, line_fits
from flows.fits import (
    clustered,
    errors_in_variables,
    estimators,
    huber,
    least_squares,
    quantile,
    quantile_by_paper,
    theil_sen,
)
from flows.fits.estimators import TABLE, Estimator, Fitted, Points, fitted, named, slopes, spellings
from flows.fits.line import Array, FitError, Line, slope_interval
from flows.paths import PACKAGE

X, Y = sample(24, 1)
PAPER = np.repeat(np.arange(8), 3)
SD = np.linspace(0.1, 0.3, 24)
POINTS = Points(X, Y, x_sd=SD, cluster=PAPER)


@pytest.mark.parametrize(
    ("name", "points", "line"),
    [
        ("ols", POINTS, least_squares.ols(X, Y)),
        ("ols_hc3", POINTS, least_squares.hc3(X, Y)),
        ("ols_cluster", POINTS, clustered.cluster_robust(X, Y, PAPER)),
        ("huber", POINTS, huber.huber(X, Y)),
        # A tenth of the errors lie below the line that nine tenths of the performances lie below.
        ("quantile:0.1", replace(POINTS, cluster=None), quantile.quantile_line(X, Y, 0.1)),
        ("quantile:0.1", replace(POINTS, cluster=None, is_performance=True), quantile.quantile_line(X, Y, 0.9)),
        ("deming", POINTS, errors_in_variables.deming(X, Y, 1.0)),
        ("deming", replace(POINTS, variance_ratio=3.0), errors_in_variables.deming(X, Y, 3.0)),
        # y scatters beyond its errors, unless it is said that they are all.
        ("york", POINTS, errors_in_variables.york_with_scatter(X, Y, SD)),
        ("york", replace(POINTS, y_sd=SD), errors_in_variables.york_with_scatter(X, Y, SD, SD)),
        ("york", replace(POINTS, y_sd=SD, has_scatter=False), errors_in_variables.york(X, Y, SD, SD)),
    ],
)
def test_a_name_gives_the_line_of_its_module(name: str, points: Points, line: Line) -> None:
    assert repr(fitted(name, points, 0.9)) == repr(Fitted(line, *slope_interval(line, 0.9)))


def test_a_quantile_line_of_papers_has_their_interval_and_no_standard_error() -> None:
    line = quantile.quantile_line(X, Y, 0.9)
    ends = quantile_by_paper.slope_interval(X, Y, PAPER, 0.9, 0.95, 7)
    found = fitted("quantile:0.1", replace(POINTS, is_performance=True, seed=7), 0.95)
    assert repr(found) == repr(Fitted(Line(24, line.intercept, line.slope), *ends))
    assert ends[0] < line.slope < ends[1]


def test_theil_sen_has_an_interval_of_its_own() -> None:
    line, interval = theil_sen.theil_sen(X, Y, 0.9)
    assert repr(fitted("theil_sen", POINTS, 0.9)) == repr(Fitted(line, *interval))


@pytest.mark.parametrize("name", [name.replace("<tau>", "0.2") for name in spellings()])
def test_the_slopes_of_resamples_are_those_of_the_repeated_points(name: str) -> None:
    counts = np.random.default_rng(0).multinomial(24, np.full(24, 1 / 24), 40)
    points = replace(POINTS, is_performance=True)
    if named(name).slopes is None:
        with pytest.raises(FitError, match=f"{name} is not resampled"):
            slopes(name, points, counts)
        return
    found = slopes(name, points, counts)
    for row in range(0, 40, 4):
        x, y, paper = (np.repeat(values, counts[row]) for values in (X, Y, PAPER))
        expected = fitted(name, replace(points, x=x, y=y, cluster=paper), 0.9).line.slope
        assert found[row] == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    "name", ["lasso", "quantile", "quantile:1", "quantile:0", "quantile:nan", "quantile:x", "ols:0.1", ""]
)
def test_an_unknown_name_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(
        FitError, match=r"there are: ols, ols_hc3, ols_cluster, quantile:<tau>, huber, theil_sen, deming, york"
    ):
        fitted(name, POINTS, 0.9)


def test_points_that_lack_what_the_estimator_needs() -> None:
    for name in ("ols_cluster", "york"):
        with pytest.raises(FitError, match="needed"):
            fitted(name, Points(X, Y), 0.9)


def test_every_declared_estimator_is_known() -> None:
    declared = tomllib.loads((PACKAGE / "declared" / "estimation.toml").read_text())["estimators"]
    for name in declared.keys() - {estimates.NLS}:
        assert isinstance(named(name), Estimator)


def middle_line(x: Array, y: Array) -> Line:
    """Through the medians of the lower and the upper half of the points, by x."""
    order = np.argsort(x)
    (x1, y1), (x2, y2) = ((np.median(x[half]), np.median(y[half])) for half in np.array_split(order, 2))
    slope = float((y2 - y1) / (x2 - x1))
    return Line(len(x), float(y1 - slope * x1), slope, slope_variance=0.01, degrees_of_freedom=math.inf)


def test_one_entry_makes_an_estimator_known_to_the_warehouse_and_to_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLE, "middle", Estimator(estimators.of_x_and_y(middle_line)))
    error = 10.0**-Y
    line = middle_line(X, Y)
    years = np.full(24, np.nan)
    made = Sample(1, "made", "all", ("polynomial",), X, error, PAPER, years, years)
    (row,) = estimates.estimates(made, ["middle"], [], 0.95)
    assert (row.estimator, row.direction, row.n) == ("middle", "y_on_x", 24)
    data = fit_requests.Data([f"row {at}" for at in range(24)], 10.0**X, error)
    answer = line_fits.fit(data, fit_requests.Request(estimator="middle"))
    for slope, low, high in (
        (row.slope, row.slope_low, row.slope_high),
        (answer["slope"], answer["low"], answer["high"]),
    ):
        assert [slope, low, high] == pytest.approx([line.slope, *slope_interval(line, 0.95)], rel=1e-9)
    with pytest.raises(fit_requests.RequestError, match="middle is not resampled"):
        line_fits.fit(data, fit_requests.Request(estimator="middle", bootstrap=10))
    with pytest.raises(fit_requests.RequestError, match="york, middle"):
        line_fits.fit(data, fit_requests.Request(estimator="none"))


def test_what_an_estimator_needs_decides_which_sets_it_is_fitted_to() -> None:
    made = Sample(1, "made", "all", ("polynomial", "exponential"), X, 10.0**-Y, PAPER, np.full(24, np.nan), SD)
    assert [row.direction for row in estimates.estimates(made, ["york"], [], 0.95)] == ["symmetric"] * 2
    unknown = replace(made, compute_sd=np.where(np.arange(24) == 3, np.nan, SD))
    assert list(estimates.estimates(unknown, ["york"], [], 0.95)) == []
    assert len(list(estimates.estimates(unknown, ["huber", "ols_cluster"], [], 0.95))) == 4
