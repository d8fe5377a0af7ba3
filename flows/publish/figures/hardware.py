"""What an hour of each processor costs, on demand and spot, and the rate of clusters by year."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from flows.publish import formats
from flows.publish.figures import axes, labels, style, texts
from flows.publish.figures.canvas import extent
from flows.publish.figures.picture import Picture, Rows, behind, select

if TYPE_CHECKING:
    import duckdb

    from flows.publish.figures.canvas import Canvas

DEMAND, SPOT = "on demand", "spot"
_LOOKS = {DEMAND: (style.FIRST, style.FIRST, 2.0), SPOT: (style.SECOND, style.SECOND_TEXT, -2.0)}
PROVIDERS_MIN = 3  # from so many on a price is one of the market, and a processor is drawn, in the report too
_SHOWN_MAX = 12
_ROW_PT = 15.0
_USD = ((0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50), (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15))
_NAMED = 4  # of the largest clusters


def plots(con: duckdb.DuckDBPyConnection) -> list[Picture]:
    """The figure of prices and that of clusters; each only where there is something in it."""
    return [picture for picture in (_prices(con), _clusters(con)) if picture is not None]


def _prices(con: duckdb.DuckDBPyConnection) -> Picture | None:
    found = select(
        con,
        "select * from exports.provider_prices where commitment in ('on demand', 'spot') "
        "qualify year = max(year) over (partition by processor_id) order by processor_id, commitment",
    )
    rows: dict[str, dict[str, Any]] = {}
    for row in found:
        rows.setdefault(row["processor_id"], {})[row["commitment"]] = row
    enough = [of for of in rows.values() if DEMAND in of and of[DEMAND]["n_providers"] >= PROVIDERS_MIN]
    if not enough:
        return None
    offered = sorted(enough, key=lambda of: (-of[DEMAND]["n_providers"], of[DEMAND]["processor_id"]))[:_SHOWN_MAX]
    first = offered[0][DEMAND]
    spot = f", and {texts.fixed(offered[0][SPOT]['price_usd'], 2)} spot" if SPOT in offered[0] else ""
    title = (
        f"An hour of one {first['processor_id']} costs {texts.fixed(first['price_usd'], 2)} USD on demand at the median of "
        f"{texts.exact(first['n_providers'])} providers{spot}"
    )
    shown = sorted(offered, key=lambda of: (of[DEMAND]["price_usd"], of[DEMAND]["processor_id"]))
    several = "; ".join(f"{of[DEMAND]['processor_id']} {texts.fixed(of[DEMAND]['price_usd'], 2)}" for of in shown[::-1])
    columns, behind_it = behind([row for of in shown for _, row in sorted(of.items())])
    height = len(shown) * _ROW_PT + 40
    return Picture(
        "rental_prices",
        title,
        f"nominal USD for an hour of one processor, log\u00a0scale, {first['year']}: the median over providers of each one’s own, "
        "line from the cheapest to the dearest",
        f"Dot plot on a log axis of the price of an hour of {len(shown)} processors, on demand and spot. {texts.plain(title)}. "
        f"On demand, USD: {several}.",
        columns,
        behind_it,
        partial(_draw_prices, shown=shown),
        {"column": height, "page": height},
    )


def _draw_prices(canvas: Canvas, shown: list[dict[str, Any]]) -> None:
    ax = canvas.axes(left=104, bottom=30, right=8, top=14)
    ax.spines["left"].set_visible(False)
    every = [row[end] for of in shown for row in of.values() for end in ("price_usd_low", "price_usd_high")]
    ax.set_xlim(math.log10(min(every)) - 0.04, math.log10(max(every)) + 0.04)
    ax.set_ylim(-0.6, len(shown) - 0.4)
    ticks = axes.enough(_USD, *(10**end for end in ax.get_xlim()))
    axes.numbers(ax.xaxis, ticks)
    ax.yaxis.set_ticks([])
    for tick in ticks:
        ax.axvline(math.log10(tick), color=style.GRID, linewidth=style.FRAME_PT, zorder=1)
    frame = ax.get_window_extent()
    for at, of in enumerate(shown):
        y = float(ax.transData.transform((0, at))[1])
        canvas.text(0, y, of[DEMAND]["processor_id"], size=style.SMALL_PT, va="center")
        for kind, (color, _, up) in _LOOKS.items():
            if kind in of:
                here = at + up / _ROW_PT
                low, middle, high = (
                    math.log10(of[kind][name]) for name in ("price_usd_low", "price_usd", "price_usd_high")
                )
                ax.plot([low, high], [here, here], color=color, linewidth=0.8, alpha=0.6, zorder=2)
                face = color if kind == DEMAND else style.GROUND
                ax.plot(
                    middle,
                    here,
                    "o",
                    color=color,
                    markersize=style.LANDMARK_PT,
                    markerfacecolor=face,
                    markeredgewidth=0.8,
                    zorder=3,
                )
    x = frame.x0
    for kind, (_, ink, _) in _LOOKS.items():
        canvas.text(x, frame.y1 + 4, kind, size=style.SMALL_PT, color=ink, bold=True)
        x += extent(kind, style.SMALL_PT, bold=True)[0] + 10
    axes.name_below(ax, "USD for an hour of one processor")


def _clusters(con: duckdb.DuckDBPyConnection) -> Picture | None:
    points = select(con, "select * from exports.clusters order by year, source, page, locator")
    lines = select(
        con,
        "select * from marts.hardware_growth where quantity = 'cluster_op_per_s_16_bit' and era = 'all_years' and rule = 'all' "
        "and growth_per_year is not null",
    )
    if not points or not lines:
        return None
    line = lines[0]
    largest = max(points, key=lambda row: row["op_per_s_16_bit"])
    grown = texts.fixed(line["growth_per_year"], 1)
    title = f"Clusters of accelerators have grown {grown} times a year since {line['first_released_on'].year}"
    if largest["processor_count"]:
        title += f", and the largest to {texts.whole(largest['processor_count'])} processors"
    columns, behind_it = behind(points)
    ends = texts.between(line["growth_per_year_low"], line["growth_per_year_high"], "{:.2f}")
    return Picture(
        "clusters",
        title,
        f"16-bit peak, operations a second (log\u00a0scale), of {texts.exact(line['n'])} clusters that are or were there; "
        f"line of all, {round(line['level'] * 100)}{formats.NARROW}% interval {ends}",
        f"Scatter chart on a log axis of the 16-bit rate of {len(points)} clusters by the day on which they were there, "
        f"with a line through all. {texts.plain(title)}. The largest is {largest['name']}.",
        columns,
        behind_it,
        partial(_draw_clusters, points=points, line=line),
        {"column": 175.0, "page": 220.0},
    )


def _draw_clusters(canvas: Canvas, points: Rows, line: dict[str, Any]) -> None:
    ax = canvas.axes(left=30, bottom=18, right=8)
    at = [(row["year"], row["log10_op_per_s_16_bit"]) for row in points]
    years = [year for year, _ in at]
    ax.set_xlim(math.floor(min(years)), max(years) + 0.4)
    ax.set_ylim(min(y for _, y in at) - 0.3, max(y for _, y in at) + 0.5)
    ax.plot(*zip(*at, strict=True), "o", color=style.POINT, alpha=0.6, markersize=2.0, markeredgewidth=0, zorder=2)
    run = [(year, line["intercept"] + line["slope"] * (year - 2000)) for year in (min(years), max(years))]
    ax.plot(*zip(*run, strict=True), color=style.FIRST, linewidth=style.LINE_PT, zorder=3)
    axes.years(ax.xaxis, math.floor(min(years)), math.floor(max(years)) + 1, 6 if not canvas.is_wide else 12)
    axes.powers(ax.yaxis, *ax.get_ylim(), 7)
    largest = sorted(points, key=lambda row: -row["op_per_s_16_bit"])
    wanted = [labels.Label(row["year"], row["log10_op_per_s_16_bit"], row["name"]) for row in largest]
    labels.place(ax, wanted[:12], points=at, lines=[run], covered=1, most=_NAMED)
