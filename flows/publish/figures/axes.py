"""Axes: powers of ten, errors in percent, years; ticks that say what is needed and no more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flows.publish import formats
from flows.publish.figures import canvas, style, texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_LABEL_PT, _NAME_PT = 6.0, 26.0  # from an axis to the labels of its ticks, and to the line that its name stands on
_STEPS = (1, 2, 3, 4, 5, 10, 20, 50, 100)
_YEARS = (1, 2, 4, 5, 10, 20)
# Errors at ticks, coarser and finer: the first of which the axis has enough.
_PERCENTS = (
    (0.5, 1, 2, 5, 10, 20, 40, 80),
    (0.5, 1, 1.5, 2, 3, 4, 6, 8, 10, 15, 20, 30, 40, 50, 60, 80),
    (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, *range(30, 100, 5)),
    tuple(range(1, 100)),
)
_TICKS_MIN = 3


def powers(axis: Axis, low: float, high: float, most: int, size: float = style.TEXT_PT) -> None:
    """Ticks at whole powers of ten on an axis of logarithms, as many as `most`, whose ends are set already."""
    step = next(step for step in _STEPS if high - low <= step * most)
    ticks = [at for at in range(math.ceil(low), math.floor(high) + 1) if at % step == 0]
    axis.set_ticks(ticks, [""] * len(ticks))
    ax = axis.axes
    frame, is_x = ax.get_window_extent(), axis is ax.xaxis
    for tick in ticks:
        x, y = ax.transData.transform((tick, tick))
        text = {0: "1", 1: "10"}.get(tick) or texts.power(tick, 0)
        if is_x:
            canvas.put(ax.get_figure(), float(x), frame.y0 - _LABEL_PT, text, size=size, ha="center", va="top")
        else:
            canvas.put(ax.get_figure(), frame.x0 - _LABEL_PT, float(y), text, size=size, ha="right", va="center")


def numbers(axis: Axis, ticks: Sequence[float], unit: str = "") -> None:
    """Ticks at these numbers on an axis of their logarithms, written out; the unit stands at the last."""
    labels = [texts.whole(tick, max(len(f"{tick:g}".strip("0.")), 1)) for tick in ticks]
    axis.set_ticks([math.log10(tick) for tick in ticks], [*labels[:-1], labels[-1] + unit])


def enough(scales: Sequence[Sequence[float]], low: float, high: float) -> list[float]:
    """The ticks between two ends of the first scale that has enough there, else of the last."""
    tried = [[tick for tick in scale if low <= tick <= high] for scale in scales]
    return next((ticks for ticks in tried if len(ticks) >= _TICKS_MIN), tried[-1])


def errors(ax: Axes, low: float, high: float) -> None:
    """Ticks of the y axis of log10 of an error, in percent, between two errors that are fractions."""
    shown = enough(_PERCENTS, low * 100, high * 100)
    labels = [f"{percent:g}" for percent in shown]
    ax.yaxis.set_ticks(
        [math.log10(percent / 100) for percent in shown], [*labels[:-1], f"{labels[-1]}{formats.NARROW}%"]
    )


def years(axis: Axis, first: int, last: int, most: int) -> None:
    """Ticks at whole years."""
    step = next(step for step in _YEARS if last - first <= step * most)
    ticks = [year for year in range(first, last + 1) if year % step == 0]
    axis.set_ticks(ticks, [str(tick) for tick in ticks])


def name_below(ax: Axes, text: str) -> None:
    """The name of the x axis, below its ticks."""
    frame = ax.get_window_extent()
    canvas.put(ax.get_figure(), (frame.x0 + frame.x1) / 2, frame.y0 - _NAME_PT, text, size=style.TEXT_PT, ha="center")
