"""The choice of lambda: held-out errors, folds and the true error along the path, against grids and brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2, kstest
from simulated import BASE, error, lasso_path, small

from flows.theory import lasso, simulation, tuning
from flows.theory.settings import REGULARISED

Array = NDArray[np.float64]


def a_segment(coefficients: Array, direction: Array) -> lasso.Segment:
    size, slots = coefficients.shape
    features = np.tile(np.arange(slots), (size, 1))
    return lasso.Segment(np.arange(size), np.ones(size), np.ones(size), coefficients, direction, features)


@pytest.mark.parametrize("n", [3, 8, 60])
@pytest.mark.parametrize("correlation", [0.0, 0.5])
@pytest.mark.slow
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


@pytest.mark.slow
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
