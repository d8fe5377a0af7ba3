"""flows/fits/huber_log.py: the least loss by Nelder and Mead, and points that undo least squares."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from flows.fits.asymptotic import NO_DECLINE, asymptotic
from flows.fits.huber_log import DELTA, huber_log, huber_log_resampled
from flows.fits.line import NO_SPREAD, OK, TOO_FEW_POINTS, Array, FitError

LN10 = math.log(10)


def made(seed: int, n: int = 125, sd: float = 0.03) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(18, 24, n)
    return x, (0.15 + 10 ** (2.6 - 0.15 * x)) * np.exp(sd * rng.standard_normal(n))


def loss(parameters: Array, x: Array, error: Array) -> float:
    """Of ln E, ln A at the mean x and ln of the rate, as the field writes it."""
    level, amplitude, rate = parameters
    off = np.abs(np.logaddexp(level, amplitude - math.exp(rate) * (x - x.mean())) - np.log(error))
    return float(np.where(off <= DELTA, off**2 / 2, DELTA * (off - DELTA / 2)).sum())


@pytest.mark.parametrize("seed", range(3))
def test_no_other_curve_has_less_loss(seed: int) -> None:
    x, error = made(seed)
    fit = huber_log(x, error)
    own = [
        math.log(fit.irreducible_error),
        (fit.log10_amplitude - fit.slope * x.mean()) * LN10,
        math.log(fit.slope * LN10),
    ]
    options = {"maxiter": 4000, "maxfev": 4000, "xatol": 1e-9, "fatol": 1e-14}
    starts = [own, [math.log(0.1), math.log(0.2), math.log(0.3)]]
    least = min(minimize(loss, start, (x, error), method="Nelder-Mead", options=options).fun for start in starts)
    assert fit.status == OK
    assert loss(np.array(own), x, error) <= least * (1 + 1e-8)
    assert (fit.irreducible_error, fit.slope) == pytest.approx((0.15, 0.15), abs=0.03)


def test_five_odd_points_of_125_do_not_undo_it() -> None:
    x, error = made(1)
    odd = error.copy()
    # The five of most computation print what is nearly guessing: an evaluation that went wrong.
    odd[np.argsort(x)[-5:]] = 0.9
    clean, spoilt = huber_log(x, error), huber_log(x, odd)
    assert spoilt.status == OK
    assert (spoilt.irreducible_error, spoilt.slope) == pytest.approx((clean.irreducible_error, clean.slope), abs=0.02)
    before, after = asymptotic(x, error), asymptotic(x, odd)
    assert after.irreducible_error > 2 * before.irreducible_error
    assert after.slope > 1.5 * before.slope


def test_the_order_of_the_points_changes_nothing() -> None:
    x, error = made(2, n=30)
    order = np.random.default_rng(0).permutation(30)
    assert repr(huber_log(x[order], error[order])) == repr(huber_log(x, error))


def test_each_resample_is_the_curve_of_its_points() -> None:
    x, error = made(3, n=40)
    counts = np.random.default_rng(0).multinomial(40, np.ones(40) / 40, 6)
    counts[0] = 0
    counts[0, :2] = 20
    found = huber_log_resampled(x, error, counts)
    assert np.isnan(found[0]).all()
    for drawn, (level, _, slope) in zip(counts[1:], found[1:], strict=True):
        one = huber_log(np.repeat(x, drawn), np.repeat(error, drawn))
        assert (level, slope) == pytest.approx((one.irreducible_error, one.slope), abs=5e-3)


def test_resamples_of_a_handful_of_points_have_curves_too() -> None:
    # Of three or four distinct points, where the curve runs through all and much of it is not told.
    x, error = made(4, n=13, sd=0.3)
    counts = np.random.default_rng(1).multinomial(13, np.ones(13) / 13, 300)
    counts[:100, 4:] = 0
    found = huber_log_resampled(x, error, counts)
    enough = (counts > 0).sum(axis=1) >= 3
    assert np.isfinite(found[enough]).all()
    assert (found[enough][:, [0, 2]] >= 0).all()


def test_what_is_not_fitted_says_why() -> None:
    x, error = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.7, 0.5, 0.3, 0.2])
    assert huber_log(x[:3], error[:3]).status == TOO_FEW_POINTS
    assert huber_log(np.array([1.0, 1.0, 2.0, 2.0]), error).status == NO_SPREAD
    assert huber_log(np.arange(6.0), np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])).status == NO_DECLINE
    with pytest.raises(FitError, match="no logarithm"):
        huber_log(x, np.array([0.7, 0.0, 0.3, 0.2]))
