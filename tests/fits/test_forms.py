"""flows/fits/forms.py against the formulas as they are defined, and against differences."""

from __future__ import annotations

import math
import tomllib

import numpy as np
import pytest

from flows.fits.forms import FORMS, HIGHEST_FRACTION, LINES, error_at, log_jacobian, response
from flows.paths import PACKAGE

ERRORS = np.array([0.004, 0.05, 0.2, 0.5, 0.9])


def test_there_are_five_forms_of_which_domains_declare_two() -> None:
    assert list(FORMS) == ["linear", "polynomial", "exponential", "asymptotic", "logistic"]
    assert [name for name, form in FORMS.items() if not form.is_line] == ["asymptotic", "logistic"]
    assert LINES == ("polynomial", "exponential")
    declared = [tomllib.loads(path.read_text())["forms"] for path in (PACKAGE / "declared" / "domains").glob("*.toml")]
    assert {form for forms in declared for form in forms} == set(LINES)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("linear", lambda error: error),
        ("polynomial", lambda error: math.log10(1 / error)),
        ("exponential", lambda error: 1 / error),
        ("asymptotic", lambda error: error),
        ("logistic", lambda error: error),
    ],
)
def test_responses(form: str, expected) -> None:  # type: ignore[no-untyped-def]
    y = response(form, ERRORS)
    assert y.tolist() == pytest.approx([expected(error) for error in ERRORS.tolist()], rel=1e-14)
    assert error_at(form, y).tolist() == pytest.approx(ERRORS.tolist(), rel=1e-14)
    assert FORMS[form].is_performance == (y[0] > y[-1])


@pytest.mark.parametrize(("form", "y"), [("polynomial", [-3.0, 0.0]), ("exponential", [-3.0, 0.0, 0.5, 1.0])])
def test_no_fraction_is_above_one(form: str, y: list[float]) -> None:
    assert error_at(form, np.array(y), HIGHEST_FRACTION).tolist() == [1.0] * len(y)


@pytest.mark.parametrize(
    ("form", "y", "error"),
    [
        ("polynomial", [-3.0, -0.25, 0.0, 400.0], [1000.0, 10**0.25, 1.0, 0.0]),
        ("polynomial", [-400.0], [math.inf]),
        # Of no loss is the inverse 0 or below.
        ("exponential", [0.5, 0.25, 0.0, -3.0], [2.0, 4.0, math.inf, math.inf]),
    ],
)
def test_a_loss_may_be_above_one(form: str, y: list[float], error: list[float]) -> None:
    assert error_at(form, np.array(y)).tolist() == pytest.approx(error)


@pytest.mark.parametrize("form", FORMS)
def test_steepness_is_the_derivative_of_the_response(form: str) -> None:
    step = 1e-6 * ERRORS
    differences = np.abs(response(form, ERRORS + step) - response(form, ERRORS - step)) / (2 * step)
    assert FORMS[form].steepness(ERRORS).tolist() == pytest.approx(differences.tolist(), rel=1e-8)
    assert log_jacobian(form, ERRORS) == pytest.approx(float(np.log(differences).sum()), abs=1e-7)
