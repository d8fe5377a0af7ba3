"""What `compute-limits export` writes: tables, numbers, references, figures, a data package; byte-equal for an equal warehouse.

Every table of the schema `exports` is CSV and Parquet; those that flows/publish/tables declares are LaTeX, HTML and Markdown too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from flows import paths
from flows.answers import queries, rendering
from flows.declared import files
from flows.errors import UserError, near
from flows.publish import bibliography, days, figures, folders, numbers, packages, parquet
from flows.publish.tables import declared, layout
from flows.publish.tables.declared import Width
from flows.publish.tables.html import html
from flows.publish.tables.latex import latex
from flows.publish.tables.markdown import markdown
from flows.warehouse import connection, sql_files

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

FIGURES = "figures"  # the folder in the export that has them
FORMATS = ("csv", "parquet", "latex", "html", "md", *figures.FORMATS)
WIDTHS: tuple[str, ...] = get_args(Width)
# The table that macros are of.
_NUMBERS = "numbers"


class ExportError(UserError):
    """What was asked for is not there; the message names it, and what is near it."""


@dataclass(frozen=True)
class Request:
    """What is wanted: tables and figures by name (None: all), formats, rows of row sets (none: as declared), width, length.

    `is_long`: LaTeX tables over as many pages as they take, in the place of floats. `has_warehouse`: tables of core and marts too,
    as Parquet whatever the formats.
    """

    tables: Sequence[str] | None = None
    figures: Sequence[str] | None = ()
    formats: Sequence[str] = FORMATS
    row_sets: Sequence[str] = ()
    width: str = "column"
    is_long: bool = False
    has_warehouse: bool = False


def export(
    path: Path, folder: Path, request: Request | None = None, tables: Collection[str] | None = None
) -> list[Path]:
    """Write what is wanted to the folder, made if it is not there; returns the files written, in order.

    All or none are written. Where all is asked for, what an earlier export wrote there and this one does not is removed, unless
    somebody altered it. `tables` are those that have to be in the schema exports; by default those that this version makes.

    Raises:
        flows.answers.queries.QueryError: there is no warehouse, or it was built by another version.
        ExportError: a table, format, row set or width is not known, or nothing would be written.
        flows.answers.outputs.OutputError: the folder cannot be made, or a file cannot be written.
    """
    wanted = request or Request()
    _check(wanted)
    with queries.of_this_version(path), queries.connect(path) as con:
        there = _tables(con, path, _made() if tables is None else tables)
        bodies = _bodies(con, there, wanted)
    if not bodies:
        asked = ", ".join([*(wanted.tables or ()), *(wanted.figures or ())])
        raise ExportError(
            f"nothing is written: {asked} does not come as {', '.join(wanted.formats)}; tables come as csv and parquet, those for "
            f"papers as latex (the longest with --long), html and md, figures as {', '.join(figures.FORMATS)}"
        )
    folders.fill(folder, bodies, "export", is_whole=_is_whole(wanted))
    return [folder / name for name in bodies]


def _is_whole(wanted: Request) -> bool:
    """Whether all is asked for, in all formats: then what an earlier export left in the folder is of no table that there is now."""
    return (
        wanted.tables is None and wanted.figures is None and set(wanted.formats) == set(FORMATS) and not wanted.row_sets
    )


def _check(wanted: Request) -> None:
    names = None if None in (wanted.tables, wanted.figures) else [*(wanted.tables or ()), *(wanted.figures or ())]
    if names == [] and not wanted.has_warehouse:
        raise ExportError("no table and no figure is named; leave out --table and --figure to write all")
    if not wanted.formats:
        raise ExportError(f"no format is named; those that there are: {', '.join(FORMATS)}")
    _known("table", wanted.tables or (), {*declared.tables(), *_made()})
    _known("format", wanted.formats, FORMATS)
    _known("row set", wanted.row_sets, files.files().row_sets)
    _known("width", [wanted.width], WIDTHS)


def _known(what: str, given: Iterable[str], names: Collection[str]) -> None:
    for one in given:
        if one not in names:
            raise ExportError(f"there is no {what} {one!r}; {near(one, names)}")


def _made() -> set[str]:
    return {file.stem for file in sql_files.table_paths(paths.SQL) if file.parent.name == "exports"}


def _tables(con: duckdb.DuckDBPyConnection, path: Path, made: Collection[str]) -> list[str]:
    """The tables of the schema exports, in alphabetical order. Raises `QueryError`: they are not those that were made."""
    there = {name.partition(".")[2] for name in connection.tables(con) if name.startswith("exports.")}
    if there != set(made):
        differ = ", ".join(f"exports.{table}" for table in sorted(there ^ set(made)))
        raise queries.QueryError(
            f"{path} was built by another version, which differs in {differ}; run `compute-limits build`"
        )
    return sorted(there)


def _bodies(con: duckdb.DuckDBPyConnection, there: Sequence[str], wanted: Request) -> dict[str, bytes]:
    """{name: content} of all files, in order of their names; where all tables are wanted, those of a data package too."""
    sheets = {name: table for name, table in declared.tables().items() if table.reads in there}
    chosen = {name: table for name, table in sheets.items() if wanted.tables is None or name in wanted.tables}
    read = set(there) if wanted.tables is None else {table.reads for table in chosen.values()} | set(wanted.tables)
    made: dict[str, bytes] = {}
    described: dict[str, packages.Described] = {}
    both = days.days(con)
    for table in sorted(read & set(there)):
        rows = days.with_days(_rows(con, table, wanted), both)
        if "csv" in wanted.formats:
            made[f"{table}.csv"] = rendering.as_csv(
                rows.column_names, (row.values() for row in rows.to_pylist())
            ).encode()
            described[f"{table}.csv"] = _described(con, table, rows.schema)
        if "parquet" in wanted.formats:
            made[f"{table}.parquet"] = rendering.as_parquet(rows)
    for name, shown in chosen.items():
        made |= _typeset(con, name, shown, wanted)
    if _NUMBERS in read and _NUMBERS in there:
        made |= {"numbers.json": numbers.as_json(con).encode()} if "csv" in wanted.formats else {}
        made |= {"numbers.tex": numbers.as_tex(con).encode()} if "latex" in wanted.formats else {}
    if "sources" in there and any(name.endswith(".tex") for name in made):
        made["sources.bib"] = bibliography.bibtex(con).encode()
    made |= _figures(con, wanted)
    made |= parquet.bodies(con) if wanted.has_warehouse else {}
    if "sources" in there and wanted.tables is None and "csv" in wanted.formats:
        made |= packages.package(con, made, described)
    return dict(sorted(made.items()))


def _typeset(con: duckdb.DuckDBPyConnection, name: str, table: declared.Table, wanted: Request) -> dict[str, bytes]:
    formats = set(wanted.formats) & {"latex", "html", "md"}
    if not formats:
        return {}
    width: Width = "page" if wanted.width == "page" else "column"
    made: dict[str, bytes] = {}
    if "latex" in formats and (wanted.is_long or not table.is_long):
        sheet = layout.sheet(con, name, table, wanted.row_sets, width)
        made[f"{name}.tex"] = latex(sheet, is_long=wanted.is_long).encode()
    # A page of its own is as wide as the table.
    wide = layout.sheet(con, name, table, wanted.row_sets, "page")
    made |= {f"{name}.html": html(wide).encode()} if "html" in formats else {}
    return made | ({f"{name}.md": markdown(wide).encode()} if "md" in formats else {})


def _figures(con: duckdb.DuckDBPyConnection, wanted: Request) -> dict[str, bytes]:
    forms = [form for form in figures.FORMATS if form in wanted.formats]
    if not forms or (wanted.figures is not None and not wanted.figures):
        return {}
    return {f"{FIGURES}/{name}": body for name, body in figures.drawn(con, wanted.figures, forms).items()}


def _rows(con: duckdb.DuckDBPyConnection, table: str, wanted: Request) -> pa.Table:
    """The rows of a table, those of the row sets where it has them. Raises `ExportError`: it is asked for by name and has none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = parquet.described(con, f"exports.{table}")
    if not wanted.row_sets or "row_set" not in rows.column_names:
        return rows
    chosen = rows.filter(pc.is_in(rows["row_set"], pa.array(list(wanted.row_sets), pa.string())))
    if wanted.tables is not None and rows.num_rows and not chosen.num_rows:
        there = ", ".join(sorted(set(rows["row_set"].to_pylist())))
        raise ExportError(f"{table} has no rows of {', '.join(wanted.row_sets)}; those that it has are of {there}")
    return chosen


def _described(con: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema) -> packages.Described:
    comments = con.execute(
        "select column_name, comment from duckdb_columns() where schema_name = 'exports' and table_name = ?", [table]
    ).fetchall()
    told: list[tuple[Any, ...]] = con.execute(
        "select comment from duckdb_tables() where schema_name = 'exports' and table_name = ?", [table]
    ).fetchall()
    return packages.Described(str(told[0][0] or table), schema, dict(comments) | days.COLUMNS, _key(table))


def _key(table: str) -> tuple[str, ...]:
    """The columns that no two rows have the same values in; () where one of them may be null."""
    file = paths.SQL / "exports" / f"{table}.sql"
    grain = sql_files.read_table_file(file).grain if file.is_file() else ()
    return () if any(column.endswith("?") for column in grain) else tuple(grain)
