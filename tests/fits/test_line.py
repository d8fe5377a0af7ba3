"""flows/fits/line.py: what follows from a line whatever its estimator."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from flows.fits.line import (
    NO_INTERVAL,
    NO_SPREAD,
    NOT_CONVERGED,
    OK,
    SLOPE_MAY_BE_ZERO,
    TOO_FEW_POINTS,
    FitError,
    Line,
    checked,
    judged,
    number,
    p_value,
    slope_interval,
)

LINE = Line(12, intercept=1.0, slope=0.3, slope_variance=0.01, degrees_of_freedom=10)


def test_the_interval_and_the_p_of_a_slope_are_student_ts() -> None:
    assert slope_interval(LINE, 0.9) == pytest.approx(stats.t.interval(0.9, 10, 0.3, 0.1), rel=1e-12)
    assert p_value(LINE) == pytest.approx(2 * stats.t.sf(3, 10), rel=1e-12)


def test_a_perfect_line_is_certain_and_one_without_variances_unknown() -> None:
    perfect = Line(3, 0.0, 2.0, slope_variance=0.0, degrees_of_freedom=1)
    assert (slope_interval(perfect, 0.9), p_value(perfect)) == ((2.0, 2.0), 0.0)
    assert math.isnan(p_value(Line(3, 0.0, 0.0, slope_variance=0.0, degrees_of_freedom=1)))
    unknown = Line(3, 0.0, 2.0)
    assert np.isnan([*slope_interval(unknown, 0.9), p_value(unknown)]).all()


@pytest.mark.parametrize(
    ("status", "low", "high", "expected"),
    [
        (OK, 0.1, 0.2, OK),
        (OK, -0.2, -0.1, OK),
        (OK, -0.1, 0.2, SLOPE_MAY_BE_ZERO),
        (OK, 0.0, 0.2, SLOPE_MAY_BE_ZERO),
        (OK, math.nan, math.nan, NO_INTERVAL),
        (NOT_CONVERGED, -0.1, 0.2, NOT_CONVERGED),
        (TOO_FEW_POINTS, math.nan, math.nan, TOO_FEW_POINTS),
    ],
)
def test_a_fit_is_judged_by_its_slope(status: str, low: float, high: float, expected: str) -> None:
    assert judged(status, low, high) == expected


def test_a_number_is_finite_or_none() -> None:
    assert [number(value) for value in (1.5, math.nan, math.inf, -math.inf)] == [1.5, None, None, None]
    assert type(number(np.float64(2))) is float


def test_samples_are_checked_before_they_are_fitted() -> None:
    ramp = np.arange(4.0)
    assert [checked(x, x) for x in (ramp, np.ones(4), ramp[:2])] == [OK, NO_SPREAD, TOO_FEW_POINTS]
    for broken in (ramp[:3], np.array([0, 1, math.inf, 2]), ramp[None]):
        with pytest.raises(FitError):
            checked(ramp, broken)
