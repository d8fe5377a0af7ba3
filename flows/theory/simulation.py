"""The four models' errors at a number of observations, over many simulated data sets.

    y = X b + noise, rows of X are N(0, S) with S 1 on the diagonal and `correlation` elsewhere, no intercept. `oracle`: least
squares on the informative features. `expert`: least squares on those of them that the expert knows and on some irrelevant ones.
`flexible`: least squares on all features, of least norm where there are fewer observations. `regularised`: the LASSO on
all features.

Errors are expected squared errors of a prediction for a new observation, in units of the noise variance: 1 is the
irreducible part, the rest is the excess error.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from flows.theory import lasso, least_squares
from flows.theory.lasso import Array
from flows.theory.settings import EXPERT, FLEXIBLE, MODELS, ORACLE, REGULARISED, Setting
from flows.theory.tuning import Chosen, Excess, Fold, HeldOut, Last, Lowest, nothing

Progress = Callable[[str], None]
# Paths that are followed at once: fewer lose to the interpreter, more to the processor's cache.
_BATCH = 16


@dataclass(frozen=True)
class Row:
    """A model at a number of observations in a setting: averages over the simulations, with standard errors.

    Excess errors are in units of the noise variance. `changed`: what the setting has otherwise than the base. `performance`:
    1 / mean_excess_error; `log10_performance`: the mean of log10(1 / excess error). `computation_flop`: mean arithmetic of
    one fit, tuning included, counted as flows/declared/theory.toml says. `mean_features`: in the fitted model.
    `mean_lambda`: of the LASSO's |y - X b|^2 / (2 n) + lambda |b|_1, else 0. `parameters_sha256`: Setting.key.
    """

    setting: str
    changed: str
    model: str
    n_observations: int
    n_simulations: int
    mean_excess_error: float
    mean_excess_error_se: float
    median_excess_error: float
    mean_log10_excess_error: float
    mean_log10_excess_error_se: float
    mean_squared_error: float
    performance: float
    log10_performance: float
    computation_flop: float
    mean_features: float
    mean_lambda: float
    parameters_sha256: str


@dataclass(frozen=True)
class _Fits:
    """One fit of each simulation."""

    excess: Array
    flop: Array
    features: Array
    lambdas: Array


def cells(setting: Setting) -> list[tuple[str, int]]:
    """The (model, number of observations) of a setting, in order."""
    return [(model, n) for model in MODELS for n in setting.sizes.get(model, ())]


def simulate(setting: Setting, progress: Progress | None = None) -> list[Row]:
    """All rows of a setting; `progress` is told each as it is done."""
    rows = []
    for model, n in cells(setting):
        rows.append(cell(setting, model, n))
        if progress is not None:
            progress(label(setting, model, n))
    return rows


def label(setting: Setting, model: str, n: int) -> str:
    """A cell's name for people."""
    return f"{setting.name}: {model}, {n} observations"


def cell(setting: Setting, model: str, n: int) -> Row:
    """The row of one model at n observations. Its random numbers depend on (seed, setting's name, model, n) alone."""
    rng = np.random.default_rng(_seed(setting, model, n))
    fits = _regularised(setting, n, rng) if model == REGULARISED else _least_squares(setting, model, n, rng)
    excess = fits.excess / setting.noise_sd**2
    mean, logs = float(excess.mean()), np.log10(excess)
    root = math.sqrt(excess.size)
    return Row(
        setting=setting.name,
        changed=setting.changed,
        model=model,
        n_observations=n,
        n_simulations=setting.n_simulations,
        mean_excess_error=mean,
        mean_excess_error_se=float(excess.std(ddof=1)) / root,
        median_excess_error=float(np.median(excess)),
        mean_log10_excess_error=float(logs.mean()),
        mean_log10_excess_error_se=float(logs.std(ddof=1)) / root,
        mean_squared_error=1 + mean,
        performance=1 / mean,
        log10_performance=-float(logs.mean()),
        computation_flop=float(fits.flop.mean()),
        mean_features=float(fits.features.mean()),
        mean_lambda=float(fits.lambdas.mean()),
        parameters_sha256=setting.key(),
    )


def _seed(setting: Setting, model: str, n: int) -> np.random.SeedSequence:
    digest = hashlib.sha256(f"{setting.name}/{model}".encode()).digest()
    return np.random.SeedSequence(setting.seed, spawn_key=(int.from_bytes(digest[:8]), n))


def _signals(setting: Setting, size: int, rng: np.random.Generator) -> Array:
    """The coefficients of the informative features, (size, k)."""
    signals = np.tile(np.array(setting.coefficients), (size, 1))
    return signals * rng.standard_normal(signals.shape) if setting.coefficients_drawn else signals


def _least_squares(setting: Setting, model: str, n: int, rng: np.random.Generator) -> _Fits:
    size, k = setting.n_simulations, len(setting.coefficients)
    signals = _signals(setting, size, rng)
    known = setting.expert_known if model == EXPERT else k
    p = {ORACLE: k, EXPERT: known + setting.expert_irrelevant, FLEXIBLE: setting.n_features}[model]
    unseen = signals[:, known:]
    misfit = np.einsum("bi,ij,bj->b", unseen, _residual_covariance(k - known, p, setting.correlation), unseen)
    # What is not seen adds to the noise, and stays in the error whatever is learnt.
    noise = setting.noise_sd**2 + misfit
    squared = (signals[:, :known] ** 2).sum(axis=1)
    excess = misfit + least_squares.excess_errors(rng, n, p, noise, squared)
    flop = least_squares.qr_flop if setting.least_squares_solver == "qr" else least_squares.cholesky_flop
    return _Fits(excess, np.full(size, flop(n, p)), np.full(size, float(p)), np.zeros(size))


def _residual_covariance(missed: int, p: int, correlation: float) -> Array:
    """The covariance of the missed features given the p seen, all equally correlated (a regression on the seen ones' mean)."""
    seen = correlation**2 * p / (1 + (p - 1) * correlation)
    return (1 - correlation) * np.eye(missed) + (correlation - seen) * np.ones((missed, missed))


def _regularised(setting: Setting, n: int, rng: np.random.Generator) -> _Fits:
    parts = [_tuned(setting, n, size, rng) for size in _batches(setting.n_simulations)]
    excess, penalty, features, flop = (
        np.concatenate([getattr(part, name) for part, _ in parts]) for name in ("excess", "penalty", "features", "flop")
    )
    return _Fits(excess, flop, features.astype(np.float64), penalty / parts[0][1])


def _batches(total: int) -> Iterator[int]:
    for begun in range(0, total, _BATCH):
        yield min(_BATCH, total - begun)


def _tuned(setting: Setting, n: int, size: int, rng: np.random.Generator) -> tuple[Chosen, int]:
    """The LASSO of so many simulations, tuned as the setting says, and the observations that it was fitted to."""
    signals = _signals(setting, size, rng)
    excess = Excess(signals, setting.correlation)
    if setting.tuning == "cross_validation":
        return _cross_validated(setting, n, signals, excess, rng), n
    n_held_out = {"held_out": round(n * setting.held_out_share), "held_out_beside": n}.get(setting.tuning, 0)
    n_fitted = n - n_held_out if setting.tuning == "held_out" else n
    p, noise_sd, correlation = setting.n_features, setting.noise_sd, setting.correlation
    paths = lasso.draw(rng, n_fitted, p, signals, noise_sd, correlation)
    chosen = nothing(excess, paths.penalty, 2.0 * n_fitted * p + 3.0 * n_held_out)
    if setting.tuning == "universal":
        # sigma sqrt(2 log p / n) (Donoho, Johnstone 1994, Biometrika 81), times n.
        universal = setting.universal_multiplier * noise_sd * math.sqrt(2 * n * math.log(p))
        chosen.penalty[:] = universal
        lasso.follow(paths, chosen.penalty, Last(chosen, excess, n, p), rng, n, correlation)
        return chosen, n
    held_out = HeldOut(rng, n_held_out, signals, noise_sd, correlation) if n_held_out else excess
    lowest = Lowest(chosen, excess, held_out, setting.patience, n_fitted, p, n_held_out)
    lasso.follow(paths, setting.lambda_floor * paths.penalty, lowest, rng, n_fitted, correlation)
    return chosen, n_fitted


def _cross_validated(setting: Setting, n: int, signals: Array, excess: Excess, rng: np.random.Generator) -> Chosen:
    """The LASSO on data drawn in full, at the lambda of a grid with the lowest error over the folds."""
    size, k, p = *signals.shape, setting.n_features
    columns = math.sqrt(1 - setting.correlation) * rng.standard_normal((size, n, p))
    columns += math.sqrt(setting.correlation) * rng.standard_normal((size, n, 1))
    response = (columns[:, :, :k] @ signals[:, :, None])[:, :, 0]
    response += setting.noise_sd * rng.standard_normal((size, n))
    paths = lasso.start(columns, response, k)
    lambdas = paths.penalty[:, None] / n * np.geomspace(1, setting.lambda_floor, setting.grid_lambdas)
    errors, flop = np.zeros_like(lambdas), np.zeros(size)
    for held_out in np.array_split(np.arange(n), min(setting.folds, n)):
        fitted = np.setdiff1d(np.arange(n), held_out)
        path = lasso.start(columns[:, fitted], response[:, fitted], k)
        fold = Fold(columns[:, held_out], response[:, held_out], lambdas * fitted.size, setting.patience, fitted.size)
        fold.start(path.penalty)
        lasso.follow(path, fold.grid[:, -1], fold)
        errors += fold.errors
        flop += fold.flop
    best = np.take_along_axis(lambdas, errors.argmin(axis=1)[:, None], axis=1)[:, 0]
    chosen = nothing(excess, paths.penalty, 2.0 * n * p)
    lasso.follow(paths, n * best, Last(chosen, excess, n, p))
    chosen.flop += flop
    return chosen
