"""flows/answers/chosen_points.py: no figure of a fit of chosen points says how sure it is, and the line is told all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flows.answers.chosen_points import without_intervals
from flows.answers.fit_requests import Data, Request, RequestError
from flows.answers.line_fits import fit
from flows.fits.selections import CHOSEN_BY_ERROR, SELECTED


def data() -> Data:
    """40 points of 20 papers, in 20 years."""
    rng = np.random.default_rng(8)
    paper = np.repeat(np.arange(20), 2)
    x = 18 + 0.3 * paper + rng.standard_normal(40)
    y = 10 ** (-0.05 * (x - 18) - 0.02 * paper - 0.05 * rng.standard_normal(40))
    return Data([f"row {at}" for at in range(40)], 10**x, y, cluster=paper.astype(str), year=2000.0 + paper)


def sure(answer: dict[str, Any], of: str = "") -> Iterator[str]:
    """The names of all figures, in all parts, that an interval, a test or a standard error would give."""
    for name, value in answer.items():
        if isinstance(value, dict):
            yield from sure(value, f"{of}{name}.")
        elif value is not None and (
            name in ("se", "p", "interval", "low", "high")
            or name.endswith(("_se", "_low", "_high", "_interval", "degrees_of_freedom"))
        ):
            yield of + name


@pytest.mark.parametrize("select", CHOSEN_BY_ERROR)
@pytest.mark.parametrize(
    "options",
    [
        {"at": 1e20, "solve": 0.3},
        {"direction": "both"},
        {"form": "asymptotic", "at": 1e20},
        {"estimator": "theil_sen", "solve": 0.3},
        {"estimator": "quantile:0.25"},
        {"estimator": "deming"},
    ],
    ids=str,
)
def test_chosen_points_give_a_line_and_no_interval(select: str, options: dict[str, Any]) -> None:
    assert set(sure(fit(replace(data(), cluster=None), Request(**options))))
    found = fit(data(), Request(select=select, **options))
    assert set(sure(found)) == set()
    for one in (found, *(found[name] for name in ("y_on_x", "x_on_y", "with_time") if name in found)):
        assert one.get("status", SELECTED) == SELECTED
    line = found.get("y_on_x", found)
    assert line["slope"] is not None


@pytest.mark.parametrize("select", CHOSEN_BY_ERROR)
def test_resamples_of_chosen_points_are_refused(select: str) -> None:
    with pytest.raises(RequestError, match=f"--bootstrap.*--select {select}.*chosen by their error"):
        fit(data(), Request(select=select, bootstrap=100))


def test_a_line_that_is_not_there_keeps_its_reason() -> None:
    few = Data(["a", "b"], np.array([1.0, 2.0]), np.array([0.5, 0.4]), year=np.array([2000.0, 2001.0]))
    assert fit(few, Request(select="frontier"))["status"] == "too_few_points"


def test_of_all_points_nothing_is_left_out_and_what_was_given_is_sure() -> None:
    answer = {"status": "ok", "low": 1.0, "solve": {"interval": "bounded", "x": 2.0}}
    assert without_intervals(answer, "all") is answer
    assert without_intervals(answer, "frontier") == {
        "status": SELECTED, "low": None, "solve": {"interval": None, "x": 2.0},
    }  # fmt: skip
    held = {"irreducible_error_status": "held", "irreducible_error": 0.1}
    assert without_intervals(held, "frontier") == held
    never = {"solve": {"interval": "below the irreducible error: no computation reaches it"}}
    assert without_intervals(never, "frontier") == never
