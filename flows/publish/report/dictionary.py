"""The data dictionary: every table and column with its comment, what a table reads, and the SQL that makes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from flows import paths
from flows.publish.report.page import Page, Row, rows

if TYPE_CHECKING:
    import duckdb

# The layers in the order in which a person reads them, and what each is.
_LAYERS = {
    "main": "views for analysts, whose names need no schema",
    "exports": "tables for papers",
    "marts": "answers",
    "fits": "points, lines and what was fitted",
    "core": "one row a thing, units fixed",
    "meta": "sources, pages and the build itself",
    "staging": "rows as the pages and the settings have them",
}
# Questions with the SQL that answers them, each short enough to be read at a glance; run when the page is made.
_WORKED = (
    (
        "How does computation rise with performance, by benchmark?",
        "select benchmark, metric, n, exponent, exponent_low, exponent_high from marts.scaling\n"
        "where is_headline and row_set = 'current' and compute_measure = 'hardware_burden' order by exponent",
    ),
    (
        "Which sources disagree on ResNet-50?",
        "select quantity, image_size, chosen_source, chosen_value, source, other_value from core.conflicts\n"
        "where name_key = 'resnet50' order by all limit 8",
    ),
    (
        "Where is the score of a model from?",
        "select r.metric, r.value, r.locator, p.url, p.retrieved_on from core.results r\n"
        "join core.models m using (model_id) join meta.pages p using (source, page)\n"
        "where m.name = 'Xception' order by all limit 5",
    ),
    (
        "What would 5 % error on ImageNet cost in France?",
        "select scenario, form, log10_usd, log10_usd_low, log10_usd_high, status from marts.costs\n"
        "where row_set = 'current' and benchmark = 'imagenet' and target = 'target_1' and region = 'FRA'\n"
        "and compute_measure = 'hardware_burden' and is_leading order by all limit 8",
    ),
)


def pages(con: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """The page of the dictionary."""
    tables = _tables(con)
    ordered = sorted(tables, key=lambda table: (list(_LAYERS).index(table["schema_name"]), table["name"]))
    yield Page(
        file="dictionary.html",
        here="data",
        title="Data dictionary",
        description="Every table and column of the warehouse, what each is made of, and how to ask it.",
        template="dictionary.html",
        values={
            "layers": [(layer, _LAYERS[layer], list(of)) for layer, of in groupby(ordered, key=lambda table: table["schema_name"])],
            "n_tables": len(tables),
            "n_columns": sum(len(table["columns"]) for table in tables),
            "worked": [(question, select, rows(con, select)) for question, select in _WORKED],
        },
        scripts=("dictionary.js",),
        tables={"dictionary.csv": [
            {"table_name": table["name"], **column} for table in ordered for column in table["columns"]
        ]},
    )  # fmt: skip


def _tables(con: duckdb.DuckDBPyConnection) -> list[Row]:
    columns = rows(
        con,
        "select schema_name || '.' || table_name as table_name, column_name, data_type, comment from duckdb_columns() "
        "where not internal order by table_name, column_index",
    )
    of_table = {
        name: [{key: column[key] for key in ("column_name", "data_type", "comment")} for column in of]
        for name, of in groupby(columns, key=lambda column: column["table_name"])
    }
    lineage = rows(con, "select table_name, reads from meta.lineage order by all")
    tables = rows(
        con,
        "select schema_name, schema_name || '.' || table_name as name, comment, estimated_size as n_rows from duckdb_tables() "
        "where list_contains($1, schema_name) union all "
        "select schema_name, schema_name || '.' || view_name, comment, null from duckdb_views() "
        "where list_contains($1, schema_name) and not internal order by name",
        [list(_LAYERS)],
    )
    return [
        {**table, **_edges(lineage, table["name"]), "columns": of_table[table["name"]], "sql": _sql(table["name"])}
        for table in tables
    ]


def _edges(lineage: list[Row], name: str) -> Mapping[str, list[str]]:
    return {
        "reads": [edge["reads"] for edge in lineage if edge["table_name"] == name],
        "read_by": [edge["table_name"] for edge in lineage if edge["reads"] == name],
    }


def _sql(name: str) -> str | None:
    """The SELECT that makes a table; none where Python does."""
    schema, _, table = name.partition(".")
    file = paths.SQL / schema / f"{table}.sql"
    return file.read_text(encoding="utf-8").strip() if file.is_file() else None
