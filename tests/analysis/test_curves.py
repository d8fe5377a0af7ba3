"""flows/analysis/curves.py: which curves a set of points has, and what they are taken from."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flows.analysis.curves import curves
from flows.analysis.samples import Sample
from flows.fits import asymptotic, logistic

N = 40
RNG = np.random.default_rng(1)
X = RNG.uniform(18, 25, N)
ERROR = 0.1 + 0.65 / (1 + 10 ** (0.5 * (X - 21.5))) + 0.01 * RNG.standard_normal(N)
PAPER = np.repeat(np.arange(10), 4)
NONE = np.full(N, math.nan)


def sample(guessing: float = math.nan, papers: int = 10) -> Sample:
    return Sample(1, "made", "all", ("polynomial",), X, ERROR, PAPER % papers, NONE, NONE, guessing=guessing)


def test_the_logistic_curve_needs_the_error_of_guessing() -> None:
    assert [one.form for one in curves(sample(), 0.95)] == ["asymptotic"]
    assert sample().curves == ("asymptotic",)
    power_law, sigmoid = curves(sample(0.75), 0.95)
    assert (power_law.fit, sigmoid.fit) == (asymptotic.asymptotic(X, ERROR), logistic.logistic(X, ERROR, 0.75))
    assert power_law.profiles is not None
    assert sigmoid.profiles is not None


def test_intervals_are_by_paper() -> None:
    assert all(one.profiles is None for one in curves(sample(0.75, papers=2), 0.95))
    few, many = (curves(sample(0.75, papers=papers), 0.95)[1].profiles for papers in (3, 10))
    assert few is not None
    assert many is not None
    assert few.quantile > many.quantile


@pytest.mark.parametrize("form", [0, 1])
def test_each_paper_is_predicted_from_the_others(form: int) -> None:
    curve = curves(sample(0.75), 0.95)[form]
    found = curve.left_out(sample(0.75))
    for paper in range(10):
        kept = paper != PAPER
        one = curves(sample(0.75).part(kept), 0.95)[form].fit
        assert found[~kept] == pytest.approx([one.at(x) for x in X[~kept]], rel=1e-4)


def test_where_an_error_is_reached() -> None:
    power_law, sigmoid = curves(sample(0.75), 0.95)
    for curve in (power_law, sigmoid):
        assert curve.fit.at(curve.reached(0.3)) == pytest.approx(0.3)
        assert curve.reached(curve.fit.irreducible_error) == math.inf
    assert sigmoid.reached(0.8) == -math.inf
