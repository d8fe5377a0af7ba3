"""The specification curve of a benchmark: its exponent under each choice of measure, points, direction and estimator."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from flows.publish import words
from flows.publish.figures import axes, scaling, style, texts
from flows.publish.figures.picture import Picture, Rows, behind, select

if TYPE_CHECKING:
    import duckdb
    from matplotlib.axes import Axes

    from flows.publish.figures.canvas import Canvas

# Least squares has one line, whatever its standard errors: it stands once, with those by cluster where there are some.
_CHOICES = """
    with lines as (
        select * from marts.scaling
        where row_set = 'current' and benchmark = ? and form = 'polynomial' and exponent > 0
            and metric = (select any_value(metric) from marts.scaling where row_set = 'current' and benchmark = ? and is_headline
                and compute_measure = 'hardware_burden')
    ), clustered as (
        select * from lines where estimator = 'ols_cluster'
    )
    select lines.compute_measure, lines.selection, lines.direction, lines.estimator, lines.n, lines.exponent,
        coalesce(clustered.exponent_low, lines.exponent_low) as exponent_low,
        if(clustered.exponent_low is null, lines.exponent_high, clustered.exponent_high) as exponent_high,
        lines.compute_measure = 'hardware_burden' and coalesce(clustered.is_headline, lines.is_headline) as is_quoted
    from lines
    left join clustered on
        lines.estimator = 'ols' and lines.direction = 'y_on_x' and lines.compute_measure = clustered.compute_measure
        and lines.selection = clustered.selection
    where lines.estimator not in ('ols_cluster', 'ols_hc3')
    order by lines.exponent, lines.compute_measure, lines.selection, lines.direction, lines.estimator
"""
_GROUPS = {
    "compute_measure": ("hardware_burden", "consolidated_burden", "network_operations", "operations_per_pass", "training_compute"),
    "selection": ("all", "one_per_training", "best_per_paper", "best_per_year", "frontier"),
    "direction": ("y_on_x", "x_on_y", "symmetric"),
    "estimator": ("ols", "huber", "theil_sen", "quantile:0.1", "quantile_by_paper:0.1", "york"),
}  # fmt: skip
_CHOICES_MIN = 8
_ROW_PT, _CURVE_PT, _LABEL_PT, _GAP_PT = 9.4, 104.0, 118.0, 4.0
# Exponents at ticks, coarser and finer.
_TICKS = (
    (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000),
    (4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100),
)
_DOT_PT, _HERE_PT, _PALE = 2.4, 3.6, "#B4BBC2"


def curves(con: duckdb.DuckDBPyConnection) -> list[Picture]:
    """The curve of each domain of the brief for which enough was tried."""
    found = [(benchmark, select(con, _CHOICES, [benchmark, benchmark])) for benchmark in texts.DOMAINS]
    level = scaling.level(con)
    return [_picture(benchmark, rows, level) for benchmark, rows in found if len(rows) >= _CHOICES_MIN]


def spans(rows: Rows) -> dict[str, tuple[float, float]]:
    """{compute measure: lowest and highest exponent}, the measures by how many lines there are of each."""
    by_measure: dict[str, list[float]] = {}
    for row in rows:
        by_measure.setdefault(row["compute_measure"], []).append(row["exponent"])
    order = sorted(by_measure, key=lambda measure: list(_GROUPS["compute_measure"]).index(measure))
    return {measure: (min(by_measure[measure]), max(by_measure[measure])) for measure in order}


def _picture(benchmark: str, found: Rows, level: float) -> Picture:
    of_measure = spans(found)
    named = [measure for measure in ("hardware_burden", "operations_per_pass") if measure in of_measure]
    told = ", ".join(
        f"{texts.whole(low)} to {texts.whole(high)} by {texts.word(measure)}"
        for measure, (low, high) in of_measure.items()
        if measure in named
    )
    title = f"{texts.title(benchmark)}’s exponent depends on choices: {told}"
    columns, rows = behind(found)
    groups = [[code for code in codes if any(row[name] == code for row in found)] for name, codes in _GROUPS.items()]
    below = sum(_ROW_PT * (len(codes) + 1) + _GAP_PT for codes in groups)
    quoted = next((row for row in found if row["is_quoted"]), None)
    elsewhere = f" The line that leads has {texts.fixed(quoted['exponent'], 1)}." if quoted else ""
    return Picture(
        f"specification_{benchmark}",
        title,
        f"{len(found)} lines in the order of their exponent, each with its {texts.percent(level)} interval where there is one; "
        "marks say what was chosen",
        f"Specification curve: {len(found)} fitted lines in the order of their exponent on a log axis, above a matrix that marks "
        f"measure, points, direction and estimator of each. {title}.{elsewhere}",
        columns,
        rows,
        partial(_draw, rows=found, groups=dict(zip(_GROUPS, groups, strict=True))),
        {"page": _CURVE_PT + below + 4},
    )


def _draw(canvas: Canvas, rows: Rows, groups: dict[str, list[str]]) -> None:
    width = canvas.width_pt - _LABEL_PT - 4
    ax = canvas.axes_at(_LABEL_PT, canvas.height_pt - _CURVE_PT, width, _CURVE_PT - 10)
    ax.spines["bottom"].set_visible(False)
    ax.set_xlim(-0.7, len(rows) - 0.3)
    ends = [
        math.log10(row[end])
        for row in rows
        for end in ("exponent_low", "exponent_high", "exponent")
        if row[end] and row[end] > 0
    ]
    values = [math.log10(row["exponent"]) for row in rows]
    # An interval far beyond all exponents leaves these no room: it ends in an arrow.
    top = min(max(ends), max(values) + 0.5)
    ax.set_ylim(max(min(ends), min(values) - 0.5) - 0.04, top + 0.06)
    low, high = (10**end for end in ax.get_ylim())
    axes.numbers(ax.yaxis, axes.enough(_TICKS, low, high))
    ax.xaxis.set_ticks([])
    for tick in ax.get_yticks():
        ax.axhline(tick, color=style.GRID, linewidth=0.5, zorder=0)
    canvas.text(0, canvas.height_pt - 16, "exponent", size=style.SMALL_PT, color=style.MUTED)
    placed = [{**row, "at": at} for at, row in enumerate(rows)]
    _choices(ax, [row for row in placed if not row["is_quoted"]], _PALE, 0.8, (style.POINT, _DOT_PT))
    quoted = [row for row in placed if row["is_quoted"]]
    _choices(ax, quoted, style.FIRST, 1.4, (style.FIRST, _HERE_PT))
    for row in quoted:
        told = f"the line that leads: {texts.fixed(row['exponent'], 1)}"
        canvas.text(0, canvas.height_pt - 27, told, color=style.FIRST, bold=True)
    _matrix(canvas, rows, groups, width)


def _choices(ax: Axes, rows: Rows, color: str, width: float, dot: tuple[str, float]) -> None:
    """Some of the lines: their intervals, arrows where one is not bounded or leaves the frame, and their exponents."""
    bottom, top = ax.get_ylim()
    held = [row for row in rows if row["exponent_low"] is not None]
    # x on y has a symmetric interval, whose lower end may lie below 0.
    low = [math.log10(row["exponent_low"]) if row["exponent_low"] > 0 else bottom for row in held]
    high = [math.log10(row["exponent_high"]) if row["exponent_high"] is not None else math.inf for row in held]
    at = [row["at"] for row in held]
    ax.vlines(
        at, [max(end, bottom) for end in low], [min(end, top) for end in high], color=color, linewidth=width, zorder=2
    )
    beyond = [x for x, end in zip(at, high, strict=True) if end > top]
    ax.plot(beyond, [top] * len(beyond), "^", color=color, markersize=3.2, markeredgewidth=0, clip_on=False, zorder=2)
    values = [math.log10(row["exponent"]) for row in rows]
    ax.plot([row["at"] for row in rows], values, "o", color=dot[0], markersize=dot[1], markeredgewidth=0, zorder=3)


def _matrix(canvas: Canvas, rows: Rows, groups: dict[str, list[str]], width: float) -> None:
    y = canvas.height_pt - _CURVE_PT
    pitch = width / (len(rows) + 0.4)
    side = min(pitch * 0.72, 5.0)
    heads, names = words.words().choice_heads, words.words().choices
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    ax = canvas.axes_at(0, 0, canvas.width_pt, canvas.height_pt)
    ax.set_axis_off()
    ax.set_xlim(0, canvas.width_pt)
    ax.set_ylim(0, canvas.height_pt)
    marks: list[Rectangle] = []
    chosen: list[Rectangle] = []
    for group, codes in groups.items():
        y -= _GAP_PT + _ROW_PT
        canvas.text(0, y + 2, heads[group], size=style.SMALL_PT, bold=True)
        for code in codes:
            y -= _ROW_PT
            canvas.text(8, y + 2, names.get(code, texts.word(code)), size=style.SMALL_PT)
            ax.plot(
                [_LABEL_PT, _LABEL_PT + width],
                [y + _ROW_PT / 2, y + _ROW_PT / 2],
                color=style.GRID,
                linewidth=0.5,
                zorder=0,
            )
            for at, row in enumerate(rows):
                if row[group] == code:
                    spot = (_LABEL_PT + (at + 0.7) * pitch - side / 2, y + _ROW_PT / 2 - side / 2)
                    (chosen if row["is_quoted"] else marks).append(Rectangle(spot, side, side))
    ax.add_collection(PatchCollection(marks, facecolor=style.POINT, edgecolor="none", zorder=1))
    ax.add_collection(PatchCollection(chosen, facecolor=style.FIRST, edgecolor="none", zorder=1))
