"""What a fit says beside its figures (flows/answers/fit_notes.py); with the fits themselves, tests/answers/test_line_fits.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flows.answers.fit_notes import notes
from flows.answers.fit_requests import Data, Request

DATA = Data(["row 1", "row 2"], np.array([1.0, 2.0]), np.array([0.5, 0.25]))


def of(answer: dict[str, Any], data: Data = DATA, **options: Any) -> list[str]:
    return notes({"n": 20} | answer, data, Request(**options))


def test_three_of_the_rows_that_are_left_out_are_named() -> None:
    rows = tuple(f"row {at}" for at in range(3, 9))
    assert of({}, replace(DATA, left_out=rows[:2])) == ["left out, since x or y is blank: row 3, row 4"]
    assert of({}, replace(DATA, left_out=rows)) == ["left out, since x or y is blank: row 3, row 4, row 5 and 3 more"]


def test_the_notes_of_the_reader_are_passed_on() -> None:
    assert of({}, replace(DATA, notes=("decimals",))) == ["decimals"]


def test_a_flat_curve_is_said_to_rise_only_where_the_points_do() -> None:
    flat = {"status": "no_decline"}
    assert of(flat) == []
    assert of(flat, replace(DATA, y=np.array([0.4, 0.4]))) == []
    assert of(flat, replace(DATA, y=np.array([0.4, 0.5])))[0].startswith("y rises with x")


@pytest.mark.parametrize(("highest", "asked"), [(1.0, False), (1.01, True), (100.0, True), (100.5, False)])
def test_values_above_1_and_none_above_100_are_percents_or_losses(highest: float, asked: bool) -> None:
    data = replace(DATA, y=np.array([0.5, highest]))
    assert bool(of({}, data)) == asked
    assert of({}, data, form="linear") == of({}, data, fraction=True) == []


@pytest.mark.parametrize(
    ("fit", "scatter", "said"),
    # Of 18 degrees of freedom, 0.52 to 1.60 hold 90 % of the reduced chi-squares.
    [
        (1.7, False, "too narrow"),
        (1.5, False, ""),
        (0.5, False, "too large"),
        (0.55, False, ""),
        (0.5, True, "too large"),
        (1.0, True, ""),
    ],
)
def test_a_chi_square_that_is_improbable_is_told(fit: float, scatter: bool, said: str) -> None:
    told = of({"reduced_chi_square": fit}, scatter=scatter)
    assert [said in note for note in told] == ([True] if said else [])


def test_notes_of_both_lines_are_told_once() -> None:
    far = {"at": {"status": "extrapolation_unsupported", "ranges_beyond": 2.0}, "status": "slope_not_positive"}
    told = notes({"y_on_x": far, "x_on_y": far}, DATA, Request())
    assert [note[:10] for note in told] == ["y rises wi", "--at: x is"]
    assert "2 ranges beyond" in told[1]
    assert of({"solve": {"status": "extrapolation_unsupported", "ranges_beyond": None}})[0].startswith(
        "--solve: x is further"
    )
