"""flows/fits/ranks.py against all draws in order."""

from __future__ import annotations

import numpy as np
import pytest

from flows.fits import ranks


@pytest.mark.parametrize("many", [1, 2, 7, 100, 10_000])
@pytest.mark.parametrize("kind", ["normal", "rising", "few values", "infinite", "unknown"])
def test_values_of_ranks_are_those_of_all_in_order(many: int, kind: str) -> None:
    rng = np.random.default_rng(many)
    draws = rng.standard_normal(many)
    if kind == "rising":
        draws = np.sort(draws)
    elif kind == "few values":
        draws = np.floor(draws)
    elif kind == "infinite":
        draws[rng.random(many) < 0.1] = np.inf
    elif kind == "unknown":
        draws[rng.random(many) < 0.1] = np.nan
    given, in_order = draws.copy(), np.sort(draws)
    for tail in (0.0, 0.005, 0.025, 0.1, 0.4):
        low, high = int(tail * (many - 1)), many - 1 - int(tail * (many - 1))
        np.testing.assert_array_equal(ranks.outer(draws, low, high), (in_order[low], in_order[high]))
    np.testing.assert_array_equal(draws, given)


def test_a_sample_that_tells_nothing_of_the_ends_changes_nothing() -> None:
    draws = np.zeros(10_000)
    # Every draw that is not looked at lies beyond all that are.
    draws[np.arange(10_000) % 40 != 0] = np.random.default_rng(1).choice([-1.0, 1.0], 9_750) * np.arange(1, 9_751)
    in_order = np.sort(draws)
    assert ranks.outer(draws, 249, 9_750) == (in_order[249], in_order[9_750])
