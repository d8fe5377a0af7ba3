"""The exponent of a benchmark by year of publication: what the line was when only the results until then were known."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from flows.publish.figures import axes, labels, scaling, style, texts
from flows.publish.figures.picture import Picture, Rows, behind, select

if TYPE_CHECKING:
    import duckdb
    from matplotlib.axes import Axes

    from flows.publish.figures.canvas import Canvas

_LINES = """
    with headlines as (
        select benchmark, compute_measure, metric from marts.scaling where row_set = 'current' and benchmark = ? and is_headline
    )
    select compute_measure, metric, year, selection, n, exponent, exponent_low, exponent_high, status
    from marts.exponents_by_year
    join headlines using (benchmark, compute_measure, metric)
    where row_set = 'current' and compute_measure in ('hardware_burden', 'operations_per_pass') and exponent > 0
        and status in ('ok', 'slope_not_different_from_0')
    order by compute_measure, year
"""
_LOOKS = {
    "hardware_burden": (style.FIRST, style.FIRST, "o"),
    "operations_per_pass": (style.SECOND, style.SECOND_TEXT, "s"),
}
# Fewer years tell of no movement.
_YEARS_MIN = 3
_TICKS = ((1, 2, 5, 10, 20, 50, 100, 200, 500), (5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150))
_SHOWN_MAX = 0.45  # decades beyond the exponents; an interval that goes further ends in an arrow


def plots(con: duckdb.DuckDBPyConnection) -> list[Picture]:
    """Each domain of the brief whose exponent by hardware burden is known of enough years."""
    found = [(benchmark, select(con, _LINES, [benchmark])) for benchmark in texts.DOMAINS]
    level = scaling.level(con)
    return [
        _picture(benchmark, rows, level)
        for benchmark, rows in found
        if sum(row["compute_measure"] == "hardware_burden" and row["status"] == "ok" for row in rows) >= _YEARS_MIN
    ]


def _picture(benchmark: str, found: Rows, level: float) -> Picture:
    runs: dict[str, Rows] = {}
    for row in found:
        runs.setdefault(row["compute_measure"], []).append(row)
    sure = [row["exponent"] for row in runs["hardware_burden"] if row["status"] == "ok"]
    first, last = runs["hardware_burden"][0], runs["hardware_burden"][-1]
    title = (
        f"{texts.title(benchmark)}’s exponent has been between {texts.fixed(min(sure), 1)} and {texts.fixed(max(sure), 1)} as "
        f"results came in; by those until {last['year']} it is {texts.fixed(last['exponent'], 1)}"
    )
    doubted = "; hollow: a slope of 0 is not ruled out" if any(row["status"] != "ok" for row in found) else ""
    columns, rows = behind(found)
    told = ", ".join(f"{texts.exact(run[-1]['n'])} by {texts.word(measure)}" for measure, run in runs.items())
    return Picture(
        f"exponent_by_year_{benchmark}",
        title,
        f"exponent by the last year whose results count: {told}; {texts.percent(level)} intervals "
        f"as if each training stood alone{doubted}",
        f"Line chart with intervals of the exponent on a log axis by the last year whose results count, {first['year']} to "
        f"{max(row['year'] for row in found)}. {texts.plain(title)} (hardware burden).",
        columns,
        rows,
        partial(_draw, runs=runs),
        {"column": 160.0, "page": 190.0},
    )


def _draw(canvas: Canvas, runs: dict[str, Rows]) -> None:
    ax = canvas.axes(left=26, bottom=18, right=8)
    rows = [row for run in runs.values() for row in run]
    values = [math.log10(row["exponent"]) for row in rows]
    ends = [math.log10(row[end]) for row in rows for end in ("exponent_low", "exponent_high") if row[end]]
    bottom, top = max(min(ends + values), min(values) - _SHOWN_MAX), min(max(ends + values), max(values) + _SHOWN_MAX)
    ax.set_ylim(bottom - 0.05, top + 0.05)
    years = [row["year"] for row in rows]
    ax.set_xlim(min(years) - 0.5, max(years) + 0.5)
    axes.years(ax.xaxis, min(years), max(years), 8)
    axes.numbers(ax.yaxis, axes.enough(_TICKS, *(10**end for end in ax.get_ylim())))
    spots = {
        # Beside each other where both have a year.
        measure: [(row["year"] + 0.12 * at, math.log10(row["exponent"])) for row in run]
        for at, (measure, run) in enumerate(runs.items())
    }
    kept_clear = list(spots.values())
    for measure, run in runs.items():
        color, _, marker = _LOOKS[measure]
        ax.plot(*zip(*spots[measure], strict=True), color=color, linewidth=1.0, zorder=3)
        for row, at in zip(run, spots[measure], strict=True):
            kept_clear += _interval(ax, row, at[0], color)
            face = color if row["status"] == "ok" else style.GROUND
            ax.plot(
                *at,
                marker,
                color=color,
                markersize=style.LANDMARK_PT,
                markerfacecolor=face,
                markeredgewidth=0.7,
                zorder=4,
            )
    taken: list[labels.Box] = []
    for measure, run_at in spots.items():
        taken += labels.along(ax, run_at, texts.word(measure), lines=kept_clear, taken=taken, color=_LOOKS[measure][1])


def _interval(ax: Axes, row: dict[str, Any], x: float, color: str) -> list[list[tuple[float, float]]]:
    """The interval, with an arrow where it leaves the frame; returns where it runs. One that has no end is not drawn."""
    if row["status"] != "ok":
        return []
    bottom, top = ax.get_ylim()
    low, high = math.log10(row["exponent_low"]), math.log10(row["exponent_high"])
    run = [(x, max(low, bottom)), (x, min(high, top))]
    ax.plot(*zip(*run, strict=True), color=color, linewidth=0.8, alpha=0.6, zorder=2)
    if high > top:
        ax.plot(x, top, "^", color=color, markersize=3.2, markeredgewidth=0, clip_on=False, zorder=2)
    return [run]
