"""flows/fits/predicted_errors.py: each form through each choice of the points, against its fit to those points alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flows.fits.asymptotic import asymptotic
from flows.fits.line import FitError
from flows.fits.logistic import logistic
from flows.fits.predicted_errors import predicted

AT = np.array([21.0, 24.0, 27.0])
RNG = np.random.default_rng(3)
X = RNG.uniform(18, 25, 40)
ERROR = 0.1 + 0.65 / (1 + 10 ** (0.5 * (X - 21.5))) + 0.01 * RNG.standard_normal(40)
# The first 30 points, and the first ten twice.
COUNTS = np.array([[1] * 30 + [0] * 10, [2] * 10 + [0] * 30])


@pytest.mark.parametrize("at", [AT, np.stack([AT, AT])])
def test_what_each_form_gives_is_what_its_fit_gives(at: np.ndarray) -> None:
    for row, drawn in enumerate(COUNTS):
        x, error = np.repeat(X, drawn), np.repeat(ERROR, drawn)
        line = np.polyfit(x, np.log10(error), 1)
        inverse = np.polyfit(x, 1 / error, 1)
        curve, sigmoid = asymptotic(x, error), logistic(x, error, 0.75)
        wanted = {
            "polynomial": 10 ** np.polyval(line, AT),
            "exponential": 1 / np.polyval(inverse, AT),
            "asymptotic": [curve.at(one) for one in AT],
            "logistic": [sigmoid.at(one) for one in AT],
        }
        for form, errors in wanted.items():
            found = predicted(form, X, ERROR, COUNTS, at, 0.75)
            assert found.shape == (2, 3)
            assert found[row] == pytest.approx(np.asarray(errors), rel=1e-5), form


@pytest.mark.parametrize(
    ("form", "enough"), [("polynomial", 3), ("exponential", 3), ("asymptotic", 4), ("logistic", 4)]
)
def test_too_few_points_give_none(form: str, enough: int) -> None:
    counts = np.zeros((2, 40), dtype=np.int64)
    counts[0, : enough - 1] = 1
    counts[1, :enough] = 1
    found = predicted(form, X, ERROR, counts, AT, 0.75)
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


def test_what_is_not_predicted() -> None:
    with pytest.raises(FitError, match="linear"):
        predicted("linear", X, ERROR, COUNTS, AT, 0.75)
    with pytest.raises(FitError, match="guessing"):
        predicted("logistic", X, ERROR, COUNTS, AT, math.nan)
