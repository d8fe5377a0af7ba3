"""The simulation of figure 1: laws against brute force and theory, the LASSO against its certificate, the CSV and its reading."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import psi
from scipy.stats import chi2, ks_2samp, kstest, norm

from flows.errors import SettingError
from flows.theory import lasso, least_squares, match, settings, simulation, table, tuning
from flows.theory.settings import EXPERT, FLEXIBLE, ORACLE, REGULARISED, Setting
from flows.theory.simulation import Row

Array = NDArray[np.float64]
CONFIGURATION = settings.configuration()
BASE = CONFIGURATION.settings[0]


def small(**changes: object) -> Setting:
    """The base with few features and simulations."""
    fewer = replace(BASE, n_features=40, coefficients=(1.0, -1.0, 0.5), expert_known=2, n_simulations=400)
    return replace(fewer, **changes)  # type: ignore[arg-type]


def gaussian(rng: np.random.Generator, size: int, n: int, p: int, correlation: float) -> Array:
    """Features (size, n, p) by the Cholesky factor of their covariance."""
    covariance = (1 - correlation) * np.eye(p) + correlation
    return rng.standard_normal((size, n, p)) @ np.linalg.cholesky(covariance).T


def error(off: Array, correlation: float) -> Array:
    covariance = (1 - correlation) * np.eye(off.shape[-1]) + correlation
    return np.einsum("bi,ij,bj->b", off, covariance, off)


def lasso_path(x: Array, y: Array, penalties: Array) -> Array:
    """The LASSO's coefficients (L, p) at falling penalties n * lambda, on one data set."""
    found = np.zeros((penalties.size, x.shape[1]))

    def observe(segment: lasso.Segment) -> NDArray[np.bool_]:
        fallen = segment.penalty[0] - penalties
        slots = np.flatnonzero(segment.features[0] >= 0)
        for at in np.flatnonzero((fallen >= 0) & (fallen <= segment.length[0])):
            moved = segment.coefficients[0] + fallen[at] * segment.direction[0]
            found[at, segment.features[0, slots]] = moved[slots]
        return np.zeros(1, dtype=np.bool_)

    lasso.follow(lasso.start(x[None], y[None], 0), penalties[-1:], observe)
    return found


def kkt_gap(x: Array, y: Array, coefficients: Array, penalty: float) -> float:
    """How far from optimal, as a share of the penalty: X'(y - X b) is penalty * sign(b) where b is not 0, else no larger."""
    correlations = x.T @ (y - x @ coefficients)
    active = coefficients != 0
    off = np.abs(correlations - penalty * np.sign(coefficients))[active]
    return float(max(off.max(initial=0), np.abs(correlations).max() - penalty)) / penalty


# --- least squares ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "p", "correlation"), [(9, 5, 0.0), (9, 5, 0.6), (5, 5, 0.0), (4, 9, 0.0), (8, 9, 0.0)])
def test_the_exact_law_of_least_squares_is_that_of_drawn_data(n: int, p: int, correlation: float) -> None:
    rng, size, sd = np.random.default_rng(1), 4000, 0.7
    signal = np.linspace(-1, 1, p)
    x = gaussian(rng, size, n, p, correlation)
    y = x @ signal + sd * rng.standard_normal((size, n))
    brute = error((np.linalg.pinv(x) @ y[:, :, None])[:, :, 0] - signal, correlation)
    drawn = least_squares.excess_errors(rng, n, p, np.full(size, sd**2), np.full(size, signal @ signal))
    assert ks_2samp(brute, drawn).pvalue > 0.01


def off_theory(seed: int) -> Array:
    """By how many standard errors the means, and the means of log10, are off theory in each cell of the base (2, cells)."""
    found = []
    for model, p in ((ORACLE, 10), (FLEXIBLE, 1000)):
        for n in (n for n in BASE.sizes[model] if n > p + 1):
            row = simulation.cell(replace(BASE, seed=seed), model, n)
            # The mean of an inverse Wishart; the mean of the logarithm of a chi-squared is a digamma function.
            mean, log = p / (n - p - 1), (psi(p / 2) - psi((n - p + 1) / 2)) / math.log(10)
            found.append(
                (
                    (row.mean_excess_error - mean) / row.mean_excess_error_se,
                    (row.mean_log10_excess_error - log) / row.mean_log10_excess_error_se,
                )
            )
    return np.abs(np.array(found)).T


def test_least_squares_agrees_with_the_inverse_wishart() -> None:
    """5 % of cells miss by more than 2 standard errors by chance, one of 28 in 75 seeds by more than 3.5, in 560 by more than 4."""
    for cells in off_theory(BASE.seed):
        assert cells.size == 28
        assert cells.max() < 4
        assert (cells <= 2).mean() >= 0.9
    # Other seeds: the agreement is no luck, nor are the standard errors too large.
    for cells in np.concatenate([off_theory(seed) for seed in range(10)], axis=1):
        assert cells.max() < 4.5
        assert 0.92 < (cells <= 2).mean() < 0.98


def test_least_norm_agrees_with_its_mean() -> None:
    """Hastie, Montanari, Rosset, Tibshirani 2022: |b|^2 (1 - n / p) + sigma^2 n / (p - n - 1), for |b|^2 = 10 and sigma = 1."""
    for n in (n for n in BASE.sizes[FLEXIBLE] if n < 1000):
        row = simulation.cell(BASE, FLEXIBLE, n)
        expected = 10 * (1 - n / 1000) + n / (1000 - n - 1)
        assert abs(row.mean_excess_error - expected) < 3.5 * row.mean_excess_error_se


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_what_the_expert_misses_is_noise_that_stays(correlation: float) -> None:
    rng, size, n = np.random.default_rng(2), 20000, 12
    setting = small(n_simulations=size, correlation=correlation, coefficients_drawn=True, noise_sd=0.5)
    drawn = simulation.cell(setting, EXPERT, n)
    # Features in order: two known, one missed, one irrelevant that is seen.
    signal = np.array([1.0, -1.0, 0.5, 0.0]) * rng.standard_normal((size, 4))
    x = gaussian(rng, size, n, 4, correlation)
    y = np.einsum("bnp,bp->bn", x, signal) + 0.5 * rng.standard_normal((size, n))
    fitted = np.zeros((size, 4))
    fitted[:, [0, 1, 3]] = (np.linalg.pinv(x[:, :, [0, 1, 3]]) @ y[:, :, None])[:, :, 0]
    brute = error(fitted - signal, correlation) / 0.25
    assert drawn.mean_excess_error == pytest.approx(brute.mean(), abs=4 * math.sqrt(2) * drawn.mean_excess_error_se)
    assert drawn.mean_log10_excess_error == pytest.approx(np.log10(brute).mean(), abs=0.02)
    assert drawn.mean_features == 3


def test_flop_of_least_squares() -> None:
    # Golub, Van Loan 2013, by hand for p = 10, n = 100: 100 (100 + 10 / 3) + 2000 + 200; 200 (100 - 10 / 3) + 4000 - 100.
    assert least_squares.cholesky_flop(100, 10) == pytest.approx(10333.333 + 2200, rel=1e-6)
    assert least_squares.qr_flop(100, 10) == pytest.approx(19333.333 + 3900, rel=1e-6)
    assert least_squares.cholesky_flop(10, 100) == least_squares.cholesky_flop(100, 10)
    row = simulation.cell(small(least_squares_solver="qr"), ORACLE, 20)
    assert row.computation_flop == least_squares.qr_flop(20, 3)


# --- the LASSO --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "p"), [(25, 60), (60, 60), (200, 30)])
def test_the_path_has_the_certificate_of_an_optimum_everywhere(n: int, p: int) -> None:
    rng = np.random.default_rng(n)
    x = gaussian(rng, 1, n, p, 0.4)[0]
    y = x[:, :5].sum(axis=1) + rng.standard_normal(n)
    penalties = np.abs(x.T @ y).max() * np.geomspace(1, 1e-3, 60)
    path = lasso_path(x, y, penalties)
    assert max(kkt_gap(x, y, b, at) for b, at in zip(path, penalties, strict=True)) < 1e-9
    # Features leave too where they crowd, or the LASSO's modification of LARS would not have been tried.
    assert n > p or ((path[:-1] != 0) & (path[1:] == 0)).any()


def test_a_path_in_a_batch_is_the_path_alone() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((7, 20, 30)), rng.standard_normal((7, 20))
    ends: dict[int, Array] = {}

    def observe(segment: lasso.Segment) -> NDArray[np.bool_]:
        for i, who in enumerate(segment.simulation):
            if segment.length[i] > 0:
                ends[who] = np.zeros(30)
                slots = segment.features[i] >= 0
                moved = segment.coefficients[i] + segment.length[i] * segment.direction[i]
                ends[who][segment.features[i][slots]] = moved[slots]
        return np.zeros(segment.simulation.size, dtype=np.bool_)

    paths = lasso.start(x, y, 0)
    # Ends at different times, so that finished ones are taken out while others go on.
    stop = paths.penalty * np.geomspace(0.5, 0.01, 7)
    lasso.follow(paths, stop, observe)
    for i in range(7):
        alone = lasso_path(x[i], y[i], np.array([paths.penalty[i], stop[i]]))[1]
        assert ends[i] == pytest.approx(alone, abs=1e-10)


def test_a_feature_twice_is_refused() -> None:
    x = np.random.default_rng(4).standard_normal((10, 3))
    x[:, 2] = x[:, 1]
    with pytest.raises(lasso.CollinearError):
        lasso_path(x, x[:, 1] + 0.1 * x[:, 0], np.array([9.0, 1e-6]))


class Spy:
    """What the path looks like to the outside: the knot's penalties, and excess error and size of the model at one penalty."""

    def __init__(self, excess: tuning.Excess, penalty: float, size: int) -> None:
        self.excess, self.penalty = excess, penalty
        self.seen = np.full((3, size), -1.0)  # where the path ends before
        self.knots = np.zeros(size, dtype=int)

    def __call__(self, segment: lasso.Segment) -> NDArray[np.bool_]:
        who, moving = segment.simulation, segment.length > 0
        self.knots[who[moving]] += 1
        sixth = moving & (self.knots[who] == 6)
        self.seen[0, who[sixth]] = segment.penalty[sixth]
        fallen = segment.penalty - self.penalty
        here = moving & (fallen >= 0) & (fallen <= segment.length)
        self.seen[1, who[here]] = self.excess.along(segment).at(fallen)[here]
        self.seen[2, who[here]] = np.count_nonzero(segment.direction, axis=1)[here]
        return np.zeros(who.size, dtype=np.bool_)


@pytest.mark.parametrize(("n", "correlation"), [(4, 0.0), (12, 0.0), (12, 0.5), (60, 0.0), (60, 0.5)])
def test_data_drawn_as_the_path_needs_them_have_the_law_of_data_drawn_in_full(n: int, correlation: float) -> None:
    rng, size, p = np.random.default_rng(n), 1500, 25
    signals = np.tile([1.0, -1.0, 0.5], (size, 1))
    excess, penalty = tuning.Excess(signals, correlation), 0.15 * n
    drawn = Spy(excess, penalty, size)
    lasso.follow(lasso.draw(rng, n, p, signals, 0.7, correlation), np.full(size, 0.1 * n), drawn, rng, n, correlation)
    x = gaussian(rng, size, n, p, correlation)
    y = x[:, :, :3] @ signals[0] + 0.7 * rng.standard_normal((size, n))
    full = Spy(excess, penalty, size)
    lasso.follow(lasso.start(x, y, 3), np.full(size, 0.1 * n), full)
    for one, other in zip(drawn.seen, full.seen, strict=True):
        assert (one >= 0).sum() > 0.15 * size
        assert ks_2samp(one, other).pvalue > 0.005


def test_the_lasso_has_the_error_that_state_evolution_predicts() -> None:
    """Bayati, Montanari 2012, IEEE Trans. Inf. Theory 58, theorem 1.5: the error in the limit of many features, exact there.

    A feature's estimate is that of soft thresholding b + tau Z at alpha tau, where tau^2 = sigma^2 + excess error and
    lambda = alpha tau (1 - share of features in the model * p / n).
    """
    n, p, k, sd, lam = 400, 800, 80, 1.0, 1.2

    def risk(mean: float, threshold: float) -> float:
        """E (soft(mean + Z) - mean)^2, Z ~ N(0, 1)."""
        z = norm.ppf((np.arange(20000) + 0.5) / 20000)
        shrunk = np.sign(mean + z) * np.maximum(np.abs(mean + z) - threshold, 0)
        return float(((shrunk - mean) ** 2).mean())

    def evolved(alpha: float) -> float:
        """tau at its fixed point. Coefficients are scaled by sqrt(n), so that columns have length 1."""
        tau = 2.0
        for _ in range(60):
            spread = k * risk(math.sqrt(n) * 0.3 / tau, alpha) + (p - k) * risk(0, alpha)
            tau = math.sqrt(sd**2 + tau**2 * spread / n)
        return tau

    def penalty(alpha: float) -> float:
        tau = evolved(alpha)
        signal = math.sqrt(n) * 0.3 / tau
        share = k * (norm.sf(alpha - signal) + norm.sf(alpha + signal)) + 2 * (p - k) * norm.sf(alpha)
        return float(alpha * tau * (1 - share / n))

    expected = evolved(brentq(lambda alpha: penalty(alpha) - lam, 0.9, 3, xtol=1e-4)) ** 2 - sd**2
    multiplier = lam / math.sqrt(2 * math.log(p))
    setting = replace(
        BASE,
        n_features=p,
        coefficients=(0.3,) * k,
        n_simulations=48,
        tuning="universal",
        universal_multiplier=multiplier,
    )
    row = simulation.cell(setting, REGULARISED, n)
    assert row.mean_excess_error_se < 0.04 * expected
    assert row.mean_excess_error == pytest.approx(expected, abs=3 * row.mean_excess_error_se)
    assert row.mean_lambda == pytest.approx(lam / math.sqrt(n))


# --- tuning -----------------------------------------------------------------------------------------------------------


def a_segment(coefficients: Array, direction: Array) -> lasso.Segment:
    size, slots = coefficients.shape
    features = np.tile(np.arange(slots), (size, 1))
    return lasso.Segment(np.arange(size), np.ones(size), np.ones(size), coefficients, direction, features)


@pytest.mark.parametrize("n", [3, 8, 60])
@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_a_held_out_error_has_the_law_of_a_mean_of_squares(n: int, correlation: float) -> None:
    """Residuals on new data are N(0, sigma^2 + excess error), whenever their features are drawn."""
    rng, size = np.random.default_rng(n), 2000
    signals = np.tile([1.0, -1.0], (size, 1))
    held_out, excess = tuning.HeldOut(rng, n, signals, 0.7, correlation), tuning.Excess(signals, correlation)
    few = a_segment(np.full((size, 4), 0.3), np.full((size, 4), -0.2))
    many = a_segment(np.tile(np.linspace(-1, 1, 90), (size, 1)), np.full((size, 90), 0.1))
    for segment in (few, many):
        for t in (0.0, 0.6):
            at = np.full(size, t)
            variance = 0.49 + excess.along(segment).at(at)
            brute = 0.49 + error(
                segment.coefficients
                + t * segment.direction
                - np.pad(signals, ((0, 0), (0, segment.features.shape[1] - 2))),
                correlation,
            )
            assert variance == pytest.approx(brute)
            assert kstest(held_out.along(segment).at(at) * n / variance, chi2(n).cdf).pvalue > 0.005
    again = a_segment(np.pad(few.coefficients, ((0, 0), (0, 60))), np.pad(few.direction, ((0, 0), (0, 60))))
    assert held_out.along(again).at(np.ones(size)) == pytest.approx(held_out.along(few).at(np.ones(size)))


def test_the_lowest_point_of_a_parabola() -> None:
    parabola = tuning.Parabola(np.zeros(4), np.array([-1.0, -9.0, 1.0, 0.0]), np.array([2.0, 2.0, 2.0, 0.0]))
    assert parabola.lowest(np.ones(4)).tolist() == [0.5, 1.0, 0.0, 0.0]


def test_held_out_tuning_chooses_what_a_fine_grid_does() -> None:
    rng = np.random.default_rng(5)
    x, fresh = rng.standard_normal((2, 30, 50))
    signals = np.array([[1.0, -1.0, 0.5]])
    y, fresh_y = (data[:, :3] @ signals[0] + 0.5 * rng.standard_normal(30) for data in (x, fresh))

    class Given:
        def along(self, segment: lasso.Segment) -> tuning.Parabola:
            columns = np.where(segment.features[0] >= 0, fresh[:, segment.features[0]], 0)
            residual, change = fresh_y - columns @ segment.coefficients[0], -columns @ segment.direction[0]
            products = (residual @ residual, residual @ change, change @ change)
            return tuning.Parabola(*(np.array([product]) for product in products))

    paths, excess = lasso.start(x[None], y[None], 3), tuning.Excess(signals, 0.0)
    chosen = tuning.nothing(excess, paths.penalty, 0.0)
    lasso.follow(paths, 0.001 * paths.penalty, tuning.Lowest(chosen, excess, Given(), 1000, 30, 50, 30))
    grid = np.geomspace(paths.penalty[0], 0.001 * paths.penalty[0], 4000)
    path = lasso_path(x, y, grid)
    best = int(((fresh_y[:, None] - fresh @ path.T) ** 2).sum(axis=0).argmin())
    assert chosen.penalty[0] == pytest.approx(grid[best], rel=0.002)
    assert chosen.features[0] == np.count_nonzero(path[best])
    assert chosen.excess[0] == pytest.approx(((path[best] - np.pad(signals[0], (0, 47))) ** 2).sum(), rel=0.01)


def test_a_fold_adds_up_what_its_path_predicts_wrongly() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal((2, 24, 40)), rng.standard_normal((2, 24))
    y += 2 * x[:, :, 0]
    path = lasso.start(x[:, 6:], y[:, 6:], 1)
    # The first penalties are above the fold's own first one.
    grid = path.penalty[:, None] * np.geomspace(1.5, 0.01, 30)
    fold = tuning.Fold(x[:, :6], y[:, :6], grid, 1000, 18)
    fold.start(path.penalty)
    lasso.follow(path, grid[:, -1], fold)
    for i in range(2):
        coefficients = lasso_path(x[i, 6:], y[i, 6:], grid[i])
        assert fold.errors[i] == pytest.approx(((y[i, :6] - coefficients @ x[i, :6].T) ** 2).sum(axis=1), rel=1e-9)


def test_the_more_is_known_the_lower_is_the_error() -> None:
    """The best lambda is no worse than a tuned one, held-out observations for nothing no worse than ones that cost."""
    simulations = {"best": 32, "held_out_beside": 32, "cross_validation": 8, "held_out": 32, "universal": 32}
    of = {
        tuned: simulation.cell(replace(BASE, n_simulations=size, tuning=tuned), REGULARISED, 130)
        for tuned, size in simulations.items()
    }
    means = {name: row.mean_excess_error for name, row in of.items()}
    # Differences are several standard errors, but the first, whose models are nearly the same.
    assert means["best"] < means["held_out_beside"] + 0.1 < means["universal"] < means["held_out"]
    assert means["cross_validation"] == pytest.approx(means["best"], rel=0.4)
    # Six paths against one, five of them on four fifths of the data.
    assert 3 < of["cross_validation"].computation_flop / of["held_out_beside"].computation_flop < 10


def test_a_lambda_above_the_first_knot_leaves_nothing() -> None:
    row = simulation.cell(small(tuning="universal", universal_multiplier=50.0), REGULARISED, 10)
    assert row.mean_excess_error == pytest.approx(1 + 1 + 0.25)
    assert row.mean_features == 0
    assert row.computation_flop == 2 * 10 * 40


def test_flop_of_a_path() -> None:
    """One feature: X'y, and one step to the end, by the formula in words (2 n p + 8 p + 4 n m + 6 m^2)."""
    setting = small(n_features=1, coefficients=(1.0,), tuning="universal", universal_multiplier=1e-3, noise_sd=0.1)
    row = simulation.cell(setting, REGULARISED, 50)
    assert row.mean_features == 1
    assert row.computation_flop == pytest.approx(100 + (100 + 8 + 200 + 6))


# --- settings, rows and the CSV ---------------------------------------------------------------------------------------


def toml(tmp_path: Path, base: str = "", setting: str = "", sizes: str = "oracle = [15]") -> Path:
    """The project's base with some keys otherwise, and one setting."""
    told = (Path(settings.__file__).parents[1] / "declared" / "theory.toml").read_text(encoding="utf-8")
    head = told.partition("[sizes.figure]")[0]
    kept = [line for line in head.splitlines() if line.partition(" =")[0] != base.partition(" =")[0]]
    text = "\n".join(
        [*kept, base, "[sizes.some]", sizes, "[[settings]]", 'name = "a"', 'why = "w"', 'sizes = "some"', setting]
    )
    path = tmp_path / "theory.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_setting_is_the_base_and_what_it_changes(tmp_path: Path) -> None:
    (found,) = settings.configuration(toml(tmp_path, setting="noise_sd = 0.5\nfolds = 3")).settings
    assert found == replace(
        BASE, name="a", why="w", changed="noise_sd = 0.5, folds = 3", noise_sd=0.5, folds=3, sizes={ORACLE: (15,)}
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"setting": "nose_sd = 1.0"}, r"unknown key 'settings\[0\].nose_sd'; near it: 'noise_sd'"),
        ({"setting": "noise_sd = 0.0"}, r"settings\[0\].noise_sd is 0.0, which is not above 0"),
        ({"setting": "correlation = 1.0"}, r"settings\[0\].correlation is 1.0, which is not below 1"),
        ({"setting": "folds = true"}, r"settings\[0\].folds is true, which is not a whole number"),
        ({"setting": 'tuning = "bets"'}, r"settings\[0\].tuning is 'bets', but there are: held_out, .*near it: 'best'"),
        ({"setting": "expert_known = 11"}, r"settings\[0\].expert_known is 11, but 10 features are informative"),
        (
            {"setting": "expert_irrelevant = 991"},
            r"settings\[0\].expert_irrelevant is 991, but only 990 are irrelevant",
        ),
        ({"setting": "expert_known = 0\nexpert_irrelevant = 0"}, "sees no feature at all"),
        ({"setting": "n_features = 9"}, r"settings\[0\].coefficients is .*, but there are 9 features"),
        ({"setting": "coefficients = []"}, r"settings\[0\].coefficients is \[\], which is not a list of at least 1"),
        ({"setting": '[[settings]]\nname = "a"\nwhy = "w"\nsizes = "some"'}, "the name 'a' stands in .* too"),
        (
            {"setting": '[[settings]]\nname = "b"\nwhy = "w"\nsizes = "same"'},
            r"\[1\].sizes is 'same', .*near it: 'some'",
        ),
        ({"base": "seed = -1"}, "base.seed is -1, which is not at least 0"),
        ({"base": "seed"}, "missing key 'base.seed'"),
        ({"sizes": "oracel = [15]"}, "unknown key 'sizes.some.oracel'; near it: 'oracle'"),
        ({"sizes": "oracle = [3]"}, r"sizes.some.oracle\[0\] is 3, which is not at least 4"),
        (
            {"sizes": "flexible = [500]", "setting": "correlation = 0.5"},
            r"settings\[0\].sizes is 'some', whose flexible has 500 observations: correlated features need 1000",
        ),
    ],
)
def test_a_wrong_setting_is_refused_by_its_key(tmp_path: Path, wrong: dict[str, str], message: str) -> None:
    path = toml(tmp_path, **wrong)
    path.write_text(path.read_text(encoding="utf-8").replace("\nseed\n", "\n"), encoding="utf-8")
    with pytest.raises(SettingError, match=f"theory.toml: .*{message}"):
        settings.configuration(path)


def test_the_key_follows_the_parameters_alone() -> None:
    same = replace(BASE, why="otherwise", changed="x", sizes={})
    assert same.key() == BASE.key()
    assert replace(BASE, noise_sd=2.0).key() != BASE.key() != replace(BASE, name="other").key()


def test_the_settings_of_the_project_hold_what_is_known() -> None:
    names = [setting.name for setting in CONFIGURATION.settings]
    assert names[0] == "base"
    assert (BASE.n_features, len(BASE.coefficients), BASE.n_simulations, BASE.changed) == (1000, 10, 1000, "")
    assert CONFIGURATION.reading == settings.Reading(ORACLE, 15, 0.95)
    # Each can be read: it has the oracle's 15, and a model beside it.
    assert all(15 in setting.sizes[ORACLE] and len(setting.sizes) > 1 for setting in CONFIGURATION.settings)


TINY = small(
    name="tiny", n_simulations=20, sizes={ORACLE: (8, 15), EXPERT: (8,), FLEXIBLE: (20, 60), REGULARISED: (10, 30)}
)


def test_a_row_depends_on_its_cell_alone() -> None:
    told: list[str] = []
    rows = simulation.simulate(TINY, told.append)
    assert [(row.model, row.n_observations) for row in rows] == simulation.cells(TINY)
    assert told[-1] == "tiny: regularised, 30 observations"
    assert rows[-1] == simulation.cell(TINY, REGULARISED, 30)
    assert rows[-1].mean_excess_error != simulation.cell(replace(TINY, name="other"), REGULARISED, 30).mean_excess_error
    oracle = rows[0]
    assert oracle.mean_squared_error == 1 + oracle.mean_excess_error
    assert oracle.performance == 1 / oracle.mean_excess_error
    assert oracle.log10_performance == -oracle.mean_log10_excess_error


GOLDEN = {
    (ORACLE, 8): 0.596312084,
    (ORACLE, 15): 0.243771586,
    (EXPERT, 8): 1.21379989,
    (FLEXIBLE, 20): 2.14133363,
    (FLEXIBLE, 60): 2.49209318,
    (REGULARISED, 10): 2.18586239,
    (REGULARISED, 30): 1.42429957,
}
GOLDEN_FOLDS = 0.810865822


def test_the_figures_of_the_method() -> None:
    """Where these change, `settings.METHOD` has to be raised: rows that shipped before are no longer what comes out."""
    assert settings.METHOD == 1
    figures = {(row.model, row.n_observations): row.mean_excess_error for row in simulation.simulate(TINY)}
    assert figures == pytest.approx(GOLDEN, rel=1e-6)
    folds = simulation.cell(replace(TINY, tuning="cross_validation"), REGULARISED, 30)
    assert folds.mean_excess_error == pytest.approx(GOLDEN_FOLDS, rel=1e-6)


def test_a_csv_is_computed_where_it_changed_and_has_the_same_bytes_whoever_computes(tmp_path: Path) -> None:
    path, told = tmp_path / "theory.csv", []
    other = replace(TINY, name="other", changed="noise_sd = 2.0", noise_sd=2.0, sizes={ORACLE: (15,)})
    rows = table.write(path, [TINY, other], told.append)
    assert len(rows) == len(told) == 8
    assert table.read(path) == rows
    whole = path.read_bytes()
    # Nothing to do; one setting changed; one size more.
    told.clear()
    assert table.write(path, [TINY, other], told.append) == rows
    assert told == []
    table.write(path, [TINY, replace(other, noise_sd=3.0)], told.append)
    assert told == ["other: oracle, 15 observations"]
    told.clear()
    table.write(path, [replace(TINY, sizes={**TINY.sizes, ORACLE: (8, 15, 99)}), other], told.append)
    assert told == ["tiny: oracle, 99 observations", "other: oracle, 15 observations"]
    table.write(path, [TINY, other])
    assert path.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["theory.csv"]


def test_processes_do_not_change_the_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    told: list[str] = []
    table.write(one, [TINY])
    table.write(two, [TINY], told.append, processes=2)
    assert one.read_bytes() == two.read_bytes()
    assert len(told) == 7


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "setting,changed\n"])
def test_another_table_is_not_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "theory.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(table.TableError, match=r"theory\.csv"):
        table.write(path, [TINY])
    assert path.read_text(encoding="utf-8") == text


# --- the reading of the figure ----------------------------------------------------------------------------------------


def by_theory(model: str, p: int, n: int, se: float = 0.0) -> Row:
    """Least squares' row as the inverse Wishart and the digamma function have it."""
    mean, log = p / (n - p - 1), (psi(p / 2) - psi((n - p + 1) / 2)) / math.log(10)
    row = simulation.cell(replace(TINY, n_simulations=2), ORACLE, 15)
    return replace(
        row,
        model=model,
        n_observations=n,
        mean_excess_error=mean,
        mean_excess_error_se=se * mean,
        mean_log10_excess_error=float(log),
        mean_log10_excess_error_se=se,
        computation_flop=float(n * p * p),
    )


FLEXIBLE_SIZES = (500, 1100, 1200, 1300, 1350, 1450, 1500, 1550, 1600, 1800)


def test_the_flexible_model_needs_1401_by_the_mean_and_1557_by_the_mean_logarithm() -> None:
    """1,401 solves 10 / (15 - 10 - 1) = 1000 / (n - 1000 - 1); the other, psi(5) - psi(3) = psi(500) - psi((n - 999) / 2)."""
    curve = [by_theory(FLEXIBLE, 1000, n) for n in FLEXIBLE_SIZES if n > 1000]
    # Least norm's error at 500: |b|^2 (1 - n / p) + n / (p - n - 1) with |b|^2 = 10. Noisier still at 950.
    peak = replace(curve[0], n_observations=950, mean_excess_error=19.9, mean_log10_excess_error=1.3)
    low = replace(curve[0], n_observations=2, mean_excess_error=0.1, mean_log10_excess_error=-1.0)
    target = by_theory(ORACLE, 10, 15)
    mean = match.observations_to_match([*curve, peak, low], target)
    assert mean.target_excess_error == pytest.approx(2.5)
    assert mean.n_observations == pytest.approx(1401, rel=0.003)
    assert mean.low == mean.high == pytest.approx(mean.n_observations)
    assert mean.computation_flop == pytest.approx(1401e6, rel=0.003)
    logarithm = match.observations_to_match(curve[::-1], target, match.MEAN_LOG10)
    root = brentq(lambda n: psi(500) - psi((n - 999) / 2) - (psi(5) - psi(3)), 1100, 2000)
    assert root == pytest.approx(1557, abs=0.5)
    assert logarithm.n_observations == pytest.approx(root, rel=0.003)


def test_the_interval_is_where_the_band_crosses() -> None:
    """error = 100 / n, with 2 % on the curve and none on the target of 1: 100 observations, 1.96 * 2 % to each side."""
    row = by_theory(FLEXIBLE, 1000, 1100)
    curve = [
        replace(row, n_observations=n, mean_excess_error=100 / n, mean_excess_error_se=2 / n)
        for n in (50, 80, 125, 200)
    ]
    target = replace(row, model=ORACLE, mean_excess_error=1.0, mean_excess_error_se=0.0)
    found = match.observations_to_match(curve, target)
    assert found.n_observations == pytest.approx(100)
    assert math.log(found.high / 100) == pytest.approx(1.96 * 0.02, rel=1e-3)
    assert math.log(found.low / 100) == pytest.approx(-1.96 * 0.02, rel=1e-3)
    wider = match.observations_to_match(curve, replace(target, mean_excess_error_se=0.02))
    assert math.log(wider.high / 100) == pytest.approx(1.96 * 0.02 * math.sqrt(2), rel=1e-3)


def test_what_is_not_between_two_sizes_is_said_so() -> None:
    curve = [by_theory(FLEXIBLE, 1000, n, 0.1) for n in (1300, 1400)]
    low, high = by_theory(ORACLE, 10, 12), by_theory(ORACLE, 10, 100)
    assert match.observations_to_match(curve, low).status == match.FROM_THE_FIRST
    late = match.observations_to_match(curve, high)
    assert late.status == match.NOT_REACHED
    assert math.isnan(late.n_observations)
    assert math.isnan(late.computation_flop)
    # Within the sizes, but the band leaves them.
    wide = match.observations_to_match(curve, by_theory(ORACLE, 10, 15 - 1))
    assert wide.status == match.OK
    assert math.isnan(wide.low)
    with pytest.raises(ValueError, match="mode"):
        match.observations_to_match(curve, low, "mode")


def test_the_sensitivity_has_a_line_for_each_setting_model_and_statistic() -> None:
    reading = settings.Reading(ORACLE, 15, 0.95)
    rows = simulation.simulate(TINY)
    lines = match.sensitivity([*rows, *(replace(row, setting="b", changed="x = 1") for row in rows)], reading)
    assert len(lines) == 2 * 3 * 2
    assert {(line.setting, line.changed) for line in lines} == {("tiny", ""), ("b", "x = 1")}
    with pytest.raises(ValueError, match="tiny: oracle with 99"):
        match.sensitivity(rows, settings.Reading(ORACLE, 99, 0.95))
