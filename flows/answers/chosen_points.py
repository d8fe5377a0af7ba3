"""What a fit of points that were chosen by their error leaves out: all that says how sure it is."""

from __future__ import annotations

from typing import Any

from flows.fits import selections
from flows.fits.projection import BOUNDED, UNBOUNDED

# Names of what says how sure a figure is, in every part of an answer.
_SURE = frozenset(
    (
        *("se", "intercept_se", "amplitude_se", "p", "degrees_of_freedom"),
        *("low", "high", "prediction_low", "prediction_high", "exponent_low", "exponent_high", "exponent_interval"),
        *("log10_low", "log10_high", "log10_prediction_low", "log10_prediction_high"),
        *("irreducible_error_low", "irreducible_error_high"),
    )
)
# What is said of an irreducible error that was given, and so is sure.
HELD = "held"


def without_intervals(answer: dict[str, Any], select: str) -> dict[str, Any]:
    """The answer as it is, or without intervals where the selection keeps points for their low error.

    Its status is then selected_no_interval where it was that of a line; so are those of its parts, such as the years.
    """
    if not selections.is_chosen(select):
        return answer
    return {name: _told(name, value, select) for name, value in answer.items()}


def _told(name: str, value: Any, select: str) -> Any:
    if isinstance(value, dict):
        return without_intervals(value, select)
    if name == "status":
        return selections.unsure(value)
    is_of_interval = name == "interval" and value in (BOUNDED, UNBOUNDED)
    is_of_profile = name == "irreducible_error_status" and value != HELD
    return None if name in _SURE or is_of_interval or is_of_profile else value
