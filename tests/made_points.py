"""Points drawn for a test, and resamples of them."""

from __future__ import annotations

import numpy as np

from flows.fits.line import Array
from flows.fits.resampling import Counts


def sample(n: int, seed: int, *, kind: str = "normal") -> tuple[Array, Array]:
    """Points like log10 FLOP and log10 of the inverse error: with normal or far-out errors, or rounded so that many tie."""
    rng = np.random.default_rng([n, seed])
    x = rng.uniform(18, 26, n)
    y = 0.15 * x - 2.5 + 0.2 * (rng.normal(size=n) if kind == "normal" else rng.standard_t(1.5, size=n))
    return (np.round(x), np.round(y, 1)) if kind == "tied" else (x, y)


def drawn(n: int, resamples: int, seed: int, *, papers: bool = False) -> Counts:
    """How often each point is drawn; of papers of one to five points, all come together."""
    rng = np.random.default_rng([n, seed])
    paper = np.repeat(np.arange(n), rng.integers(1, 6, n))[:n] if papers else np.arange(n)
    many = int(paper.max()) + 1
    return rng.multinomial(many, np.full(many, 1 / many), resamples)[:, paper]
