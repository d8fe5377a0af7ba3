"""flows/fits/student_t.py against printed tables and scipy.stats."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from flows.fits import student_t


@pytest.mark.parametrize(
    # Abramowitz and Stegun 1964, table 26.10, two-sided 5 %; the last is of the normal distribution.
    ("degrees_of_freedom", "expected"),
    [(1, 12.706), (2, 4.303), (10, 2.228), (30, 2.042), (120, 1.980), (math.inf, 1.960)],
)
def test_quantiles_of_the_printed_table(degrees_of_freedom: float, expected: float) -> None:
    t = student_t.quantile(0.975, degrees_of_freedom)
    assert t == pytest.approx(expected, abs=5e-4)
    assert student_t.two_sided_p(t, degrees_of_freedom) == pytest.approx(0.05, rel=1e-9)
    assert student_t.two_sided_p(-t, degrees_of_freedom) == student_t.two_sided_p(t, degrees_of_freedom)


def test_small_probabilities_are_those_of_scipy() -> None:
    for t in (0.0, 0.3, 5.0, 40.0):
        assert student_t.two_sided_p(t, 7) == pytest.approx(2 * stats.t.sf(t, 7), rel=1e-9)
    assert student_t.two_sided_p(math.inf, 7) == 0
