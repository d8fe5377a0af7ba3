"""flows/fits/profiles.py: ends by constrained minimisation, and how often they hold the truth of simulations.

Points of papers. G = 12 papers of 1 to 6 points (n = 30), two of each (n = 60), or 48 of 1 to 10 (n = 200). x lies within 6
to 8 decades, by a normal of which half of the variance is the paper's; the error is the curve's plus a normal of which the
share 0 or 0.8 of the variance is the paper's, with a standard deviation of 0.02 to 0.05. Asymptotic truths fall from 0.75 at the
lower end with b = 0.1 to 0.3 towards E = 0.05 to 0.3; logistic ones from 0.75 with b = 0.25 to 0.6 towards the same floors,
halfway within the points. All is drawn anew for each truth, and so is an x, from two decades within the points to three
beyond, at which the curve is predicted and from whose height it is read backwards. Intervals are two-sided of level 0.95.
The seed and the shares are printed (pytest -s); the standard error of a share is 0.5 points of 2,000 truths, 1.8 of the 150
of a sample.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import running
from scipy.optimize import minimize_scalar
from scipy.special import ndtr
from scipy.stats import t as t_distribution

from flows.fits import asymptotic, logistic
from flows.fits.asymptotic import IDENTIFIED, NOT_BOUNDED, ZERO_NOT_RULED_OUT
from flows.fits.line import Array, FitError
from flows.fits.profiles import Profiles, profiles

SEED, LEVEL, GUESSING = 20205, 0.95, 0.75
SIZES = {30: [1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 6], 60: [1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 6] * 2,
         200: [1, 1, 1, 2, 2, 3, 3, 4, 5, 8, 10, 10] * 4}  # fmt: skip
FORMS = ("asymptotic", "logistic")
# All truths in the soak, a sample of them in the tests.
TRUTHS = running.sample(full=2000, part=150)


def height(form: str, x: Array | float, floor: float, place: float, slope: float) -> Any:
    """`place`: log10 of what is above the floor at x = 18, or the x halfway."""
    if form == "logistic":
        return floor + (GUESSING - floor) / (1 + 10 ** (slope * (x - place)))
    return floor + 10 ** (place - slope * (x - 18))


def fitted(form: str, x: Array, error: Array) -> Any:
    return logistic.logistic(x, error, GUESSING) if form == "logistic" else asymptotic.asymptotic(x, error)


def reads_back(form: str, fit: Any, error: float) -> float:
    return logistic.inverse(fit, error) if form == "logistic" else asymptotic.inverse(fit, error)


def made(form: str, seed: int = 1) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(seed)
    paper = np.repeat(np.arange(20), 3)
    x = rng.uniform(18, 25, 60)
    truth = height(form, x, 0.15, -0.22, 0.25) if form == "asymptotic" else height(form, x, 0.15, 21.0, 0.5)
    return x, truth + 0.02 * rng.standard_normal(20)[paper] + 0.01 * rng.standard_normal(60), paper


# --- the ends, by other means


def least(form: str, x: Array, error: Array, slope: float, held: Any) -> float:
    """The least sum of squares of the curves of a slope of which `held` is true: (x, error) on the curve, or the floor."""
    z = x - x.mean()

    def of_basis(base: Array, at: float, to: float) -> float:
        # error = floor + c base with floor + c at = to: one coefficient is left.
        column, rest = base - at, error - to
        return float(((rest - column * (column @ rest) / (column @ column)) ** 2).sum())

    where, to = held
    if form == "asymptotic":
        at = 0.0 if math.isinf(where) else 10 ** (-slope * (where - x.mean()))
        return of_basis(10 ** (-slope * z), at, to)

    def of_middle(middle: float) -> float:
        # error = GUESSING - c gained, c gained(where) = GUESSING - to: none is left.
        gained = 1 / (1 + 10 ** -(middle + slope * z))
        one = 1.0 if math.isinf(where) else 1 / (1 + 10 ** -(middle + slope * (where - x.mean())))
        c = (GUESSING - to) / one
        return 1e9 if not 0 <= c <= GUESSING else float(((GUESSING - error - c * gained) ** 2).sum())

    grid = np.linspace(-4, 4, 33)
    best = grid[int(np.argmin([of_middle(middle) for middle in grid]))]
    return float(minimize_scalar(of_middle, bounds=(best - 0.25, best + 0.25), method="bounded").fun)


def constrained(form: str, x: Array, error: Array, around: float, held: Any) -> float:
    slopes = around * np.geomspace(0.4, 2.5, 19)
    best = slopes[int(np.argmin([least(form, x, error, slope, held) for slope in slopes]))]
    bounds = (best / 1.11, best * 1.11)
    found = minimize_scalar(lambda slope: least(form, x, error, slope, held), bounds=bounds, method="bounded")
    return float(found.fun)


def allowed(form: str, fit: Any, x: Array, error: Array, paper: Array, x0: float) -> float:
    """The largest sum of squares that counts, for the height at x0, by numerical derivatives and regressions without each paper."""
    middle = float(x.mean())
    if form == "logistic":
        best = np.array([fit.irreducible_error, fit.intercept + fit.slope * middle, fit.slope])
        curve = lambda at, of: of[0] + (GUESSING - of[0]) / (1 + 10 ** (of[1] + of[2] * (at - middle)))  # noqa: E731
    else:
        best = np.array([fit.irreducible_error, fit.log10_amplitude - fit.slope * middle, fit.slope])
        curve = lambda at, of: of[0] + 10 ** (of[1] - of[2] * (at - middle))  # noqa: E731
    steps = 1e-6 * np.eye(3)
    points = np.append(x, x0)
    jacobian = np.column_stack([(curve(points, best + step) - curve(points, best - step)) / 2e-6 for step in steps])
    jacobian, gradient = jacobian[:-1], jacobian[-1]
    residuals = error - curve(x, best)
    moved = [np.linalg.lstsq(jacobian[paper != one], residuals[paper != one])[0] for one in np.unique(paper)]
    many = len(moved)
    by_paper = (many - 1) / many * ((np.array(moved) @ gradient - (np.array(moved) @ gradient).mean()) ** 2).sum()
    independent = gradient @ np.linalg.inv(jacobian.T @ jacobian) @ gradient
    return float((residuals**2).sum() + t_distribution.ppf((1 + LEVEL) / 2, many - 1) ** 2 * by_paper / independent)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("x0", [21.0, 27.0, math.inf])
def test_the_ends_of_a_height_lie_where_the_best_curve_through_them_is_just_allowed(form: str, x0: float) -> None:
    x, error, paper = made(form)
    fit = fitted(form, x, error)
    told = profiles(fit, x, error, paper, LEVEL)
    assert told is not None
    found = told.floor() if math.isinf(x0) else told.height(x0)
    most = allowed(form, fit, x, error, paper, 60.0 if math.isinf(x0) else x0)
    y = fit.irreducible_error if math.isinf(x0) else fit.at(x0)
    excess = lambda to: constrained(form, x, error, fit.slope, (x0, to)) - most  # noqa: E731
    width = found.high - found.low
    assert 0 < found.low < y < found.high
    for end, outwards in ((found.low, -0.02 * width), (found.high, 0.02 * width)):
        assert excess(end + outwards) > 0 > excess(end - outwards)


@pytest.mark.parametrize("form", FORMS)
def test_an_error_is_reached_where_the_interval_of_the_height_begins_and_ends_to_hold_it(form: str) -> None:
    x, error, paper = made(form, 2)
    fit = fitted(form, x, error)
    told = profiles(fit, x, error, paper, LEVEL)
    assert told is not None
    target = fit.irreducible_error + 0.05
    at = reads_back(form, fit, target)
    found = told.reached(target, at)
    assert found.low < at < found.high
    # By the height's interval at the ends, whose factor for papers is that of another x, nearly the same.
    assert told.height(found.low).low == pytest.approx(target, abs=0.004)
    if math.isfinite(found.high):
        assert told.height(found.high).high == pytest.approx(target, abs=0.004)
    low = told.floor().low
    assert told.reached(low - 0.01, math.inf).low == math.inf


@pytest.mark.parametrize("form", FORMS)
def test_a_slope_lies_within_an_interval_that_papers_widen(form: str) -> None:
    x, error, paper = made(form, 3)
    fit = fitted(form, x, error)
    alone, together = (profiles(fit, x, error, papers, LEVEL) for papers in (None, paper))
    assert alone is not None
    assert together is not None
    for told in (alone, together):
        slope = told.slope()
        assert 0 < slope.low < fit.slope < slope.high
    widths = [told.height(21.0).high - told.height(21.0).low for told in (alone, together)]
    assert widths[1] > 1.1 * widths[0]


@pytest.mark.parametrize("form", FORMS)
def test_the_slope_ends_where_the_best_curve_of_it_is_just_allowed(form: str) -> None:
    x, error, paper = made(form, 4)
    fit = fitted(form, x, error)
    told = profiles(fit, x, error, paper, LEVEL)
    assert told is not None
    found = told.slope()
    best = fit.residual_sum_of_squares
    excess = [
        minimize_scalar(
            lambda floor, slope=slope: least(form, x, error, slope, (math.inf, floor)),
            bounds=(0, 0.4),
            method="bounded",
        ).fun
        - best
        for slope in (found.low, found.high)
    ]
    # Both ends are as far from the best.
    assert excess[0] == pytest.approx(excess[1], rel=0.03)
    assert excess[0] > 0


def test_what_the_points_do_not_tell_is_open() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(18, 22, 30)
    noise = 0.4 + 0.05 * rng.standard_normal(30)
    weak = 0.5 - 0.02 * (x - 20) + 0.03 * rng.standard_normal(30)
    for error, reason in ((noise, NOT_BOUNDED), (weak, ZERO_NOT_RULED_OUT)):
        fit = asymptotic.asymptotic(x, error)
        told = profiles(fit, x, error, None, LEVEL)
        if told is None:
            continue
        assert told.floor().reason == reason
        assert told.floor().low == 0
        assert (told.slope().low == 0) == (reason == NOT_BOUNDED)
    assert told is not None
    unreached = told.reached(0.01, reads_back("asymptotic", fit, 0.01))
    assert unreached.high == math.inf or unreached.high > 50


def test_where_there_is_no_interval() -> None:
    x, error, paper = made("asymptotic")
    fit = fitted("asymptotic", x, error)
    assert profiles(fit, x, error, (paper > 9).astype(int), LEVEL) is None
    assert profiles(asymptotic.asymptotic(x, np.sort(error)[np.argsort(np.argsort(x))]), x, error, paper, LEVEL) is None
    # One paper has all of the steep part.
    far = np.where(paper == 0, x, 24 + 0.001 * x)
    alone = asymptotic.asymptotic(far, 0.1 + 10 ** (-0.3 * (far - 18)) / 2)
    assert alone.status != "ok" or profiles(alone, far, error, np.where(paper == 0, 0, 1), LEVEL) is None
    with pytest.raises(FitError, match="level"):
        profiles(fit, x, error, paper, 1.5)
    with pytest.raises(FitError, match="paper"):
        profiles(fit, x, error, paper[1:], LEVEL)


@pytest.mark.parametrize("form", FORMS)
def test_the_order_of_the_points_changes_nothing(form: str) -> None:
    x, error, paper = made(form, 5)
    order = np.random.default_rng(0).permutation(len(x))
    told = [
        profiles(fitted(form, x[at], error[at]), x[at], error[at], paper[at], LEVEL)
        for at in (order, np.arange(len(x)))
    ]
    assert all(one is not None for one in told)
    assert told[0].slope() == told[1].slope()  # type: ignore[union-attr]
    assert told[0].floor() == told[1].floor()  # type: ignore[union-attr]


# --- how often they hold the truth


def truth(rng: np.random.Generator, form: str, n: int, effects: float) -> tuple[list[float], Profiles | None, Any]:
    """Which intervals hold one truth: of the slope, the floor, a height and the computation of an error."""
    paper = np.repeat(np.arange(len(SIZES[n])), SIZES[n])
    many = len(SIZES[n])
    floor, decades, sd = rng.uniform(0.05, 0.3), rng.uniform(6, 8), rng.uniform(0.02, 0.05)
    x = 18 + decades * ndtr(math.sqrt(0.5) * (rng.standard_normal(many)[paper] + rng.standard_normal(n)))
    noise = math.sqrt(effects) * rng.standard_normal(many)[paper] + math.sqrt(1 - effects) * rng.standard_normal(n)
    if form == "logistic":
        place, slope = rng.uniform(19, 17 + decades), rng.uniform(0.25, 0.6)
    else:
        place, slope = math.log10(GUESSING - floor), rng.uniform(0.1, 0.3)
    error = height(form, x, floor, place, slope) + sd * noise
    at = 18 + decades + rng.uniform(-2, 3)
    y = height(form, at, floor, place, slope)
    fit = fitted(form, x, error)
    told = profiles(fit, x, error, paper, LEVEL)
    if told is None:
        return [], None, None
    ends = (told.slope(), told.floor(), told.height(at), told.reached(y, reads_back(form, fit, y)))
    return [one.low <= of <= one.high for one, of in zip(ends, (slope, floor, y, at), strict=True)], told, ends[1]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n", SIZES)
def test_intervals_hold_the_truth_of_points_of_papers(form: str, n: int) -> None:
    for effects in (0.0, 0.8):
        print(f"\nseed {SEED}, {form}, {n}, {effects}: ", end="")
        rng = np.random.default_rng([SEED, FORMS.index(form), n, round(10 * effects)])
        rows, floors = [], []
        for _ in range(TRUTHS):
            row, told, floor = truth(rng, form, n, effects)
            if told is not None:
                rows.append(row)
                floors.append((floor.reason == IDENTIFIED, row[1]))
        shares = 100 * np.mean(rows, axis=0)
        print(f"{len(rows)} truths, slope {shares[0]:.1f}, floor {shares[1]:.1f}, height {shares[2]:.1f}, ", end="")
        print(f"computation {shares[3]:.1f}; floor identified {100 * np.mean([one for one, _ in floors]):.1f}", end="")
        assert len(rows) > 0.99 * TRUTHS
        # Of fewer truths a share is less sure.
        slack = 0.0 if TRUTHS >= 2000 else 4.0
        for share in shares:
            assert 92 - slack <= share <= 97 + slack
