"""Figures 1a and 1b of the brief: what flexibility costs in observations and in computation, by the simulation of linear models."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from flows.declared import files
from flows.publish import formats
from flows.publish.figures import axes, labels, style, texts
from flows.publish.figures.picture import Picture, Rows, behind, select

if TYPE_CHECKING:
    import duckdb
    from matplotlib.axes import Axes

    from flows.publish.figures.canvas import Canvas

# Colour of line and of text on it.
_LOOKS = {
    "oracle": (style.INK, style.INK),
    "regularised": (style.FIRST, style.FIRST),
    "flexible": (style.SECOND, style.SECOND_TEXT),
    "expert": (style.THIRD, style.THIRD),
}
_NAMED_WITHIN = 0.5  # decades


def observations(con: duckdb.DuckDBPyConnection) -> Picture:
    """Figure 1a: performance by observations."""
    rows = select(con, "select * from exports.figure_1a")
    matches = _matches(rows)
    counts = {model: texts.exact(round(match["n_observations"])) for model, match in matches.items()}
    told = ", ".join(
        f"{model} {texts.exact(round(match['n_observations_low']))}–{texts.exact(round(match['n_observations_high']))}"
        for model, match in matches.items()
        if match["n_observations_low"] is not None
    )
    title = (
        f"To do as well as an oracle with {counts['oracle']} observations a flexible model needs "
        f"{counts['flexible']}, a regularised one {counts['regularised']}"
    )
    simulations = con.execute("select any_value(n_simulations) from marts.theory where setting = 'base'").fetchall()[0][
        0
    ]
    level = texts.percent(files.theory_level())
    return Picture(
        "figure_1a",
        title,
        f"performance (1 / excess error), mean of {texts.exact(simulations)} simulations; {level}: {told}",
        "Line chart on log axes of performance against observations, 10 to 10,000, for four linear models. "
        f"{texts.plain(title)}. An expert model needs {counts['expert']}. The flexible model dips where there are as many "
        "observations as features.",
        *behind(rows),
        partial(_draw_observations, curves=rows, matches=matches),
    )


def computation(con: duckdb.DuckDBPyConnection) -> Picture:
    """Figure 1b: computation of the fit for a performance."""
    rows = select(con, "select * from exports.figure_1b")
    matches = _matches(rows)
    oracle = next(
        match["n_observations"] for match in _matches(select(con, "select * from exports.figure_1a")).values()
    )
    times = {model: texts.whole(match["computation_ratio"]) for model, match in matches.items()}
    title = (
        f"To do as well as an oracle with {round(oracle)} observations a flexible model takes "
        f"{times['flexible']} times its computation, a regularised one {times['regularised']}"
    )
    return Picture(
        "figure_1b",
        title,
        "least computation of the fit, FLOP, for a performance (1 / excess error)",
        f"Line chart on log axes of computation against performance for four linear models. {texts.plain(title)}. "
        f"An expert model takes {times['expert']} times as much as the oracle.",
        *behind(rows),
        partial(_draw_computation, curves=rows, matches=matches),
    )


def _matches(rows: Rows) -> dict[str, Any]:
    """{model: where it is as good as the oracle with few observations}, in the order of these."""
    found = sorted((row for row in rows if row["kind"] == "match"), key=lambda row: row["n_observations"])
    return {row["model"]: row for row in found}


def _runs(curves: Rows, x: str, y: str) -> dict[str, list[tuple[float, float]]]:
    runs: dict[str, list[tuple[float, float]]] = {}
    for row in curves:
        if row["kind"] == "match":
            continue
        runs.setdefault(row["model"], []).append((math.log10(row[x]), math.log10(row[y])))
    return runs


def _lines(ax: Axes, runs: dict[str, list[tuple[float, float]]]) -> None:
    for model, run in runs.items():
        ax.plot(*zip(*run, strict=True), color=_LOOKS[model][0], zorder=3)


def _draw_observations(canvas: Canvas, curves: Rows, matches: dict[str, Any]) -> None:
    ax = canvas.axes(left=30, bottom=31, right=9)
    runs = _runs(curves, "n_observations", "performance")
    ax.set_xlim(0.93, 4.06)
    ax.set_ylim(-1.85, 3.25)
    level = math.log10(matches["oracle"]["performance"])
    ax.axhline(level, color=style.FRAME, linewidth=style.FRAME_PT, zorder=1)
    _lines(ax, runs)
    axes.numbers(ax.xaxis, (10, 100, 1_000, 10_000))
    axes.numbers(ax.yaxis, (0.1, 1, 10, 100, 1_000))
    axes.name_below(ax, "Observations")
    for model, match in matches.items():
        at = (math.log10(match["n_observations"]), level)
        _dot(ax, at, model)
        over = model == "oracle"
        ax.annotate(
            texts.exact(round(match["n_observations"])), at, (-3, 4) if over else (3, -4), textcoords="offset points",
            ha="right" if over else "left", va="bottom" if over else "top",
            color=_LOOKS[model][1], weight="semibold",
        )  # fmt: skip
    _name(ax, runs, {"oracle": 2.7, "regularised": 2.85, "flexible": 3.45, "expert": 2.15})
    dip = min((run for run in runs["flexible"] if 2.8 < run[0] < 3.2), key=lambda at: at[1])
    ax.annotate(
        "as many observations as features", dip, (2, -3), textcoords="offset points", ha="right", va="top",
        size=style.SMALL_PT, color=style.MUTED,
    )  # fmt: skip


def _draw_computation(canvas: Canvas, curves: Rows, matches: dict[str, Any]) -> None:
    ax = canvas.axes(left=30, bottom=31, right=9)
    runs = _runs(curves, "performance", "computation_flop")
    ax.set_xlim(-1.15, 3.12)
    ax.set_ylim(3, 10.6)
    level = math.log10(matches["flexible"]["performance"])
    ax.axvline(level, color=style.FRAME, linewidth=style.FRAME_PT, zorder=1)
    _lines(ax, runs)
    axes.numbers(ax.xaxis, (0.1, 1, 10, 100, 1_000))
    axes.powers(ax.yaxis, 3, 10.6, 5)
    axes.name_below(ax, "Performance (1 / excess error)")
    for model, match in matches.items():
        at = (level, math.log10(match["computation_flop"]))
        _dot(ax, at, model)
        if model in ("flexible", "regularised"):
            ax.annotate(
                f"{texts.whole(match['computation_ratio'])}{formats.NARROW}×", at, (4, -4), textcoords="offset points", va="top",
                color=_LOOKS[model][1], weight="semibold",
            )  # fmt: skip
    _name(ax, runs, {"oracle": 2.1, "regularised": 1.35, "flexible": 0.5, "expert": -0.03})


def _dot(ax: Axes, at: tuple[float, float], model: str) -> None:
    ax.plot(
        *at, "o", color=_LOOKS[model][0], markersize=4.2, markeredgecolor=style.GROUND, markeredgewidth=0.7, zorder=5
    )


def _name(ax: Axes, runs: dict[str, list[tuple[float, float]]], at: dict[str, float]) -> None:
    """The name of each line, near an x, without covering any line."""
    placed: list[labels.Box] = []
    for model, x in at.items():
        run, (_, color) = runs[model], _LOOKS[model]
        part = [spot for spot in run if abs(spot[0] - x) < _NAMED_WITHIN]
        placed += labels.along(ax, part, model, lines=list(runs.values()), taken=placed, color=color)
