"""The excess error of least squares on Gaussian features, drawn from its exact law without drawing any data.

With n observations of p features, noise of variance v and n >= p, the error b_hat - b given W = X'X is N(0, v W^-1). Its squared
length (in the features' own metric, for any covariance of theirs) is v z'W^-1 z with z ~ N(0, I) independent of W ~ Wishart(n, I),
and |z|^2 / z'W^-1 z is chi-squared with n - p + 1 degrees of freedom whatever z (Muirhead 1982, Aspects of Multivariate
Statistical Theory, theorem 3.2.12). So the excess error is v * chi2(p) / chi2(n - p + 1), two independent draws; its mean is
v p / (n - p - 1).

With n < p the solution of least norm is taken, the limit of gradient descent from 0 and what the pseudo-inverse gives. For
uncorrelated features its error has two parts at right angles: what of b lies outside the space of the n rows, a
random one: |b|^2 * Beta((p - n) / 2, n / 2), and the noise, v * chi2(n) / chi2(p - n + 1) by the argument above. They are
independent, for the rows' space is independent of XX'. The mean is |b|^2 (1 - n / p) + v n / (p - n - 1), the peak at n = p
of Hastie, Montanari, Rosset, Tibshirani 2022, Ann. Statist. 50, section 3.
"""

from __future__ import annotations

import numpy as np

from flows.theory.lasso import Array


def excess_errors(rng: np.random.Generator, n: int, p: int, noise_variances: Array, squared_signals: Array) -> Array:
    """Draws of |b_hat - b|^2, one for each noise variance and |b|^2 (size,).

    For n >= p features of any covariance, in their metric; for n < p uncorrelated features of variance 1.
    """
    size = noise_variances.size
    of_noise = noise_variances * rng.chisquare(min(n, p), size) / rng.chisquare(abs(n - p) + 1, size)
    if n >= p:
        return of_noise
    return squared_signals * rng.beta((p - n) / 2, n / 2, size) + of_noise


def cholesky_flop(n: int, p: int) -> float:
    """Additions and multiplications of least squares by the Gram matrix and its Cholesky factor.

    Golub, Van Loan 2013, Matrix Computations (4th ed.), section 5.3.2: p^2 (n + p / 3); and 2 n p + 2 p^2 for the right-hand
    side and the two triangular solves. For n < p the Gram matrix is that of the rows (section 5.6.2).
    """
    small, large = min(n, p), max(n, p)
    return small * small * (large + small / 3) + 2.0 * n * p + 2.0 * small * small


def qr_flop(n: int, p: int) -> float:
    """Additions and multiplications of least squares by Householder's QR (Golub, Van Loan 2013, sections 5.2.2 and 5.6.2)."""
    small, large = min(n, p), max(n, p)
    return 2.0 * small * small * (large - small / 3) + 4.0 * n * p - small * small
