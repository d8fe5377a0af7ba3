"""Curves of anybody's data: what the warehouse's curves tell of it, what papers widen, and what odd points undo."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from flows.answers.fit_requests import Data, Request, RequestError
from flows.answers.line_fits import fit
from flows.fits import asymptotic, logistic
from flows.fits.line import Array
from flows.fits.profiles import profiles

GUESSING = 0.75


def sigmoid(x: Array) -> Array:
    return np.asarray(0.2 + (GUESSING - 0.2) / (1 + 10 ** (0.6 * (x - 21.5))))


def data(seed: int = 1, papers: int | None = None, y: Any = sigmoid) -> Data:
    rng = np.random.default_rng(seed)
    paper = np.repeat(np.arange(20), 3)
    x = rng.uniform(18, 25, 60)
    error = y(x) + 0.02 * rng.standard_normal(20)[paper] + 0.01 * rng.standard_normal(60)
    names = None if papers is None else np.array([f"paper {one % papers}" for one in paper])
    return Data([f"row {at}" for at in range(2, 62)], 10**x, error, cluster=names)


def falling(x: Array) -> Array:
    return np.asarray(0.15 + 0.6 * 10 ** (-0.3 * (x - 18)))


def told(given: Data, **request: Any) -> dict[str, Any]:
    return fit(given, Request(**request))


def test_the_logistic_form_of_the_command_is_that_of_the_warehouse() -> None:
    given = data(papers=20)
    x = np.log10(given.x)
    curve = logistic.logistic(x, given.y, GUESSING)
    by_paper = profiles(curve, x, given.y, given.cluster, 0.9)
    assert by_paper is not None
    found = told(given, form="logistic", guessing=GUESSING, level=0.9, at=1e27, solve=0.25)
    slope, floor, height = by_paper.slope(), by_paper.floor(), by_paper.height(27.0)
    reached = by_paper.reached(0.25, logistic.inverse(curve, 0.25))
    assert (found["slope"], found["intercept"], found["irreducible_error"]) == (
        curve.slope,
        curve.intercept,
        curve.irreducible_error,
    )
    assert (found["low"], found["high"]) == (slope.low, slope.high)
    assert (found["exponent"], found["exponent_high"]) == pytest.approx((1 / curve.slope, 1 / slope.low))
    assert (found["irreducible_error_low"], found["irreducible_error_high"]) == (floor.low, floor.high)
    assert (found["estimator"], found["guessing"], found["n_clusters"], found["status"]) == ("nls", GUESSING, 20, "ok")
    assert found["irreducible_error_status"] == "identified"
    assert (found["at"]["low"], found["at"]["high"]) == pytest.approx((height.low, height.high))
    assert found["at"]["prediction_low"] < found["at"]["low"] < found["at"]["y"] < found["at"]["prediction_high"]
    assert (found["solve"]["log10_low"], found["solve"]["log10_high"]) == pytest.approx((reached.low, reached.high))
    assert found["solve"]["interval"] == "bounded"
    assert (found["slope"], found["irreducible_error"]) == pytest.approx((0.6, 0.2), abs=0.1)
    rss = curve.residual_sum_of_squares
    log_likelihood = -30 * (math.log(2 * math.pi * rss / 60) + 1)
    assert (found["log_likelihood"], found["aic"]) == pytest.approx((log_likelihood, 6 - 2 * log_likelihood))


def test_without_papers_each_point_is_one_and_papers_widen() -> None:
    alone = told(data(y=falling), form="asymptotic", solve=0.2, at=1e26)
    together = told(data(papers=20, y=falling), form="asymptotic", solve=0.2, at=1e26)
    each = data(y=falling)
    named = Data(each.row, each.x, each.y, cluster=np.array(each.row))
    found = told(named, form="asymptotic")
    assert (found["low"], found["high"], found["n_clusters"]) == (alone["low"], alone["high"], 60)
    assert alone["slope"] == together["slope"]
    for one in (alone, together):
        assert one["low"] < one["slope"] < one["high"]
        assert one["solve"]["log10_low"] < one["solve"]["log10_x"] < one["solve"]["log10_high"]
        assert one["at"]["low"] < one["at"]["y"] < one["at"]["high"]
    widths = [one["irreducible_error_high"] - one["irreducible_error_low"] for one in (alone, together)]
    assert widths[1] > 1.1 * widths[0]
    widths = [one["solve"]["log10_high"] - one["solve"]["log10_low"] for one in (alone, together)]
    assert widths[1] > 1.2 * widths[0]


def test_an_error_that_no_allowed_curve_reaches_and_one_that_some_do() -> None:
    found = told(data(papers=20, y=falling), form="asymptotic", solve=0.05)
    assert found["solve"]["interval"] == "below the irreducible error: no computation reaches it"
    assert (found["solve"]["low"], found["solve"]["high"]) == (None, None)
    # Below the floor of the best curve, but not of every one that the points allow.
    near = (found["irreducible_error"] + found["irreducible_error_low"]) / 2
    some = told(data(papers=20, y=falling), form="asymptotic", solve=near)["solve"]
    assert (some["x"], some["high"], some["interval"]) == (None, None, "unbounded")
    assert some["log10_low"] > 24
    above = told(data(), form="logistic", guessing=GUESSING, solve=0.8)["solve"]
    assert (above["x"], above["interval"]) == (None, "above the error of guessing: no computation is needed")


def test_what_no_computation_reaches_has_a_status() -> None:
    given = data(papers=10)
    assert told(given, form="logistic", guessing=0.75, solve=0.001)["solve"]["status"] == "below_irreducible_error"
    assert told(given, form="logistic", guessing=0.75, solve=0.8)["solve"]["status"] == "above_error_of_guessing"


def test_guessing_below_every_error_is_refused() -> None:
    given = data(papers=10)
    with pytest.raises(RequestError, match=r"--guessing 0\.01: every y is at least 0\."):
        told(given, form="logistic", guessing=0.01)


def test_two_papers_tell_no_interval_and_it_says_so() -> None:
    found = told(data(papers=2, y=falling), form="asymptotic", solve=0.2, at=1e22)
    assert (found["low"], found["high"], found["irreducible_error_status"]) == (None, None, "no_interval")
    assert found["status"] == "no_interval"
    assert found["solve"]["interval"] == "no_interval"
    assert found["solve"]["x"] > 0


def test_odd_points_undo_least_squares_and_not_the_loss_of_the_logarithm() -> None:
    given = data(y=falling)
    odd = given.y.copy()
    odd[np.argsort(given.x)[-3:]] = 0.9
    spoilt = Data(given.row, given.x, odd)
    clean, robust, squares = (
        told(given, form="asymptotic", estimator="huber_log"),
        told(spoilt, form="asymptotic", estimator="huber_log"),
        told(spoilt, form="asymptotic"),
    )
    assert robust["irreducible_error"] == pytest.approx(clean["irreducible_error"], abs=0.02)
    assert abs(squares["irreducible_error"] - clean["irreducible_error"]) > 0.05
    assert (robust["estimator"], robust["status"], robust["low"]) == ("huber_log", "no_interval", None)
    assert (robust["irreducible_error_status"], robust["exponent_interval"]) == ("no_interval", None)
    assert "aic" not in robust
    drawn = told(given, form="asymptotic", estimator="huber_log", bootstrap=50, seed=1)["bootstrap"]
    assert drawn["percentile"][0] < clean["slope"] < drawn["percentile"][1]
    papers = told(data(papers=20, y=falling), form="asymptotic", estimator="huber_log", bootstrap=50, seed=1)
    assert papers["bootstrap"]["resampled"] == "clusters"


def test_resamples_of_the_logistic_form_are_those_of_its_fit() -> None:
    given = data(papers=20)
    found = told(given, form="logistic", guessing=GUESSING, bootstrap=100, seed=1)
    low, high = found["bootstrap"]["percentile"]
    assert low < found["slope"] < high
    assert found["bootstrap"]["resampled"] == "clusters"


def test_a_held_irreducible_error_has_the_interval_of_a_line() -> None:
    given = data(y=falling)
    found = told(given, form="asymptotic", irreducible_error=0.1, solve=0.2, at=1e24)
    curve = asymptotic.asymptotic(np.log10(given.x), given.y, 0.1)
    half = curve.quantile(0.95) * curve.slope_se
    assert (found["low"], found["high"]) == pytest.approx((curve.slope - half, curve.slope + half))
    at, reached = found["at"], found["solve"]
    assert at["high"] - at["y"] == pytest.approx(curve.quantile(0.95) * math.sqrt(curve.variance_at(24.0)))
    # The ends of the height at the solution, over the steepness there.
    steepness = math.log(10) * curve.slope * 0.1
    half = curve.quantile(0.95) * math.sqrt(curve.variance_at(reached["log10_x"])) / steepness
    assert reached["log10_high"] - reached["log10_x"] == pytest.approx(half)
    assert reached["interval"] == "bounded"


@pytest.mark.parametrize(
    ("request_", "columns", "says"),
    [
        ({"form": "logistic"}, {}, ["--guessing", "--form logistic needs it"]),
        ({"form": "asymptotic", "guessing": 0.75}, {}, ["--guessing", "--form logistic"]),
        ({"form": "logistic", "guessing": 0.0}, {}, ["--guessing 0"]),
        ({"form": "logistic", "guessing": 75.0, "fraction": True}, {}, ["--guessing 75", "fraction"]),
        ({"form": "logistic", "guessing": 0.75, "estimator": "huber_log"}, {}, ["huber_log", "--form asymptotic"]),
        ({"form": "polynomial", "estimator": "huber_log"}, {}, ["huber_log", "--form asymptotic"]),
        ({"form": "asymptotic", "estimator": "theil_sen"}, {}, ["--form asymptotic", "huber_log"]),
        ({"form": "logistic", "guessing": 0.75, "irreducible_error": 0.1}, {}, ["--irreducible-error", "asymptotic"]),
        ({"form": "asymptotic", "estimator": "huber_log", "irreducible_error": 0.1}, {}, ["huber_log", "holds no"]),
        ({"form": "asymptotic", "estimator": "huber_log"}, {"papers": 20}, ["--cluster", "--bootstrap 10000"]),
        ({"form": "asymptotic", "irreducible_error": 0.1}, {"papers": 20}, ["--cluster", "--bootstrap 10000"]),
        ({"form": "logistic", "guessing": 0.75, "direction": "x_on_y"}, {}, ["--form logistic", "y on x"]),
        ({"form": "logistic", "guessing": 0.75, "select": "frontier"}, {}, ["--select frontier", "--year"]),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_refused(
    request_: dict[str, Any], columns: dict[str, Any], says: list[str]
) -> None:
    with pytest.raises(RequestError) as refused:
        told(data(**columns), **request_)
    for one in says:
        assert one in str(refused.value)
