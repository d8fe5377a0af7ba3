"""Forecasts: what the lines of 2020 said and what came after, what is registered, and how each method has done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from flows.declared.domains import titles
from flows.publish.report import wording
from flows.publish.report.page import Page, Row, rows

if TYPE_CHECKING:
    import duckdb

_LATER = """
select
    row_set, benchmark, metric, compute_measure, form, name, paper, released_on, log10_compute, decades_beyond,
    predicted_error, predicted_error_low, predicted_error_high, achieved_error, is_covered, result_id,
from marts.backtest
where predicted_error > 0 and predicted_error < 1 and achieved_error > 0
order by row_set, benchmark, metric, compute_measure, form, released_on, name, result_id
"""
_COVERAGE = """
select * from marts.backtest_coverage where n_later > 0
order by row_set, benchmark, metric, compute_measure, form desc
"""
_METHODS = "select * from marts.forecast_methods order by kind, quantity, horizon_years, crps"
_REGISTERED = """
select
    statement, kind, made_on, horizon_end, benchmark, metric, compute_measure, quantity, at_log10, method, n_scored, crps, median,
    low_80 as low, high_80 as high,
from marts.forecast_scores
where kind = 'forecast'
order by horizon_end, benchmark, metric, quantity, at_log10, method, statement
"""


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The page of forecasts."""
    later, coverage, registered = rows(con, _LATER), rows(con, _COVERAGE), rows(con, _REGISTERED)
    yield Page(
        file="forecasts.html",
        here="forecasts",
        title="Forecasts and what came after them",
        description="The published lines held against later results, registered forecasts, and how each method did.",
        template="forecasts.html",
        values={
            "headline": _headline(coverage),
            "coverage": coverage,
            "titles": titles(),
            "methods": rows(con, _METHODS),
            "registered": registered,
            "held": {"later": [_short(row) for row in later], "titles": titles(), "words": wording.vocabulary()},
        },
        scripts=("tables.js", "draw.js", "xy.js", "forecasts.js"),
        tables={
            "backtest.csv": later,
            "backtest_coverage.csv": coverage,
            "forecasts.csv": rows(con, "select * from marts.forecast_scores order by all"),
        },
    )


def _short(row: Row) -> list[object]:
    key = "/".join(row[name] for name in ("row_set", "benchmark", "metric", "compute_measure", "form"))
    errors = (row["predicted_error"], row["achieved_error"])
    return [key, row["name"], str(row["released_on"]), *(float(f"{error:.5g}") for error in errors), row["is_covered"]]


def _headline(coverage: Sequence[Row]) -> Markup:
    """How many later results the intervals of the published polynomial lines by hardware burden held."""
    lines = [row for row in coverage if row["row_set"] == "paper_v1" and row["form"] == "polynomial"]
    later, held = (sum(row[name] for row in lines) for name in ("n_later", "n_covered"))
    if not later:
        return Markup("What was forecast, and what came after it")
    level = wording.percent(lines[0]["level"], 0)
    return Markup("Of {} results that came after the paper, the {} intervals of its lines hold {}").format(
        later, level, held
    )
