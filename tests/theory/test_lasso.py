"""The path of the LASSO: its certificate, its law against data drawn in full, its error against state evolution."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import ks_2samp, norm
from simulated import BASE, gaussian, lasso_path

from flows.theory import lasso, simulation, tuning
from flows.theory.settings import REGULARISED

Array = NDArray[np.float64]


def kkt_gap(x: Array, y: Array, coefficients: Array, penalty: float) -> float:
    """How far from optimal, as a share of the penalty: X'(y - X b) is penalty * sign(b) where b is not 0, else no larger."""
    correlations = x.T @ (y - x @ coefficients)
    active = coefficients != 0
    off = np.abs(correlations - penalty * np.sign(coefficients))[active]
    return float(max(off.max(initial=0), np.abs(correlations).max() - penalty)) / penalty


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
@pytest.mark.slow
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


@pytest.mark.slow
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
