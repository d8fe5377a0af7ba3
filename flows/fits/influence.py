"""How much a single point moves the least-squares line (Belsley, Kuh and Welsch 1980, Regression Diagnostics, 2.1).

sql/marts/influence.sql names the points of the warehouse's own lines by the same formula; a test holds the two together.
"""

from __future__ import annotations

import numpy as np

from flows.fits.least_squares import centred
from flows.fits.line import Array

# The leverage of a point that has the spread of x to itself is 1, but for rounding.
_LEVERAGE_LEFT_MIN = 1e-9


def slopes_without_each(x: Array, y: Array) -> Array:
    """The least-squares slope of y on x, both (n,), without each point in turn, (n,); NaN where there is none without it.

    Raises:
        FitError: the arrays lie beyond the range of doubles (flows/fits/least_squares.py).
    """
    fit = centred(x, y)
    left = 1 - 1 / len(x) - fit.dx**2 / fit.sxx
    with np.errstate(divide="ignore", invalid="ignore"):
        change = fit.dx * fit.residuals / (fit.sxx * left)
    return fit.slope - np.where(left > _LEVERAGE_LEFT_MIN, change, np.nan)
