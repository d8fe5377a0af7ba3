"""What a fit has to say beside its figures: what was left out, what its numbers may not be, what they do not support."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import chdtrc

from flows.answers.fit_requests import Data, Request
from flows.fits.asymptotic import NO_DECLINE
from flows.fits.line import SLOPE_NOT_POSITIVE
from flows.fits.projection import BEYOND

# How many rows that were left out are named.
_NAMED = 3
# So improbable a chi-square says that the errors given are not all, or are too large.
_IMPROBABLE = 0.05


def notes(answer: dict[str, Any], data: Data, request: Request) -> list[str]:
    """Sentences about an answer of flows/answers/line_fits.py and the data behind it, all of them and before a selection."""
    lines = [answer[name] for name in ("y_on_x", "x_on_y") if name in answer] or [answer]
    told = [*_left_out(data), *data.notes, *_unit(data, request), *_rising(lines, data)]
    for line in lines:
        told += [*_errors(line, request), *_beyond(line, request)]
    return list(dict.fromkeys(told))


def _left_out(data: Data) -> list[str]:
    many, more = len(data.left_out), len(data.left_out) - _NAMED
    if not many:
        return []
    named = ", ".join(data.left_out[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return [f"left out, since x or y is blank: {named}"]


def _unit(data: Data, request: Request) -> list[str]:
    """Errors above 1 may be percents; losses look so too."""
    if request.form == "linear" or request.fraction or not len(data.y) or not 1 < data.y.max() <= 100:
        return []
    low, high = data.y.min(), data.y.max()
    return [
        f"y from {low:g} to {high:g}: percent or loss? --percent takes it as an error of at most 100; else it is a loss"
    ]


def _rising(lines: list[dict[str, Any]], data: Data) -> list[str]:
    is_flat = any(line.get("status") == NO_DECLINE for line in lines)
    # A curve may be flat of points that do not rise: all alike, or all about as good as guessing.
    rises = is_flat and np.ptp(data.y) > 0 and np.cov(np.log10(data.x), data.y)[0, 1] > 0
    if not rises and not any(line.get("status") == SLOPE_NOT_POSITIVE for line in lines):
        return []
    return ["y rises with x; if it is an accuracy, the error to be fitted is 1 - y (of percents 100 - y)"]


def _errors(line: dict[str, Any], request: Request) -> list[str]:
    """York's line: whether the errors given and the scatter agree."""
    fit, n = line.get("reduced_chi_square"), line.get("n", 0)
    if fit is None:
        return []
    if not request.scatter and chdtrc(n - 2, fit * (n - 2)) < _IMPROBABLE:
        return [
            f"the errors explain less than the scatter there is (reduced chi-square {fit:.3g}): the interval is too narrow; "
            "without --no-scatter the rest is estimated"
        ]
    if fit < 1 and chdtrc(n - 2, fit * (n - 2)) > 1 - _IMPROBABLE:
        return [
            f"the errors explain more than the scatter there is (reduced chi-square {fit:.3g}); they may be too large"
        ]
    return []


def _beyond(line: dict[str, Any], request: Request) -> list[str]:
    told = []
    for name in ("at", "solve"):
        read = line.get(name)
        if isinstance(read, dict) and read.get("status") == BEYOND:
            far = "further" if read["ranges_beyond"] is None else f"{read['ranges_beyond']:.2g} ranges"
            told.append(
                f"--{name}: x is {far} beyond the points, more than the {request.supported_ranges:g} that they can support"
            )
    return told
