"""What the tests of the simulation share: small settings, data drawn in full, the path of the LASSO on one data set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flows.theory import lasso, settings
from flows.theory.settings import EXPERT, FLEXIBLE, ORACLE, REGULARISED, Setting

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
    coefficients = np.zeros((penalties.size, x.shape[1]))

    def observe(segment: lasso.Segment) -> NDArray[np.bool_]:
        fallen = segment.penalty[0] - penalties
        slots = np.flatnonzero(segment.features[0] >= 0)
        for at in np.flatnonzero((fallen >= 0) & (fallen <= segment.length[0])):
            moved = segment.coefficients[0] + fallen[at] * segment.direction[0]
            coefficients[at, segment.features[0, slots]] = moved[slots]
        return np.zeros(1, dtype=np.bool_)

    lasso.follow(lasso.start(x[None], y[None], 0), penalties[-1:], observe)
    return coefficients


TINY = small(
    name="tiny", n_simulations=20, sizes={ORACLE: (8, 15), EXPERT: (8,), FLEXIBLE: (20, 60), REGULARISED: (10, 30)}
)
