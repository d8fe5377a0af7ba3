"""Past lines against what came after: errors that later results reached, beside what the lines of 2020 predicted for them."""

from __future__ import annotations

import math
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from flows.publish import formats
from flows.publish.figures import axes, style, texts
from flows.publish.figures.canvas import extent
from flows.publish.figures.picture import Picture, Rows, behind, select

if TYPE_CHECKING:
    import duckdb

    from flows.publish.figures.canvas import Canvas

_LATER = """
    select later.benchmark, later.metric, coalesce(points.label, later.name) as name, later.released_on,
        later.published_on, level, log10_compute, predicted_error, predicted_error_low, predicted_error_high,
        achieved_error, residual_decades, is_covered
    from marts.backtest as later
    left join marts.points as points on
        points.row_set = 'current' and later.result_id = points.point and later.compute_measure = points.compute_measure
    where later.row_set = 'paper_v1' and later.compute_measure = 'hardware_burden' and later.form = 'polynomial'
    order by later.benchmark, later.released_on, later.result_id
"""
_ROW_PT, _HEAD_PT, _AXIS_PT = 9.6, 12.0, 29.0
# Ratios at ticks.
_TICKS = (0.25, 0.5, 0.7, 1, 1.4, 2, 4)
_NAME_PT = {"column": 92.0, "page": 150.0}


def plots(con: duckdb.DuckDBPyConnection) -> list[Picture]:
    """The results that came out after the paper; none where there is none."""
    found = select(con, _LATER)
    order = [*texts.DOMAINS, *sorted({row["benchmark"] for row in found} - set(texts.DOMAINS))]
    found.sort(key=lambda row: order.index(row["benchmark"]))
    return [_picture(found)] if found else []


def _picture(found: Rows) -> Picture:
    n, held = len(found), sum(row["is_covered"] for row in found)
    better = sum(row["residual_decades"] < 0 for row in found)
    level = round(found[0]["level"] * 100)
    title = (
        f"Of {n} results that came after the paper, {level}{formats.NARROW}% intervals of its lines held {held}; "
        f"{better} were better than the line"
    )
    columns, rows = behind(found)
    benchmarks = len({row["benchmark"] for row in found})
    height = _AXIS_PT + _ROW_PT * n + _HEAD_PT * benchmarks
    return Picture(
        "backtest",
        title,
        f"error reached over error predicted from its computation, polynomial lines of {found[0]['published_on']:%Y}; "
        "hollow: outside the interval",
        f"Dots with intervals on a log axis: for {n} results of {benchmarks} benchmarks the error reached over the error that "
        f"the published line predicts for its computation. {texts.plain(title)}.",
        columns,
        rows,
        partial(_draw, found=found),
        {"column": height, "page": height},
    )


def _draw(canvas: Canvas, found: Rows) -> None:
    label = _NAME_PT[canvas.size]
    ax = canvas.axes_at(label, _AXIS_PT, canvas.width_pt - label - 8, canvas.height_pt - _AXIS_PT)
    ax.spines["left"].set_visible(False)
    total = canvas.height_pt - _AXIS_PT
    ax.set_ylim(0, total)
    ax.yaxis.set_ticks([])
    ends = [
        math.log10(row[end] / row["predicted_error"])
        for row in found
        for end in ("predicted_error_low", "predicted_error_high", "achieved_error")
    ]
    ax.set_xlim(min(ends) - 0.02, max(ends) + 0.02)
    low, high = (10**end for end in ax.get_xlim())
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    ax.xaxis.set_ticks([math.log10(tick) for tick in ticks], [f"{tick:g}" for tick in ticks])
    ax.axvline(0, color=style.FRAME, linewidth=style.FRAME_PT, zorder=1)
    axes.name_below(ax, "Error reached ÷ predicted")
    y = total
    for benchmark, of_benchmark in groupby(found, key=lambda row: row["benchmark"]):
        y -= _HEAD_PT
        canvas.text(0, _AXIS_PT + y + 2, texts.title(benchmark), size=style.SMALL_PT, bold=True)
        for row in of_benchmark:
            y -= _ROW_PT
            canvas.text(6, _AXIS_PT + y + 2.2, _fitting(row["name"], label - 10), size=style.SMALL_PT)
            _result(ax, row, y + _ROW_PT / 2)
    for text, x, ha in (("← better than the line", -0.012, "right"), ("worse →", 0.012, "left")):
        ax.annotate(text, (x, total - 2), ha=ha, va="top", size=style.SMALL_PT, color=style.MUTED)


def _result(ax: Any, row: dict[str, Any], y: float) -> None:
    ends = [math.log10(row[end] / row["predicted_error"]) for end in ("predicted_error_low", "predicted_error_high")]
    ax.plot(ends, [y, y], color="#B4BBC2", linewidth=2.4, zorder=2)
    ax.plot(
        row["residual_decades"], y, "o", color=style.FIRST, markersize=style.LANDMARK_PT,
        markerfacecolor=style.FIRST if row["is_covered"] else style.GROUND, markeredgewidth=0.8, zorder=3,
    )  # fmt: skip


def _fitting(name: str, width: float) -> str:
    """The name, without what is in brackets where it does not fit, and cut where that is not enough."""
    short = name if extent(name, style.SMALL_PT)[0] <= width else name.split(" (")[0]
    while extent(short, style.SMALL_PT)[0] > width:
        short = short.removesuffix("…").rstrip()[:-1] + "…"
    return short
