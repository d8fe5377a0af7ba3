"""What answers of every form have in common: computation as a power, and how far beyond the points something lies."""

from __future__ import annotations

import numpy as np
import pytest

from flows.answers.fit_requests import Request, RequestError, beyond, positive, power

X = np.array([18.0, 20.0, 22.0])


def test_a_power_is_none_where_a_double_cannot_hold_it() -> None:
    assert power(3.0) == 1000.0
    assert power(None) is None
    assert power(400.0) is None


def test_a_value_that_is_not_positive_is_refused_by_its_option() -> None:
    assert positive(0.5, "--solve") == 0.5
    for value in (0.0, -1.0, float("nan")):
        with pytest.raises(RequestError, match=r"--solve .*must be positive"):
            positive(value, "--solve")


@pytest.mark.parametrize(
    ("x", "far", "status"), [(19.0, 0.0, "ok"), (26.0, 4.0, "ok"), (26.5, 4.5, "extrapolation_unsupported")]
)
def test_what_lies_beyond_the_points_by_more_than_their_range_is_not_supported(
    x: float, far: float, status: str
) -> None:
    told = beyond(x, X, Request(supported_ranges=1.0))
    assert told == {"beyond": far, "ranges_beyond": far / 4, "status": status}
    assert beyond(26.5, X, Request(supported_ranges=2.0))["status"] == "ok"
