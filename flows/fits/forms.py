"""The forms that are fitted: what each takes as its response, and how a response is read as an error.

x is log10 of the computation, but in the linear form, which takes the points as they are. A line is y = a + b x with y the
form's response. Two forms are curves of their own: the asymptotic, error = E + A C^(-b) (flows/fits/asymptotic.py), and the
logistic, a sigmoid from the error of guessing to a floor (flows/fits/logistic.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from flows.fits.line import Array


@dataclass(frozen=True)
class Form:
    """One form; the functions take and give arrays (n,), but `log_jacobian` gives one sum over the points.

    `error_at` reads a response as an error, infinite where no error has such a response. `steepness` is |dy / d error|, by
    which a standard deviation of the error becomes one of the response. `is_line`: y = a + b x. `is_performance`: the
    response grows as the error falls. `has_exponent`: computation grows as a performance to the power of 1 / slope: of the
    asymptotic form as 1 / (error - E), of the logistic one as (guessing - error) / (error - floor), which is the same far down.
    """

    response: Callable[[Array], Array]
    error_at: Callable[[Array], Array]
    steepness: Callable[[Array], Array]
    log_jacobian: Callable[[Array], float]
    is_line: bool = True
    is_performance: bool = False
    has_exponent: bool = False


def _as_it_is(values: Array) -> Array:
    return values


def _power_of_ten(y: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(10.0**-y)


def _inverse(y: Array) -> Array:
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(y > 0, 1 / y, np.inf)


def _no_jacobian(_: Array) -> float:
    return 0.0


FORMS: dict[str, Form] = {
    "linear": Form(_as_it_is, _as_it_is, np.ones_like, _no_jacobian),
    # log10(1/error)
    "polynomial": Form(
        lambda error: -np.log10(error),
        _power_of_ten,
        lambda error: 1 / (error * math.log(10)),
        lambda error: float(-np.log(error * math.log(10)).sum()),
        is_performance=True,
        has_exponent=True,
    ),
    # 1/error
    "exponential": Form(
        lambda error: 1 / error,
        _inverse,
        lambda error: 1 / error**2,
        lambda error: float(-2 * np.log(error).sum()),
        is_performance=True,
    ),
    "asymptotic": Form(_as_it_is, _as_it_is, np.ones_like, _no_jacobian, is_line=False, has_exponent=True),
    "logistic": Form(_as_it_is, _as_it_is, np.ones_like, _no_jacobian, is_line=False, has_exponent=True),
}
# An error that is a fraction is no higher; those of the warehouse's benchmarks are.
HIGHEST_FRACTION = 1.0
# The lines of performance on log10 of computation, which a domain may declare; the others a person asks for.
LINES = tuple(name for name, form in FORMS.items() if form.is_line and form.is_performance)


def response(form: str, error: Array) -> Array:
    """The y of a form at errors (n,)."""
    return FORMS[form].response(error)


def error_at(form: str, y: Array, highest: float = math.inf) -> Array:
    """The errors of responses (n,), none above the highest: 1 where errors are fractions, no bound where they are losses."""
    return np.minimum(FORMS[form].error_at(y), highest)


def log_jacobian(form: str, error: Array) -> float:
    """Σ ln |dy / d error| over the points, by which likelihoods of responses become those of the error."""
    return FORMS[form].log_jacobian(error)
