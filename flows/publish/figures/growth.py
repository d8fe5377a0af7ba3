"""Figures 2a and 2b of the brief: computation of models over time beside the speed of GPUs, and of ImageNet's over AlexNet's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flows.publish.figures import axes, labels, style, texts
from flows.publish.figures.picture import Picture, Rows, behind, select

if TYPE_CHECKING:
    import duckdb
    from matplotlib.axes import Axes

    from flows.publish.figures.canvas import Canvas

_SHEET = "#A9B2BB"  # GPUs, which stand behind the models
_FROM = 2008
# Models that people know, by the names of their records.
_KNOWN = {
    "AlexNet": "AlexNet",
    "AlphaGo Zero": "AlphaGo Zero",
    "GPT-3 175B (davinci)": "GPT-3",
    "GPT-4": "GPT-4",
    "Grok-3": "Grok-3",
}
_KNOWN_IMAGENET = {name: name for name in ("AlexNet", "VGG-19", "ViT-H/14", "Xception", "CoCa", "LeViT-384")} | {
    "NASNET-A(6)": "NASNet-A"
}
# A model by how people call it, where its record says more; of the lines those since 2010, of everything of the series.
_POINTS = f"""
    with of_models as (
        select 'model' as kind, name, released_on, log10_value, 'AlexNet' as reference
        from fits.growth_points where series = 'notable_models'
    ), of_processors as (
        select 'gpu' as kind, name, released_on, log10_value, 'NVIDIA GeForce GTX 580' as reference
        from fits.growth_points where series = 'gpus'
    ), both_kinds as (
        select * from of_models union all select * from of_processors
    ), at_one as (
        select kind, min(log10_value) as log10_reference from both_kinds where name = reference group by kind
    )
    select kind, name, released_on, log10_value - log10_reference as log10_relative
    from both_kinds join at_one using (kind)
    where year(released_on) >= {_FROM}
    order by kind desc, released_on, name, log10_relative
"""
_LINES = """
    with lines as (
        select 'model' as kind, * from marts.compute_growth where series = 'notable_models' and era = 'since_2010' and rule = 'all'
        union all by name
        select 'gpu' as kind, * from marts.hardware_growth where series = 'gpus' and era = 'since_2010' and rule = 'all'
    ), at_one as (
        select 'model' as kind, min(log10_value) as log10_reference from fits.growth_points
        where series = 'notable_models' and name = 'AlexNet'
        union all
        select 'gpu', min(log10_value) from fits.growth_points where series = 'gpus' and name = 'NVIDIA GeForce GTX 580'
    )
    select kind, n, growth_per_year, growth_per_year_low, growth_per_year_high, level, first_released_on, last_released_on,
        intercept - log10_reference as intercept, slope
    from lines join at_one using (kind)
"""
_IMAGENET = """
    select name, released_on, error, log10_compute_to_alexnet, is_predicted
    from marts.imagenet_computation where row_set = 'paper_v2' and compute_measure = 'hardware_burden'
    order by released_on, name
"""


def models(con: duckdb.DuckDBPyConnection) -> Picture:
    """Figure 2a: training computation of notable models and speed of GPUs, each relative to AlexNet's."""
    points = select(con, _POINTS)
    lines = {line["kind"]: line for line in select(con, _LINES)}
    model, gpu = lines["model"], lines["gpu"]
    title = (
        f"Models’ computation has grown {texts.fixed(model['growth_per_year'], 1)} times a year since 2010, "
        f"the speed of a GPU only {texts.fixed(gpu['growth_per_year'], 2)} times"
    )
    columns, rows = behind(points)
    largest = max(row["log10_relative"] for row in points)
    return Picture(
        "figure_2a",
        title,
        "relative to AlexNet and to its GPU, a GeForce GTX 580 (log\u00a0scale); "
        f"{round(model['level'] * 100)}{texts.THIN}% intervals",
        f"Scatter chart on a log axis, {_FROM} to {max(row['released_on'] for row in points).year}, of the training computation "
        f"of {model['n']} notable models and the FP32 speed of {gpu['n']} GPUs, both as multiples of AlexNet's. "
        f"{texts.plain(title)}. The largest took {texts.plain(texts.amount(largest))} times AlexNet's computation.",
        columns,
        rows,
        lambda canvas: _draw_models(canvas, points, lines),
    )


def imagenet(con: duckdb.DuckDBPyConnection) -> Picture:
    """Figure 2b: hardware burden of ImageNet's models by day of publication, as a multiple of AlexNet's."""
    points = select(con, _IMAGENET)
    gpu = next(line for line in select(con, _LINES) if line["kind"] == "gpu")
    growth = texts.fixed(gpu["growth_per_year"], 2)
    alexnet = next(row for row in points if row["log10_compute_to_alexnet"] == 0)
    largest = max(points, key=lambda row: row["log10_compute_to_alexnet"])
    years = _years(largest["released_on"]) - _years(alexnet["released_on"])
    speed = gpu["growth_per_year"] ** years
    title = (
        f"In {round(years)} years ImageNet’s models came to take {texts.whole(10 ** largest['log10_compute_to_alexnet'])} "
        f"times AlexNet’s computation, and GPUs to be {texts.whole(speed)} times as fast"
    )
    columns, rows = behind(points)
    return Picture(
        "figure_2b",
        title,
        f"hardware burden relative to AlexNet 2012 (log\u00a0scale); {len(points)} models of the authors’ rows of 2022; "
        f"line: GPU speed × {growth} a year",
        f"Scatter chart on a log axis of the hardware burden of {len(points)} ImageNet models by day of publication, as "
        f"multiples of AlexNet's. {texts.plain(title)}. Labelled largest: {largest['name']}.",
        columns,
        rows,
        lambda canvas: _draw_imagenet(canvas, points, gpu, largest),
    )


def _years(day: Any) -> float:
    """A day as a year with its fraction."""
    return float(day.year + (day.timetuple().tm_yday - 1) / 365.25)


def _since_2000(day: Any) -> float:
    """Years as lines of growth count them."""
    return _years(day) - 2000


def _draw_models(canvas: Canvas, points: Rows, lines: dict[str, Any]) -> None:
    ax = canvas.axes(left=30, bottom=18, right=8)
    kinds = {kind: [row for row in points if row["kind"] == kind] for kind in ("gpu", "model")}
    at = {kind: [(_years(row["released_on"]), row["log10_relative"]) for row in rows] for kind, rows in kinds.items()}
    last = max(x for run in at.values() for x, _ in run)
    ax.set_xlim(_FROM, last + 0.4)
    ax.set_ylim(min(y for _, y in at["model"]) - 1.2, max(y for _, y in at["model"]) + 1.0)
    ax.axhline(0, color=style.FRAME, linewidth=style.FRAME_PT, zorder=1)
    ax.plot(*zip(*at["gpu"], strict=True), "s", color=_SHEET, markersize=1.3, markeredgewidth=0, zorder=2)
    ax.plot(
        *zip(*at["model"], strict=True), "o", color=style.FIRST, alpha=0.75, markersize=2.1, markeredgewidth=0, zorder=3
    )
    runs = []
    for kind, color in (("gpu", style.INK), ("model", style.FIRST)):
        line = lines[kind]
        ends = [line["first_released_on"], line["last_released_on"]]
        run = [(_years(day), line["intercept"] + line["slope"] * _since_2000(day)) for day in ends]
        ax.plot(*zip(*run, strict=True), color=color, linewidth=style.LINE_PT + 0.2, zorder=4)
        runs.append(run)
    axes.years(ax.xaxis, _FROM, int(last) + 1, 6 if not canvas.is_wide else 12)
    axes.powers(ax.yaxis, *ax.get_ylim(), 7)
    known = [row for row in kinds["model"] if row["name"] in _KNOWN]
    boxes = _said(ax, lines)
    wanted = [labels.Label(_years(row["released_on"]), row["log10_relative"], _KNOWN[row["name"]]) for row in known]
    labels.place(ax, wanted, points=at["model"], lines=[*runs, [(_FROM, 0), (last, 0)]], taken=boxes, covered=2)


def _said(ax: Axes, lines: dict[str, Any]) -> list[labels.Box]:
    """The names of the two lines with their growth, one in each empty corner."""
    left, bottom, right, top = ax.get_window_extent().extents
    model, gpu = lines["model"], lines["gpu"]
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
    at = [(_years(row["released_on"]), row["log10_compute_to_alexnet"]) for row in points]
    first, last = min(x for x, _ in at), max(x for x, _ in at)
    ax.set_xlim(math.floor(first), math.ceil(last))
    ax.set_ylim(min(y for _, y in at) - 0.7, max(y for _, y in at) + 0.5)
    ax.axhline(0, color=style.FRAME, linewidth=style.FRAME_PT, zorder=1)
    run = [(x, gpu["slope"] * (x - first)) for x in (first, last)]
    ax.plot(*zip(*run, strict=True), color=style.INK, zorder=2)
    ax.plot(*zip(*at, strict=True), "o", color=style.FIRST, markersize=3.0, markeredgewidth=0, zorder=3)
    axes.years(ax.xaxis, math.floor(first), math.ceil(last), 6 if not canvas.is_wide else 12)
    axes.powers(ax.yaxis, *ax.get_ylim(), 8)
    level = [(first, 0), (last, 0)]
    boxes = labels.along(ax, run, "GPU speed", points=at, lines=[level], size=style.SMALL_PT)
    wanted = [
        labels.Label(*spot, str(_KNOWN_IMAGENET.get(row["name"], row["name"])))
        for row, spot in zip(points, at, strict=True)
        if row["name"] in (*_KNOWN_IMAGENET, largest["name"])
    ]
    labels.place(ax, wanted, points=at, lines=[run, level], taken=boxes)
