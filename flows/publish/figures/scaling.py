"""The scaling plot of a benchmark: error against computation, the lines through it, and what the targets would take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from flows.publish import formats, new_model, words
from flows.publish.figures import axes, labels, style, texts
from flows.publish.figures.canvas import extent
from flows.publish.figures.picture import Picture, Rows, behind, select

if TYPE_CHECKING:
    import duckdb
    from matplotlib.axes import Axes

    from flows.publish.figures.canvas import Canvas

# Shape by kind of run; a hollow one is of a run whose recipe is another's.
_MARKERS = {"paper": ("o", True), "vendor": ("^", False), "contest": ("s", False), "list": ("D", False)}
# Colour of a line, and of text on it.
LOOKS = {
    "polynomial": (style.FIRST, style.FIRST),
    "exponential": (style.SECOND, style.SECOND_TEXT),
    "asymptotic": (style.THIRD, style.THIRD),
}
LANDMARKS = {"column": 5, "page": 8}
_NUMBER_PT, _BAR_PT, _NEW_PT = 10.0, 3.4, 0.8
# Beyond this a factor is set as a power of ten.
_FACTOR_MAX = 1e6

_LINE = """
    select * from marts.scaling
    where row_set = ? and benchmark = ? and compute_measure = 'hardware_burden' and is_headline
"""
_POINTS = """
    select point, label, year, kind_of_run, computation, log10_computation, error, landmark_rank, landmark_label
    from marts.points
    where row_set = ? and benchmark = ? and metric = ? and compute_measure = 'hardware_burden'
        and coalesce(is_one_per_training, true)
    order by log10_computation, error, point
"""
# Lines of the selection that leads, and the asymptotic form, which is fitted to all points alone.
_CURVES = """
    select form, selection, step, log10_computation, error, error_low, error_high, new_low, new_high, is_beyond
    from marts.curves
    where row_set = ? and benchmark = ? and metric = ? and compute_measure = 'hardware_burden'
        and status in ('ok', 'slope_not_different_from_0')
        and (selection = ? or (form = 'asymptotic' and selection = 'all')) and form in ('polynomial', 'exponential', 'asymptotic')
    order by list_position(['polynomial', 'exponential', 'asymptotic'], form), step
"""
_TARGETS = """
    select form, target, error, log10_compute, log10_compute_low, log10_compute_high,
        coalesce(log10_compute_calibrated_low, log10_compute_new_low) as new_low,
        coalesce(log10_compute_calibrated_high, log10_compute_new_high) as new_high, ranges_beyond
    from marts.projections
    where row_set = ? and benchmark = ? and metric = ? and compute_measure = 'hardware_burden' and selection = ?
        and form in ('polynomial', 'exponential') and method = ? and target in ('target_1', 'target_2')
    order by target, list_position(['polynomial', 'exponential'], form)
"""


Runs = Sequence[Sequence[tuple[float, float]]]


class Read(NamedTuple):
    """What a scaling plot shows: the line that leads, points, curves and targets."""

    line: dict[str, Any]
    points: Rows
    curves: dict[str, Rows]
    targets: Rows
    level: float


def read(con: duckdb.DuckDBPyConnection, benchmark: str, row_set: str = "current") -> Read | None:
    """What the warehouse has of a benchmark; None where it has no line that leads."""
    lines = select(con, _LINE, [row_set, benchmark])
    if not lines:
        return None
    line = lines[0]
    metric, selection = line["metric"], line["selection"]
    curves: dict[str, Rows] = {}
    for row in select(con, _CURVES, [row_set, benchmark, metric, selection]):
        curves.setdefault(row["form"], []).append(row)
    method = "cluster" if line["estimator"] == "ols_cluster" else "y_on_x"
    return Read(
        line,
        select(con, _POINTS, [row_set, benchmark, metric]),
        curves,
        select(con, _TARGETS, [row_set, benchmark, metric, selection, method]),
        level(con),
    )


def level(con: duckdb.DuckDBPyConnection) -> float:
    """How much the intervals of lines are to cover."""
    return float(con.execute("select level from staging.fit_rule").fetchall()[0][0])


def plots(con: duckdb.DuckDBPyConnection) -> list[Picture]:
    """The scaling plot of each domain of the brief that has a line."""
    found = [(benchmark, read(con, benchmark)) for benchmark in texts.DOMAINS]
    return [_picture(benchmark, shown) for benchmark, shown in found if shown]


def factor(value: float | None) -> str:
    """How many times the computation: to two digits, and beyond a million a power of ten."""
    if value is None:
        return "any number of"
    return texts.whole(value) if value < _FACTOR_MAX else texts.power(math.log10(value))


def message(benchmark: str, line: dict[str, Any]) -> str:
    """The title: what half the error has taken, or how little the points tell of it."""
    name = texts.title(benchmark)
    if line["halving_factor_high"] is None and line["halving_factor_low"] is not None:
        return (
            f"Each halving of {name}’s error has taken at least {factor(line['halving_factor_low'])} times the computation: "
            f"how much more, {line['n']} trainings do not tell"
        )
    return f"Each halving of {name}’s error has taken about {factor(line['halving_factor'])} times the computation"


def drifted(shown: Read) -> str:
    """What is said of the polynomial line where a new model's interval does not hold it; "" where it does."""
    edge = next((row for row in reversed(shown.curves.get("polynomial", [])) if not row["is_beyond"]), None)
    return new_model.told(edge["error"], edge["new_low"], edge["new_high"]) if edge else ""


def _picture(benchmark: str, shown: Read) -> Picture:
    line, first = shown.line, next((row for row in shown.targets if row["form"] == "polynomial"), None)
    ends = (line["halving_factor_low"], line["halving_factor_high"])
    level = f"{round(shown.level * 100)}{formats.NARROW}% interval"
    interval = f"{level} {factor(ends[0])} – {factor(ends[1])}; " if None not in ends else ""
    title = message(benchmark, line)
    columns, rows = behind(_as_rows(shown))
    moved = drifted(shown)
    reaches = (
        f" The polynomial line reaches {first['error'] * 100:g} % at {texts.plain(texts.power(first['log10_compute']))} FLOP."
        if first and first["log10_compute"] is not None
        else ""
    )
    return Picture(
        f"scaling_{benchmark}",
        title,
        f"{interval}{texts.word(line['metric'])}; {texts.exact(line['n'])} trainings"
        + (f"; {moved[:1].lower()}{moved[1:-1]}" if moved else ""),
        f"Scatter chart on log axes of {texts.word(line['metric'])} on {texts.title(benchmark)} against the hardware burden of "
        f"{line['n']} trainings in FLOP, with fitted lines of {len(shown.curves)} forms and their bands, extended one range of "
        f"the data beyond the largest. {texts.plain(title)}.{reaches}" + (f" {texts.plain(moved)}" if moved else ""),
        columns,
        rows,
        partial(_draw, shown=shown),
        {"column": 205.0, "page": 270.0},
    )


def _as_rows(shown: Read) -> Rows:
    """All that is drawn, in one table: points, steps of curves, targets."""
    empty = dict.fromkeys(
        ("kind", "form", "label", "year", "kind_of_run", "log10_computation", "error", "error_low", "error_high",
         "new_low", "new_high", "is_beyond", "log10_computation_low", "log10_computation_high")
    )  # fmt: skip
    rows = [{"kind": "point", **row} for row in shown.points]
    rows += [{"kind": "curve", **row} for curve in shown.curves.values() for row in curve]
    rows += [
        {
            "kind": "target", "form": row["form"], "label": row["target"], "error": row["error"],
            "log10_computation": row["log10_compute"], "log10_computation_low": row["log10_compute_low"],
            "log10_computation_high": row["log10_compute_high"],
        }
        for row in shown.targets
    ]  # fmt: skip
    return [{name: row.get(name) for name in empty} for row in rows]


def _draw(canvas: Canvas, shown: Read) -> None:
    ax = canvas.axes(left=31, bottom=31, right=10)
    at = [(row["log10_computation"], math.log10(row["error"])) for row in shown.points]
    x_low, x_data = min(x for x, _ in at), max(x for x, _ in at)
    last = max(row["log10_computation"] for curve in shown.curves.values() for row in curve)
    runs = {
        form: [(row["log10_computation"], math.log10(row["error"])) for row in rows]
        for form, rows in shown.curves.items()
    }
    bottom = min([y for _, y in at] + [runs["polynomial"][-1][1]])
    top = max(y for _, y in at)
    ax.set_xlim(x_low - (last - x_low) * 0.04, last)
    ax.set_ylim(bottom - (top - bottom) * 0.07, top + (top - bottom) * 0.1)
    ax.axvspan(x_data, last, color=style.BEYOND, zorder=0)
    _bands(ax, shown.curves)
    _points(ax, shown.points)
    _lines(ax, shown.curves)
    axes.powers(ax.xaxis, *ax.get_xlim(), 6 if not canvas.is_wide else 10)
    axes.errors(ax, *(10**y for y in ax.get_ylim()))
    axes.name_below(ax, "Computation of the training, FLOP (peak rate × time)")
    boxes = _targets(ax, shown.targets, list(runs.values()))
    frame = ax.get_window_extent()
    boxes.append(
        labels.write(ax, frame.x1 - 3, frame.y1 - 3, "beyond the data", color=style.MUTED, ha="right", va="top")
    )
    landmarks = _landmarks(shown.points)
    edge = [(x_data, ax.get_ylim()[0]), (x_data, ax.get_ylim()[1])]
    boxes += labels.place(
        ax, landmarks, points=at, lines=[*runs.values(), edge], taken=boxes, most=LANDMARKS[canvas.size]
    )
    for form, run in runs.items():
        beyond = [spot for spot in run if spot[0] >= x_data]
        others = [other for name, other in runs.items() if name != form]
        further = _further(shown.targets, form, last, 2 if canvas.is_wide else 1)
        look: dict[str, Any] = {
            "points": at,
            "lines": others,
            "taken": boxes,
            "color": LOOKS[form][1],
            "below": further,
        }
        boxes += labels.along(ax, beyond, form, **look) or labels.along(ax, run, form, **look)
    _legend(ax, shown.points, at, list(runs.values()), boxes)


def _further(targets: Rows, form: str, last: float, most: int) -> str:
    """What targets a form reaches beyond the frame, to stand at its name; the polynomial's have their own place."""
    rows = [
        row for row in targets
        if row["form"] == form != "polynomial" and row["log10_compute"] is not None and row["log10_compute"] > last
    ]  # fmt: skip
    return ", ".join(f"{texts.percent(row['error'])} at {texts.power(row['log10_compute'])}" for row in rows[:most]) + (
        " →" if rows else ""
    )


def _part(rows: Rows, *, is_beyond: bool) -> Rows:
    """The steps of a curve among the points, or those beyond; the last one among them belongs to both."""
    edge = max(row["step"] for row in rows if not row["is_beyond"])
    return [row for row in rows if row["is_beyond"] is is_beyond or row["step"] == edge]


def _bands(ax: Axes, curves: dict[str, Rows]) -> None:
    for form, rows in curves.items():
        for is_beyond, opacity in ((False, style.BAND), (True, style.BAND_BEYOND)):
            part = _part(rows, is_beyond=is_beyond)
            held = [row for row in part if row["error_low"] and row["error_high"]]
            ax.fill_between(
                [row["log10_computation"] for row in held],
                [math.log10(row["error_low"]) for row in held],
                [math.log10(row["error_high"]) for row in held],
                color=LOOKS[form][0], alpha=opacity, linewidth=0, zorder=1,
            )  # fmt: skip


def _lines(ax: Axes, curves: dict[str, Rows]) -> None:
    for form, rows in reversed(curves.items()):
        for is_beyond in (False, True):
            part = _part(rows, is_beyond=is_beyond)
            look = {"linewidth": style.BEYOND_PT, "dashes": style.DASHES} if is_beyond else {"linewidth": style.LINE_PT}
            ax.plot(
                [row["log10_computation"] for row in part], [math.log10(row["error"]) for row in part],
                color=LOOKS[form][0], zorder=4 if form == "polynomial" else 3, **look,
            )  # fmt: skip


def _points(ax: Axes, points: Rows) -> None:
    for kind, (marker, is_filled) in _MARKERS.items():
        of_kind = [row for row in points if row["kind_of_run"] == kind]
        if of_kind:
            ax.plot(
                [row["log10_computation"] for row in of_kind], [math.log10(row["error"]) for row in of_kind],
                linestyle="", **_mark(marker, is_filled), zorder=2.5,
            )  # fmt: skip


def _mark(marker: str, is_filled: bool) -> dict[str, Any]:
    return {
        "marker": marker, "markersize": style.POINT_PT if is_filled else style.POINT_PT + 0.4, "color": style.POINT,
        "markerfacecolor": style.POINT if is_filled else "none", "markeredgewidth": 0 if is_filled else 0.6,
    }  # fmt: skip


def _legend(ax: Axes, points: Rows, at: list[tuple[float, float]], runs: Runs, taken: list[labels.Box]) -> None:
    """Which shape is which kind of run, in the emptiest corner; none where all are of one kind."""
    kinds = [kind for kind in _MARKERS if any(row["kind_of_run"] == kind for row in points)]
    if len(kinds) < 2:
        return
    box = labels.room(ax, 58, 9.5 * len(kinds), points=at, lines=runs, taken=taken)
    if not box:
        return
    for row, kind in enumerate(kinds):
        y = box.top - 9.5 * row - 4.7
        labels.write(ax, box.left + 8, y, words.words().kinds_of_run_in_figures[kind], color=style.MUTED, va="center")
        spot = ax.transData.inverted().transform((box.left + 2.5, y))
        ax.plot(*spot, linestyle="", **_mark(*_MARKERS[kind]))


def _landmarks(points: Rows) -> list[labels.Label]:
    known = sorted((row for row in points if row["landmark_rank"]), key=lambda row: row["landmark_rank"])
    return [labels.Label(row["log10_computation"], math.log10(row["error"]), row["landmark_label"]) for row in known]


def _targets(ax: Axes, targets: Rows, runs: Runs) -> list[labels.Box]:
    """Rules at the errors to be reached that are on the axis, with where lines cross them; the first other one in a line below."""
    low, high = ax.get_ylim()
    boxes: list[labels.Box] = []
    beneath = []
    for target in dict.fromkeys(row["target"] for row in targets):
        rows = [row for row in targets if row["target"] == target and row["log10_compute"] is not None]
        if rows and low < math.log10(rows[0]["error"]) < high:
            boxes += _rule(ax, rows, runs)
        else:
            beneath += [row for row in rows if row["form"] == "polynomial"]
    return boxes + _beneath(ax, beneath[:1])


def _rule(ax: Axes, rows: Rows, runs: Runs) -> list[labels.Box]:
    level = math.log10(rows[0]["error"])
    left, right = ax.get_xlim()
    ax.axhline(level, color=style.FRAME, linewidth=style.FRAME_PT, zorder=1)
    frame = ax.get_window_extent()
    y = float(ax.transData.transform((left, level))[1])
    name = f"target {texts.percent(rows[0]['error'])}"
    boxes = [labels.write(ax, frame.x0 + 4, y + 2, name, color=style.MUTED)]
    for row in rows:
        if row["log10_compute"] < right:
            boxes += _crossing(ax, row, level, y, runs)
    return boxes


def _crossing(ax: Axes, row: dict[str, Any], level: float, y: float, runs: Runs) -> list[labels.Box]:
    """Bar and thin line of the intervals on the rule, and the number left of where the line crosses it."""
    color, text_color = LOOKS[row["form"]]
    _bar(ax, row["log10_compute_low"], row["log10_compute_high"], level, color, _BAR_PT)
    _bar(ax, row["new_low"], row["new_high"], level, color, _NEW_PT)
    ax.plot(row["log10_compute"], level, "|", color=color, markersize=9, markeredgewidth=1.3, zorder=6)
    lowest = min(row[end] for end in ("log10_compute", "log10_compute_low", "new_low") if row[end] is not None)
    at, first = (float(ax.transData.transform((x, level))[0]) for x in (row["log10_compute"], lowest))
    number, told = texts.power(row["log10_compute"]), _interval(row)
    size = extent(number, _NUMBER_PT, bold=True)
    box = labels.clear_left(ax, at - 5, y + 3.5, size, runs)
    labels.write(ax, box.right, box.bottom, number, size=_NUMBER_PT, color=text_color, ha="right", bold=True)
    boxes = [box, labels.Box(first - 4, y - 5, at + 4, y + 5)]
    if told:
        beneath = labels.clear_left(ax, at - 5, y - 5 - size[1], extent(told, style.SMALL_PT), runs)
        boxes.append(labels.write(ax, beneath.right, y - 4, told, color=text_color, ha="right", va="top"))
    return boxes


def _bar(ax: Axes, low: float | None, high: float | None, level: float, color: str, width: float) -> None:
    """An interval on a rule; an end that is not there or lies beyond the frame is an arrow."""
    if low is None:
        return
    left, right = ax.get_xlim()
    ax.plot([max(low, left), min(high or right, right)], [level, level], color=color, linewidth=width, zorder=5)
    if high is None or high > right:
        look = {"arrowstyle": "-|>", "color": color, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 6}
        ends = (right + (right - left) * 0.012, level), (right - (right - left) * 0.02, level)
        ax.annotate("", *ends, zorder=5, annotation_clip=False, arrowprops=look)


def _interval(row: dict[str, Any]) -> str:
    low, high = row["log10_compute_low"], row["log10_compute_high"]
    if low is None:
        return ""
    return f"{texts.power(low)} or more" if high is None else f"{texts.power(low)} – {texts.power(high)}"


def _beneath(ax: Axes, rows: Rows) -> list[labels.Box]:
    """A target that lies below the axis, in the lower left corner."""
    frame = ax.get_window_extent()
    boxes = []
    for row in rows:
        out = f", {texts.fixed(row['ranges_beyond'], 1)} data ranges out" if row["ranges_beyond"] else ""
        told = f"{texts.percent(row['error'])} at {texts.power(row['log10_compute'])}{out} →"
        boxes.append(labels.write(ax, frame.x0 + 4, frame.y0 + 4, told, color=LOOKS[row["form"]][1]))
    return boxes
