"""The domains side by side: error against computation at one scale, so that slopes compare."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from flows.publish import formats, words
from flows.publish.figures import axes, scaling, style, texts
from flows.publish.figures.picture import Picture, Rows, behind

if TYPE_CHECKING:
    import duckdb
    from matplotlib.axes import Axes

    from flows.publish.figures.canvas import Canvas

# Of the height of a panel: name, benchmark, exponent, interval and n above its axes, and ticks below.
_ABOVE_PT, _BELOW_PT, _GAP_PT, _RIGHT_PT = 45.0, 16.0, 12.0, 4.0
_AXES_PT = {"column": 72.0, "page": 100.0}
_PER_ROW = {"column": 2, "page": 5}


def plots(con: duckdb.DuckDBPyConnection) -> list[Picture]:
    """The small multiples; none where not two domains have a line, or none of these is sure to rise."""
    found = {benchmark: scaling.read(con, benchmark) for benchmark in texts.DOMAINS}
    shown = {benchmark: read for benchmark, read in found.items() if read}
    is_told = any(read.line["status"] == "ok" for read in shown.values())
    return [_picture(shown)] if len(shown) > 1 and is_told else []


def _picture(shown: dict[str, scaling.Read]) -> Picture:
    # A line whose slope may be 0 has no exponent to put into a sentence.
    sure = {benchmark: read.line["exponent"] for benchmark, read in shown.items() if read.line["status"] == "ok"}
    least, most = min(sure, key=sure.__getitem__), max(sure, key=sure.__getitem__)
    names = {benchmark: words.words().domains[benchmark].lower() for benchmark in (least, most)}
    title = (
        f"Computation rises with the {formats.ordinal(round(sure[least]))} power of performance in "
        f"{names[least]} and the {formats.ordinal(round(sure[most]))} in {names[most]}"
    )
    columns, rows = behind(_as_rows(shown))
    level = next(iter(shown.values())).level
    exponents = "; ".join(
        f"{words.words().domains[benchmark].lower()} {_exponent(read)}" for benchmark, read in shown.items()
    )
    heights = {
        size: -(-len(shown) // per_row) * (_ABOVE_PT + _AXES_PT[size] + _BELOW_PT)
        + _GAP_PT * (-(-len(shown) // per_row) - 1)
        for size, per_row in _PER_ROW.items()
    }
    return Picture(
        "domains",
        title,
        "error against FLOP of the training, both log and to one scale: the flatter, the dearer; in large type the exponent, "
        f"below it its {round(level * 100)}{formats.NARROW}% interval and the number of trainings",
        f"Small multiples of {len(shown)} scatter charts to one scale, each with its fitted line and band. {title}. "
        f"Exponents: {exponents}.",
        columns,
        rows,
        partial(_draw, shown=shown),
        heights,
    )


def _exponent(read: scaling.Read) -> str:
    line = read.line
    shown = "{:.0f}" if (line["exponent_high"] or math.inf) >= 100 else "{:.1f}"
    interval = texts.between(line["exponent_low"], line["exponent_high"], shown)
    return f"{line['exponent']:.1f} ({interval})"


def _as_rows(shown: dict[str, scaling.Read]) -> Rows:
    columns = ("benchmark", "kind", "label", "log10_computation", "error", "error_low", "error_high")
    rows = [
        {"benchmark": benchmark, "kind": kind, **row}
        for benchmark, read in shown.items()
        for kind, of_kind in (("point", read.points), ("line", _among(read)))
        for row in of_kind
    ]
    return [{column: row.get(column) for column in columns} for row in rows]


def _among(read: scaling.Read) -> Rows:
    """The line's steps among the points."""
    return [row for row in read.curves["polynomial"] if not row["is_beyond"]]


def _draw(canvas: Canvas, shown: dict[str, scaling.Read]) -> None:
    per_row = _PER_ROW[canvas.size]
    left = 21.0
    pitch = (canvas.width_pt + _GAP_PT) / per_row
    width, height = pitch - _GAP_PT - left - _RIGHT_PT, _AXES_PT[canvas.size]
    # The scale at which the widest and the highest panel just fit: decades in a point.
    spans = {benchmark: _span(read) for benchmark, read in shown.items()}
    across = max(x1 - x0 for x0, x1, _, _ in spans.values()) * 1.06
    up = max(y1 - y0 for _, _, y0, y1 in spans.values()) * 1.1
    for at, (benchmark, read) in enumerate(shown.items()):
        row, column = divmod(at, per_row)
        x = column * pitch
        y = canvas.height_pt - (row + 1) * (_ABOVE_PT + height + _BELOW_PT) - row * _GAP_PT + _BELOW_PT
        ax = canvas.axes_at(x + left, y, width, height)
        x0, x1, y0, y1 = spans[benchmark]
        ax.set_xlim((x0 + x1 - across) / 2, (x0 + x1 + across) / 2)
        ax.set_ylim((y0 + y1 - up) / 2, (y0 + y1 + up) / 2)
        _panel(ax, read)
        axes.powers(ax.xaxis, *ax.get_xlim(), 3, style.SMALL_PT)
        axes.errors(ax, *(10**end for end in ax.get_ylim()))
        ax.tick_params(labelsize=style.SMALL_PT, pad=2, length=2)
        top = y + height + _ABOVE_PT
        canvas.text(x, top - 9, words.words().domains[benchmark], size=style.SMALL_PT, bold=True)
        canvas.text(x, top - 18, texts.title(benchmark), size=style.SMALL_PT, color=style.MUTED)
        number = f"{read.line['exponent']:.1f}"
        canvas.text(x, top - 32, number, size=12, bold=True)
        canvas.text(
            x,
            top - 41,
            f"{_exponent(read).split('(')[1].rstrip(')')}; n {texts.exact(read.line['n'])}",
            size=style.SMALL_PT,
            color=style.MUTED,
        )


def _span(read: scaling.Read) -> tuple[float, float, float, float]:
    """Ends of what a panel holds: points and line."""
    line = _among(read)
    xs = [row["log10_computation"] for row in (*read.points, *line)]
    ys = [math.log10(row["error"]) for row in (*read.points, *line)]
    return min(xs), max(xs), min(ys), max(ys)


def _panel(ax: Axes, read: scaling.Read) -> None:
    line = _among(read)
    x = [row["log10_computation"] for row in line]
    ax.plot(
        [row["log10_computation"] for row in read.points], [math.log10(row["error"]) for row in read.points], "o",
        color=style.POINT, alpha=0.7, markersize=1.8, markeredgewidth=0, zorder=2,
    )  # fmt: skip
    held = [row for row in line if row["error_low"] and row["error_high"]]
    low, high = ([math.log10(row[end]) for row in held] for end in ("error_low", "error_high"))
    ax.fill_between(
        [row["log10_computation"] for row in held],
        low,
        high,
        color=style.FIRST,
        alpha=style.BAND,
        linewidth=0,
        zorder=1,
    )
    ax.plot(x, [math.log10(row["error"]) for row in line], color=style.FIRST, zorder=3)
