"""What is asked of a fit of anybody's data, the data, and what answers of every form have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.errors import UserError
from flows.fits import projection
from flows.fits.line import OK, Array, number

# What a curve is fitted by where it is not told: least squares; and the loss that odd points do not undo.
NLS, HUBER_LOG = "nls", "huber_log"
# The keys of an answer: of a line or curve, of the exponent, of the criteria by which forms are compared.
FIGURES = (
    "intercept",
    "intercept_se",
    "slope",
    "se",
    "p",
    "r_squared",
    "low",
    "high",
    "degrees_of_freedom",
    "residual_sd",
)
EXPONENT = ("exponent", "exponent_low", "exponent_high", "exponent_interval")
CRITERIA = ("log_likelihood", "aic", "aicc", "bic")


class RequestError(UserError, ValueError):
    """What is asked for cannot be done with this data; the message says why and what to do."""


@dataclass(frozen=True)
class Data:
    """Points as given: n rows, each with the name that messages use. Standard deviations, papers, years and tokens where given.

    `left_out` are the rows that had no x or no y; `notes` what their reader has to tell. `is_percent`: y was printed with
    percent signs, and is given as a fraction.
    """

    row: list[str]
    x: Array
    y: Array
    x_error: Array | None = None
    y_error: Array | None = None
    cluster: NDArray[np.str_] | None = None
    year: Array | None = None
    d: Array | None = None
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_percent: bool = False


@dataclass(frozen=True)
class Request:
    """What to fit and what to tell; the defaults are the paper's.

    `fraction`: y is an error of at most 1. `percent`: it is given in percent, and becomes such a fraction. Without `scatter`
    the errors given are all that parts the points from York's line. An x further beyond the points than `supported_ranges`
    of their range is beyond what they can support.
    """

    form: str = "polynomial"
    estimator: str | None = None
    direction: str = "y_on_x"
    select: str = "all"
    level: float = 0.95
    irreducible_error: float | None = None
    variance_ratio: float | None = None
    bootstrap: int | None = None
    seed: int = 0
    at: float | None = None
    solve: float | None = None
    fraction: bool = False
    percent: bool = False
    scatter: bool = True
    supported_ranges: float = 1.0
    guessing: float | None = None


def beyond(x: float, points: Array, request: Request) -> dict[str, Any]:
    """How far an x (its log10 as the form has it) lies beyond those of the points, and whether they can support that."""
    far, ranges = projection.distance(x, points)
    status = projection.BEYOND if ranges > request.supported_ranges else OK
    return {"beyond": far, "ranges_beyond": number(ranges), "status": status}


def power(value: float | None) -> float | None:
    """The computation of its log10; None where there is none, or where a double cannot hold it."""
    return None if value is None or value > 300 else 10.0**value


def positive(value: float, option: str) -> float:
    """The value of an option that is a computation or an error. Raises `RequestError`: it is not above 0."""
    if not value > 0:
        raise RequestError(f"{option} {value:g}: computation and error must be positive")
    return value
