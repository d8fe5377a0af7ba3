"""flows/fits/roots.py is scipy's find_root and brentq to the last bit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.optimize.elementwise import find_root

from flows.fits.line import Array, FitError
from flows.fits.roots import Indices, brent, roots


def test_the_steps_are_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    power, target = rng.uniform(0.2, 6, 400), rng.uniform(0, 1, 400)
    low, high = np.zeros(400), rng.uniform(1, 3, 400)
    asked: list[list[float]] = [[], []]

    def function(x: Array, which: Indices) -> Array:
        asked[0] += x.tolist()
        return np.exp(power[which] * x) * (x**3 - target[which] ** 3)

    def scipys(x: Array, power: Array, target: Array) -> Array:
        asked[1] += x.tolist()
        return np.exp(power * x) * (x**3 - target**3)

    found = roots(function, low, high, 1e-13)
    expected = find_root(scipys, (low, high), args=(power, target), tolerances={"xrtol": 1e-13})
    np.testing.assert_array_equal(found, expected.x)
    np.testing.assert_allclose(found, target, rtol=1e-12)
    assert asked[0] == asked[1]


def test_a_function_of_one_sign_gives_the_end_of_lesser_value() -> None:
    offsets = np.array([1.0, -4.0, -1.5])
    found = roots(lambda x, which: x + offsets[which], np.ones(3), np.full(3, 2.0), 1e-12)
    assert found.tolist() == [1.0, 2.0, 1.5]


def test_a_root_at_an_end_and_no_functions() -> None:
    assert roots(lambda x, _: x - 2, np.array([0.0]), np.array([2.0]), 1e-12).tolist() == [2.0]
    assert roots(lambda x, _: x, np.empty(0), np.empty(0), 1e-12).tolist() == []


@pytest.mark.parametrize("seed", range(20))
def test_brents_steps_are_those_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    power, target, high = rng.uniform(0.2, 60), rng.uniform(0, 1), rng.uniform(1, 3)
    asked: list[list[float]] = [[], []]

    def function(x: float, which: int) -> float:
        asked[which].append(x)
        return math.exp(power * x) * (x**3 - target**3)

    found = brent(lambda x: function(x, 0), high, 0.0, xtol=1e-12, rtol=1e-14)
    assert found == brentq(function, high, 0.0, args=(1,), xtol=1e-12, rtol=1e-14)
    assert asked[0] == asked[1]
    assert found == pytest.approx(target, abs=1e-11)


def test_brents_root_at_an_end_and_none() -> None:
    assert brent(lambda x: x - 2, 0.0, 2.0, 1e-12, 1e-14) == 2.0
    assert brent(lambda x: x, 0.0, 2.0, 1e-12, 1e-14) == 0.0
    for one, other in ((1.0, 2.0), (math.nan, 2.0)):
        with pytest.raises(FitError, match="unlike signs"):
            brent(lambda x: x, one, other, 1e-12, 1e-14)
