"""Names of tables in a query: `show tables` and `describe t` with what each is, and what is said of a name that is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb

from flows.errors import near

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOW_TABLES = re.compile(r"\s*show\s+tables\s*;?\s*", re.IGNORECASE)
_DESCRIBE = re.compile(r'\s*(?:describe|desc|show)\s+(?:table\s+)?((?:"?\w+"?\.)?"?\w+"?)\s*;?\s*', re.IGNORECASE)
_UNKNOWN = re.compile(r'Catalog Error: Table with name "?([^"\s]+)"? does not exist')
# Views for analysts first, under the name that a query gives them; then what they are made of.
_SCHEMAS = ("main", "marts", "core", "fits", "exports", "meta", "staging")
_TABLES = f"""
with named as (
    select schema_name, table_name as name, estimated_size as n_rows, comment from duckdb_tables()
    union all
    select schema_name, view_name, null, comment from duckdb_views() where not internal
)

select
    if(schema_name = 'main', name, schema_name || '.' || name) as table_name,
    n_rows,
    comment as what_it_is,
from named
order by list_position({list(_SCHEMAS)}, schema_name), name
"""


def told(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The query, or in the place of SHOW TABLES and DESCRIBE of a table a SELECT that says what these are.

    DuckDB's own names no schema, and no comment.
    """
    if _SHOW_TABLES.fullmatch(sql):
        return _TABLES
    named = _DESCRIBE.fullmatch(sql)
    if named is None:
        return sql
    *schema, table = named[1].replace('"', "").lower().split(".")
    place = f"schema_name = '{schema[0] if schema else 'main'}' and table_name = '{table}'"
    if not con.execute(f"select 1 from duckdb_columns() where {place} limit 1").fetchall():
        return sql
    return (
        f"select column_name, data_type as column_type, comment as what_it_is from duckdb_columns() where {place} "
        "order by column_index"
    )


def unknown(con: duckdb.DuckDBPyConnection, error: duckdb.Error) -> str | None:
    """What is said where a query names a table that is not there: those of that name in a schema, or those near it."""
    found = _UNKNOWN.search(str(error)) if isinstance(error, duckdb.CatalogException) else None
    if found is None:
        return None
    name = found[1].rpartition(".")[2]
    names = [row[0] for row in con.execute(_TABLES).fetchall()]
    same = [one for one in names if one.rpartition(".")[2] == name.lower()]
    return f"no table {name!r}; {_meant(name, same, names)}, and `show tables` lists all"


def _meant(name: str, same: Sequence[str], names: Sequence[str]) -> str:
    if not same:
        return near(name, names)
    return f"with its schema it is {' or '.join(same)}"
