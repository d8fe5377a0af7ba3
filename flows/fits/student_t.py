"""Student's t distribution, which SQL lacks (Abramowitz and Stegun 1964, 26.7; computed by scipy.special)."""

from __future__ import annotations

from functools import lru_cache

from scipy.special import stdtr, stdtrit


def two_sided_p(t: float, degrees_of_freedom: float) -> float:
    """The probability of |T| >= |t|; 0 for an infinite t."""
    return float(2 * stdtr(degrees_of_freedom, -abs(t)))


# Every interval of a line asks for it, and lines of as many points or papers for the same.
@lru_cache(maxsize=1024)
def quantile(probability: float, degrees_of_freedom: float) -> float:
    """The t below which T lies with that probability."""
    return float(stdtrit(degrees_of_freedom, probability))
