"""Scores of a leaderboard by the computation that another page has of the very same name: listed, without a line."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flows.publish import days, formats
from flows.publish.figures import axes, canvas, labels, style, texts
from flows.publish.figures.picture import Picture, Rows, behind, select
from flows.publish.figures.scores import POINTS_MIN

if TYPE_CHECKING:
    import duckdb

    from flows.publish.figures.canvas import Canvas

_STEP = 10  # percent from tick to tick
_NAMED = 4


def plots(con: duckdb.DuckDBPyConnection) -> list[Picture]:
    """The benchmark of the leaderboard that has most computations; none where too few are known."""
    found = select(
        con,
        "select boards.*, settings.title from marts.leaderboards as boards left join staging.source_setting as settings "
        "using (source) order by n_with_computation desc, benchmark = 'mmlu' desc, source, page, benchmark limit 1",
    )
    points = select(
        con,
        "select * from exports.leaderboards where (source, page, benchmark) in (select (source, page, benchmark) from "
        "(values ($1, $2, $3)) as one (source, page, benchmark)) order by log10_training_compute, locator",
        [found[0][name] for name in ("source", "page", "benchmark")] if found else [None, None, None],
    )
    return [_picture(found[0], points)] if len(points) >= POINTS_MIN else []


def _picture(board: dict[str, Any], points: Rows) -> Picture:
    name = texts.title(board["benchmark"])
    values, powers = ([row[column] for row in points] for column in ("value", "log10_training_compute"))
    title = (
        f"From {texts.power(min(powers), 0)} to {texts.power(max(powers), 0)} FLOP, scores on {name} go from "
        f"{texts.fixed(min(values), 0)} to {texts.fixed(max(values), 0)}{formats.NARROW}%"
    )
    day = days.in_name(board["page"])
    of = (board["title"] or board["source"]).partition(":")[0]
    when = f", {day}" if day else ""
    columns, behind_it = behind(points)
    return Picture(
        "leaderboards",
        title,
        f"{of}{when}: the {texts.exact(board['n_with_computation'])} of {texts.exact(board['n_models'])} models whose training "
        "compute another page has under the very same name; listed, no line fitted",
        f"Scatter chart of the score on {name} against training compute on a log axis, {len(points)} points. {texts.plain(title)}.",
        columns,
        behind_it,
        partial(_draw, points=points, name=name),
        {"column": 165.0, "page": 205.0},
    )


def _draw(sheet: Canvas, points: Rows, name: str) -> None:
    ax = sheet.axes(left=24, bottom=30, right=8, top=14)
    at = [(row["log10_training_compute"], row["value"]) for row in points]
    x, y = ([one[axis] for one in at] for axis in (0, 1))
    ax.set_xlim(min(x) - 0.15, max(x) + 0.25)
    ax.set_ylim(min(y) - 2, max(y) + 4)
    ax.plot(x, y, "o", color=style.POINT, alpha=0.8, markersize=style.POINT_PT, markeredgewidth=0, zorder=2)
    axes.powers(ax.xaxis, *ax.get_xlim(), 6)
    first, last = ax.get_ylim()
    ticks = [tick for tick in range(0, 101, _STEP) if first <= tick <= last]
    ax.yaxis.set_ticks(ticks, [str(tick) for tick in ticks])
    best = sorted(points, key=lambda row: (-row["value"], row["name"]))
    wanted = [labels.Label(row["log10_training_compute"], row["value"], row["name"].split("/")[-1]) for row in best]
    labels.place(ax, wanted[:10], points=at, covered=0, most=_NAMED)
    canvas.put(sheet.figure, 0, ax.get_window_extent().y1 + 5, f"{name}, %", size=style.SMALL_PT, color=style.MUTED)
    axes.name_below(ax, "Training compute, FLOP")
