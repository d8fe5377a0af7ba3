"""Efficiency: what reaching the same quality takes, round by round, and how long the tasks are that models complete."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from flows.publish.report import wording
from flows.publish.report.page import Page, Row, rows

if TYPE_CHECKING:
    import duckdb

_LINES = "select * from exports.target_trends order by measured_by, line, sample, quantity"
_POINTS = """
select points.*, pages.url as address
from exports.figure_target_trends as points
left join meta.pages as pages using (source, page)
order by line, quantity, reached_on, log10_taken, source, page, locator
"""
_ROUNDS = """
select
    task, quality_target, timing, round, unit, n, n_submitters, least, median, least_system, least_processor,
    least_processor_count, least_trained_on, median_trained_on,
from marts.time_to_target
where unit = 'chip-hour'
order by task, timing desc, quality_target, median_trained_on, round
"""
_HORIZON = """
select * from marts.compute_growth where quantity = 'time_horizon' and era = 'all_years' and rule = 'all' order by series
"""
_HORIZONS = """
select name, 2000 + years as year, log10_value, points.source, points.page, locator, pages.url as address
from fits.growth_points as points
join staging.growth_series as series using (series)
left join meta.pages as pages on points.source = pages.source and points.page = pages.page
where series.quantity = 'time_horizon'
order by released_on, name, thing
"""
# What a person may count, where a line is of several things, in the order of the menu.
_QUANTITIES = ("chip_hours", "tensor_fp16_burden", "fp8_burden", "fp32_burden")
_SAMPLES = ("all", "up_to_16", "least_of_round")
# What the headline counts: time of chips, and the same at the rate of what trains networks on them.
_TIME, _COMPUTATION = "chip_hours", "tensor_fp16_burden"


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The page of efficiency."""
    lines, points, rounds = rows(con, _LINES), rows(con, _POINTS), rows(con, _ROUNDS)
    horizons = rows(con, _HORIZONS)
    horizon = next((line for line in rows(con, _HORIZON) if line["growth_per_year"]), None)
    level = next((line["level"] for line in lines if line["level"]), None)
    yield Page(
        file="efficiency.html",
        here="efficiency",
        title="What the same quality takes, year by year",
        description="How fast the chip-hours and the computation that reach a fixed quality fall: MLPerf, AlexNet, NanoGPT.",
        template="efficiency.html",
        values={
            "headline": _headline(lines),
            "level": level,
            "lines": sorted(lines, key=_order),
            "rounds": rounds,
            "horizon": horizon,
            "reached": {
                "lines": [_drawn(line) for line in lines],
                "points": _by_line(points),
                "pages": {f"{point['source']} {point['page']}": point["address"] for point in points},
                "quantities": _QUANTITIES,
                "samples": _SAMPLES,
                "level": level,
                "horizon": horizon and {name: horizon[name] for name in _GROWTH},
                "horizons": [
                    [one["name"], round(one["year"], 3), round(one["log10_value"], 4), one["address"], one["locator"]]
                    for one in horizons
                ],
                "words": wording.vocabulary(),
                **wording.groups("tasks"),
            },
        },
        scripts=("tables.js", "draw.js", "xy.js", "efficiency.js"),
        tables={
            "target_trends.csv": lines,
            "efficiency_points.csv": points,
            "time_to_target.csv": rounds,
            "time_horizons.csv": horizons,
        },
    )


_GROWTH = ("series", "era", "rule", "intercept", "slope", "first_released_on", "last_released_on", "growth_per_year")
_DRAWN = (
    *("line", "measured_by", "task", "quality_target", "sample", "quantity", "n", "n_rounds", "intercept", "slope"),
    *("slope_low", "slope_high", "fall_per_year", "fall_per_year_low", "fall_per_year_high", "status"),
)


def _headline(lines: Sequence[Row]) -> Markup:
    """The least and the largest fall of chip-hours, and in how many tasks less computation of those chips is shown."""
    of = {
        quantity: [
            line
            for line in lines
            if (line["measured_by"], line["sample"], line["quantity"]) == ("mlperf", "all", quantity)
            and line["fall_per_year_low"] is not None
        ]
        for quantity in (_TIME, _COMPUTATION)
    }
    if not all(of.values()):
        return Markup("What the same quality takes, year by year")
    falls = sorted(line["fall_per_year"] for line in of[_TIME])
    shown = sum(line["fall_per_year_low"] > 1 for line in of[_COMPUTATION])
    return Markup(
        "The same quality takes {} to {} times fewer chip-hours each year; that it takes less of those chips’ computation "
        "shows in {} of {} tasks"
    ).format(wording.decimal(falls[0]), wording.decimal(falls[-1]), shown, len(of[_COMPUTATION]))


def _order(line: Row) -> tuple[object, ...]:
    """As a person reads the table: all systems before some, chip-hours before computation, the steepest fall first."""
    place = _QUANTITIES.index(line["quantity"]) if line["quantity"] in _QUANTITIES else -1
    return (_SAMPLES.index(line["sample"]), place, -line["fall_per_year"], line["line"])


def _drawn(line: Row) -> Row:
    return {name: line[name] for name in _DRAWN}


def _by_line(points: Sequence[Row]) -> dict[str, dict[str, list[list[object]]]]:
    """{line: {quantity: its points as lists}}, in the order of columns that the script knows."""
    found: dict[str, dict[str, list[list[object]]]] = {}
    for point in points:
        found.setdefault(point["line"], {}).setdefault(point["quantity"], []).append(
            [
                round(point["year"], 3),
                round(point["log10_taken"], 4),
                point["name"],
                point["round"],
                int(bool(point["is_up_to_16"])),
                int(bool(point["is_least_of_round"])),
                f"{point['source']} {point['page']}",
            ]
        )
    return found
