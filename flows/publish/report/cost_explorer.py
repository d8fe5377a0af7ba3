"""The cost explorer: what an error would cost, computed in the page from the line, the prices and the factors of the warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from flows.publish.report import wording
from flows.publish.report.page import Page, Row, one, rows, stem

if TYPE_CHECKING:
    import duckdb

_MEASURES = ("hardware_burden", "training_compute", "consolidated_burden")
# The line of costs of each benchmark: of all sources, and the published one beside it.
_LINES = """
select
    lines.row_set, lines.benchmark, lines.metric, lines.compute_measure, lines.form, lines.selection, lines.is_leading,
    list(lines.error order by step) as error,
    list(lines.log10_flop order by step) as log10_flop,
    list(lines.log10_flop_low order by step) as low,
    list(lines.log10_flop_high order by step) as high,
    list(lines.ranges_beyond order by step) as ranges_beyond,
    any_value(sizes.n) as n,
    any_value(sizes.error_min) as error_best,
from marts.cost_lines as lines
join fits.sample_sets as sets using (row_set, benchmark, metric, compute_measure, selection)
join fits.sample_sizes as sizes using (sample_id)
where lines.row_set = 'current' or (lines.row_set = 'paper_v1' and lines.compute_measure = 'hardware_burden')
group by all
order by all
"""
_FACTORS = """
select scenario, region, factor, title, processor_id, region_name, year, value, low, high, unit, source, source_url, as_of, note
from marts.cost_factors
where region = coalesce((
    select min(region) filter (region = 'OWID_WRL') from marts.cost_factors as others where others.scenario = cost_factors.scenario
), region)
order by scenario, region, factor
"""
# Carbon of electricity as each scenario has it, which may state its own.
_DECLARED_CARBON = """
select scenario, region, region_name as name, value as g, year, source, source_url
from marts.cost_factors where factor = 'carbon_intensity' order by all
"""
# What an hour of the hardware of a scenario cost in each year, in its window of days and in others.
_PRICES = """
select
    scenario, year, list(price_usd_per_hour order by price_usd_per_hour) as prices,
    min(priced_on) as first_on, max(priced_on) as last_on,
    string_agg(distinct title, '; ' order by title) as source, min(homepage) as source_url,
from core.listed_prices
join staging.source_setting using (source)
where year is not null
group by scenario, year
order by scenario, year
"""
# Of each region the electricity of every year since the first processor that can be chosen.
_REGIONS = """
select region_code as region, any_value(region) as name, list(year order by year) as years,
    list(carbon_intensity_g_per_kwh order by year) as g_per_kwh
from core.carbon_intensities
where region_code is not null and year >= 2017
group by region_code
order by name
"""
_TARGETS = """
select benchmark, metric, target, error from staging.target
where row_set = 'current' and error is not null order by all
"""


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The page of the explorer."""
    lines = rows(con, _LINES)
    scenarios = _scenarios(
        rows(con, _FACTORS),
        prices=rows(con, "select scenario, price_usd_per_hour from core.scenario_prices order by all"),
        carbon=rows(con, _DECLARED_CARBON),
        years=rows(con, _PRICES),
        electricity=dict(con.execute("select scenario, electricity_year from staging.scenario").fetchall()),
    )
    yield Page(
        file="costs.html",
        here="costs",
        title="What would a lower error cost?",
        description="Computation, money, electricity and emissions of an error that is chosen, with their intervals.",
        template="costs.html",
        values={
            "explored": {
                "words": {**wording.vocabulary(), **wording.groups("explorer")["explorer"]},
                "benchmarks": list(_benchmarks(con, lines)),
                "scenarios": list(scenarios),
                "regions": rows(con, _REGIONS),
                "intensity": one(
                    con,
                    "select title as source, homepage as source_url from staging.source_setting where source = 'owid_carbon'",
                ),
                "comparisons": rows(con, "select * from marts.comparisons order by comparison, measure"),
                **one(con, "select supported_ranges, level from staging.fit_rule"),
            },
        },
        scripts=("draw.js", "costs.js"),
        tables={
            "cost_lines.csv": rows(con, "select * from marts.cost_lines order by all"),
            "cost_factors.csv": rows(con, "select * from marts.cost_factors order by all"),
        },
    )


def _benchmarks(con: duckdb.DuckDBPyConnection, lines: list[Row]) -> Iterator[Row]:
    """Each benchmark with its lines by form, of the first measure that has one, and its targets."""
    titles = dict(con.execute("select benchmark, title from staging.benchmark").fetchall())
    keys = {
        row["reads"]: row["benchmark"]
        for row in rows(con, "select * from staging.row_set_benchmark where row_set = 'paper_v1'")
    }
    targets = {
        key: list(of) for key, of in groupby(rows(con, _TARGETS), key=lambda row: (row["benchmark"], row["metric"]))
    }
    of_today = [line for line in lines if line["row_set"] == "current"]
    published = [line for line in lines if line["row_set"] == "paper_v1"]
    for (benchmark, metric), of in groupby(of_today, key=lambda line: (line["benchmark"], line["metric"])):
        known = list(of)
        measure = min((line["compute_measure"] for line in known), key=_MEASURES.index)
        before = (keys.get(benchmark, benchmark), metric)
        yield {
            "benchmark": benchmark,
            "page": f"{stem(benchmark)}.html",
            "title": titles[benchmark],
            "metric": metric,
            "measure": measure,
            "targets": targets.get((benchmark, metric), []),
            "lines": [_drawn(line) for line in known if line["compute_measure"] == measure],
            "published": [_drawn(line) for line in published if (line["benchmark"], line["metric"]) == before],
        }


def _drawn(line: Row) -> Row:
    return {name: line[name] for name in line if name not in ("benchmark", "metric", "compute_measure")}


def _scenarios(
    factors: list[Row], prices: list[Row], carbon: list[Row], years: list[Row], electricity: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    """Each scenario: its factors by name, the prices that count in it, and what its hardware cost an hour in each year."""
    told = ("value", "low", "high", "unit", "source", "source_url", "as_of", "note", "year", "region", "region_name")
    for scenario, of in groupby(factors, key=lambda row: row["scenario"]):
        known = list(of)
        yield {
            "scenario": scenario,
            "title": known[0]["title"],
            "processor": known[0]["processor_id"],
            "factors": {row["factor"]: {name: row[name] for name in told} for row in known},
            "prices": [row["price_usd_per_hour"] for row in prices if row["scenario"] == scenario],
            "electricity_year": electricity[scenario],
            "carbon": {row["region"]: row for row in carbon if row["scenario"] == scenario},
            "years": {row["year"]: row for row in years if row["scenario"] == scenario},
        }
