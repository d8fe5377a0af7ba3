"""What reaching the same quality takes, year by year: small multiples to one scale, so that slopes compare."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from flows.publish import formats, words
from flows.publish.figures import axes, style, texts
from flows.publish.figures.picture import Picture, Rows, behind, select

if TYPE_CHECKING:
    import duckdb
    from matplotlib.axes import Axes

    from flows.publish.figures.canvas import Canvas

# Of the height of a panel: name, fall and unit above its axes, and ticks below.
_ABOVE_PT, _BELOW_PT, _GAP_PT, _LEFT_PT = 37.0, 14.0, 9.0, 21.0
_AXES_PT = {"column": 62.0, "page": 84.0}
_PER_ROW = {"column": 2, "page": 5}
_YEARS = 3  # from tick to tick
_MANY = 60  # points of a panel from which on they are small
_COUNTED, _COMPUTATION = "chip_hours", "tensor_fp16_burden"


def plots(con: duckdb.DuckDBPyConnection) -> list[Picture]:
    """The figure of MLPerf's chip-hours, AlexNet's quality and the speedrun; none where MLPerf's rounds give no line."""
    lines = select(con, "select * from exports.target_trends where sample = 'all' order by fall_per_year desc, line")
    sure = {
        quantity: [line for line in lines if line["measured_by"] == "mlperf" and line["quantity"] == quantity]
        for quantity in (_COUNTED, _COMPUTATION)
    }
    if not all(sure.values()):
        return []
    others = [line for line in lines if line["measured_by"] != "mlperf"]
    points = select(con, "select * from exports.figure_target_trends order by line, quantity, reached_on, locator")
    shown = [
        (line, [point for point in points if (point["line"], point["quantity"]) == (line["line"], line["quantity"])])
        for line in (*sure[_COUNTED], *others)
    ]
    return [_picture([(line, of) for line, of in shown if of], sure)]


def _picture(shown: Sequence[tuple[dict[str, Any], Rows]], sure: dict[str, Rows]) -> Picture:
    steepest, flattest = sure[_COUNTED][0], sure[_COUNTED][-1]
    less = sum((line["fall_per_year_low"] or 0) > 1 for line in sure[_COMPUTATION])
    title = (
        f"The same quality takes {texts.fixed(flattest['fall_per_year'], 1)} to "
        f"{texts.fixed(steepest['fall_per_year'], 1)} times fewer chip-hours each year; that it takes less computation shows "
        f"in {less} of {len(sure[_COMPUTATION])} tasks"
    )
    level = next(line["level"] for line, _ in shown if line["level"])
    falls = "; ".join(f"{_task(line)} {_fall(line)}" for line, _ in shown)
    rows = -(-len(shown) // _PER_ROW["page"]), -(-len(shown) // _PER_ROW["column"])
    columns, behind_it = behind([{**point} for _, points in shown for point in points])
    return Picture(
        "target_trends",
        title,
        "what reaching a quality takes, log and to one scale: MLPerf’s closed division in chip-hours, AlexNet’s quality and the "
        f"NanoGPT speedrun in FLOP; in bold how many times less it takes each year, with its {round(level * 100)}"
        f"{formats.NARROW}% interval, and shaded the slopes within it",
        f"Small multiples of {len(shown)} scatter charts to one scale, each with its line, of what reaching a fixed quality takes "
        f"over time. {texts.plain(title)}. Times less each year: {texts.plain(falls)}.",
        columns,
        behind_it,
        partial(_draw, shown=shown),
        {
            size: count * (_ABOVE_PT + _AXES_PT[size] + _BELOW_PT) + _GAP_PT * (count - 1)
            for size, count in zip(("page", "column"), rows, strict=True)
        },
    )


def _task(line: dict[str, Any]) -> str:
    return words.words().tasks.get(line["task"]) or texts.word(line["task"])


def _fall(line: dict[str, Any]) -> str:
    ends = texts.between(line["fall_per_year_low"], line["fall_per_year_high"], "{:.2f}")
    return f"{texts.fixed(line['fall_per_year'], 2)} ({ends})"


def _draw(canvas: Canvas, shown: Sequence[tuple[dict[str, Any], Rows]]) -> None:
    per_row, height = _PER_ROW[canvas.size], _AXES_PT[canvas.size]
    pitch = (canvas.width_pt + _GAP_PT) / per_row
    width = pitch - _GAP_PT - _LEFT_PT - 2
    ends = [[_ends([point[name] for point in points]) for name in ("year", "log10_taken")] for _, points in shown]
    across, up = (max(end[at][1] - end[at][0] for end in ends) * 1.08 + 0.2 for at in (0, 1))
    for at, ((line, points), (in_years, in_powers)) in enumerate(zip(shown, ends, strict=True)):
        row, column = divmod(at, per_row)
        x = column * pitch
        y = canvas.height_pt - (row + 1) * (_ABOVE_PT + height + _BELOW_PT) - row * _GAP_PT + _BELOW_PT
        ax = canvas.axes_at(x + _LEFT_PT, y, width, height)
        middle = sum(in_years) / 2, sum(in_powers) / 2
        ax.set_xlim(middle[0] - across / 2, middle[0] + across / 2)
        ax.set_ylim(middle[1] - up / 2, middle[1] + up / 2)
        _panel(ax, line, points, in_years)
        first, last = ax.get_xlim()
        years = [year for year in range(math.ceil(first), math.floor(last) + 1) if year % _YEARS == 0]
        ax.xaxis.set_ticks(years, [str(year) for year in years])
        axes.powers(ax.yaxis, *ax.get_ylim(), 4, style.SMALL_PT)
        ax.tick_params(labelsize=style.SMALL_PT, pad=2, length=2)
        top = y + height + _ABOVE_PT
        canvas.text(x, top - 9, _task(line), size=style.SMALL_PT, bold=True)
        canvas.text(x, top - 20, f"{texts.fixed(line['fall_per_year'], 2)}×", size=style.TITLE_PT, bold=True)
        interval = texts.between(line["fall_per_year_low"], line["fall_per_year_high"], "{:.2f}")
        canvas.text(x + 27, top - 20, interval, size=style.SMALL_PT, color=style.MUTED)
        unit = "chip-hours" if line["quantity"] == _COUNTED else "FLOP"
        canvas.text(x, top - 30, unit, size=style.SMALL_PT, color=style.MUTED)


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def _panel(ax: Axes, line: dict[str, Any], points: Rows, years: tuple[float, float]) -> None:
    at = [(point["year"], point["log10_taken"]) for point in points]
    size = 1.4 if len(at) > _MANY else 2.0
    ax.plot(*zip(*at, strict=True), "o", color=style.POINT, alpha=0.6, markersize=size, markeredgewidth=0, zorder=2)
    middle = [sum(values) / len(at) for values in zip(*at, strict=True)]
    if line["slope_low"] is not None:
        runs = [
            [middle[1] + line[slope] * (year - middle[0]) for year in years] for slope in ("slope_low", "slope_high")
        ]
        turned = [years[0], middle[0], years[1]]
        low, high = (
            [min(run[end] for run in runs) for end in (0, 1)],
            [max(run[end] for run in runs) for end in (0, 1)],
        )
        ax.fill_between(
            turned,
            [low[0], middle[1], low[1]],
            [high[0], middle[1], high[1]],
            color=style.FIRST,
            alpha=style.BAND,
            linewidth=0,
            zorder=1,
        )
    ax.plot(years, [line["intercept"] + line["slope"] * (year - 2000) for year in years], color=style.FIRST, zorder=3)
