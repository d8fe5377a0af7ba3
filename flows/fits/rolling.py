"""Lines over rolling origins: fitted to what was known on a day, held against what came later.

Tashman 2000, International Journal of Forecasting 16:437. An origin is the end of a quarter in which something was released. Its
line is the least-squares line through all points up to it, and each later point is predicted from it with Student's t, as one
new observation is (Draper and Smith 1998, section 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ndtri, stdtr

from flows.fits.line import Array, FitError

QUARTER = 0.25
# Fewer papers than this give no line to predict from: its own scatter would be known to a third at best.
PAPERS_MIN = 8
# Normal scores beyond this differ by rounding alone.
_LEAST = 1e-300


@dataclass(frozen=True)
class Predictions:
    """Each prediction of a later point, all arrays (k,), origins in their order.

    `origin` is the day as a year with its fraction, `point` the number of the point, `horizon` the years from the origin to
    it. `t` is what the response exceeds its prediction by, in standard deviations `sd` of the prediction, which has Student's
    t with `degrees_of_freedom`.
    """

    origin: Array
    point: NDArray[np.intp]
    horizon: Array
    t: Array
    sd: Array
    degrees_of_freedom: Array

    def __len__(self) -> int:
        """How many predictions."""
        return len(self.t)

    def part(self, kept: NDArray[np.bool_]) -> Predictions:
        """The predictions of a mask."""
        return Predictions(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))

    @cached_property
    def score(self) -> Array:
        """The normal score of each: the standard normal quantile of the probability that the prediction gives to less."""
        return normal_scores(self.t, self.degrees_of_freedom)

    @property
    def log_density(self) -> Array:
        """The natural logarithm of the predictive density of each response."""
        df = self.degrees_of_freedom
        constant = gammaln((df + 1) / 2) - gammaln(df / 2) - np.log(df * np.pi) / 2
        density: Array = constant - (df + 1) / 2 * np.log1p(self.t**2 / df) - np.log(self.sd)
        return density


def normal_scores(t: Array, degrees_of_freedom: Array) -> Array:
    """Standard normal quantiles of what Student's t (n,) say, so that lines through few and through many points compare."""
    beyond = np.maximum(stdtr(degrees_of_freedom, -np.abs(t)), _LEAST)
    scores: Array = -np.sign(t) * ndtri(beyond)
    return scores


def predictions(x: Array, y: Array, date: Array, paper: NDArray[np.intp]) -> Predictions:
    """Every later point from every origin with a line; x, y, date (years with their fraction) and paper are (n,).

    An origin needs `PAPERS_MIN` papers, some spread in x and some scatter around its line.

    Raises:
        FitError: the arrays differ in length, or hold what is not finite.
    """
    if not (x.shape == y.shape == date.shape == paper.shape and np.isfinite([x, y, date]).all()):
        raise FitError("x, y, date and paper of equal length are needed, and finite")
    origins = _origins(date, paper)
    known = date[None, :] <= origins[:, None]
    weight = known.astype(np.float64)
    n = weight.sum(axis=1)
    dx, dy = (_about_means(values, weight, n) for values in (x, y))
    sxx = np.einsum("on,on,on->o", weight, dx, dx)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.einsum("on,on,on->o", weight, dx, dy) / sxx
        apart = dy - slope[:, None] * dx
        variance = np.einsum("on,on,on->o", weight, apart, apart) / (n - 2)
        sd = np.sqrt(variance[:, None] * (1 + 1 / n[:, None] + dx**2 / sxx[:, None]))
    spread = np.einsum("on,on,on->o", weight, dy, dy)
    has_line = (sxx > 1e-12 * np.maximum(n, 1)) & (variance > 1e-24 * np.maximum(spread, 1e-300))
    at, point = np.nonzero(~known & has_line[:, None])
    return Predictions(
        origins[at], point, date[point] - origins[at], apart[at, point] / sd[at, point], sd[at, point], n[at] - 2
    )


def _origins(date: Array, paper: NDArray[np.intp]) -> Array:
    """The ends of the quarters, each with enough papers up to it, something new in it and something after it."""
    if not len(date):
        return np.empty(0)
    quarters = np.arange(np.floor(date.min()), date.max(), QUARTER)
    _, first = np.unique(paper[np.argsort(date, kind="stable")], return_index=True)
    starts = np.sort(np.sort(date)[first])
    papers = np.searchsorted(starts, quarters, side="right")
    points = np.searchsorted(np.sort(date), quarters, side="right")
    kept: Array = quarters[(papers >= PAPERS_MIN) & (np.diff(points, prepend=0) > 0)]
    return kept


def _about_means(values: Array, weight: Array, n: Array) -> Array:
    """The values less their mean at each origin, (origins, n)."""
    centred = values - values.mean() if len(values) else values
    means = np.einsum("on,n->o", weight, centred) / n
    apart: Array = centred[None, :] - means[:, None]
    return apart
