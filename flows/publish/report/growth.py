"""Growth: how fast the computation of models and the speed of processors rise, by series, era and frontier rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from flows.publish.report import wording
from flows.publish.report.page import Page, Row, one, rows

if TYPE_CHECKING:
    import duckdb

# Whose growth the page is headed by: the series of Figure 2a, so that page and figure say one thing; of processors the GPUs.
_HEADED = """
select figure.subject, series, era
from staging.growth_figure as figure
join staging.growth_series using (series)
where processor_kind is distinct from 'cpu'
"""
_COMPUTE = """
select
    series, era, rule, quantity, n, intercept, slope, first_released_on, last_released_on, growth_per_year, growth_per_year_low,
    growth_per_year_high, doubling_time_month, doubling_time_month_low, doubling_time_month_high, level, status,
from marts.compute_growth
order by series, era, rule
"""
_HARDWARE = _COMPUTE.replace("compute_growth", "hardware_growth")
_POINTS = """
select series, name, released_on, 2000 + years as year, log10_value, points.source, points.page, locator, pages.url as address
from fits.growth_points as points
left join meta.pages as pages on points.source = pages.source and points.page = pages.page
order by series, released_on, name, thing
"""


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The page of growth."""
    compute, hardware, points = rows(con, _COMPUTE), rows(con, _HARDWARE), rows(con, _POINTS)
    level = one(con, "select level from staging.growth_level")["level"]
    headed = {figure["subject"]: (figure["series"], figure["era"]) for figure in rows(con, _HEADED)}
    yield Page(
        file="growth.html",
        here="growth",
        title="How fast computation grows",
        description="Growth of models' computation and of processors' speed, by series and era.",
        template="growth.html",
        values={
            "headline": _headline(_line(compute, headed["model"]), _line(hardware, headed["processor"])),
            "level": level,
            "parts": [
                ("Computation of models, and what it reaches", "marts.compute_growth", _shown(compute)),
                (
                    "Speed of processors and clusters, and speed for the money",
                    "marts.hardware_growth",
                    _shown(hardware),
                ),
            ],
            "grown": {
                "lines": [line for line in (*compute, *hardware) if line["n"]],
                "points": _by_series(points),
                "chosen": {"series": headed["model"][0], "era": headed["model"][1], "rule": "all"},
                "level": level,
                "words": wording.vocabulary(),
                **wording.groups("growth_rules", "axes"),
                "processors": sorted({line["series"] for line in hardware}),
            },
        },
        scripts=("tables.js", "draw.js", "xy.js", "growth.js"),
        tables={"compute_growth.csv": compute, "hardware_growth.csv": hardware, "growth_points.csv": points},
    )


def _headline(models: Row | None, processors: Row | None) -> Markup:
    if models is None or processors is None:
        return Markup("How fast computation grows")
    return Markup("Models’ computation has grown {} times a year since {}, the speed of a GPU only {} times").format(
        wording.decimal(models["growth_per_year"]),
        models["first_released_on"].year,
        wording.decimal(processors["growth_per_year"], 2),
    )


def _line(lines: Sequence[Row], of: tuple[str, str]) -> Row | None:
    key = (*of, "all")
    found = [line for line in lines if (line["series"], line["era"], line["rule"]) == key and line["growth_per_year"]]
    return found[0] if found else None


def _shown(lines: Sequence[Row]) -> list[Row]:
    """The lines through all points of their era; those of frontier rules are in the plot and in the data."""
    return [line for line in lines if line["rule"] == "all" and line["n"]]


def _by_series(points: Sequence[Row]) -> dict[str, Row]:
    """{series: its points as lists, and the pages that they are from}; an address stands once."""
    found: dict[str, Row] = {}
    for point in points:
        series = found.setdefault(point["series"], {"pages": {}, "points": []})
        page = f"{point['source']} {point['page']}"
        series["pages"][page] = point["address"]
        series["points"].append(
            [point["name"], round(point["year"], 3), round(point["log10_value"], 4), page, point["locator"]]
        )
    return found
