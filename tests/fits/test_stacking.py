"""Weights of forms held to a general optimiser, and draws dealt out by them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from flows.fits import monte_carlo, stacking
from flows.fits.line import Array, FitError


def best(log_density: Array, counted: Array) -> float:
    """The largest mean log score, by scipy over the softmax of free parameters."""

    def loss(free: Array) -> float:
        weight = np.exp(np.append(free, 0.0))
        weight /= weight.sum()
        return -float(np.average(np.log(np.exp(log_density) @ weight), weights=counted))

    starts = np.random.default_rng(0).normal(0, 2, (6, log_density.shape[1] - 1))
    return max(
        -optimize.minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).fun
        for start in starts
    )


@pytest.mark.parametrize("forms", [2, 3, 4])
def test_weights_make_the_mixtures_log_score_largest(forms: int) -> None:
    rng = np.random.default_rng([20261125, forms])
    y, counted = rng.standard_t(3, 60), rng.uniform(0.1, 1, 60)
    log_density = np.column_stack([stats.norm.logpdf(y, at, 1 + 0.5 * at) for at in range(forms)])
    found = stacking.weights(log_density, counted)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    score = stacking.mean_log_score(log_density, counted, found)
    assert score == pytest.approx(np.average(np.log(np.exp(log_density) @ found), weights=counted), rel=1e-12)
    assert score == pytest.approx(best(log_density, counted), abs=2e-6)
    # Better than any form alone, and than equal weights.
    alone = [stacking.mean_log_score(log_density, counted, one) for one in [*np.eye(forms), np.full(forms, 1 / forms)]]
    assert score >= max(alone) - 2e-6


def test_a_form_that_is_never_the_better_one_has_no_weight_however_unlikely_all_are() -> None:
    log_density = np.column_stack([np.full(30, -2000.0), np.full(30, -2003.0)])
    np.testing.assert_allclose(stacking.weights(log_density, np.ones(30)), [1, 0], atol=1e-4)
    np.testing.assert_allclose(stacking.weights(log_density[:, :1], np.ones(30)), [1])
    with pytest.raises(FitError):
        stacking.weights(np.empty((0, 2)), np.empty(0))
    with pytest.raises(FitError):
        stacking.weights(np.array([[np.nan, 0.0]]), np.ones(1))


def test_draws_are_dealt_by_the_weights_and_none_is_lost() -> None:
    assert stacking.counts(np.array([0.5, 0.3, 0.2]), 10).tolist() == [5, 3, 2]
    assert stacking.counts(np.full(3, 1 / 3), 10).tolist() == [4, 3, 3]
    assert stacking.counts(np.array([1.0, 0.0]), 7).tolist() == [7, 0]
    draws, form = stacking.dealt([np.arange(10.0), 100 + np.arange(10.0)], np.array([0.7, 0.3]))
    assert draws.tolist() == [*range(7), 100, 101, 102]
    assert form.tolist() == [0] * 7 + [1] * 3


def test_a_form_takes_the_variance_between_the_means_of_the_forms() -> None:
    rng = np.random.default_rng(4)
    draws = np.concatenate([rng.normal(20, 1, 600), rng.normal(30, 3, 400), np.full(10, np.inf)])
    form = np.repeat([0, 1, 1], [600, 400, 10])
    low, high = 18.5, 33.0
    told = stacking.centres(draws, form, low, high)
    inside = (draws >= low) & (draws <= high)
    between = sum(
        (inside & (form == one)).sum() * (draws[inside & (form == one)].mean() - draws[inside].mean()) ** 2
        for one in (0, 1)
    )
    share = between / ((draws[inside] - draws[inside].mean()) ** 2).sum()
    assert monte_carlo.shares([draws - told, told], draws, low, high)[1] == pytest.approx(share, rel=1e-9)
    # Of one form alone there is no choice.
    assert not stacking.centres(draws[:600], form[:600], low, high).any()
    # A form that reaches nothing lies beyond the far end.
    assert stacking.centres(np.array([1.0, np.inf]), np.array([0, 1]), 0.0, 5.0).tolist() == [0, 4]
