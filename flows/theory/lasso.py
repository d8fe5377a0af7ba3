"""The exact path of the LASSO for many simulated data sets at once, drawn no further than the path looks at them.

The LASSO (Tibshirani 1996, J. R. Stat. Soc. B 58) minimises |y - X b|^2 / (2 n) + lambda |b|_1. Its path is piecewise linear
in lambda; it is followed from knot to knot by LARS with the LASSO's modification (Efron, Hastie, Johnstone, Tibshirani 2004,
Ann. Statist. 32, sections 3.1 and 5). In this module a penalty is n * lambda, the correlations' X'(y - X b) own unit.

**Data in an adapted basis.** The path depends on X and y through their inner products alone, so any orthonormal basis of the
space of observations serves. The first vectors of ours span the common factor, the informative features and the noise; each
feature that enters the path adds its own residual direction. Coordinates of Gaussian features along a direction that
was chosen without them are independent N(0, 1), and the length of a residual is chi with n - (dimensions so far) degrees of
freedom: Bartlett's decomposition of a Wishart matrix (Bartlett 1933; Anderson 2003, An Introduction to Multivariate
Statistical Analysis, section 7.2) with its columns in the order of entry. The law of the path is that of data drawn in
full, and the work no longer grows with n.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

# A feature whose residual has less than this share of its length is a combination of those in the model.
_COLLINEAR = 1e-12
# Room for this many more features is made at once.
_ROOM = 96


class CollinearError(ValueError):
    """A feature that enters is a linear combination of those in the model, so the path is not unique."""


@dataclass(frozen=True)
class Segment:
    """One straight piece of the path of each running simulation (the leading axis, B of them).

    A slot holds a feature that has ever been in the model, in the order of entry, behind the informative ones. The
    coefficients are those at `penalty`; they move by `direction` per unit by which the penalty falls, until it has fallen
    by `length`.

    simulation: (B,) which; penalty, length: (B,); coefficients, direction: (B, slots); features: (B, slots), -1 where a slot
    is empty.
    """

    simulation: Integers
    penalty: Array
    length: Array
    coefficients: Array
    direction: Array
    features: Integers


# Sees each segment, answers which simulations need no further one.
Observer = Callable[[Segment], Booleans]


@dataclass
class Paths:
    """B simulations on their way down their paths; every array has them as its leading axis.

    columns: (B, rows, p) the features in the basis; slot_columns: (B, rows, slots) those that are in slots; inverse:
    (B, slots, slots) of the Gram matrix of the features in the model, 0 elsewhere; correlations: (B, p) X'(y - X b);
    blocked: (B, p) the features in the model; dimensions: (B,) basis vectors so far. Behind `rows` and `slots` is room.
    """

    simulation: Integers
    columns: Array
    slot_columns: Array
    inverse: Array
    slot_features: Integers
    feature_slots: Integers
    slots_used: Integers
    coefficients: Array
    signs: Array
    correlations: Array
    blocked: Booleans
    penalty: Array
    dimensions: Integers

    def keep(self, which: Booleans) -> Paths:
        """The simulations marked in `which` (B,)."""
        return Paths(*(getattr(self, field.name)[which] for field in fields(self)))


@dataclass(frozen=True)
class _Knot:
    """What ends a segment: a feature that enters with a sign, or a slot whose coefficient gets to 0, or neither (B,)."""

    enters: Booleans
    feature: Integers
    sign: Array
    leaves: Booleans
    slot: Integers


def chi(rng: np.random.Generator, degrees_of_freedom: NDArray[np.int64] | int, size: tuple[int, ...]) -> Array:
    """Draws of the chi distribution, 0 where no degree of freedom is left."""
    left = np.broadcast_to(np.asarray(degrees_of_freedom, dtype=np.float64), size)
    return np.where(left > 0, np.sqrt(2 * rng.standard_gamma(np.maximum(left, 1) / 2)), 0.0)


def gaussian_columns(rng: np.random.Generator, size: int, n: int, k: int) -> Array:
    """Draw k columns of n independent N(0, 1) in the basis that they span: (size, min(n, k), k), upper triangular (Bartlett)."""
    rows = min(n, k)
    drawn = np.triu(rng.standard_normal((size, rows, k)), 1)
    diagonal = np.arange(rows)
    drawn[:, diagonal, diagonal] = chi(rng, n - diagonal, (size, rows))
    return drawn


def draw(rng: np.random.Generator, n: int, p: int, signals: Array, noise_sd: float, correlation: float) -> Paths:
    """B simulations at the start of their paths.

    Features are N(0, 1), any two with the given correlation (one factor in common); the first k have the coefficients
    `signals` (B, k), the others 0; noise is N(0, noise_sd^2).
    """
    size, k = signals.shape
    base = gaussian_columns(rng, size, n, k + 2)
    rows = base.shape[1]
    room = np.zeros((size, min(n, rows + _ROOM), p))
    columns = room[:, :rows]
    columns[:, :, :k] = base[:, :, 1 : k + 1]
    columns[:, :, k:] = rng.standard_normal((size, rows, p - k))
    columns *= np.sqrt(1 - correlation)
    columns += np.sqrt(correlation) * base[:, :, :1]
    response = (columns[:, :, :k] @ signals[:, :, None])[:, :, 0] + noise_sd * base[:, :, k + 1]
    paths = start(columns, response, k)
    paths.columns = room
    paths.slot_columns = np.pad(paths.slot_columns, ((0, 0), (0, room.shape[1] - rows), (0, 0)))
    return paths


def start(columns: Array, response: Array, k: int) -> Paths:
    """B data sets at the start of their paths: columns (B, rows, p), response (B, rows); the first k features get slots."""
    size, rows, p = columns.shape
    correlations = (response[:, None] @ columns)[:, 0]
    slots = k + _ROOM
    slot_columns, slot_features = np.zeros((size, rows, slots)), np.full((size, slots), -1)
    slot_columns[:, :, :k], slot_features[:, :k] = columns[:, :, :k], np.arange(k)
    feature_slots = np.full((size, p), -1)
    feature_slots[:, :k] = np.arange(k)
    return Paths(
        simulation=np.arange(size),
        columns=columns,
        slot_columns=slot_columns,
        inverse=np.zeros((size, slots, slots)),
        slot_features=slot_features,
        feature_slots=feature_slots,
        slots_used=np.full(size, k),
        coefficients=np.zeros((size, slots)),
        signs=np.zeros((size, slots)),
        correlations=correlations,
        blocked=np.zeros((size, p), dtype=np.bool_),
        penalty=np.abs(correlations).max(axis=1),
        dimensions=np.full(size, rows),
    )


def follow(
    paths: Paths,
    penalty_stop: Array,
    observe: Observer,
    rng: np.random.Generator | None = None,
    n: int = 0,
    correlation: float = 0.0,
) -> None:
    """Follow the paths until the penalty is `penalty_stop` (B,) or `observe` has seen enough.

    With `rng` and `n` the features are drawn as they enter; without, `paths` holds all of them.

    Raises:
        CollinearError: a feature enters that the features in the model already span.
    """
    going = paths.penalty > penalty_stop
    paths, penalty_stop = paths.keep(going), penalty_stop[going]
    knot = _first_knot(paths)
    rows = int(paths.dimensions.max(initial=0))
    while paths.simulation.size:
        new = _give_slots(paths, knot)
        growing = new[paths.dimensions[new] < n]
        if rng is not None and growing.size:
            rows = _add_row(paths, rows, growing, knot.feature[growing], rng, n, correlation)
        _fill_slots(paths, new, knot.feature[new], rows)
        _enter(paths, knot, rows)
        left_sign = _leave(paths, knot)
        direction, change = _direction(paths, rows)
        finished, length, knot = _next_knot(paths, penalty_stop, direction, change, knot, left_sign)
        slots = direction.shape[1]
        segment = Segment(
            paths.simulation,
            paths.penalty.copy(),
            length,
            paths.coefficients[:, :slots].copy(),
            direction,
            paths.slot_features[:, :slots],
        )
        finished |= observe(segment)
        paths.coefficients[:, :slots] += length[:, None] * direction
        paths.correlations -= length[:, None] * change
        paths.penalty -= length
        # A simulation that is finished idles (segments of length 0) until a quarter are: taking them out copies the rest.
        penalty_stop = np.where(finished, np.inf, penalty_stop)
        if 4 * finished.sum() >= finished.size:
            paths, penalty_stop = paths.keep(~finished), penalty_stop[~finished]
            knot = _Knot(*(getattr(knot, field.name)[~finished] for field in fields(knot)))


def _first_knot(paths: Paths) -> _Knot:
    size = paths.simulation.size
    feature = np.abs(paths.correlations).argmax(axis=1) if size else np.zeros(0, dtype=np.int64)
    sign = np.sign(paths.correlations[np.arange(size), feature])
    return _Knot(
        np.ones(size, dtype=np.bool_),
        feature,
        sign,
        np.zeros(size, dtype=np.bool_),
        np.zeros(size, dtype=np.int64),
    )


def _give_slots(paths: Paths, knot: _Knot) -> Integers:
    """Give a slot to each feature that enters for the first time; return the simulations where one did."""
    entering = np.flatnonzero(knot.enters)
    new = entering[paths.feature_slots[entering, knot.feature[entering]] < 0]
    if new.size and paths.slots_used[new].max() >= paths.slot_features.shape[1]:
        _make_room_for_slots(paths)
    paths.feature_slots[new, knot.feature[new]] = paths.slots_used[new]
    paths.slot_features[new, paths.slots_used[new]] = knot.feature[new]
    paths.slots_used[new] += 1
    return new


def _make_room_for_slots(paths: Paths) -> None:
    paths.slot_columns = np.pad(paths.slot_columns, ((0, 0), (0, 0), (0, _ROOM)))
    paths.inverse = np.pad(paths.inverse, ((0, 0), (0, _ROOM), (0, _ROOM)))
    paths.slot_features = np.pad(paths.slot_features, ((0, 0), (0, _ROOM)), constant_values=-1)
    paths.coefficients = np.pad(paths.coefficients, ((0, 0), (0, _ROOM)))
    paths.signs = np.pad(paths.signs, ((0, 0), (0, _ROOM)))


def _add_row(
    paths: Paths,
    rows: int,
    growing: Integers,
    features: Integers,
    rng: np.random.Generator,
    n: int,
    correlation: float,
) -> int:
    """Add the residual directions of the features that enter to the bases of the `growing` simulations: a row of coordinates."""
    if rows == paths.columns.shape[1]:
        paths.columns = np.pad(paths.columns, ((0, 0), (0, _ROOM), (0, 0)))
        paths.slot_columns = np.pad(paths.slot_columns, ((0, 0), (0, _ROOM), (0, 0)))
    row = rng.standard_normal((growing.size, paths.columns.shape[2]))
    # Features in slots lie in the basis already (the entering one has had its slot since a moment ago).
    row[paths.feature_slots[growing] >= 0] = 0
    row[np.arange(growing.size), features] = chi(rng, n - paths.dimensions[growing], (growing.size,))
    paths.columns[growing, rows] = np.sqrt(1 - correlation) * row
    paths.dimensions[growing] += 1
    return rows + 1


def _fill_slots(paths: Paths, new: Integers, features: Integers, rows: int) -> None:
    slots = paths.feature_slots[new, features]
    paths.slot_columns[new, :rows, slots] = paths.columns[new, :rows, features]


def _enter(paths: Paths, knot: _Knot, rows: int) -> None:
    """Border the inverse of the Gram matrix with the features that enter."""
    entering = np.flatnonzero(knot.enters)
    feature = knot.feature[entering]
    slot = paths.feature_slots[entering, feature]
    used = int(paths.slots_used.max())
    slot_columns = paths.slot_columns[:, :rows, :used]
    column = np.zeros((knot.enters.size, rows))
    column[entering] = slot_columns[entering, :, slot]
    gram = (column[:, None] @ slot_columns)[:, 0]
    border = (paths.inverse[:, :used, :used] @ gram[:, :, None])[:, :, 0]
    squared = gram[entering, slot]
    residual = squared - (gram * border).sum(axis=1)[entering]
    if (residual < _COLLINEAR * squared).any():
        raise CollinearError("a feature that enters is a linear combination of those in the model")
    border[entering, slot] = -1
    share = np.zeros(knot.enters.size)
    share[entering] = 1 / residual
    paths.inverse[:, :used, :used] += border[:, :, None] * (border * share[:, None])[:, None]
    paths.signs[entering, slot] = knot.sign[entering]
    paths.blocked[entering, feature] = True


def _leave(paths: Paths, knot: _Knot) -> Array:
    """Take the features that leave out of the inverse; return their signs (B,), 0 where none leaves."""
    left_sign = np.zeros(knot.leaves.size)
    leaving = np.flatnonzero(knot.leaves)
    if leaving.size:
        slot = knot.slot[leaving]
        row = paths.inverse[leaving, slot]
        pivot = row[np.arange(leaving.size), slot]
        paths.inverse[leaving] -= row[:, :, None] * (row / pivot[:, None])[:, None]
        paths.inverse[leaving, slot] = 0
        paths.inverse[leaving, :, slot] = 0
        left_sign[leaving] = paths.signs[leaving, slot]
        paths.signs[leaving, slot] = 0
        paths.coefficients[leaving, slot] = 0
        paths.blocked[leaving, paths.slot_features[leaving, slot]] = False
    return left_sign


def _direction(paths: Paths, rows: int) -> tuple[Array, Array]:
    """How coefficients (B, slots) rise and correlations (B, p) fall per unit of penalty (Efron et al. 2004, section 2)."""
    used = int(paths.slots_used.max())
    direction = (paths.inverse[:, :used, :used] @ paths.signs[:, :used, None])[:, :, 0]
    fit = (paths.slot_columns[:, :rows, :used] @ direction[:, :, None])[:, :, 0]
    return direction, (fit[:, None] @ paths.columns[:, :rows])[:, 0]


def _next_knot(
    paths: Paths, penalty_stop: Array, direction: Array, change: Array, last: _Knot, left_sign: Array
) -> tuple[Booleans, Array, _Knot]:
    """Which paths end in this segment, its lengths, and the knots behind it (Efron et al. 2004, equations 2.13 and 3.6).

    Reciprocals of lengths are compared, so that what never happens is a 0 and not an infinity.
    """
    every = np.arange(paths.penalty.size)
    penalty = paths.penalty[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        up = (1 - change) / (penalty - paths.correlations)
        down = (1 + change) / (penalty + paths.correlations)
        coefficients = paths.coefficients[:, : direction.shape[1]]
        crossing = np.where(coefficients != 0, -direction / coefficients, 0)
        to_stop = np.maximum(paths.penalty - penalty_stop, 0)
        end = 1 / to_stop
    up[paths.blocked] = down[paths.blocked] = 0
    # A feature that has just left is still at the bound on one side; it moves away from there.
    for side, sign in ((up, 1), (down, -1)):
        left = np.flatnonzero(left_sign == sign)
        side[left, paths.slot_features[left, last.slot[left]]] = 0
    feature_up, feature_down, slot = up.argmax(axis=1), down.argmax(axis=1), crossing.argmax(axis=1)
    enter_up, enter_down, leave = up[every, feature_up], down[every, feature_down], crossing[every, slot]
    enter = np.maximum(enter_up, enter_down)
    first = np.maximum(np.maximum(enter, leave), end)
    if np.isnan(first).any():  # 0 / 0: a feature at the bound that never leaves it
        raise CollinearError("a feature is a copy of one in the model")
    finished = end == first
    knot = _Knot(
        enters=(enter == first) & ~finished,
        feature=np.where(enter_up >= enter_down, feature_up, feature_down),
        sign=np.where(enter_up >= enter_down, 1.0, -1.0),
        leaves=(leave == first) & (enter < first) & ~finished,
        slot=slot,
    )
    return finished, np.where(finished, to_stop, 1 / first), knot
