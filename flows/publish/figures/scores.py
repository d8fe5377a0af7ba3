"""Scores that have no full scale by the computation behind them, each in its own metric."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flows.publish import words
from flows.publish.figures import axes, canvas, scaling, style, texts
from flows.publish.figures.picture import Picture, Rows, behind, select

if TYPE_CHECKING:
    import duckdb

    from flows.publish.figures.canvas import Canvas

POINTS_MIN = 10  # fewer are a list
ELO = 400.0  # points of Elo for a power of ten of the odds
_MINUTES = ((0.1, 1, 10, 100, 1000), (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000))
_ELO_STEP = 500


def plots(con: duckdb.DuckDBPyConnection) -> list[Picture]:
    """The benchmarks rated in Elo and the time horizons that have a line through enough points."""
    found = select(
        con,
        "select * from exports.scores where elo_per_doubling is not null or (metric = 'time_horizon' and status = 'ok') "
        "order by benchmark",
    )
    of_all = select(con, "select * from exports.figure_scores where log10_computation is not null order by score_id")
    told = [(line, [row for row in of_all if row["benchmark"] == line["benchmark"]]) for line in found]
    level = scaling.level(con)
    return [_picture(line, points, level) for line, points in told if len(points) >= POINTS_MIN]


def _picture(line: dict[str, Any], points: Rows, level: float) -> Picture:
    is_elo = line["metric"] == "elo"
    measure = texts.word(line["compute_measure"])
    if is_elo:
        title = f"{line['title']}: twice the {measure} has given {texts.exact(round(line['elo_per_doubling']))} points of Elo"
    else:
        title = f"{line['title']}: tasks of twice the length have taken {texts.whole(2 ** line['exponent'])} times the computation"
    interval = (
        "no interval: all of one paper or program"
        if line["exponent_low"] is None
        else f"exponent {texts.fixed(line['exponent'], 1)}, {texts.percent(level)} interval "
        f"{texts.between(line['exponent_low'], line['exponent_high'])}"
    )
    axes_of = f"{_within(line['metric'])} against {_within(line['compute_measure'])}"
    columns, behind_it = behind(points)
    return Picture(
        f"scores_{line['benchmark']}",
        title,
        f"{axes_of} (log\u00a0scale); n {texts.exact(line['n'])}; {interval}",
        f"Scatter chart of {axes_of} on a log axis, {len(points)} points with their line. {texts.plain(title)}; {interval}.",
        columns,
        behind_it,
        partial(_draw, line=line, points=points),
        {"column": 160.0, "page": 200.0},
    )


def _axis(code: str) -> str:
    return words.words().axes.get(code, texts.word(code))


def _within(code: str) -> str:
    """The name of an axis within a sentence."""
    return _axis(code)[:1].lower() + _axis(code)[1:]


def _draw(canvas_: Canvas, line: dict[str, Any], points: Rows) -> None:
    times = ELO if line["metric"] == "elo" else 1.0
    ax = canvas_.axes(left=34, bottom=30, right=8, top=14)
    at = [(row["log10_computation"], times * row["log10_performance"]) for row in points]
    x, y = ([one[axis] for one in at] for axis in (0, 1))
    gap = [0.04 * (max(values) - min(values)) for values in (x, y)]
    ax.set_xlim(min(x) - gap[0], max(x) + gap[0])
    ax.plot(x, y, "o", color=style.POINT, alpha=0.8, markersize=style.POINT_PT, markeredgewidth=0, zorder=2)
    run = [times * (line["intercept"] + line["slope"] * end) for end in (min(x), max(x))]
    ax.set_ylim(min(*y, *run) - gap[1], max(*y, *run) + gap[1])
    is_sure = line["status"] == "ok"
    ax.plot([min(x), max(x)], run, color=style.FIRST, dashes=(None, None) if is_sure else style.DASHES, zorder=3)
    axes.powers(ax.xaxis, *ax.get_xlim(), 6)
    if line["metric"] == "elo":
        first, last = ax.get_ylim()
        ticks = [tick for tick in range(-10_000, 10_000, _ELO_STEP) if first <= tick <= last]
        ax.yaxis.set_ticks(ticks, [texts.exact(tick) for tick in ticks])
    else:
        axes.numbers(ax.yaxis, axes.enough(_MINUTES, *(10**end for end in ax.get_ylim())))
    frame = ax.get_window_extent()
    canvas.put(canvas_.figure, 0, frame.y1 + 5, _axis(line["metric"]), size=style.SMALL_PT, color=style.MUTED)
    axes.name_below(ax, _axis(line["compute_measure"]))
