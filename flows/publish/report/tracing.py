"""Traces: what every number of the report leads to. A page shows what a row was made of; the rows lie in files beside it.

The page computes nothing: it looks up, by the address that a number links to, the row itself, the table's comment and grounds,
the points of its line and the places in pages that these were read from. `compute-limits trace` follows the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flows.declared.grounds import grounds
from flows.publish.report.page import Page, Row, rows, stem

if TYPE_CHECKING:
    import duckdb

_POINTS = """
select
    points.benchmark, points.row_set, points.metric, points.compute_measure, points.result_id,
    coalesce(models.name, points.model_id) as name, points.error, points.log10_compute, points.compute_unit, points.is_predicted,
    results.source as score_source, results.page as score_page, results.locator as score_locator,
    points.source, points.page, points.locator,
from fits.points as points
left join core.results as results using (result_id)
left join core.models as models on models.model_id = points.model_id
order by points.benchmark, row_set, points.metric, compute_measure, error, result_id
"""
_SAMPLES = """
select benchmark, row_set, metric, compute_measure, selection, result_id from fits.samples
order by benchmark, row_set, metric, compute_measure, selection, error, result_id
"""
# What the row of a number is shown from: a SELECT for each table that numbers link to by a benchmark.
_BY_BENCHMARK = {
    "marts.forecast_scores": "select * from marts.forecast_scores where kind = 'forecast'",
    "marts.prediction_coverage": "select * from marts.prediction_coverage where horizon = 'all'",
    "marts.backtest_coverage": "select * from marts.backtest_coverage",
    "marts.scaling": "select * from marts.scaling",
    "marts.cost_lines": "select * from marts.cost_lines where row_set = 'current'",
    "marts.costs": "select * from marts.costs where scenario = 'paper_2020' and region = 'USA' and estimator = 'ols'",
    "marts.projections": "select * from marts.projections where row_set = 'current'",
    "exports.figure_3_costs": "select * from exports.figure_3_costs",
    "marts.history": "select * from marts.history where quantity in ('exponent', 'lowest_error')",
    "marts.changes": "select * from marts.changes where quantity in ('exponent', 'lowest_error')",
    "marts.headline_numbers": "select * from marts.headline_numbers where quantity in ('exponent', 'lowest_error')",
}
# Of others there are few rows, or few are shown.
_WHOLE = (
    "meta.sources",
    "marts.cost_factors",
    "marts.forecast_methods",
    "marts.compute_growth",
    "marts.hardware_growth",
    "marts.theory_observations",
    "exports.clusters",
    "exports.embodied_carbon",
    "exports.provider_prices",
    "exports.region_carbon",
    "exports.rental_prices",
    "exports.figure_scores",
    "exports.scores",
    "exports.target_trends",
    "marts.leaderboards",
    "marts.time_to_target",
)
# Of one, rows are many and seldom asked for: they lie in a file of their own.
_APART = {"core.listed_scores": "listed_scores"}

# Of counts: how many of the rows of a table are of each page, under the columns that numbers link by.
_COUNTED = {
    "core.results": "select benchmark, metric, source, page, count(*) as n from core.results group by all",
    "core.candidates": "select benchmark, metric, source, page, count(distinct result_id) as n from core.candidates group by all",
    "fits.points": """
        select row_set, benchmark, metric, source, page, count(distinct result_id) as n from fits.points
        where row_set = 'current' group by all
    """,
    "core.left_out": """
        select left_out.benchmark, rule, source, page, count(*) as n
        from core.left_out as left_out join core.results using (result_id) group by all
    """,
    "core.quarantine": "select source, rule, page, count(*) as n from core.quarantine group by all",
    "core.rejected_cells": "select rule, source, page, count(*) as n from core.rejected_cells group by all",
    "core.conflicts": "select quantity, model_id, source, page, count(*) as n from core.conflicts group by all",
    "core.listed_prices": "select scenario, year, source, page, count(*) as n from core.listed_prices group by all",
    "core.carbon_intensities": """
        select region_code, year, source, page, count(*) as n from core.carbon_intensities
        where year >= 2017 and region_code is not null group by all
    """,
    "core.artefacts": "select rule, source, page, count(*) as n from core.artefacts group by all",
}
_LINE = ("row_set", "benchmark", "metric", "compute_measure", "form", "estimator", "selection", "direction")
# The columns by which a number's row is named in the address that it links to.
_KEYS = {
    "marts.scaling": _LINE,
    "marts.compute_growth": ("series", "era", "rule"),
    "marts.hardware_growth": ("series", "era", "rule"),
    "exports.clusters": ("source", "page", "locator"),
    "exports.embodied_carbon": ("category", "subcategory"),
    "exports.provider_prices": ("processor_id", "year", "commitment"),
    "exports.region_carbon": ("source", "page", "locator"),
    "exports.rental_prices": ("processor_id", "commitment", "month"),
    "exports.figure_scores": ("score_id",),
    "exports.scores": ("benchmark",),
    "exports.target_trends": ("line", "sample", "quantity"),
    "core.listed_scores": ("source", "page", "locator", "benchmark"),
    "marts.leaderboards": ("source", "page", "benchmark"),
    "marts.time_to_target": ("task", "quality_target", "timing", "round", "unit"),
    "marts.theory_observations": ("setting", "model", "statistic"),
    "marts.backtest_coverage": ("row_set", "benchmark", "metric", "compute_measure", "form"),
    "marts.prediction_coverage": ("row_set", "benchmark", "metric", "compute_measure", "selection", "form", "horizon"),
    "marts.forecast_scores": ("benchmark", "statement"),
    "marts.forecast_methods": ("kind", "quantity", "method", "horizon_years"),
    "marts.history": ("benchmark", "metric", "compute_measure", "quantity", "place"),
    "marts.changes": ("benchmark", "metric", "compute_measure", "quantity", "cause"),
    "marts.headline_numbers": ("benchmark", "metric", "compute_measure", "quantity"),
    "fits.points": ("benchmark", "metric"),
    "meta.sources": ("source",),
    "core.results": ("benchmark", "metric"),
    "core.candidates": ("benchmark", "metric"),
    "core.left_out": ("rule",),
    "core.quarantine": ("source", "rule"),
    "core.rejected_cells": ("rule",),
    "core.conflicts": ("quantity",),
    "core.artefacts": ("rule",),
}


def address(table: str, row: Mapping[str, Any], **more: str) -> str:
    """Where a number of a row leads to: the page of traces, with the table and the columns that name the row in it."""
    return f"trace.html#{table}?{urlencode({**{name: row[name] for name in _KEYS[table]}, **more})}"


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The page that shows traces, with what all of them have in common."""
    comments = dict(
        con.execute(
            "select schema_name || '.' || table_name, comment from duckdb_tables() where comment is not null order by 1"
        ).fetchall()
    )
    columns = rows(
        con,
        "select schema_name || '.' || table_name as name, column_name, comment from duckdb_columns() "
        "where comment is not null and name in (select unnest(?)) order by name, column_index",
        [[*_BY_BENCHMARK, *_WHOLE, *_APART, *_COUNTED]],
    )
    known = {
        name: {
            "comment": comments[name],
            "columns": {column["column_name"]: column["comment"] for column in columns if column["name"] == name},
            "ways": [
                {"what": way.what, "table": way.table, "file": way.file} for way in grounds().of(name)
            ],
        }
        for name in (*_BY_BENCHMARK, *_WHOLE, *_APART, *_COUNTED)
    }  # fmt: skip
    yield Page(
        file="trace.html",
        here="",
        title="Where a number comes from",
        description="The row that a number stands in, what it was made of, and the places in pages that it was read from.",
        template="trace.html",
        values={"known": known, "counted": [*_COUNTED], "whole": [*_WHOLE], "apart": _APART, "stems": _stems(con)},
        scripts=("trace.js",),
    )


def _stems(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """{benchmark: the name of the file that has what its numbers lead to}."""
    found = con.execute("select distinct benchmark from fits.points order by benchmark").fetchall()
    return {benchmark: stem(benchmark) for (benchmark,) in found}


def scripts(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Name and text of the files that the page of traces loads when it needs them."""
    yield "traces/pages.js", _script("pages", _pages(con))
    yield (
        "traces/tables.js",
        _script("tables", {name: _compact(rows(con, f"from {name} order by all")) for name in _WHOLE}),
    )
    for name, file in _APART.items():
        yield f"traces/{file}.js", _script(file, {name: _compact(rows(con, f"from {name} order by all"))})
    yield (
        "traces/counts.js",
        _script(
            "counts", {name: _compact(rows(con, f"from ({select}) order by all")) for name, select in _COUNTED.items()}
        ),
    )
    by_benchmark = {
        name: {
            key: list(of)
            for key, of in groupby(
                sorted(rows(con, f"select * from ({select}) order by all"), key=_benchmark), key=_benchmark
            )
        }
        for name, select in _BY_BENCHMARK.items()
    }
    samples = {key: list(of) for key, of in groupby(rows(con, _SAMPLES), key=_benchmark)}
    for benchmark, of in groupby(rows(con, _POINTS), key=_benchmark):
        tables = {name: _compact(rows_of.get(benchmark, [])) for name, rows_of in by_benchmark.items()}
        sets = _sets(list(points := list(of)), samples.get(benchmark, []))
        kept = [{key: point[key] for key in point if key != "benchmark"} for point in points]
        yield (
            f"traces/{stem(benchmark)}.js",
            _script(stem(benchmark), {"points": _compact(kept), "sets": sets, "tables": tables}),
        )


def _benchmark(row: Row) -> str:
    return str(row["benchmark"])


def _sets(points: Sequence[Row], samples: Sequence[Row]) -> dict[str, list[int]]:
    """{"row set/metric/measure/selection": the places of its points}."""
    at = {
        (point["row_set"], point["metric"], point["compute_measure"], point["result_id"]): place
        for place, point in enumerate(points)
    }
    found: dict[str, list[int]] = {}
    for sample in samples:
        key = (sample["row_set"], sample["metric"], sample["compute_measure"], sample["result_id"])
        if key in at:
            found.setdefault("/".join([*key[:3], sample["selection"]]), []).append(at[key])
    return found


def _pages(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """{"source page": [address, day, SHA-256, licence]}."""
    told = con.execute(
        "select source || ' ' || page, url, pages.retrieved_on::varchar, sha256, licence from meta.pages as pages "
        "join meta.sources using (source) order by all"
    ).fetchall()
    return {key: list(rest) for key, *rest in told}


def _compact(table: Sequence[Row]) -> dict[str, Any]:
    """Rows as lists under the names of their columns; each text once."""
    names = list(table[0]) if table else []
    return {"columns": names, "rows": [[row[name] for name in names] for row in table]}


def _script(name: str, value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str)
    return f'CL.received("{name}",{text});\n'
