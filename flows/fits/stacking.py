"""Forms stacked: weights by how well each form predicted what came later, and what a mixture of them says.

The weights make the mean logarithm of the mixture's predictive density largest over predictions of later points (Yao, Vehtari,
Simpson and Gelman 2018, Bayesian Analysis 13:917; there of left-out points). It is concave in the weights, and the steps of
the EM algorithm (Dempster, Laird and Rubin 1977, J. R. Stat. Soc. B 39:1, 4.3) never lower it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flows.fits.line import Array, FitError

# What may be left to gain in the mean log score, and the most steps.
_TOLERANCE = 1e-6
_STEPS = 10_000


def weights(log_density: Array, counted: Array) -> Array:
    """Weights (forms,), adding up to 1, from ln densities (predictions, forms) of which each counts so much (predictions,).

    Raises:
        FitError: there are no predictions, or a density is not a number.
    """
    if log_density.ndim != 2 or not log_density.size or np.isnan(log_density).any():
        raise FitError("densities of some predictions in some forms are needed")
    share = counted / counted.sum()
    # A row for each form: there are some hundred steps, and a product with few long rows is the quickest.
    density = np.ascontiguousarray(np.exp(log_density - log_density.max(axis=1, keepdims=True)).T)
    found = np.full(len(density), 1 / len(density))
    for _ in range(_STEPS):
        gain = density @ (share / (found @ density))
        found = found * gain
        # More weight on one form gains at most so much (Lindsay 1983, Annals of Statistics 11:86).
        if gain.max() - 1 < _TOLERANCE:
            break
    total: Array = found / found.sum()
    return total


def mean_log_score(log_density: Array, counted: Array, weight: Array) -> float:
    """The mean ln density of the mixture with these weights (forms,)."""
    highest = log_density.max(axis=1)
    mixed = np.einsum("kf,f->k", np.exp(log_density - highest[:, None]), weight)
    return float(((np.log(mixed) + highest) * counted).sum() / counted.sum())


def counts(weight: Array, draws: int) -> NDArray[np.int64]:
    """So many draws dealt out by the weights (forms,), the left ones to the largest remainders (in order where they tie)."""
    exact = weight * draws
    whole = np.floor(exact + 1e-9).astype(np.int64)
    left = draws - int(whole.sum())
    whole[np.argsort(-(exact - whole), kind="stable")[:left]] += 1
    return whole


def dealt(drawn: list[Array], weight: Array) -> tuple[Array, NDArray[np.intp]]:
    """The mixture's draws, the first of each form's by its weight, and the form of each; all of `drawn` have one length."""
    many = counts(weight, len(drawn[0]))
    form = np.repeat(np.arange(len(drawn)), many)
    return np.concatenate([values[:n] for values, n in zip(drawn, many, strict=True)]), form


def centres(draws: Array, form: NDArray[np.intp], low: float, high: float) -> Array:
    """What is told of each draw (k,) by naming its form: the mean of the form's draws within low and high, less the first form's.

    Of draws within low and high it takes the part of their variance that lies between the forms (the correlation ratio; Fisher
    1925, Statistical Methods for Research Workers, section 45). A form without any there has the nearer end.
    """
    inside = np.isfinite(draws) & (draws >= low) & (draws <= high)
    found = np.zeros(int(form.max(initial=-1)) + 1)
    for at in np.unique(form):
        mine = form == at
        if (mine & inside).any():
            found[at] = float(draws[mine & inside].mean())
        else:
            found[at] = low if float(np.median(draws[mine])) < low else high
    # An end that is not bounded leaves no part to tell: NaN.
    with np.errstate(invalid="ignore"):
        told: Array = found[form] - found[form[0]]
    return told
