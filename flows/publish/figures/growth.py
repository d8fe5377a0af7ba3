"""Figures 2a and 2b of the brief: computation of models over time beside the speed of GPUs, and of ImageNet's over AlexNet's."""

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

_SHEET = "#A9B2BB"  # GPUs, which stand behind the models
# The series of processors that the figure sets the models beside; CPUs stand below it.
_GPUS, _CPUS = "gpus", "cpus"
_FROM = 2010  # the years that the lines are of


def models(con: duckdb.DuckDBPyConnection) -> Picture | None:
    """Figure 2a: training computation of notable models and speed of GPUs, each relative to AlexNet's; None without their lines."""
    rows = select(con, "select * from exports.figure_2a")
    lines = _lines(rows)
    if not {"model", "processor"} <= set(lines):
        return None
    points = [row for row in rows if row["kind"] == "point" and row["year"] >= _FROM and row["series"] != _CPUS]
    model, gpu = lines["model"][0], lines["processor"][0]
    title = (
        f"Models’ computation has grown {texts.fixed(model['growth_per_year'], 1)} times a year since "
        f"{model['released_on'].year}, the speed of a GPU only {texts.fixed(gpu['growth_per_year'], 2)} times"
    )
    largest = max(row["log10_relative"] for row in points if row["subject"] == "model")
    return Picture(
        "figure_2a",
        title,
        "relative to AlexNet and to its GPU, a GeForce GTX 580 (log\u00a0scale); "
        f"{round(model['level'] * 100)}{formats.NARROW}% intervals",
        f"Scatter chart on a log axis, {_FROM} to {max(row['released_on'] for row in points).year}, of the training computation "
        f"of notable models and the FP32 speed of GPUs, both as multiples of AlexNet's; lines through {model['n']} models and "
        f"{gpu['n']} GPUs, and dashed that of CPUs. {texts.plain(title)}. The largest took "
        f"{texts.plain(texts.amount(largest))} times AlexNet's computation.",
        *behind(rows),
        partial(_draw_models, points=points, lines=lines, cpus=_of_cpus(rows)),
        {"column": 185.0, "page": 240.0},
    )


def imagenet(con: duckdb.DuckDBPyConnection) -> Picture | None:
    """Figure 2b: hardware burden of ImageNet's models by day of publication, over AlexNet's; None without models or GPUs."""
    points = select(con, "select * from exports.figure_2b where is_headline")
    lines = _lines(select(con, "select * from exports.figure_2a"))
    if not points or "processor" not in lines:
        return None
    gpu = lines["processor"][0]
    alexnet = min(points, key=lambda row: (abs(row["log10_compute_to_alexnet"]), row["released_on"]))
    largest = max(points, key=lambda row: row["log10_compute_to_alexnet"])
    years = largest["year"] - alexnet["year"]
    title = (
        f"In {round(years)} years ImageNet’s models came to take {texts.whole(largest['compute_to_alexnet'])} "
        f"times AlexNet’s computation, and GPUs to be {texts.whole(gpu['growth_per_year'] ** years)} times as fast"
    )
    return Picture(
        "figure_2b",
        title,
        f"hardware burden relative to AlexNet 2012 (log\u00a0scale); {len(points)} models of the authors’ rows of 2022; "
        f"line: GPU speed × {texts.fixed(gpu['growth_per_year'], 2)} a year",
        f"Scatter chart on a log axis of the hardware burden of {len(points)} ImageNet models by day of publication, as "
        f"multiples of AlexNet's. {texts.plain(title)}. The largest is {largest['label']}.",
        *behind(points),
        partial(_draw_imagenet, points=points, gpu=gpu, largest=largest),
    )


def _lines(rows: Rows) -> dict[str, Rows]:
    """{subject: the steps of its line}, each with the growth of all; of processors the GPUs."""
    lines: dict[str, Rows] = {}
    for row in rows:
        if row["kind"] == "line" and (row["subject"] == "model" or row["series"] == _GPUS):
            lines.setdefault(row["subject"], []).append(row)
    return lines


def _of_cpus(rows: Rows) -> Rows:
    """The steps of the line of CPUs in the years that are drawn."""
    return [row for row in rows if row["kind"] == "line" and row["series"] == _CPUS and row["year"] >= _FROM]


def _draw_models(canvas: Canvas, points: Rows, lines: dict[str, Rows], cpus: Rows) -> None:
    ax = canvas.axes(left=30, bottom=18, right=8)
    kinds = {kind: [row for row in points if row["subject"] == kind] for kind in ("processor", "model")}
    at = {kind: [(row["year"], row["log10_relative"]) for row in rows] for kind, rows in kinds.items()}
    last = max(x for run in at.values() for x, _ in run)
    ax.set_xlim(_FROM, last + 0.4)
    ax.set_ylim(min(y for _, y in at["model"]) - 1.2, max(y for _, y in at["model"]) + 1.0)
    ax.axhline(0, color=style.FRAME, linewidth=style.FRAME_PT, zorder=1)
    ax.plot(*zip(*at["processor"], strict=True), "s", color=_SHEET, markersize=1.3, markeredgewidth=0, zorder=2)
    ax.plot(
        *zip(*at["model"], strict=True), "o", color=style.FIRST, alpha=0.75, markersize=2.1, markeredgewidth=0, zorder=3
    )
    runs = []
    for kind, color in (("processor", style.INK), ("model", style.FIRST)):
        years = [row["year"] for row in lines[kind]]
        band = [[row[f"log10_relative_{end}"] for row in lines[kind]] for end in ("low", "high")]
        ax.fill_between(years, band[0], band[1], color=color, alpha=style.BAND, linewidth=0, zorder=3.5)
        runs.append([(row["year"], row["log10_relative"]) for row in lines[kind]])
        ax.plot(*zip(*runs[-1], strict=True), color=color, linewidth=style.LINE_PT + 0.2, zorder=4)
    axes.years(ax.xaxis, _FROM, int(last) + 1, 6 if not canvas.is_wide else 12)
    axes.powers(ax.yaxis, *ax.get_ylim(), 7)
    called = files.files().landmarks.of("figure_2a")
    known = [row for row in kinds["model"] if row["name"] in called]
    boxes = _said(ax, lines)
    if cpus:
        runs.append([(row["year"], row["log10_relative"]) for row in cpus])
        ax.plot(*zip(*runs[-1], strict=True), color=style.INK, linewidth=style.LINE_PT, dashes=(4, 2), zorder=3.8)
        boxes += labels.along(ax, runs[-1], "CPU speed", points=at["model"], lines=runs[:-1], size=style.SMALL_PT)
    wanted = [labels.Label(row["year"], row["log10_relative"], called[row["name"]]) for row in known]
    labels.place(ax, wanted, points=at["model"], lines=[*runs, [(_FROM, 0), (last, 0)]], taken=boxes, covered=2)


def _said(ax: Axes, lines: dict[str, Rows]) -> list[labels.Box]:
    """The names of the two lines with their growth, one in each empty corner."""
    left, bottom, right, top = ax.get_window_extent().extents
    model, gpu = lines["model"][0], lines["processor"][0]
    told = [
        (
            f"Training computation × {texts.fixed(model['growth_per_year'], 1)} a year",
            f"{texts.fixed(model['growth_per_year_low'], 1)}–{texts.fixed(model['growth_per_year_high'], 1)}; "
            f"{texts.exact(model['n'])} notable models",
            style.FIRST, left + 6, top - 4, "left",
        ),
        (
            f"GPU speed × {texts.fixed(gpu['growth_per_year'], 2)} a year",
            f"{texts.fixed(gpu['growth_per_year_low'], 2)}–{texts.fixed(gpu['growth_per_year_high'], 2)}; "
            f"FP32, {texts.exact(gpu['n'])} GPUs",
            style.INK, right, bottom + 24, "right",
        ),
    ]  # fmt: skip
    boxes = []
    for name, small, color, x, y, ha in told:
        boxes.append(labels.write(ax, x, y, name, size=style.TEXT_PT, color=color, ha=ha, va="top", bold=True))
        boxes.append(labels.write(ax, x, y - 9.5, small, color=color, ha=ha, va="top"))
    return boxes


def _draw_imagenet(canvas: Canvas, points: Rows, gpu: dict[str, Any], largest: dict[str, Any]) -> None:
    ax = canvas.axes(left=30, bottom=18, right=8)
    at = [(row["year"], row["log10_compute_to_alexnet"]) for row in points]
    first, last = min(x for x, _ in at), max(x for x, _ in at)
    ax.set_xlim(math.floor(first), math.ceil(last))
    ax.set_ylim(min(y for _, y in at) - 0.7, max(y for _, y in at) + 0.5)
    ax.axhline(0, color=style.FRAME, linewidth=style.FRAME_PT, zorder=1)
    run = [(x, math.log10(gpu["growth_per_year"]) * (x - first)) for x in (first, last)]
    ax.plot(*zip(*run, strict=True), color=style.INK, zorder=2)
    ax.plot(*zip(*at, strict=True), "o", color=style.FIRST, markersize=3.0, markeredgewidth=0, zorder=3)
    axes.years(ax.xaxis, math.floor(first), math.ceil(last), 6 if not canvas.is_wide else 12)
    axes.powers(ax.yaxis, *ax.get_ylim(), 8)
    level = [(first, 0), (last, 0)]
    boxes = labels.along(ax, run, "GPU speed", points=at, lines=[level], size=style.SMALL_PT)
    called = files.files().landmarks.of("figure_2b")
    wanted = [
        labels.Label(*spot, called.get(str(row["label"]), str(row["label"])))
        for row, spot in zip(points, at, strict=True)
        if row["label"] in (*called, largest["label"])
    ]
    labels.place(ax, wanted, points=at, lines=[run, level], taken=boxes)
