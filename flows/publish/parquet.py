"""Tables as Parquet that say what they are: the description of the table, and of each column its description and unit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from flows.answers import rendering
from flows.publish import days
from flows.warehouse import connection

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SCHEMAS = ("core", "marts")
# What a name ends with; of two that fit the longer one.
_UNITS = {
    "flop": "FLOP",
    "gflop": "Gflop",
    "flop_per_s": "FLOP/s",
    "op_per_s": "OP/s",
    "byte": "byte",
    "byte_per_s": "byte/s",
    "watt": "W",
    "kw": "kW",
    "kwh": "kWh",
    "g_per_kwh": "g CO2e/kWh",
    "kg_co2": "kg CO2e",
    "lb_co2": "lb CO2e",
    "usd": "USD",
    "usd_constant": "USD of constant_year",
    "usd_2023": "USD of 2023",
    "usd_per_hour": "USD/h",
    "hours": "h",
    "month": "month",
    "years": "year",
    "decades": "decade",
    "percent": "%",
    "s": "s",
}
_ENDS = ("_low", "_high", "_calibrated", "_new", "_se", "_before", "_after", "_max", "_min")


def bodies(con: duckdb.DuckDBPyConnection) -> dict[str, bytes]:
    """{core.results.parquet: its content, …} of every table of core and marts."""
    return {f"{name}.parquet": rendering.as_parquet(rows) for name, rows in all_described(con)}


def all_described(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, pa.Table]]:
    """(core.results, its rows as `described`) of every table of core and marts, in alphabetical order."""
    # Once for all: DuckDB goes through all columns that there are for each table.
    texts = connection.all_comments(con)
    for name in connection.tables(con):
        if name.partition(".")[0] in SCHEMAS:
            yield name, described(con, name, texts.get(name, {}))


def described(con: duckdb.DuckDBPyConnection, table: str, comments: Mapping[str, str] | None = None) -> pa.Table:
    """The rows of a table, with metadata: `description`, both days, and `columns`, {column: {description, unit}} in JSON.

    Arrow's readers find the same at each column; DuckDB's `parquet_kv_metadata` gives the file's alone. `comments` are those of
    its columns, where they are known.
    """
    rows = con.sql(f"from {table}").to_arrow_table()
    texts = connection.comments(con, table) if comments is None else comments
    about = {name: _about(texts.get(name), unit(name)) for name in rows.column_names}
    fields = [field.with_metadata(about[field.name]) for field in rows.schema]
    of_table = con.execute(
        "select comment from duckdb_tables() where schema_name = ? and table_name = ?", table.split(".")
    ).fetchall()[0][0]
    said = {"description": of_table or table, "columns": json.dumps(about, ensure_ascii=False)}
    said |= dict(zip(days.COLUMNS, days.days(con).texts(), strict=True))
    return rows.cast(_schema(fields, said))


def _schema(fields: list[pa.Field], said: dict[str, str]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema(fields, metadata=said)


def _about(description: str | None, of_unit: str | None) -> dict[str, str]:
    told = {"description": description, "unit": of_unit}
    return {name: text for name, text in told.items() if text}


def unit(column: str) -> str | None:
    """The unit that a column's name tells (quantity_unit), log10(…) where it is a power of ten; None where there is none."""
    quantity = column
    while (end := next((one for one in _ENDS if quantity.endswith(one)), None)) is not None:
        quantity = quantity.removesuffix(end)
    if quantity.startswith("log10_"):
        inner = unit(quantity.removeprefix("log10_"))
        return f"log10({inner})" if inner else None
    fitting = [end for end in _UNITS if quantity == end or quantity.endswith(f"_{end}")]
    # What is a share, a rank or a ratio of such a quantity has none.
    return _UNITS[max(fitting, key=len)] if fitting and not quantity.startswith(("n_", "share_")) else None
