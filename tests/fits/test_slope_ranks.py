"""flows/fits/slope_ranks.py against the slopes of all pairs, computed and sorted."""

from __future__ import annotations

import numpy as np
import pytest
from made_points import sample

from flows.fits import slope_ranks as module
from flows.fits.line import Array
from flows.fits.slope_ranks import at_rank


def in_order(x: Array, y: Array) -> tuple[Array, Array]:
    order = np.lexsort((y, x))
    return x[order], y[order]


def all_slopes(x: Array, y: Array) -> Array:
    one, other = np.triu_indices(len(x), 1)
    apart = x[one] != x[other]
    slopes: Array = np.sort((y[other] - y[one])[apart] / (x[other] - x[one])[apart])
    return slopes


@pytest.mark.parametrize("held", [1, 20, 1 << 20])
@pytest.mark.parametrize("kind", ["normal", "tied", "whole"])
def test_a_slope_of_a_rank_is_that_of_all_pairs(monkeypatch: pytest.MonkeyPatch, kind: str, held: int) -> None:
    monkeypatch.setattr(module, "_HELD", held)
    for n, seed in ((3, 0), (5, 1), (64, 2), (65, 3), (150, 4)):
        x, y = sample(n, seed, kind="tied" if kind == "tied" else "normal")
        x, y = in_order(*((np.round(2 * x), np.round(2 * y)) if kind == "whole" else (x, y)))
        slopes = all_slopes(x, y)
        for rank in {0, len(slopes) // 3, len(slopes) // 2, len(slopes) - 1} if len(slopes) else ():
            found = at_rank(x, y, rank, float(slopes[0]) - 1, float(slopes[-1]) + 1)
            assert found == pytest.approx(slopes[rank], rel=1e-12, abs=1e-12), (n, rank)


def test_a_rank_that_the_bounds_do_not_hold_is_told() -> None:
    x, y = in_order(*sample(50, 1))
    slopes = all_slopes(x, y)
    low, high = float(slopes[100]) - 1e-9, float(slopes[200]) - 1e-9
    assert [at_rank(x, y, rank, low, high) is None for rank in (0, 99, 100, 199, 200, 900)] == [
        True,
        True,
        False,
        False,
        True,
        True,
    ]
    assert [at_rank(x, y, rank, low, high) for rank in (100, 150, 199)] == slopes[[100, 150, 199]].tolist()


def test_bounds_that_are_one_are_the_slope_that_lies_at_them() -> None:
    x, y = np.arange(40.0), np.where(np.arange(40) % 4, 1.0, np.arange(40.0))
    slopes = all_slopes(x, y)
    level = np.flatnonzero(slopes == 0)
    assert len(level) > 300
    held = [at_rank(x, y, int(rank), 0.0, 0.0) for rank in (level[0] - 1, level[0], level[-1], level[-1] + 1)]
    assert held == [None, 0.0, 0.0, None]
