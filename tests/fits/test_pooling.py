"""flows/fits/pooling.py against a published analysis, statsmodels, and a likelihood written here."""

from __future__ import annotations

import math

import numpy as np
import pytest
import running
from scipy import integrate, optimize, stats
from statsmodels.stats.meta_analysis import combine_effects

from flows.fits import pooling
from flows.fits.line import FitError

# Thirteen trials of the BCG vaccine: cases and others among the vaccinated, cases and others among the controls (Colditz et al.
# 1994, Journal of the American Medical Association 271:698; the data set dat.bcg of the R package metafor).
BCG = np.array([
    (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
    (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600),
    (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
], dtype=float)  # fmt: skip


def risk_ratios() -> tuple[np.ndarray, np.ndarray]:
    """The logarithms of the trials' risk ratios and their variances."""
    a, b, c, d = BCG.T
    return np.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def of_all_sizes() -> list[tuple[np.ndarray, np.ndarray]]:
    """Estimates and variances, from 3 places to 20, whose values differ not at all or much."""
    rng = np.random.default_rng(11)
    made = []
    for k in (3, 4, 6, 9, 20):
        for spread in (0.0, 0.3, 3.0):
            variances = rng.uniform(0.02, 1.0, k) ** 2
            made.append((rng.normal(1, spread, k) + rng.normal(0, np.sqrt(variances)), variances))
    return made


def test_the_published_analysis_of_the_bcg_trials() -> None:
    """Viechtbauer 2010, Journal of Statistical Software 36(3), section 3: rma(yi, vi) of the same trials."""
    effects, variances = risk_ratios()
    found = pooling.pooled(effects, variances, 0.95)
    assert f"{found.mean:.4f} {found.tau_squared:.4f} {found.q:.4f}" == "-0.7145 0.3132 152.2330"
    assert f"{found.i_squared:.2%}" == "92.22%"
    assert found.q_p < 1e-4
    # Its standard error is that of the normal distribution; Hartung's and Knapp's is larger here.
    normal = math.sqrt(1 / (1 / (variances + found.tau_squared)).sum())
    assert f"{normal:.4f}" == "0.1798"
    assert found.se > normal
    # Its prediction of a true risk ratio, 0.155 to 1.549, takes tau^2 as known.
    low, high = math.exp(found.new_low), math.exp(found.new_high)
    assert 0.09 < low < 0.155
    assert 1.549 < high < 2.6


def test_a_new_place_s_interval_has_its_tails_by_another_integration() -> None:
    """The density of tau by scipy's quadrature over all of them, and of the mean given tau."""
    for effects, variances in [(np.array([0.05, 0.07, 0.12, 0.02]), np.array([1, 4, 9, 2]) * 1e-4), risk_ratios()]:

        def given(tau: float, effects: np.ndarray = effects, variances: np.ndarray = variances) -> tuple[float, ...]:
            total = variances + tau * tau
            mean = float((effects / total).sum() / (1 / total).sum())
            density = stats.norm.pdf(effects, mean, np.sqrt(total)).prod() / math.sqrt((1 / total).sum())
            return float(density), mean, math.sqrt(tau * tau + 1 / (1 / total).sum())

        found = pooling.pooled(effects, variances, 0.95)
        top = 400 * float(np.std(effects))
        breaks = [float(np.std(effects)) * part for part in (0.3, 1, 3, 20)]
        whole = integrate.quad(lambda tau: given(tau)[0], 0, top, points=breaks, limit=400)[0]
        for end, expected in ((found.new_low, 0.025), (found.new_high, 0.975)):
            below = integrate.quad(
                lambda tau, end=end: given(tau)[0] * stats.norm.cdf(end, *given(tau)[1:]), 0, top, points=breaks, limit=400
            )[0]  # fmt: skip
            assert below / whole == pytest.approx(expected, abs=5e-4)


def test_restricted_likelihood_is_that_of_the_normal_distribution() -> None:
    """tau^2 by an optimiser over the density of the contrasts: those of the estimates that do not contain their mean."""
    for effects, variances in [*of_all_sizes(), risk_ratios()]:
        k = len(effects)
        contrasts = np.linalg.svd(np.ones((1, k)))[2][1:]

        def minus(tau2: float, effects: np.ndarray = effects, variances: np.ndarray = variances,
                  contrasts: np.ndarray = contrasts) -> float:  # fmt: skip
            covariance = contrasts @ np.diag(variances + abs(tau2)) @ contrasts.T
            return -float(stats.multivariate_normal.logpdf(contrasts @ effects, cov=covariance))

        tried = np.geomspace(1e-6, 100, 60)
        at = int(np.argmin([minus(value) for value in tried]))
        best = optimize.minimize_scalar(
            minus, bounds=(tried[at - 1] if at else 0, tried[min(at + 1, 59)]), method="bounded", options={"xatol": 1e-12}
        )  # fmt: skip
        expected = 0.0 if minus(0.0) <= best.fun else best.x
        assert pooling.reml(effects, variances) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_given_the_scatter_of_the_places_all_else_is_that_of_statsmodels() -> None:
    for effects, variances in [*of_all_sizes(), risk_ratios()]:
        other = combine_effects(effects, variances, method_re="iterated", use_t=True)
        found = pooling.pooled(effects, variances, 0.95, float(other.tau2))
        assert found.mean == pytest.approx(other.mean_effect_re, rel=1e-9)
        # Hartung's and Knapp's standard error, or the one that the variances say, whichever is larger.
        assert found.se == pytest.approx(max(other.sd_eff_w_re_hksj, other.sd_eff_w_re), rel=1e-6)
        half = stats.t.ppf(0.975, len(effects) - 1) * found.se
        assert (found.low, found.high) == pytest.approx((found.mean - half, found.mean + half), rel=1e-9)
        assert found.q == pytest.approx(other.q, rel=1e-9)
        assert found.q_p == pytest.approx(stats.chi2.sf(other.q, len(effects) - 1), rel=1e-9)


def test_a_place_s_own_value_is_the_posterior_of_a_normal_prior() -> None:
    """Given tau^2 and an unknown mean: generalised least squares of own values and mean at once (Henderson's equations)."""
    effects, variances = risk_ratios()
    of_all = pooling.pooled(effects, variances, 0.95)
    found = pooling.shrunken(effects, variances, of_all, 0.95)
    k = len(effects)
    precision = np.diag(np.append(1 / variances + 1 / of_all.tau_squared, k / of_all.tau_squared))
    precision[:k, k] = precision[k, :k] = -1 / of_all.tau_squared
    solved = np.linalg.solve(precision, np.append(effects / variances, 0.0))
    assert found.value == pytest.approx(solved[:k], rel=1e-8)
    assert solved[k] == pytest.approx(of_all.mean, rel=1e-8)
    # With the mean's variance of the normal distribution in place of Hartung's and Knapp's it is the inverse's.
    of_mean = np.linalg.inv(precision)[k, k]
    ours = found.se**2 + (1 - found.weight) ** 2 * (of_mean - of_all.se**2)
    assert ours == pytest.approx(np.diag(np.linalg.inv(precision))[:k], rel=1e-8)
    assert ((found.value - effects) * (of_all.mean - effects) > 0).all()
    assert (found.high - found.value) == pytest.approx(stats.t.ppf(0.975, k - 1) * found.se, rel=1e-9)


def test_places_that_do_not_differ_are_one() -> None:
    effects, variances = np.array([1.0, 1.01, 0.99, 1.0]), np.full(4, 0.04)
    found = pooling.pooled(effects, variances, 0.95)
    assert (found.tau_squared, found.i_squared, found.status) == (0, 0, "ok")
    one = pooling.shrunken(effects, variances, found, 0.95)
    assert one.value == pytest.approx([found.mean] * 4)
    assert (one.weight == 0).all()


def test_two_places_are_too_few_and_what_is_no_variance_is_refused() -> None:
    few = pooling.pooled(np.array([1.0, 2.0]), np.array([0.1, 0.1]), 0.95)
    assert (few.n, few.status) == (2, "too_few_places")
    assert math.isnan(few.mean)
    assert np.isnan(pooling.shrunken(np.ones(2), np.ones(2), few, 0.95).low).all()
    for variances in (np.array([0.1, 0.0, 1.0]), np.array([0.1, math.nan, 1.0]), np.ones(2)):
        with pytest.raises(FitError):
            pooling.pooled(np.ones(3), variances, 0.95)


@pytest.mark.slow
@pytest.mark.parametrize(("k", "tau"), [(5, 0.02), (8, 0.01), (16, 0.04)])
def test_intervals_hold_the_mean_and_a_new_place(k: int, tau: float) -> None:
    """Slopes like those of benchmarks: about 0.07, their standard errors 0.004 to 0.03."""
    rng = np.random.default_rng(20200710)
    truths, of_mean, of_new = running.sample(full=2000, part=300), 0, 0
    for _ in range(truths):
        variances = rng.uniform(0.004, 0.03, k) ** 2
        effects = rng.normal(0.07, tau, k) + rng.normal(0, np.sqrt(variances))
        found = pooling.pooled(effects, variances, 0.95)
        of_mean += found.low <= 0.07 <= found.high
        of_new += found.new_low <= rng.normal(0.07, tau) <= found.new_high
    print("seed 20200710:", k, tau, of_mean / truths, of_new / truths)
    # Of 300 truths the share has an error of 1.3 %.
    assert of_mean / truths > 0.90
    assert of_new / truths > 0.91
