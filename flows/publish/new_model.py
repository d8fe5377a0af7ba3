"""Where the interval of one new model lies wholly on one side of its line, which a reader takes for a fault unless it is said."""

from __future__ import annotations

from flows.publish.formats import NARROW


def told(error: float | None, low: float | None, high: float | None) -> str:
    """The sentence for a line whose error, and a new model's interval of it, are these fractions; "" where the line lies within.

    It happens where later models did better, or worse, than the lines through those before them said: the interval is
    calibrated by what such predictions missed, and the line is not.
    """
    if error is None or low is None or high is None or low <= error <= high:
        return ""
    side = "below" if high < error else "above"
    return (
        f"One new model of the next year is expected wholly {side} the line, by what earlier predictions missed: with the most "
        f"computation of the points at {_between(low, high)}, where the line gives {_percent(error)}."
    )


def _between(low: float, high: float) -> str:
    """An end a thousandth of the other says no more than that it is near 0."""
    return f"{_percent(high)} error or less" if low < high / 1000 else f"{_percent(low)} to {_percent(high)} error"


def _percent(fraction: float) -> str:
    return f"{fraction * 100:.2g}{NARROW}%" if fraction < 0.995 else f"100{NARROW}%"
