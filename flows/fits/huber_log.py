"""The asymptotic form, error = E + A C^(-b), by Huber's loss of the logarithm of the error: odd points do not undo it.

What is least is the sum of rho(ln(E + A C^(-b)) - ln error), rho(r) = r^2 / 2 up to |r| = delta and delta (|r| - delta / 2)
beyond, with delta = 1e-3: the loss by which the field fits its scaling laws (Hoffmann et al. 2022, arXiv:2203.15556, section 3.3;
Besiroglu et al. 2024, arXiv:2404.10102). With so small a delta it is the median of the logarithm in all but a few points.

Method: E and b are tried on a grid, with the median A of each; from the best nodes iteratively reweighted least squares
(Holland and Welsch 1977, Communications in Statistics A 6(9), 813-827) with steps of Levenberg and Marquardt, E >= 0 and b >= 0.
All resamples go together. It has no standard errors: an interval is the bootstrap's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flows.fits.asymptotic import LN10, NO_DECLINE, SLOPE_AT_BOUND, Asymptote, search
from flows.fits.line import NO_SPREAD, NOT_CONVERGED, OK, TOO_FEW_POINTS, Array, FitError, checked
from flows.fits.resampling import Counts, check_counts

DELTA = 1e-3
PARAMETERS = 3
# E on the grid, in parts of errors of these quantiles.
_QUANTILES, _PARTS = (0.0, 0.05, 0.2), (0.5, 0.8, 0.95, 0.999)
# Every so many of the grid of rates of the least squares.
_EVERY = 2
# The nodes from which the one fit to all points goes on; a resample goes on from the best alone.
_NODES = 6
_STEPS, _STEPS_OF_RESAMPLES = 600, 60
# Of the loss, by which a step lowers it: below, it has come to its end.
_TOLERANCE = 1e-11
_LEAST = 1e-12
_BLOCK = 2**19


class _Points(NamedTuple):
    """Points sorted by x: z from the mean x, the logarithm of the error, the mean x, and the end of the search for the rate."""

    z: Array
    log_error: Array
    x_mean: float
    end: float


class _Curves(NamedTuple):
    """B curves: E, ln A at the mean x, and the rate b ln 10, (B,) each."""

    level: Array
    log_amplitude: Array
    rate: Array


def huber_log(x: Array, error: Array) -> Asymptote:
    """The curve of least loss; without covariance, residual scatter or sum of squares (NaN), for the loss is none.

    Args:
        x: (n,) log10 of the computation.
        error: (n,) errors, above 0.

    Raises:
        FitError: the arrays differ in length, or a value is not finite, or an error is not above 0.
    """
    status = _checked(x, error)
    if status != OK:
        return Asymptote(len(x), status=status)
    points = _points(x, error)
    counts = np.ones((1, len(x)))
    level, log_amplitude, rate = _nodes(points)
    losses = _losses(points, counts, level, log_amplitude, rate)[0]
    best = np.argsort(losses, kind="stable")[:_NODES]
    starts = _Curves(level[best], log_amplitude[best], rate[best])
    curves, loss, ended = _reweighted(points, np.repeat(counts, len(best), axis=0), starts, _STEPS)
    at = int(np.argmin(loss))
    if curves.rate[at] <= 0:
        status = NO_DECLINE
    elif curves.rate[at] >= points.end * (1 - 1e-9):
        status = SLOPE_AT_BOUND
    elif not ended[at]:
        status = NOT_CONVERGED
    log10_amplitude = (curves.log_amplitude[at] + curves.rate[at] * points.x_mean) / LN10
    return Asymptote(
        n=len(x),
        irreducible_error=float(curves.level[at]),
        log10_amplitude=float(log10_amplitude),
        slope=float(curves.rate[at]) / LN10,
        e_at_bound=bool(curves.level[at] <= 0),
        status=status,
    )


def huber_log_resampled(x: Array, error: Array, counts: Counts) -> Array:
    """The curves of resamples: (B, 3) of E, log10 A and b, NaN of those with fewer than three distinct x.

    Args:
        x: (n,) as `huber_log`.
        error: (n,).
        counts: (B, n) how often each resample holds each point.

    Raises:
        FitError: as `huber_log`, or counts are not (B, n) or are negative.
    """
    check_counts(x, error, counts)
    estimates = np.full((len(counts), PARAMETERS), math.nan)
    if _checked(x, error) != OK:
        return estimates
    points = _points(x, error)
    drawn = counts[:, np.lexsort((error, x))].astype(np.float64)
    starts = np.flatnonzero(np.diff(points.z, prepend=-math.inf))
    rows = np.flatnonzero((np.add.reduceat(drawn, starts, axis=1) > 0).sum(axis=1) >= PARAMETERS)
    nodes = _nodes(points)
    block = max(1, _BLOCK // len(x))
    for first in range(0, len(rows), block):
        some = rows[first : first + block]
        best = _losses(points, drawn[some], *nodes).argmin(axis=1)
        begun = _Curves(*(one[best] for one in nodes))
        curves, _, _ = _reweighted(points, drawn[some], begun, _STEPS_OF_RESAMPLES)
        log10_amplitude = (curves.log_amplitude + curves.rate * points.x_mean) / LN10
        estimates[some] = np.column_stack([curves.level, log10_amplitude, curves.rate / LN10])
    return estimates


def _checked(x: Array, error: Array) -> str:
    status = checked(x, error)
    if (error <= 0).any():
        raise FitError("an error is not above 0, and has no logarithm")
    if status == OK and len(x) <= PARAMETERS:
        return TOO_FEW_POINTS
    return NO_SPREAD if status == OK and len(np.unique(x)) < PARAMETERS else status


def _points(x: Array, error: Array) -> _Points:
    # Sorted, so that the order of the rows cannot change a digit of a sum.
    order = np.lexsort((error, x))
    x_mean = float(x[order].mean())
    return _Points(x[order] - x_mean, np.log(error[order]), x_mean, float(search(x)[-1]))


def _nodes(points: _Points) -> _Curves:
    """The grid: E and the rate, each with the median A."""
    error = np.exp(points.log_error)
    levels = np.unique(np.append(np.outer(np.quantile(error, _QUANTILES), _PARTS), 0.0))
    rates = points.end * np.geomspace(1e-3, 1, 48)[::_EVERY]
    above = np.log(np.maximum(error - levels[:, None], _LEAST * error))
    amplitudes = np.median(above[:, None, :] + rates[:, None] * points.z, axis=2)
    return _Curves(np.repeat(levels, len(rates)), amplitudes.ravel(), np.tile(rates, len(levels)))


def _heights(points: _Points, level: Array, log_amplitude: Array, rate: Array) -> tuple[Array, Array]:
    """A C^(-b) and the error of each curve at each point, (B, n)."""
    above = np.exp(np.clip(log_amplitude[:, None] - rate[:, None] * points.z, -250.0, 250.0))
    return above, level[:, None] + above


def _loss(residuals: Array) -> Array:
    size = np.abs(residuals)
    near = np.minimum(size, DELTA)
    loss: Array = near * (size - near / 2)
    return loss


def _losses(points: _Points, counts: Array, level: Array, log_amplitude: Array, rate: Array) -> Array:
    """Of each curve for each resample, (B, curves)."""
    residuals = np.log(_heights(points, level, log_amplitude, rate)[1]) - points.log_error
    losses: Array = counts @ _loss(residuals).T
    return losses


def _reweighted(
    points: _Points, counts: Array, curves: _Curves, steps: int
) -> tuple[_Curves, Array, NDArray[np.bool_]]:
    """Steps from B curves, one for each row of counts: where they come to, the loss there, and whether they came to an end."""
    now = np.stack(curves, axis=1)
    damping = np.full(len(now), 1e-4)
    loss, ended = np.full(len(now), math.inf), np.zeros(len(now), dtype=bool)
    loss[:] = _loss_of(points, counts, now)
    for _ in range(steps):
        left = np.flatnonzero(~ended)
        if not len(left):
            break
        trial = _next(points, counts[left], now[left], damping[left])
        trial_loss = _loss_of(points, counts[left], trial)
        fall = loss[left] - trial_loss
        is_better = fall > 0
        now[left[is_better]], loss[left[is_better]] = trial[is_better], trial_loss[is_better]
        damping[left] = np.where(is_better, damping[left] * 0.3, np.maximum(damping[left], 1e-9) * 10)
        ended[left] = np.where(is_better, fall <= _TOLERANCE * trial_loss, damping[left] > 1e6)
    return _Curves(*now.T), loss, ended


def _loss_of(points: _Points, counts: Array, curves: Array) -> Array:
    residuals = np.log(_heights(points, *curves.T)[1]) - points.log_error
    return np.asarray(np.einsum("bn,bn->b", counts, _loss(residuals)))


def _next(points: _Points, counts: Array, curves: Array, damping: Array) -> Array:
    """A step of weighted least squares, weights delta / |r| beyond delta, within the bounds; (B, 3)."""
    above, heights = _heights(points, *curves.T)
    residuals = np.log(heights) - points.log_error
    weights = counts / np.maximum(np.abs(residuals), DELTA)
    share = above / heights
    jacobian = np.stack([1 / heights, share, -points.z * share], axis=2)
    weighted = jacobian * weights[:, :, None]
    squares = np.einsum("bni,bnj->bij", weighted, jacobian)
    down = -np.einsum("bni,bn->bi", weighted, residuals)
    # At a bound nothing moves outwards.
    held = np.zeros_like(curves, dtype=bool)
    held[:, 0] = (curves[:, 0] <= 0) & (down[:, 0] < 0)
    held[:, 2] = ((curves[:, 2] <= 0) & (down[:, 2] < 0)) | ((curves[:, 2] >= points.end) & (down[:, 2] > 0))
    squares = np.where(held[:, :, None] | held[:, None, :], 0.0, squares)
    # In units of the parameters' own, so that what is added to the diagonal keeps the equations from being singular.
    diagonal = np.einsum("bii->bi", squares)
    unit = np.where(diagonal > 0, np.sqrt(np.maximum(diagonal, 1e-300)), 1.0)
    scaled = squares / (unit[:, :, None] * unit[:, None, :])
    scaled += np.maximum(damping, 1e-9)[:, None, None] * np.eye(PARAMETERS)
    step = np.linalg.solve(scaled, (np.where(held, 0.0, down) / unit)[:, :, None])[:, :, 0] / unit
    moved = curves + step
    moved[:, 0] = np.maximum(moved[:, 0], 0.0)
    moved[:, 2] = np.clip(moved[:, 2], 0.0, points.end)
    return moved
