"""flows/fits/errors_in_variables.py against published lines and against the same problems solved by other means."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import brentq, least_squares, minimize_scalar

from flows.fits.errors_in_variables import deming, goodness_of_fit, york, york_with_scatter
from flows.fits.line import NO_SPREAD, NOT_CONVERGED, OK, TOO_FEW_POINTS, Array, FitError, Line, slope_interval

# Pearson 1901, Phil. Mag. 2:559, with the weights of York 1966, Can. J. Phys. 44:1079, tables I and II.
X = np.array([0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4])
Y = np.array([5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5])
X_SD = np.array([1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1.0]) ** -0.5
Y_SD = np.array([1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500]) ** -0.5

# Ripley and Thompson 1987, Analyst 112:377: arsenic by two methods, each with its standard error, in hundredths.
ARSENIC = """
871 701 328 560 155 175 73 366 90 939 439 369 34 194 207 138 181 127 82 188 566 0 0 40 0 198 1021 464 566 1925
735 792 340 544 207 229 66 343 125 658 331 272 232 150 350 117 231 188 44 137 704 0 49 129 37 216 1253 390 466 1586
192 156 76 126 39 43 22 84 25 207 100 84 13 47 50 36 45 33 23 46 127 6 6 15 6 48 224 105 127 418
207 223 96 153 59 65 19 97 36 185 93 77 66 43 99 33 66 54 13 40 198 1 15 37 12 62 351 110 131 445
"""


def compute_sample(n: int, seed: int) -> tuple[Array, Array, Array]:
    """Estimates of log10 FLOP that are known within 3x, 10x or 30x, and the log10 of a benchmark's inverse error."""
    rng = np.random.default_rng(seed)
    true, x_sd = rng.uniform(18, 26, n), rng.choice([0.24, 0.5, 0.74], n)
    return true + x_sd * rng.normal(size=n), 0.15 * true - 2.5 + 0.1 * rng.normal(size=n), x_sd


def solved_with_true_points(x: Array, y: Array, x_sd: Array, y_sd: Array, correlation: Array) -> tuple[Array, Array]:
    """Intercept and slope and their covariances where the true x of each point is a parameter of its own."""

    def misfits(parameters: Array) -> Array:
        intercept, slope, true = parameters[0], parameters[1], parameters[2:]
        from_x, from_y = (x - true) / x_sd, (y - intercept - slope * true) / y_sd
        return np.concatenate([from_x, (from_y - correlation * from_x) / np.sqrt(1 - correlation**2)])

    slope, intercept = np.polyfit(x, y, 1)
    found = least_squares(misfits, np.concatenate([[intercept, slope], x]), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    return found.x[:2], np.linalg.inv(found.jac.T @ found.jac)[:2, :2]


def figures(line: Line) -> list[float]:
    return [line.intercept, line.slope, line.intercept_variance, line.slope_variance, line.covariance]


def test_york_on_pearsons_data() -> None:
    # The line: Ogren and Norton 1992, J. Chem. Educ. 69:A130. The errors of York et al. 2004: tests of the R package bfsl.
    line = york(X, Y, X_SD, Y_SD)
    assert (line.status, line.n, line.degrees_of_freedom) == (OK, 10, math.inf)
    assert line.intercept == pytest.approx(5.47991022403, abs=1e-11)
    assert line.slope == pytest.approx(-0.48053340745, abs=1e-11)
    assert line.intercept_se == pytest.approx(0.294970735, abs=1e-9)
    assert line.slope_se == pytest.approx(0.0579850090, abs=1e-10)
    assert math.isnan(line.residual_sd)
    fit = goodness_of_fit(line, X, Y, X_SD, Y_SD)
    assert fit == pytest.approx(1.483294149, abs=1e-9)
    # Scaled to the scatter, they are those of scipy's ODR, 0.35924652 and 0.07062027.
    assert line.intercept_se * math.sqrt(fit) == pytest.approx(0.35924652, abs=1e-8)
    assert line.slope_se * math.sqrt(fit) == pytest.approx(0.07062027, abs=1e-8)


def test_york_on_two_methods_of_measuring_arsenic() -> None:
    # The figures that the documentation of R's deming prints, whose minimum is searched to about five digits.
    x, y, x_sd, y_sd = (np.array(row.split(), dtype=float) / 100 for row in ARSENIC.strip().splitlines())
    line = york(x, y, x_sd, y_sd)
    assert line.intercept == pytest.approx(0.1064478, abs=1e-6)
    assert line.slope == pytest.approx(0.9729999, abs=2e-5)
    assert goodness_of_fit(line, x, y, x_sd, y_sd) == pytest.approx(1.358379, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_york_is_the_fit_of_the_true_points_also_where_errors_are_correlated(seed: int) -> None:
    x, y, x_sd = compute_sample(30, seed)
    rng = np.random.default_rng(seed)
    y_sd = rng.uniform(0.05, 0.2, 30)
    correlation = rng.uniform(-0.9, 0.9, 30) if seed % 2 else np.zeros(30)
    line = york(x, y, x_sd, y_sd, correlation if seed % 2 else None)
    expected, covariances = solved_with_true_points(x, y, x_sd, y_sd, correlation)
    assert [line.intercept, line.slope] == pytest.approx(expected.tolist(), rel=1e-6)
    found = [line.intercept_variance, line.covariance, line.slope_variance]
    assert found == pytest.approx([covariances[0, 0], covariances[0, 1], covariances[1, 1]], rel=1e-5)


def test_york_without_errors_in_x_is_weighted_least_squares() -> None:
    x, y, _ = compute_sample(20, 1)
    y_sd = np.linspace(0.05, 0.3, 20)
    line, weighted = york(x, y, np.zeros(20), y_sd), sm.WLS(y, sm.add_constant(x), weights=y_sd**-2).fit()
    of_errors = weighted.normalized_cov_params
    expected = [*weighted.params, of_errors[0, 0], of_errors[1, 1], of_errors[0, 1]]
    assert figures(line) == pytest.approx(expected, rel=1e-10)
    assert goodness_of_fit(line, x, y, np.zeros(20), y_sd) == pytest.approx(weighted.scale, rel=1e-12)


def test_york_without_errors_in_y_is_the_turned_line_of_x_on_y() -> None:
    x, y, x_sd = compute_sample(20, 2)
    line, turned = york(x, y, x_sd, np.zeros(20)), sm.WLS(x, sm.add_constant(y), weights=x_sd**-2).fit()
    assert line.slope == pytest.approx(1 / turned.params[1], rel=1e-12)
    assert line.intercept == pytest.approx(-turned.params[0] / turned.params[1], rel=1e-12)


def test_york_treats_both_coordinates_alike() -> None:
    correlation = np.linspace(-0.8, 0.8, 10)
    line, turned = york(X, Y, X_SD, Y_SD, correlation), york(Y, X, Y_SD, X_SD, correlation)
    assert line.slope == pytest.approx(1 / turned.slope, rel=1e-12)
    assert line.slope_se / abs(line.slope) == pytest.approx(turned.slope_se / abs(turned.slope), rel=1e-12)


@pytest.mark.parametrize("origin", [-100.0, 3.0, 23.0, 1e4])
def test_yorks_variance_of_the_line_does_not_depend_on_the_origin(origin: float) -> None:
    line, moved = york(X, Y, X_SD, Y_SD), york(X + origin, Y, X_SD, Y_SD)
    assert moved.slope == pytest.approx(line.slope, rel=1e-10)
    for at in (-5.0, 0.0, 2.5, 8.0):
        assert moved.at(at + origin) == pytest.approx(line.at(at), rel=1e-9)
        assert moved.variance_at(at + origin) == pytest.approx(line.variance_at(at), rel=1e-6)


def test_york_does_not_depend_on_the_order_of_the_points() -> None:
    order = np.random.default_rng(0).permutation(10)
    assert figures(york(X[order], Y[order], X_SD[order], Y_SD[order])) == pytest.approx(
        figures(york(X, Y, X_SD, Y_SD)), rel=1e-12
    )


def test_york_on_points_without_scatter() -> None:
    exact = york(X, 3 - 2 * X, X_SD, Y_SD)
    assert (exact.intercept, exact.slope, exact.status) == (pytest.approx(3), pytest.approx(-2), OK)
    assert goodness_of_fit(exact, X, 3 - 2 * X, X_SD, Y_SD) == pytest.approx(0, abs=1e-20)
    level = york(X, np.full(10, 0.1), X_SD, Y_SD)
    assert (level.intercept, level.slope, level.status) == (pytest.approx(0.1), pytest.approx(0, abs=1e-15), OK)
    # Without errors in y, a level line has no weights.
    none = york(X, np.full(10, 0.1), X_SD, np.zeros(10))
    assert none.status == NOT_CONVERGED
    assert np.isnan([none.slope, none.intercept, none.slope_variance, none.degrees_of_freedom]).all()


def test_york_that_finds_no_rest_says_so() -> None:
    x, y = np.array([19.8, 19.2, 19.2, 21.6]), np.array([0.1, 1.0, 0.9, 0.8])
    x_sd, y_sd = np.array([1.0, 0.9, 0.6, 0.4]), np.array([0.06, 0.22, 0.25, 0.27])
    line = york(x, y, x_sd, y_sd)
    assert line.status == NOT_CONVERGED
    # At a solution of York's equation the chi-square, with the best intercept of each slope, would be level.
    below, above = (least_chi_square(line.slope + step, x, y, x_sd, y_sd) for step in (-1e-3, 1e-3))
    assert abs(above - below) > 1e-3


def least_chi_square(slope: float, x: Array, y: Array, x_sd: Array, y_sd: Array | float) -> float:
    """The chi-square of the best line of that slope."""
    weights = 1 / (y_sd**2 + slope**2 * x_sd**2) * np.ones_like(x)
    over = y - slope * x
    return float((weights * (over - np.average(over, weights=weights)) ** 2).sum())


def best_chi_square(scatter: float, x: Array, y: Array, x_sd: Array) -> tuple[float, float]:
    """Slope and chi-square of the best line, sought on a grid of all angles and then between its neighbours."""
    slopes = np.tan(np.linspace(-1.57, 1.57, 4001)) * y.std() / x.std()
    at = int(np.argmin([least_chi_square(slope, x, y, x_sd, scatter) for slope in slopes]))
    found = minimize_scalar(
        least_chi_square,
        bounds=(slopes[at - 1], slopes[at + 1]),
        args=(x, y, x_sd, scatter),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return float(found.x), float(found.fun)


@pytest.mark.parametrize(("n", "seed"), [(5, 3), (12, 0), (60, 1)])
@pytest.mark.slow
def test_york_with_scatter_has_the_chi_square_of_its_degrees_of_freedom(n: int, seed: int) -> None:
    x, y, x_sd = compute_sample(n, seed)
    # The scatter is sought anew, with another search for the line.
    y = y + np.linspace(-0.4, 0.4, n) * (-1) ** np.arange(n)
    expected = brentq(lambda scatter: best_chi_square(scatter, x, y, x_sd)[1] - (n - 2), 0.01, 2, xtol=1e-8)
    line = york_with_scatter(x, y, x_sd)
    assert line.status == OK
    assert line.degrees_of_freedom == n - 2
    assert line.residual_sd == pytest.approx(expected, rel=1e-6)
    assert line.slope == pytest.approx(best_chi_square(expected, x, y, x_sd)[0], rel=1e-5)
    same = york(x, y, x_sd, np.full(n, line.residual_sd))
    assert figures(line)[:2] == figures(same)[:2]


@pytest.mark.slow
def test_york_with_scatter_adds_it_to_the_errors_of_y_that_are_known() -> None:
    x, y, x_sd = compute_sample(40, 3)
    y_sd = np.linspace(0.01, 0.12, 40)
    y = y + y_sd * np.random.default_rng(3).normal(size=40)

    def excess(scatter: float) -> float:
        return best_chi_square(np.hypot(y_sd, scatter), x, y, x_sd)[1] - 38

    expected = brentq(excess, 0.01, 2, xtol=1e-8)
    line = york_with_scatter(x, y, x_sd, y_sd)
    assert (line.status, line.degrees_of_freedom) == (OK, 38)
    assert line.residual_sd == pytest.approx(expected, rel=1e-6)
    assert line.slope == pytest.approx(best_chi_square(np.hypot(y_sd, expected), x, y, x_sd)[0], rel=1e-5)
    # Where they explain all there is none, and the line is York's with them.
    wide = york_with_scatter(x, y, x_sd, 5 * y_sd + 0.2)
    assert wide.residual_sd == 0
    assert figures(wide)[:2] == pytest.approx(figures(york(x, y, x_sd, 5 * y_sd + 0.2))[:2], rel=1e-9)


@pytest.mark.parametrize("x_sd", [0.3, 0.74])
def test_york_with_scatter_has_fullers_variance_where_all_errors_are_alike(x_sd: float) -> None:
    # Fuller 1987, Measurement Error Models, section 1.2: (m_xx s_vv + b^2 s_uu^2) / (n (m_xx - s_uu)^2), v the residual.
    rng = np.random.default_rng(4)
    true = rng.uniform(18, 22, 4_000)
    x, y = true + x_sd * rng.normal(size=4_000), 0.1 * true - 2 + 0.1 * rng.normal(size=4_000)
    line = york_with_scatter(x, y, np.full(4_000, x_sd))
    of_x, residual = x.var(ddof=1), y - line.intercept - line.slope * x
    slope = np.cov(x, y)[0, 1] / (of_x - x_sd**2)
    assert line.slope == pytest.approx(slope, rel=1e-3)
    variance = (of_x * residual.var(ddof=2) + slope**2 * x_sd**4) / (4_000 * (of_x - x_sd**2) ** 2)
    assert line.slope_variance == pytest.approx(variance, rel=0.02)
    # York's own, with that scatter as if it were known, is below it.
    known = york(x, y, np.full(4_000, x_sd), np.full(4_000, line.residual_sd))
    assert known.slope_variance < {0.3: 0.92, 0.74: 0.56}[x_sd] * line.slope_variance
    # The line at the middle of the points is as sure as York's.
    middle = -known.covariance / known.slope_variance
    assert line.variance_at(middle) == pytest.approx(known.variance_at(middle), rel=1e-6)


def test_points_that_do_not_tell_x_from_its_errors_have_a_slope_without_bound() -> None:
    x, y = np.array([-0.6, 0.0, -2.3, -0.2, -1.2]), np.array([-0.7, -0.5, -0.3, 0.4, 1.0])
    line = york_with_scatter(x, y, np.ones(5))
    assert line.status == OK
    assert line.slope == pytest.approx(best_chi_square(line.residual_sd, x, y, np.ones(5))[0], rel=1e-6)
    assert slope_interval(line, 0.95) == (-math.inf, math.inf)


def test_york_with_scatter_without_errors_in_x_is_least_squares() -> None:
    x, y, _ = compute_sample(40, 5)
    line, least = york_with_scatter(x, y, np.zeros(40)), sm.OLS(y, sm.add_constant(x)).fit()
    covariances = least.cov_params()
    expected = [*least.params, covariances[0, 0], covariances[1, 1], covariances[0, 1]]
    assert figures(line) == pytest.approx(expected, rel=1e-9)
    assert line.residual_sd == pytest.approx(math.sqrt(least.scale), rel=1e-12)
    assert line.degrees_of_freedom == least.df_resid


def test_york_with_scatter_finds_the_slope_that_least_squares_makes_too_level() -> None:
    x, y, x_sd = compute_sample(2_000, 11)
    line = york_with_scatter(x, y, x_sd)
    # 0.15 and 0.1 are those of the sample. The mean error variance is a twentieth of the variance of x.
    assert sm.OLS(y, sm.add_constant(x)).fit().params[1] < 0.145
    assert line.slope == pytest.approx(0.15, abs=3 * line.slope_se)
    assert line.slope_se < 0.002
    assert line.residual_sd == pytest.approx(0.1, abs=0.006)


def test_york_with_scatter_where_errors_in_x_explain_all() -> None:
    x, y, x_sd = compute_sample(20, 7)
    line, without = york_with_scatter(x, y, 5 * x_sd), york(x, y, 5 * x_sd, np.zeros(20))
    assert line.residual_sd == 0
    assert line.status == OK
    assert figures(line)[:2] == pytest.approx(figures(without)[:2], rel=1e-9)
    assert goodness_of_fit(line, x, y, 5 * x_sd, np.zeros(20)) < 1


@pytest.mark.parametrize("x_sd", [np.zeros(5), np.full(5, 0.3), np.array([0, 0, 0.3, 0.3, 0.3])])
@pytest.mark.parametrize(("intercept", "slope"), [(0.1, -2.0), (0.1, 0.0), (0.0, 0.0)])
def test_york_with_scatter_on_points_without_scatter(x_sd: Array, intercept: float, slope: float) -> None:
    x = np.array([18.0, 20.0, 21.0, 24.0, 25.0])
    line = york_with_scatter(x, intercept + slope * x, x_sd)
    assert (line.status, line.residual_sd) == (OK, 0)
    assert [line.intercept, line.slope] == pytest.approx([intercept, slope], abs=1e-9)


def test_york_with_scatter_does_not_depend_on_the_order_of_the_points() -> None:
    x, y, x_sd = compute_sample(30, 8)
    order = np.random.default_rng(0).permutation(30)
    turned, line = york_with_scatter(x[order], y[order], x_sd[order]), york_with_scatter(x, y, x_sd)
    assert [*figures(turned), turned.residual_sd] == pytest.approx([*figures(line), line.residual_sd], rel=1e-10)


@pytest.mark.parametrize("ratio", [0.01, 0.3, 1.0, 50.0])
def test_deming_is_york_with_equal_errors_and_its_jackknife(ratio: float) -> None:
    x, y, _ = compute_sample(15, 4)
    x_sd, y_sd = np.full(15, 0.2), np.full(15, 0.2 * math.sqrt(ratio))
    line, same = deming(x, y, ratio), york(x, y, x_sd, y_sd)
    assert [line.intercept, line.slope] == pytest.approx([same.intercept, same.slope], rel=1e-9)
    without = [york(*(np.delete(column, at) for column in (x, y, x_sd, y_sd))) for at in range(15)]
    # Linnet 1990: the variance of pseudo-values n all - (n - 1) without, over n.
    pseudo = [
        [15 * same.intercept - 14 * one.intercept for one in without],
        [15 * same.slope - 14 * one.slope for one in without],
    ]
    expected = np.cov(pseudo) / 15
    found = [line.intercept_variance, line.slope_variance, line.covariance]
    assert found == pytest.approx([expected[0, 0], expected[1, 1], expected[0, 1]], rel=1e-7)
    residuals = y - line.intercept - line.slope * x
    assert line.residual_sd == pytest.approx(math.sqrt(residuals @ residuals / 13), rel=1e-12)
    assert (line.status, line.degrees_of_freedom) == (OK, 13)


def test_deming_with_equal_errors_is_the_principal_axis() -> None:
    x, y, _ = compute_sample(25, 6)
    axis = np.linalg.svd(np.column_stack([x - x.mean(), y - y.mean()]))[2][0]
    assert deming(x, y, 1.0).slope == pytest.approx(axis[1] / axis[0], rel=1e-12)


def test_deming_lies_between_the_two_lines_of_least_squares() -> None:
    x, y, _ = compute_sample(25, 6)
    of_y, of_x = np.polyfit(x, y, 1)[0], 1 / np.polyfit(y, x, 1)[0]
    assert deming(x, y, 1e12).slope == pytest.approx(of_y, rel=1e-9)
    assert deming(x, y, 1e-12).slope == pytest.approx(of_x, rel=1e-9)
    assert deming(x, y, 0.2).slope == pytest.approx(1 / deming(y, x, 5.0).slope, rel=1e-12)
    assert of_y < deming(x, y, 0.02).slope < of_x


def test_deming_on_points_without_scatter_or_without_a_line() -> None:
    x = np.array([18.0, 20.0, 21.0, 24.0])
    exact = deming(x, 3 - 2 * x, 1.0)
    assert figures(exact) == pytest.approx([3, -2, 0, 0, 0], abs=1e-9)
    assert deming(x, np.full(4, 0.5), 1.0).slope == 0
    square = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0])
    # All slopes are as good, or the vertical is best; and the level line is best.
    assert [deming(*square, ratio).status for ratio in (1.0, 0.5)] == [NOT_CONVERGED, NOT_CONVERGED]
    assert math.isnan(deming(*square, 0.5).slope)
    assert deming(*square, 2.0).slope == 0
    # The jackknife has no line without the last point.
    lonely = deming(np.array([0.1, 0.1, 0.1, 2.0]), np.array([0.1, 0.3, 0.7, 3.0]), 1.0)
    assert lonely.status == OK
    assert math.isnan(lonely.slope_variance)


def test_samples_that_cannot_be_fitted() -> None:
    two, one_x = np.array([1.0, 2.0]), np.full(4, 23.0)
    ones, ramp = np.ones(4), np.arange(4.0)
    assert york(two, two, two, two).status == TOO_FEW_POINTS
    assert york(one_x, ramp, ones, ones).status == NO_SPREAD
    assert york_with_scatter(two, two, two).status == TOO_FEW_POINTS
    assert york_with_scatter(one_x, ramp, ones).status == NO_SPREAD
    assert deming(two, two, 1.0).status == TOO_FEW_POINTS
    assert deming(one_x, ramp, 1.0).status == NO_SPREAD
    assert math.isnan(goodness_of_fit(Line(2), two, two, two, two))


@pytest.mark.parametrize(
    ("x_sd", "y_sd", "correlation", "message"),
    [
        ([1, 1, -1, 1], [1, 1, 1, 1], None, "negative"),
        ([1, 1, 1, 1], [1, -1, 1, 1], None, "negative"),
        ([1, 0, 1, 1], [1, 0, 1, 1], None, "no error"),
        ([1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 1.1, 0], "correlation"),
        ([1, 1, math.nan, 1], [1, 1, 1, 1], None, "finite"),
        ([1, 1, 1, 1], [1, 1, math.inf, 1], None, "finite"),
        ([1, 1, 1, 1], [1, 1, 1, 1], [0, math.nan, 0, 0], "finite"),
        ([1, 1, 1], [1, 1, 1, 1], None, "length"),
        ([1, 1, 1, 1], [1, 1, 1, 1], [0, 0], "length"),
    ],
)
def test_errors_that_cannot_be(
    x_sd: list[float], y_sd: list[float], correlation: list[float] | None, message: str
) -> None:
    errors = np.array(x_sd, dtype=float), np.array(y_sd, dtype=float)
    correlations = None if correlation is None else np.array(correlation, dtype=float)
    with pytest.raises(FitError, match=message):
        york(np.arange(4.0), np.arange(4.0), *errors, correlations)
    with pytest.raises(FitError, match=message):
        goodness_of_fit(Line(4), np.arange(4.0), np.arange(4.0), *errors, correlations)


def test_further_arguments_that_cannot_be() -> None:
    ramp = np.arange(4.0)
    with pytest.raises(FitError, match="negative"):
        york_with_scatter(ramp[:2], ramp[:2], np.array([0.1, -0.1]))
    with pytest.raises(FitError, match="finite"):
        york_with_scatter(ramp, np.array([0, 1, math.nan, 2]), ramp)
    with pytest.raises(FitError, match="finite"):
        deming(ramp, np.array([0, 1, math.inf, 2]), 1.0)
    for ratio in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(FitError, match="ratio"):
            deming(ramp, ramp, ratio)
