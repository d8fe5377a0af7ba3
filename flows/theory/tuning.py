"""Where on the LASSO's path to stop: observers of flows/theory/lasso.py that choose lambda.

Between two knots the coefficients are linear in lambda, so any squared error is a parabola there: `Lowest` finds its exact
minimum over the whole path, without a grid of lambdas. `Fold` adds up the parabolas of cross-validation on a grid,
since its folds' paths have their knots in different places.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from flows.theory.lasso import Array, Booleans, Integers, Segment, chi, gaussian_columns

# Held-out columns of this many features are drawn at once.
_ROOM = 64


@dataclass(frozen=True)
class Parabola:
    """value + 2 slope t + curvature t^2, with t the fall of the penalty along each segment (B,)."""

    value: Array
    slope: Array
    curvature: Array

    def at(self, t: Array) -> Array:
        """The parabola at t (B,), or at several t each (B, L)."""
        shape = (-1,) + (1,) * (t.ndim - 1)
        slope, curvature = self.slope.reshape(shape), self.curvature.reshape(shape)
        return self.value.reshape(shape) + t * (2 * slope + t * curvature)

    def lowest(self, length: Array) -> Array:
        """Where in [0, length] the parabola is lowest (B,)."""
        bend = np.where(self.curvature > 0, self.curvature, np.inf)
        return np.clip(-self.slope / bend, 0, length)


class Criterion(Protocol):
    """A squared error of the coefficients."""

    def along(self, segment: Segment) -> Parabola:
        """The error along each segment."""
        ...


@dataclass(frozen=True)
class Excess:
    """The true excess error (b - b*)' S (b - b*), with S the features' covariance: 1 on the diagonal, else `correlation`.

    That is the expected squared error of a prediction beyond the noise; only a simulation knows it. signals: (simulations,
    k) the coefficients b* of the informative features.
    """

    signals: Array
    correlation: float

    def along(self, segment: Segment) -> Parabola:
        """The excess error along each segment."""
        off, direction = segment.coefficients.copy(), segment.direction
        off[:, : self.signals.shape[1]] -= self.signals[segment.simulation]
        return Parabola(self._form(off, off), self._form(off, direction), self._form(direction, direction))

    def of_nothing(self) -> Array:
        """The excess error of the prediction 0 (simulations,)."""
        return self._form(self.signals, self.signals)

    def _form(self, one: Array, other: Array) -> Array:
        own = np.einsum("bs,bs->b", one, other)
        form: Array = (1 - self.correlation) * own + self.correlation * one.sum(axis=1) * other.sum(axis=1)
        return form


def _mean_square(residual: Array, change: Array, n: int) -> Parabola:
    """The mean of n squared residuals (B, rows) that change at a rate."""
    return Parabola(
        np.einsum("br,br->b", residual, residual) / n,
        np.einsum("br,br->b", residual, change) / n,
        np.einsum("br,br->b", change, change) / n,
    )


class HeldOut:
    """The mean squared error on `n` observations that the path does not see, drawn feature by feature as they enter.

    The columns stand in the basis that they span themselves (Bartlett's decomposition, as in flows/theory/lasso.py): the
    common factor, the informative features, the noise, and one direction more a feature, up to n.
    """

    def __init__(self, rng: np.random.Generator, n: int, signals: Array, noise_sd: float, correlation: float) -> None:
        size, k = signals.shape
        base = gaussian_columns(rng, size, n, k + 2)
        self._rng, self._n, self._correlation = rng, n, correlation
        self._factor = np.sqrt(correlation) * base[:, :, 0]
        self._columns = np.sqrt(1 - correlation) * base[:, :, 1 : k + 1] + self._factor[:, :, None]
        self._response = (self._columns @ signals[:, :, None])[:, :, 0] + noise_sd * base[:, :, k + 1]

    def along(self, segment: Segment) -> Parabola:
        """The mean squared error along each segment."""
        slots = segment.direction.shape[1]
        if slots > self._columns.shape[2]:
            self._draw(slots - self._columns.shape[2] + _ROOM)
        columns = self._columns[segment.simulation, :, :slots]
        fit, change = columns @ segment.coefficients[:, :, None], columns @ segment.direction[:, :, None]
        return _mean_square(self._response[segment.simulation] - fit[:, :, 0], -change[:, :, 0], self._n)

    def _draw(self, more: int) -> None:
        """Columns of more features, and the directions that they add to the basis."""
        size, rows, _ = self._columns.shape
        added = min(self._n - rows, more)
        self._factor = np.pad(self._factor, ((0, 0), (0, added)))
        self._response = np.pad(self._response, ((0, 0), (0, added)))
        new, steps = self._rng.standard_normal((size, rows + added, more)), np.arange(added)
        new[:, rows:] = np.triu(new[:, rows:], 1)
        new[:, rows + steps, steps] = chi(self._rng, self._n - rows - steps, (size, added))
        new = np.sqrt(1 - self._correlation) * new + self._factor[:, :, None]
        self._columns = np.concatenate([np.pad(self._columns, ((0, 0), (0, added), (0, 0))), new], axis=2)


def step_flop(n: int, p: int, segment: Segment) -> Array:
    """Additions and multiplications of each simulation's step of LARS on n x p data; 0 for one that idles (B,).

    With m features in the model: the Gram products of the one that enters (2 n m), the border of the inverse (4 m^2), the
    direction (2 m^2) and its fit (2 n m), the fit's product with every feature (2 n p), step lengths and correlations (8 p).
    """
    m = np.count_nonzero(segment.direction, axis=1)
    return np.where(segment.length > 0, 2.0 * n * p + 8.0 * p + 4.0 * n * m + 6.0 * m * m, 0.0)


@dataclass
class Chosen:
    """What was chosen for each simulation: its excess error, penalty and number of features, and the FLOP that it took."""

    excess: Array
    penalty: Array
    features: Integers
    flop: Array


def nothing(excess: Excess, penalty: Array, flop: float) -> Chosen:
    """The choice before the first step: no feature. `flop`: what the start took."""
    size = penalty.size
    return Chosen(excess.of_nothing(), penalty.copy(), np.zeros(size, dtype=np.int64), np.full(size, flop))


@dataclass
class Lowest:
    """An observer that chooses the lowest `criterion`, and has seen enough `patience` knots behind it.

    n, p: size of the data, and n_held_out of what is predicted at each knot (for the count of FLOP).
    """

    chosen: Chosen
    excess: Excess
    criterion: Criterion
    patience: int
    n: int
    p: int
    n_held_out: int = 0
    _lowest: Array = field(init=False)
    _since: Integers = field(init=False)

    def __post_init__(self) -> None:
        self._lowest = np.full(self.chosen.penalty.size, np.inf)
        self._since = np.zeros(self.chosen.penalty.size, dtype=np.int64)

    def __call__(self, segment: Segment) -> Booleans:
        """See one segment of each path."""
        error = self.criterion.along(segment)
        t = error.lowest(segment.length)
        lowest, who = error.at(t), segment.simulation
        better = lowest < self._lowest[who]
        self._lowest[who] = np.where(better, lowest, self._lowest[who])
        self._since[who] = np.where(better, 0, self._since[who] + 1)
        m, won = np.count_nonzero(segment.direction, axis=1), who[better]
        self.chosen.excess[won] = self.excess.along(segment).at(t)[better]
        self.chosen.penalty[won] = (segment.penalty - t)[better]
        self.chosen.features[won] = m[better]
        self.chosen.flop[who] += step_flop(self.n, self.p, segment)
        self.chosen.flop[who] += np.where(segment.length > 0, self.n_held_out * (2.0 * m + 3), 0)
        return self._since[who] >= self.patience


@dataclass
class Last:
    """An observer that chooses the end of the path, for a penalty that was fixed beforehand. n, p: size of the data."""

    chosen: Chosen
    excess: Excess
    n: int
    p: int

    def __call__(self, segment: Segment) -> Booleans:
        """See one segment of each path."""
        who, moved = segment.simulation, segment.length > 0
        self.chosen.excess[who] = self.excess.along(segment).at(segment.length)
        self.chosen.penalty[who] = segment.penalty - segment.length
        self.chosen.features[who[moved]] = np.count_nonzero(segment.direction[moved], axis=1)
        self.chosen.flop[who] += step_flop(self.n, self.p, segment)
        return np.zeros(who.size, dtype=np.bool_)


@dataclass
class Fold:
    """An observer of one fold of cross-validation: the squared error on its held-out observations at a grid of penalties.

    columns: (simulations, observations, p) and response: (simulations, observations) held out; grid: (simulations, L)
    penalties of the fold's path, falling; n: observations that it is fitted to. `errors` (simulations, L) are sums of
    squares; infinite where the path was left before, `patience` knots behind its lowest error.
    """

    columns: Array
    response: Array
    grid: Array
    patience: int
    n: int
    errors: Array = field(init=False)
    flop: Array = field(init=False)
    _lowest: Array = field(init=False)
    _since: Integers = field(init=False)

    def __post_init__(self) -> None:
        size = self.response.shape[0]
        self.errors = np.full(self.grid.shape, np.inf)
        self.flop = np.full(size, 2.0 * self.n * self.columns.shape[2])
        self._lowest, self._since = np.full(size, np.inf), np.zeros(size, dtype=np.int64)

    def start(self, penalty: Array) -> None:
        """Above the first penalty of the path (simulations,) nothing is predicted."""
        empty = np.einsum("br,br->b", self.response, self.response)
        self.errors = np.where(self.grid >= penalty[:, None], empty[:, None], self.errors)

    def __call__(self, segment: Segment) -> Booleans:
        """See one segment of each path."""
        who = segment.simulation
        columns = self.columns[who[:, None], :, segment.features]
        residual = self.response[who] - np.einsum("bsr,bs->br", columns, segment.coefficients)
        error = _mean_square(residual, -np.einsum("bsr,bs->br", columns, segment.direction), 1)
        t = segment.penalty[:, None] - self.grid[who]
        here = (t >= 0) & (t <= segment.length[:, None])
        self.errors[who] = np.where(here, error.at(t), self.errors[who])
        lowest = error.at(error.lowest(segment.length))
        better = lowest < self._lowest[who]
        self._lowest[who] = np.where(better, lowest, self._lowest[who])
        self._since[who] = np.where(better, 0, self._since[who] + 1)
        predictions = self.response.shape[1] * (2.0 * np.count_nonzero(segment.direction, axis=1) + 3)
        self.flop[who] += step_flop(self.n, self.columns.shape[2], segment)
        self.flop[who] += np.where(segment.length > 0, predictions, 0)
        return self._since[who] >= self.patience
