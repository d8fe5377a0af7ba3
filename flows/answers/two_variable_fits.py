"""A fit of a loss by parameters and tokens, L = E + A N^-alpha + B D^-beta, with a bootstrap of all that it tells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flows.answers.fit_requests import Data, RequestError
from flows.fits import resampling
from flows.fits.asymptotic import IDENTIFIED, ZERO_NOT_RULED_OUT
from flows.fits.line import TOO_FEW_POINTS, Array, FitError, judged, number
from flows.fits.two_variables import (
    ALPHA,
    BETA,
    HUBER,
    LOG_A,
    LOG_B,
    LOG_E,
    NO_SPREAD_IN_D,
    NO_SPREAD_IN_N,
    SQUARES,
    TOGETHER,
    LossLaw,
    exponents,
    loss_at,
    split,
    two_variables,
    two_variables_resampled,
)

ESTIMATORS = (HUBER, SQUARES)
# The options of `fit` that a request takes, those that go with --n and --d, and those that need them.
REQUESTED = ("estimator", "equal_exponents", "level", "bootstrap", "seed", "at_n", "at_d", "flop")
OPTIONS = frozenset({*REQUESTED, "n", "d", "y", "csv", "query", "delimiter", "decimal", "json"})
OWN_OPTIONS = ("equal_exponents", "at_n", "at_d", "flop")
RESAMPLES = 1000
# Resamples between two marks of progress.
_STEP = 50


@dataclass(frozen=True)
class Request:
    """What to fit and what to tell; the defaults are those of the replication of Chinchilla, with fewer resamples."""

    estimator: str = HUBER
    equal_exponents: bool = False
    level: float = 0.95
    bootstrap: int = RESAMPLES
    seed: int = 0
    at_n: float | None = None
    at_d: float | None = None
    flop: float | None = None


@dataclass(frozen=True)
class _Draws:
    """Parameters of resamples (B, 5) as `LossLaw` has them; `tells` where nearly all of them could be fitted."""

    parameters: Array
    level: float
    tells: bool

    def around(self, name: str, values: Array) -> dict[str, float | None]:
        """The interval between equal tails of a figure of each resample, and its standard deviation."""
        kept = values[~np.isnan(values)]
        if not self.tells or len(kept) < 2:
            return dict.fromkeys((f"{name}_low", f"{name}_high", f"{name}_se"))
        low, high = resampling.percentile(kept, self.level)
        with np.errstate(over="ignore", invalid="ignore"):
            deviation = float(kept.std(ddof=1))
        return {f"{name}_low": number(low), f"{name}_high": number(high), f"{name}_se": number(deviation)}


def marks(request: Request) -> int:
    """How often `fit` says that resamples are done."""
    return math.ceil(max(request.bootstrap, 0) / _STEP)


def fit(data: Data, request: Request, done: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Fit y = E + A x^-alpha + B d^-beta; the result is made of plain values, None for what is unknown or without bound.

    Intervals are between equal tails of resamples of rows, `_se` their standard deviations. They are left out where more
    resamples than lie in a tail have too few different points, or run off without a least sum.

    Args:
        data: parameters as x, tokens as d, losses as y.
        request: what to tell.
        done: called after some resamples with how many are done.

    Raises:
        RequestError: an option or a value cannot be used, or the points cannot tell the parameters.
    """
    _check(request)
    given = _sorted(data)
    try:
        law = two_variables(*given, request.estimator, equal_exponents=request.equal_exponents)
    except FitError as error:
        raise RequestError(str(error)) from error
    _refuse(law, request)
    draws, told = _resampled(given, law, request, done)
    figures = _figures(law, draws)
    status = law.status
    for name in ("alpha", "beta"):
        low, high = (
            math.nan if figures[f"{name}_{end}"] is None else figures[f"{name}_{end}"] for end in ("low", "high")
        )
        status = judged(status, low, high)
    head = {
        "form": "two_variables",
        "estimator": request.estimator,
        "exponents": "equal" if request.equal_exponents else "free",
        "level": request.level,
        "status": status,
        "n": law.n,
    }
    answer = head | figures | {"E_status": _identified(law, figures), "residual_sd": _scatter(given, law, request)}
    return answer | {"bootstrap": told} | _asked(law, draws, request)


def refuse_others(given: Mapping[str, object]) -> None:
    """Refuse options of `fit` that are given, {option: value}, and do not go with --n and --d, or without them.

    Raises:
        RequestError: there is such an option; the message says what to do.
    """
    if "n" not in given and "d" not in given:
        for name in OWN_OPTIONS:
            if name in given:
                raise RequestError(f"{_option(name)}: it needs --n and --d")
        if "x" not in given:
            raise RequestError("--x, the column of x, is needed; or --n and --d, those of parameters and tokens")
        return
    for name in ("n", "d"):
        if name not in given:
            raise RequestError(f"{_option(name)} is needed beside {'--d' if name == 'n' else '--n'}")
    for name in given:
        if name not in OPTIONS:
            raise RequestError(f"{_option(name)}: it does not go with --n and --d; leave it out")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _check(request: Request) -> None:
    if request.estimator not in ESTIMATORS:
        raise RequestError(f"no estimator {request.estimator!r} of two variables; there are: {', '.join(ESTIMATORS)}")
    if not 0 < request.level < 1:
        raise RequestError(f"level {request.level} is not between 0 and 1")
    if request.bootstrap < 2:
        raise RequestError(f"--bootstrap {request.bootstrap}: at least two resamples are needed; {RESAMPLES} is usual")
    if (request.at_n is None) != (request.at_d is None):
        raise RequestError("--at-n and --at-d go together")
    for option in ("at_n", "at_d", "flop"):
        value = getattr(request, option)
        if value is not None and not 0 < value < math.inf:
            raise RequestError(f"{_option(option)} {value:g}: a number above 0 is needed")


def _sorted(data: Data) -> tuple[Array, Array, Array]:
    """Parameters, tokens and losses in an order that the file's does not change. Raises `RequestError`."""
    if data.d is None:
        raise RequestError("--n and --d are needed for this")
    for name, column in (("n", data.x), ("d", data.d), ("y", data.y)):
        for at in np.flatnonzero(~(np.isfinite(column) & (column > 0))):
            raise RequestError(f"{data.row[at]}: {name} {column[at]:g} is not a number above 0")
    order = np.lexsort((data.y, data.d, data.x))
    return data.x[order], data.d[order], data.y[order]


def _refuse(law: LossLaw, request: Request) -> None:
    parameters = 4 if request.equal_exponents else 5
    few = "too few different values to tell its part of the loss from the rest"
    why = {
        TOO_FEW_POINTS: f"{law.n} points: more than {parameters} are needed for {parameters} parameters",
        NO_SPREAD_IN_N: f"--n: {few}",
        NO_SPREAD_IN_D: f"--d: {few}",
        TOGETHER: "--n and --d: one is a power of the other at all points, so that nothing tells their parts apart",
    }
    if law.status in why:
        raise RequestError(why[law.status])


def _resampled(
    given: tuple[Array, Array, Array], law: LossLaw, request: Request, done: Callable[[str], None]
) -> tuple[_Draws, dict[str, Any]]:
    rng, parameters, settled = resampling.seeded(request.seed, "two_variables"), [], 0
    for start in range(0, request.bootstrap, _STEP):
        counts = resampling.counts(rng, min(_STEP, request.bootstrap - start), law.n)
        some, converged = two_variables_resampled(
            *given, counts, law, request.estimator, equal_exponents=request.equal_exponents
        )
        parameters.append(some)
        settled += int(converged.sum())
        done(f"{min(start + _STEP, request.bootstrap)} of {request.bootstrap} resamples")
    lost = request.bootstrap - settled
    told = {"resampled": "rows", "resamples": settled, "without_fit": lost, "seed": request.seed}
    tail = (1 - request.level) / 2
    return _Draws(np.concatenate(parameters), request.level, lost <= tail * request.bootstrap), told


def _figures(law: LossLaw, draws: _Draws) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    (values, resampled) = (_quantities(parameters) for parameters in (law.parameters, draws.parameters))
    for name, value in values.items():
        figures |= {name: number(float(value))} | draws.around(name, resampled[name])
    return figures


def _quantities(parameters: Array) -> dict[str, Array]:
    """The figures that are told, of parameters (…, 5)."""
    of_n, of_loss = exponents(parameters)
    with np.errstate(over="ignore"):
        terms = {"E": LOG_E, "A": LOG_A, "B": LOG_B}
        figures = {name: np.asarray(np.exp(parameters[..., at])) for name, at in terms.items()}
    figures |= {"alpha": parameters[..., ALPHA], "beta": parameters[..., BETA]}
    return figures | {"n_exponent": of_n, "loss_exponent": of_loss}


def _identified(law: LossLaw, figures: dict[str, Any]) -> str | None:
    if law.irreducible_loss == 0 or figures["E_low"] == 0:
        return ZERO_NOT_RULED_OUT
    return None if figures["E_low"] is None else IDENTIFIED


def _scatter(given: tuple[Array, Array, Array], law: LossLaw, request: Request) -> float | None:
    """The standard deviation of a point around the law: of log y (Huber), or of y."""
    n, d, loss = given
    expected = loss_at(law.parameters, np.log(n), np.log(d))
    residual = np.log(loss / expected) if request.estimator == HUBER else loss - expected
    degrees = law.n - (4 if request.equal_exponents else 5)
    return number(math.sqrt(float(residual @ residual) / degrees))


def _asked(law: LossLaw, draws: _Draws, request: Request) -> dict[str, Any]:
    """--at-n with --at-d: the loss there. --flop: the parameters and tokens of least loss for it, C = 6 N D, and that loss."""
    answer: dict[str, Any] = {}
    if request.at_n is not None and request.at_d is not None:
        at = math.log(request.at_n), math.log(request.at_d)
        value = number(float(loss_at(law.parameters, *at)))
        around = draws.around("y", loss_at(draws.parameters, *at))
        answer["at"] = {"n": request.at_n, "d": request.at_d, "y": value} | around
    if request.flop is not None:
        best, resampled = split(law.parameters, request.flop), split(draws.parameters, request.flop)
        answer["split"] = {"flop": request.flop}
        for name, of_law, of_draws in zip(("n", "d", "y"), best, resampled, strict=True):
            answer["split"] |= {name: number(float(of_law))} | draws.around(name, of_draws)
    return answer
