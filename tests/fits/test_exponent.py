"""flows/fits/exponent.py by hand, and held against the exponents of SQL."""

from __future__ import annotations

import math
from typing import Any

import duckdb
import pytest

from flows.fits.exponent import Exponent, exponent, inverted

NAN = math.nan


@pytest.mark.parametrize(
    ("slope", "interval", "expected"),
    [
        (0.25, (0.2, 0.5), (4, 2, 5, "bounded")),
        (-0.25, (-0.5, -0.2), (-4, -5, -2, "bounded")),
        # All slopes up to 0.5 are allowed: exponents from 2 up.
        (0.25, (-0.1, 0.5), (4, 2, NAN, "unbounded")),
        (0.25, (0.0, 0.5), (4, 2, NAN, "unbounded")),
        # Exponents of positive slopes are all ruled out; those of negative ones have no lower end.
        (-0.25, (-0.5, 0.0), (-4, NAN, NAN, "unbounded")),
        (0.25, (NAN, NAN), (4, NAN, NAN, None)),
        (0.0, (-1.0, 1.0), (NAN, NAN, NAN, None)),
        (NAN, (NAN, NAN), (NAN, NAN, NAN, None)),
    ],
)
def test_exponents(slope: float, interval: tuple[float, float], expected: tuple[Any, ...]) -> None:
    found = exponent(slope, *interval)
    assert [found.value, found.low, found.high] == pytest.approx(expected[:3], nan_ok=True)
    assert found.interval == expected[3]


@pytest.mark.parametrize(("interval", "expected"), [((0.2, 0.5), (2, 5)), ((-0.5, -0.2), (-5, -2))])
def test_the_interval_of_a_turned_slope(interval: tuple[float, float], expected: tuple[float, float]) -> None:
    assert inverted(*interval) == expected
    assert inverted(*expected) == interval


def test_a_slope_of_x_on_y_that_may_be_0_has_no_interval_turned() -> None:
    assert all(map(math.isnan, inverted(-0.1, 0.3)))


def test_sql_and_python_have_the_same_exponents(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        "select direction, slope, slope_low, slope_high, exponent, exponent_low, exponent_high, exponent_interval "
        "from marts.scaling where slope is not null and form != 'exponential'"
    ).fetchall()
    kinds = set()
    for direction, *told, interval in rows:
        slope, low, high, *expected = (NAN if value is None else value for value in told)
        if math.isnan(high) and not math.isnan(low):
            high = math.inf  # null where the points allow a step
        # Of x on y the exponent is what was estimated, and the slope's interval is turned from it.
        found = exponent(slope, low, high)
        if direction == "x_on_y":
            assert inverted(expected[1], expected[2]) == pytest.approx((low, high), rel=1e-12, nan_ok=True)
            found = Exponent(found.value, *expected[1:], None if math.isnan(expected[1]) else "bounded")
        assert [found.value, found.low, found.high] == pytest.approx(expected, rel=1e-12, nan_ok=True)
        assert found.interval == interval
        kinds.add((direction, interval))
    assert kinds >= {("y_on_x", "bounded"), ("y_on_x", "unbounded"), ("y_on_x", None), ("x_on_y", "bounded")}
