"""What a target would cost: dollars by scenario and emissions by region, with their intervals."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from flows.declared import scenarios
from flows.publish import formats, words
from flows.publish.figures import axes, labels, scaling, style, texts
from flows.publish.figures.picture import Picture, Rows, behind, select

if TYPE_CHECKING:
    import duckdb
    from matplotlib.axes import Axes

    from flows.publish.figures.canvas import Canvas

# Of the first metric of a benchmark the first target; where the points do not support it there is nothing to draw.
_COSTS = """
    select costs.scenario, scenarios.title, costs.region, scenarios.region_name, scenarios.electricity_year, costs.metric,
        costs.error, costs.form, log10_gflop, log10_usd, log10_usd_low, log10_usd_high, log10_kwh, log10_kwh_low, log10_kwh_high,
        log10_kg_co2, log10_kg_co2_low, log10_kg_co2_high
    from marts.costs as costs
    join core.scenarios as scenarios using (scenario, region)
    join marts.scaling as scaling using (row_set, benchmark, metric, compute_measure, form, selection)
    where row_set = 'current' and benchmark = ? and compute_measure = 'hardware_burden' and target = 'target_1'
        and costs.is_leading and scaling.is_headline and costs.status = 'ok' and not costs.published
    order by scenarios.electricity_year, costs.scenario, log10_kg_co2, costs.region
"""
# Scenarios differ by region in emissions alone; where prices stand one region is as good as another.
_REGION_OF_PRICES = "USA"
_ROW_PT, _HEAD_PT = 17.0, 18.0
_UNIT_PT, _GAP_PT = 12.0, 8.0


class _Bar(NamedTuple):
    """A median with its interval, log10, and what it is of."""

    name: str
    value: float
    low: float
    high: float
    leads: bool


def plots(con: duckdb.DuckDBPyConnection) -> list[Picture]:
    """Costs of the first target of each domain of the brief whose points support it."""
    found = [(benchmark, select(con, _COSTS, [benchmark])) for benchmark in texts.DOMAINS]
    level = scaling.level(con)
    return [_picture(benchmark, rows, level) for benchmark, rows in found if rows]


def _picture(benchmark: str, found: Rows, level: float) -> Picture:
    # That of the command line, where its processor has a price by then, or else the newest.
    newest = max(found, key=lambda row: (row["scenario"] == scenarios.USUAL, row["electricity_year"], row["scenario"]))
    of_prices = [row for row in found if row["region"] == _REGION_OF_PRICES]
    leading = next(row for row in of_prices if row["scenario"] == newest["scenario"])
    dollars = [
        _Bar(row["title"], row["log10_usd"], row["log10_usd_low"], row["log10_usd_high"], row is leading)
        for row in of_prices
    ]
    emissions = [_emissions(row) for row in found if row["scenario"] == newest["scenario"]]
    title = (
        f"{texts.percent(leading['error'])} error on {texts.title(benchmark)} would cost about "
        f"{texts.amount(leading['log10_usd'])} USD ({leading['title']})"
    )
    columns, rows = behind(found)
    interval = f"{texts.amount(leading['log10_usd_low'])} – {texts.amount(leading['log10_usd_high'])}"
    height = (_HEAD_PT + _UNIT_PT) * 2 + _ROW_PT * (len(dollars) + len(emissions)) + _GAP_PT
    widest = max(bar.value for bar in dollars) - min(bar.value for bar in dollars)
    less = widest < min(bar.high - bar.low for bar in dollars)
    return Picture(
        f"cost_{benchmark}",
        title,
        f"{round(level * 100)}{formats.NARROW}% interval {interval}; {leading['form']} form, hardware burden, dollars of the day",
        f"Dots with intervals on log axes: the price in {len(dollars)} scenarios and the emissions in {len(emissions)} regions of "
        f"the computation at which the line reaches {leading['error'] * 100:g} % error. {texts.plain(title)}; the interval is "
        f"{texts.plain(interval)}." + (" Scenarios differ less than each is uncertain." if less else ""),
        columns,
        rows,
        partial(_draw, dollars=dollars, emissions=emissions, scenario=leading["title"]),
        {"column": height, "page": _HEAD_PT + _UNIT_PT + _ROW_PT * max(len(dollars), len(emissions))},
    )


def _emissions(row: dict[str, Any]) -> _Bar:
    name, leads = str(words.words().regions.get(row["region"], row["region"])), row["region"] == _REGION_OF_PRICES
    # Tonnes: a thousand kilograms.
    value, low, high = (row[f"log10_kg_co2{end}"] - 3 for end in ("", "_low", "_high"))
    return _Bar(name, value, low, high, leads)


def _draw(canvas: Canvas, dollars: list[_Bar], emissions: list[_Bar], scenario: str) -> None:
    if canvas.is_wide:
        half = canvas.width_pt / 2
        _panel(canvas, 0, _HEAD_PT, half - 12, dollars, "USD", 100)
        # The two panels begin at the same height.
        _panel(canvas, half, _HEAD_PT, half, emissions, f"t CO₂e, {scenario}", 40, rows=len(dollars))
    else:
        _panel(
            canvas, 0, _HEAD_PT * 2 + _UNIT_PT + _GAP_PT + _ROW_PT * len(emissions), canvas.width_pt, dollars, "USD", 86
        )
        _panel(canvas, 0, _HEAD_PT, canvas.width_pt, emissions, f"t CO₂e, {scenario}", 86)


def _panel(
    canvas: Canvas, left: float, bottom: float, width: float, bars: list[_Bar], unit: str, label: float, rows: int = 0
) -> None:
    rows = rows or len(bars)
    ax = canvas.axes_at(left + label, bottom, width - label - 10, _ROW_PT * rows)
    ax.spines["left"].set_visible(False)
    low, high = min(bar.low for bar in bars), max(bar.high for bar in bars)
    ax.set_xlim(low - 0.15, high + 0.15)
    ax.set_ylim(rows - 0.6, -0.6)
    ax.yaxis.set_ticks([])
    axes.powers(ax.xaxis, *ax.get_xlim(), 5)
    canvas.text(left + label, bottom + _ROW_PT * rows + 4, unit, size=style.SMALL_PT, color=style.MUTED)
    for row, bar in enumerate(bars):
        _bar(ax, row, bar)
        y = bottom + _ROW_PT * (rows - 0.6 - row) - style.SMALL_PT * 0.36
        canvas.text(left, y, bar.name, size=style.SMALL_PT, bold=bar.leads)


def _bar(ax: Axes, row: int, bar: _Bar) -> None:
    color = style.FIRST if bar.leads else style.POINT
    ax.plot([bar.low, bar.high], [row, row], color=color, linewidth=1.2 if bar.leads else 0.8)
    ax.plot(bar.value, row, "o", color=color, markersize=style.LANDMARK_PT, markeredgewidth=0)
    x, y = ax.transData.transform((bar.value, row))
    amount = texts.amount(bar.value)
    labels.write(ax, float(x), float(y) + 2.4, amount, color=color, ha="center", bold=bar.leads)
