"""Prediction intervals for one new model, calibrated by how earlier predictions did.

The interval of a line takes points for draws from one law. Later models are none: at equal computation they tend to be better,
by more the later they are, and they scatter more than the points up to an origin did. So the normal scores of earlier
predictions (flows/fits/rolling.py) tell how the next one should be read: their drift a year, and around it the split conformal
interval (Vovk, Gammerman and Shafer 2005, Algorithmic Learning in a Random World, 4.2; Lei et al. 2018, J. Am. Stat. Assoc.
113:1094), each paper counting once. At an origin only what had been released by then is taken. The drift is fitted to the same
scores, which costs a little of the level; the exact conformal promise holds where scores less their drift are exchangeable,
and a change of pace breaks it: flows/analysis/predictions.py publishes what coverage there was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from flows.fits.line import Array
from flows.fits.rolling import Predictions

# Papers scored: with fewer than 19 the largest score of all would not reach 95 %.
SCORED_MIN = 20


@dataclass(frozen=True)
class Calibration:
    """How normal scores of predictions lay: around `drift` times the years ahead, within `half` on either side."""

    drift: float
    half: float
    papers: int

    def scores(self, horizon: Array) -> tuple[Array, Array]:
        """The ends of the interval in normal scores, so many years ahead (k,)."""
        centre = self.drift * horizon
        return centre - self.half, centre + self.half

    def quantiles(self, horizon: float, degrees_of_freedom: float) -> tuple[float, float]:
        """The same in standard deviations of a prediction with Student's t."""
        low, high = self.scores(np.array([horizon]))
        df = np.array([degrees_of_freedom])
        return float(quantiles(low, df)[0]), float(quantiles(high, df)[0])


def quantiles(score: Array, degrees_of_freedom: Array) -> Array:
    """The Student's t of normal scores (k,): the inverse of `flows.fits.rolling.normal_scores`."""
    t: Array = -np.sign(score) * stdtrit(degrees_of_freedom, ndtr(-np.abs(score)))
    return t


def calibration(score: Array, horizon: Array, paper: NDArray[np.intp], level: float) -> Calibration | None:
    """From the normal scores of predictions, their years ahead and the papers of what was predicted, all (k,).

    None where fewer than `SCORED_MIN` papers were scored, or too few for the level.
    """
    weight = each_paper_once(paper)
    papers = round(float(weight.sum()))
    if papers < SCORED_MIN:
        return None
    drift = float((weight * horizon * score).sum() / (weight * horizon**2).sum())
    half = _conformal(np.abs(score - drift * horizon), weight, papers, level)
    return Calibration(drift, half, papers) if math.isfinite(half) else None


def each_paper_once(paper: NDArray[np.intp]) -> Array:
    """Weights of predictions (k,) that share one among those of a paper, numbered from 0."""
    weight: Array = 1 / np.bincount(paper)[paper] if len(paper) else np.empty(0)
    return weight


def _conformal(apart: Array, weight: Array, papers: int, level: float) -> float:
    """The least distance within which the level lies, when one more paper is infinitely far."""
    order = np.argsort(apart, kind="stable")
    within = np.cumsum(weight[order])
    at = int(np.searchsorted(within, level * (papers + 1) - 1e-9))
    return float(apart[order[at]]) if at < len(order) else math.inf


def replayed(
    made: Predictions, score: Array, date: Array, paper: NDArray[np.intp], level: float
) -> tuple[Array, Array]:
    """The ends (k,) in normal scores that each prediction would have had on its day; NaN where there was no calibration.

    It is taken from the predictions of earlier origins, of points that had been released by this one. `score` is that of
    `made`; date and paper are of the points (n,).
    """
    low, high = np.full((2, len(made)), np.nan)
    released, of = date[made.point], paper[made.point]
    for origin in np.unique(made.origin):
        here = made.origin == origin
        before = (made.origin < origin) & (released <= origin)
        found = calibration(score[before], made.horizon[before], of[before], level)
        if found is not None:
            low[here], high[here] = found.scores(made.horizon[here])
    return low, high


def coverage(held: NDArray[np.bool_], origin: Array, paper: NDArray[np.intp]) -> float:
    """The share of predictions (k,) that were held, a paper counting once at each origin; NaN without any."""
    if not len(held):
        return math.nan
    _, at = np.unique(origin, return_inverse=True)
    weight = each_paper_once(at * (int(paper.max()) + 1) + paper)
    return float((weight * held).sum() / weight.sum())
