"""A loss of two variables, L = E + A N^-alpha + B D^-beta: parameters N and tokens D of trainings of language models.

The parametric fit of Hoffmann et al. 2022 (arXiv:2203.15556, approach 3 and appendix D.3), as Besiroglu et al. 2024
(arXiv:2404.10102) did it again: the sum of Huber's function, cut at `DELTA`, of the residuals of log L, from a grid of
starts. Also least squares of L itself, and one exponent for both variables, alpha = beta: together the law of Gadre et al.
2024 (arXiv:2403.08540).

Method: a damped Newton's method (Levenberg 1944; Nocedal and Wright 2006, Numerical Optimization, 3.4) with the gradient
and the second derivatives of the sum itself, in log E, log A, log B, alpha and beta. The damping is in units of the
diagonal of the reweighted Gauss-Newton matrix, which is positive where Huber's function is straight. A step is taken only
if the sum does not grow. All starts, and all resamples of a bootstrap, go together. The logarithms of N and D are centred.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flows.fits.asymptotic import NO_DECLINE
from flows.fits.line import NOT_CONVERGED, OK, TOO_FEW_POINTS, Array, FitError
from flows.fits.resampling import Counts

HUBER, SQUARES = "huber", "ols"
# Where Huber's function of a residual of log L turns straight: equation 3 of Hoffmann et al.
DELTA = 1e-3
# FLOP for each parameter and token, C = 6 N D: Kaplan et al. 2020 (arXiv:2001.08361), section 2.1.
FLOP_EACH = 6.0

NO_SPREAD_IN_N, NO_SPREAD_IN_D = "no_spread_in_n", "no_spread_in_d"
# log D is a straight line of log N: nothing says which of them the loss falls with.
TOGETHER = "n_and_d_change_together"
# The best E is 0.
E_AT_ZERO = "irreducible_loss_at_zero"

# The columns of parameters.
LOG_E, LOG_A, LOG_B, ALPHA, BETA = range(5)
# Starts: the part of E in a middling loss, that of N in the rest, and the exponents.
_PARTS_OF_E, _PARTS_OF_N, _EXPONENTS = (0.3, 0.6, 0.85), (0.2, 0.5, 0.8), (0.1, 0.3, 0.8)
_STEPS = 500
# ... of which all starts take the first, and those go on that are ahead then.
_FIRST_STEPS, _AHEAD = 20, 12
_DAMPING, _LESS, _MORE, _DAMPING_MAX = 1e-2, 1 / 8, 6.0, 1e14
# What a step may still gain, as a part of the sum. The fit that is told goes on: steps, and how often one is halved.
_TOLERANCE, _POLISHING, _HALVINGS = 1e-13, 40, 8
# ... and for each point where the fit is perfect: residuals of this size are rounding.
_ROUNDING = 1e-15
_TINY = 1e-300
# Below this part of the smallest loss an E is 0, and a term nothing: the sum is flat there. Below it an exponent is 0 too.
_NOTHING = 1e-6
# 1 - R^2 of log D by log N, where the rest is rounding.
_APART = 1e-12
# Points times fits that go together: small enough for the processor's cache.
_BLOCK = 1 << 16


@dataclass(frozen=True)
class LossLaw:
    """L = E + A N^-alpha + B D^-beta.

    `log_a` and `log_b` are natural logarithms. `objective` is the sum that is least. Where `status` is

    - too_few_points (no more points than parameters), no_spread_in_n or no_spread_in_d (too few distinct values to tell E
      from the term) or n_and_d_change_together: all NaN;
    - irreducible_loss_at_zero, no_decline (a term that does not fall, or is nothing beside the loss) or not_converged (E or an
      exponent that runs off): the figures are the best found.
    """

    n: int
    irreducible_loss: float = math.nan
    log_a: float = math.nan
    log_b: float = math.nan
    alpha: float = math.nan
    beta: float = math.nan
    objective: float = math.nan
    status: str = OK

    @property
    def parameters(self) -> Array:
        """(5,) log E, log A, log B, alpha, beta."""
        log_e = math.log(self.irreducible_loss) if self.irreducible_loss > 0 else -math.inf
        return np.array([log_e, self.log_a, self.log_b, self.alpha, self.beta])


class Split(NamedTuple):
    """The parameters and tokens of least loss for a computation, and that loss; arrays of the laws asked."""

    n: Array
    d: Array
    loss: Array


class _Problem(NamedTuple):
    """Centred logarithms n and d (n,), and y, log L or L; `shared` (5, k) gives all parameters from those that are free."""

    n: Array
    d: Array
    y: Array
    is_log: bool
    delta: float
    shared: Array


class _Found(NamedTuple):
    """Free parameters (B, k), the sums (B,), and whether no step can lower them."""

    free: Array
    objective: Array
    converged: NDArray[np.bool_]


class _Slopes(NamedTuple):
    """The sum (B,), its gradient (B, k), its second derivatives (B, k, k), and the matrix whose diagonal damps."""

    objective: Array
    gradient: Array
    hessian: Array
    scale: Array


def two_variables(n: Array, d: Array, loss: Array, rule: str = HUBER, *, equal_exponents: bool = False) -> LossLaw:
    """The law of least sum of Huber's function of log residuals ("huber"), or of squared residuals of L ("ols").

    Args:
        n: (n,) parameters, above 0.
        d: (n,) tokens, above 0.
        loss: (n,) losses, above 0.
        rule: which sum.
        equal_exponents: hold alpha = beta.

    Raises:
        FitError: the arrays differ in length, a value is not finite or not above 0, or there is no such rule.
    """
    status = _status(n, d, loss, equal_exponents)
    if status != OK:
        return LossLaw(len(n), status=status)
    order = np.lexsort((loss, d, n))
    problem = _problem(n[order], d[order], loss[order], rule, equal_exponents)
    once = np.ones((1, len(n)))
    started = _together(problem, _starts(problem), once, _FIRST_STEPS)
    ahead = _together(problem, started.free[np.argsort(started.objective, kind="stable")[:_AHEAD]], once, _STEPS)
    best = int(np.nanargmin(ahead.objective))
    free = _polished(problem, ahead.free[[best]])
    parameters = _uncentred(problem, free, n[order], d[order])[0]
    status = _judged(parameters, n, d, loss)
    if status == OK and not ahead.converged[best]:
        status = NOT_CONVERGED
    log_e, log_a, log_b, alpha, beta = parameters.tolist()
    irreducible = 0.0 if status == E_AT_ZERO else math.exp(log_e)
    return LossLaw(len(n), irreducible, log_a, log_b, alpha, beta, float(_objective(problem, free, once)[0]), status)


def two_variables_resampled(
    n: Array, d: Array, loss: Array, counts: Counts, law: LossLaw, rule: str = HUBER, *, equal_exponents: bool = False
) -> tuple[Array, NDArray[np.bool_]]:
    """The laws of bootstrap resamples, each from the whole's: (B, 5) parameters as `LossLaw` has them, and which converged.

    A resample without the spread that a fit needs has NaN; one that did not converge has its last figures, which are of
    an exponent or an E that runs off.

    Args:
        n: (n,) as `two_variables`.
        d: (n,).
        loss: (n,).
        counts: (B, n) how often each resample holds each point.
        law: the fit of all points.
        rule: as `two_variables`.
        equal_exponents: as `two_variables`.

    Raises:
        FitError: as `two_variables`.
    """
    parameters, converged = np.full((len(counts), 5), math.nan), np.zeros(len(counts), dtype=np.bool_)
    if _status(n, d, loss, equal_exponents) != OK:
        return parameters, converged
    problem = _problem(n, d, loss, rule, equal_exponents)
    fitted = np.flatnonzero([_status(n[drawn], d[drawn], loss[drawn], equal_exponents) == OK for drawn in counts > 0])
    start = law.parameters
    start[LOG_E] = max(start[LOG_E], math.log(_NOTHING * float(loss.min())))
    start[LOG_A] -= law.alpha * float(np.log(n).mean())
    start[LOG_B] -= law.beta * float(np.log(d).mean())
    free = np.repeat(start[None, : problem.shared.shape[1]], len(fitted), axis=0)
    found = _together(problem, free, counts[fitted].astype(np.float64), _STEPS)
    parameters[fitted], converged[fitted] = _uncentred(problem, found.free, n, d), found.converged
    parameters[parameters[:, LOG_E] < math.log(_NOTHING * float(loss.min())), LOG_E] = -math.inf
    return parameters, converged


def exponents(parameters: Array) -> tuple[Array, Array]:
    """Of the parameters of least loss, N ~ C^(beta / (alpha + beta)), and of E's excess, C^-(alpha beta / (alpha + beta)).

    Hoffmann et al., equation 4; `parameters` (…, 5).
    """
    alpha, beta = parameters[..., ALPHA], parameters[..., BETA]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(beta / (alpha + beta)), np.asarray(alpha * beta / (alpha + beta))


def loss_at(parameters: Array, log_n: Array | float, log_d: Array | float) -> Array:
    """The loss (…) at natural logarithms of N and D; `parameters` (…, 5)."""
    log_e, log_a, log_b, alpha, beta = np.moveaxis(parameters, -1, 0)
    return np.asarray(np.exp(log_e) + np.exp(log_a - alpha * log_n) + np.exp(log_b - beta * log_d))


def split(parameters: Array, flop: float) -> Split:
    """The N and D of least loss for a computation C = 6 N D in FLOP (Hoffmann et al., equation 4); `parameters` (…, 5)."""
    log_a, log_b, alpha, beta = np.moveaxis(parameters[..., LOG_A:], -1, 0)
    product_of_both = math.log(flop / FLOP_EACH)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_n = (np.log(alpha) + log_a - np.log(beta) - log_b + beta * product_of_both) / (alpha + beta)
        log_d = product_of_both - log_n
        return Split(np.exp(log_n), np.exp(log_d), loss_at(parameters, log_n, log_d))


def _status(n: Array, d: Array, loss: Array, equal_exponents: bool) -> str:
    if any(array.shape != n.shape or array.ndim != 1 for array in (n, d, loss)):
        raise FitError("arrays of one dimension and equal length are needed")
    if not all((np.isfinite(array) & (array > 0)).all() for array in (n, d, loss)):
        raise FitError("a value is not above 0 and finite")
    if len(n) <= (4 if equal_exponents else 5):
        return TOO_FEW_POINTS
    # With an exponent of its own a term takes three values to tell it from E.
    many, fewest = [len(np.unique(values)) for values in (n, d)], 2 if equal_exponents else 3
    if min(many) < fewest or max(many) < 3:
        return NO_SPREAD_IN_N if many[0] <= many[1] else NO_SPREAD_IN_D
    log_n, log_d = (np.log(values) - np.log(values).mean() for values in (n, d))
    both, alone = float(log_n @ log_d) ** 2, float(log_n @ log_n) * float(log_d @ log_d)
    return TOGETHER if alone - both <= _APART * alone else OK


def _judged(parameters: Array, n: Array, d: Array, loss: Array) -> str:
    """What a least sum says: ok, no_decline or irreducible_loss_at_zero."""
    log_e, log_a, log_b, alpha, beta = parameters.tolist()
    nothing = math.log(_NOTHING * float(loss.min()))
    largest = log_a - alpha * math.log(n.min()), log_b - beta * math.log(d.min())
    if min(alpha, beta) < _NOTHING or min(largest) < nothing:
        # The best loss does not fall with N, or not with D.
        return NO_DECLINE
    return E_AT_ZERO if log_e < nothing else OK


def _problem(n: Array, d: Array, loss: Array, rule: str, equal_exponents: bool) -> _Problem:
    if rule not in (HUBER, SQUARES):
        raise FitError(f"no rule {rule!r}; there are: {HUBER}, {SQUARES}")
    log_n, log_d = np.log(n), np.log(d)
    shared = np.vstack([np.eye(4), [0, 0, 0, 1]]) if equal_exponents else np.eye(5)
    is_log = rule == HUBER
    y, delta = (np.log(loss), DELTA) if is_log else (loss, math.inf)
    return _Problem(log_n - log_n.mean(), log_d - log_d.mean(), y, is_log, delta, shared)


def _starts(problem: _Problem) -> Array:
    middle = float(np.median(problem.y))
    if not problem.is_log:
        middle = math.log(middle)
    free = problem.shared.shape[1]
    starts = []
    for of_e, of_n, *both in product(_PARTS_OF_E, _PARTS_OF_N, *[_EXPONENTS] * (free - 3)):
        parts = of_e, (1 - of_e) * of_n, (1 - of_e) * (1 - of_n)
        starts.append([*(middle + math.log(part) for part in parts), *both])
    return np.array(starts)


def _uncentred(problem: _Problem, free: Array, n: Array, d: Array) -> Array:
    parameters = free @ problem.shared.T
    parameters[:, LOG_A] += parameters[:, ALPHA] * float(np.log(n).mean())
    parameters[:, LOG_B] += parameters[:, BETA] * float(np.log(d).mean())
    return parameters


def _together(problem: _Problem, free: Array, weights: Array, steps: int) -> _Found:
    """`_descended` in blocks; one row of weights serves all fits."""
    found = [
        _descended(problem, free[rows], weights if len(weights) == 1 else weights[rows], steps)
        for rows in _blocks(len(free), len(problem.y))
    ]
    return (
        _Found(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
        if found
        else _Found(free, np.zeros(0), np.zeros(0, dtype=np.bool_))
    )


def _blocks(many: int, each: int) -> Iterator[slice]:
    step = max(1, _BLOCK // each)
    return (slice(start, start + step) for start in range(0, many, step))


def _descended(problem: _Problem, free: Array, weights: Array, steps: int) -> _Found:
    """Newton's method from each start (B, k), with weights (B, n) or (1, n) of the points."""
    free, weights = free.copy(), np.broadcast_to(weights, (len(free), len(problem.y)))
    objective, converged = np.full(len(free), math.nan), np.zeros(len(free), dtype=np.bool_)
    damping, going = np.full(len(free), _DAMPING), np.arange(len(free))
    rounding = _ROUNDING**2 * weights.sum(axis=1)
    for _ in range(steps):
        slopes = _slopes(problem, free[going], weights[going])
        step, is_down = _step(slopes, damping[going])
        reached = _objective(problem, free[going] + step, weights[going])
        # Near the least sum a step may seem to raise it by its rounding.
        taken = is_down & (reached <= slopes.objective * (1 + _ROUNDING))
        free[going[taken]] += step[taken]
        objective[going] = np.where(taken, reached, slopes.objective)
        gain = -np.einsum("bk,bk->b", step, slopes.gradient)
        ended = is_down & (gain <= _TOLERANCE * slopes.objective + rounding[going])
        damping[going] = np.where(taken, damping[going] * _LESS, damping[going] * _MORE)
        # A damping without end means that no step lowers the sum by more than its rounding.
        converged[going] = ended | (damping[going] > _DAMPING_MAX)
        going = going[~converged[going]]
        if not len(going):
            break
    return _Found(free, objective, converged)


def _polished(problem: _Problem, free: Array) -> Array:
    """Newton's method on the gradient (1, k), which tells more digits of the least than the sum does."""
    once = np.ones((1, len(problem.y)))
    slopes = _slopes(problem, free, once)
    for _ in range(_POLISHING):
        step, is_down = _step(slopes, np.zeros(1))
        if not is_down[0]:
            break
        for _ in range(_HALVINGS):
            tried = _slopes(problem, free + step, once)
            if _steepness(tried) < _steepness(slopes):
                free, slopes = free + step, tried
                break
            step = step / 2
        else:
            break
    return free


def _steepness(slopes: _Slopes) -> float:
    diagonal = np.einsum("bkk->bk", slopes.scale)
    return float((slopes.gradient**2 / np.maximum(diagonal, _TINY)).sum())


def _step(slopes: _Slopes, damping: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Newton's step (B, k), damped, and where it leads downwards: where the damped matrix is positive."""
    diagonal = np.einsum("bkk->bk", slopes.scale)
    diagonal = np.maximum(diagonal, 1e-12 * diagonal.max(axis=1, keepdims=True) + _TINY)
    values, vectors = np.linalg.eigh(
        slopes.hessian + (damping[:, None] * diagonal)[:, :, None] * np.eye(diagonal.shape[1])
    )
    is_down = values[:, 0] > 0
    along = np.einsum("bki,bk->bi", vectors, slopes.gradient) / np.where(values > 0, values, math.inf)
    return -np.einsum("bki,bi->bk", vectors, along), is_down


def _parts(problem: _Problem, free: Array) -> tuple[Array, Array, Array, Array]:
    """The terms of E, N and D in the loss (B, n), and the residual."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        parameters = free @ problem.shared.T
        of_e = np.exp(parameters[:, LOG_E, None]) + np.zeros_like(problem.n)
        of_n = np.exp(parameters[:, LOG_A, None] - parameters[:, ALPHA, None] * problem.n)
        of_d = np.exp(parameters[:, LOG_B, None] - parameters[:, BETA, None] * problem.d)
        loss = of_e + of_n + of_d
        return of_e, of_n, of_d, (np.log(loss) if problem.is_log else loss) - problem.y


def _objective(problem: _Problem, free: Array, weights: Array) -> Array:
    return _sum(problem, _parts(problem, free)[3], weights)


def _sum(problem: _Problem, residual: Array, weights: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        if not problem.is_log:
            return np.asarray(np.einsum("bn,bn->b", weights, residual * residual / 2))
        size = np.abs(residual)
        huber = np.where(size <= problem.delta, size * size / 2, problem.delta * (size - problem.delta / 2))
        return np.asarray(np.einsum("bn,bn->b", weights, huber))


def _slopes(problem: _Problem, free: Array, weights: Array) -> _Slopes:
    """The sum and its derivatives.

    Of u, the logarithms of the three terms, log(sum of exp u) has the gradient q, the parts of the terms, and the second
    derivatives diag(q) - q q'; the sum of exp u itself has both times it, without q q'. u is linear in the parameters.
    """
    *terms, residual = _parts(problem, free)
    if problem.is_log:
        loss = terms[0] + terms[1] + terms[2]
        terms = [term / loss for term in terms]
    psi = weights * np.clip(residual, -problem.delta, problem.delta)
    size = np.maximum(np.abs(residual), problem.delta) if problem.is_log else 1.0
    jacobian = np.stack([*terms, -terms[1] * problem.n, -terms[2] * problem.d], axis=2) @ problem.shared
    curved = weights * (np.abs(residual) <= problem.delta) - (psi if problem.is_log else 0.0)
    straight = weights * (problem.delta / size if problem.is_log else 1.0)
    hessian = np.einsum("bnk,bnl->bkl", jacobian * curved[:, :, None], jacobian)
    hessian += problem.shared.T @ _bent(problem, [psi * term for term in terms]) @ problem.shared
    scale = np.einsum("bnk,bnl->bkl", jacobian * straight[:, :, None], jacobian)
    return _Slopes(_sum(problem, residual, weights), np.einsum("bn,bnk->bk", psi, jacobian), hessian, scale)


def _bent(problem: _Problem, pulls: list[Array]) -> Array:
    """(B, 5, 5) sums over the points of diag(pulls) of u, as second derivatives by the parameters."""
    bent = np.zeros((len(pulls[0]), 5, 5))
    bent[:, LOG_E, LOG_E] = pulls[0].sum(axis=1)
    for pull, at, variable, by in ((pulls[1], LOG_A, problem.n, ALPHA), (pulls[2], LOG_B, problem.d, BETA)):
        bent[:, at, at] = pull.sum(axis=1)
        bent[:, at, by] = bent[:, by, at] = -np.einsum("bn,n->b", pull, variable)
        bent[:, by, by] = np.einsum("bn,n->b", pull, variable * variable)
    return bent
