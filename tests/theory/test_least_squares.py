"""Least squares: the exact laws of its errors against brute force and theory, and the count of its operations."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import psi
from scipy.stats import ks_2samp
from simulated import BASE, error, gaussian, small

from flows.theory import least_squares, simulation
from flows.theory.settings import EXPERT, FLEXIBLE, ORACLE

Array = NDArray[np.float64]


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
    off = []
    for model, p in ((ORACLE, 10), (FLEXIBLE, 1000)):
        for n in (n for n in BASE.sizes[model] if n > p + 1):
            row = simulation.cell(replace(BASE, seed=seed), model, n)
            # The mean of an inverse Wishart; the mean of the logarithm of a chi-squared is a digamma function.
            mean, log = p / (n - p - 1), (psi(p / 2) - psi((n - p + 1) / 2)) / math.log(10)
            off.append(
                (
                    (row.mean_excess_error - mean) / row.mean_excess_error_se,
                    (row.mean_log10_excess_error - log) / row.mean_log10_excess_error_se,
                )
            )
    return np.abs(np.array(off)).T


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
