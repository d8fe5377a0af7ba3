"""Core and marts as Hive-partitioned Parquet on a path that others read while it is written: Spark, Trino, Polars, DuckDB.

    DIR/snapshots/2026-11-26-0123456789ab/core/results/source=timm/part-0.parquet
    DIR/snapshots/2026-11-26-0123456789ab/manifest.json
    DIR/latest -> snapshots/2026-11-26-0123456789ab

A snapshot is named by the day that it is of and by its content, and is never changed. `latest` is renamed to the new one when that
is whole, so a path through it that a reader has resolved stays what it was. The snapshot before stays for those who still read it,
until the next export but this one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from flows import folder_locks
from flows.answers import outputs, queries, rendering
from flows.errors import UserError
from flows.publish import days, folders, parquet

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LATEST = "latest"
MANIFEST = "manifest.json"
# The column by which a schema's tables are parted, those that have it: few values of thousands of rows, and what people ask for.
PARTED_BY = {"core": "source", "marts": "row_set"}
# The place of a row in the warehouse's table, from 1 on: files have no order among themselves, and engines read them side by side.
ORDER = "row_order"
_ABOUT_ORDER = (
    "place of the row in the table of the warehouse, from 1 on; ordered by it the rows are as they stand there"
)
_SNAPSHOTS = "snapshots"
_NULL = "__HIVE_DEFAULT_PARTITION__"
# What Hive's own FileUtils escapes in a value, and with it Spark and Trino.
_ESCAPED = {*map(chr, range(1, 32)), *"\"#%'*/:=?\\\x7f{[]^"}
_COMMAND = "hive"
_FILE = "part-0.parquet"


@dataclass(frozen=True)
class Snapshot:
    """What was written: where it lies, and how many tables and files it has."""

    folder: Path
    tables: int
    files: int


def write(path: Path, folder: Path) -> Snapshot:
    """Write every table of core and marts as a snapshot below the folder, made if it is not there, and let `latest` name it.

    What an earlier one wrote there is removed, but for the snapshot that `latest` named until now, and unless somebody altered it.
    Of several at once the second waits.

    Raises:
        flows.answers.queries.QueryError: there is no warehouse, or it was built by another version.
        flows.errors.UserError: a value of a column that parts a table is empty, which Hive cannot tell from none.
        flows.answers.outputs.OutputError: the folder cannot be made, a file or the link cannot be written.
    """
    with queries.of_this_version(path), queries.connect(path) as con:
        both = days.days(con)
        bodies = dict(_bodies(con, both))
    # Named by its content: of one warehouse all exports are one snapshot.
    own = f"{_SNAPSHOTS}/{both.as_of}-{hashlib.sha256(bodies[MANIFEST]).hexdigest()[:12]}"
    outputs.folder(folder)
    with folder_locks.alone(folder):
        outputs.check_link(folder / LATEST)
        before = _named(folder / LATEST)
        # Where it is named already nothing is new, and the one before it stays too.
        stays = (own if before is None else before) + "/"
        folders.fill(
            folder,
            {f"{own}/{name}": body for name, body in bodies.items()},
            _COMMAND,
            is_whole=before != own,
            stays=lambda name: name.startswith(stays),
        )
        outputs.link(folder / LATEST, own)
    return Snapshot(folder / own, len(json.loads(bodies[MANIFEST])["tables"]), len(bodies) - 1)


def _named(link: Path) -> str | None:
    return link.readlink().as_posix() if link.is_symlink() else None


def _bodies(con: duckdb.DuckDBPyConnection, both: days.Days) -> Iterator[tuple[str, bytes]]:
    """(path in the snapshot, content) of each file; the manifest is the last, so that a snapshot that has it is whole."""
    told: dict[str, Any] = {}
    for table, described in parquet.all_described(con):
        schema, _, name = table.partition(".")
        rows = _ordered(described)
        column = parted_by(schema, rows.column_names)
        folder, files = PurePosixPath(schema, name), dict[str, str]()
        for part, some in _parts(table, rows, column):
            body = rendering.as_parquet(some)
            files[str(folder / part)] = hashlib.sha256(body).hexdigest()
            yield str(folder / part), body
        told[table] = {
            "path": str(folder),
            "description": rows.schema.metadata[b"description"].decode(),
            "rows": rows.num_rows,
            "partitioned_by": [] if column is None else [column],
            "columns": {ORDER: "BIGINT"} | _types(con, table),
            "sha256": files,
        }
    ((build_key,),) = con.execute("select build_key from meta.runs").fetchall()
    of_all = dict(zip(days.COLUMNS, both.texts(), strict=True))
    manifest = {**of_all, "build_key": build_key, "tables": told}
    yield MANIFEST, (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()


def _types(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """{column: its type in SQL}, those in paths too."""
    return {name: str(kind) for name, kind, *_ in con.execute(f"describe {table}").fetchall()}


def parted_by(schema: str, columns: list[str]) -> str | None:
    """The column by which a table of these columns is parted; None where it is one file."""
    column = PARTED_BY[schema]
    return column if column in columns else None


def _ordered(rows: pa.Table) -> pa.Table:
    """The rows with their places as the first column, which says what it is as the others do."""
    import pyarrow as pa

    about = {"description": _ABOUT_ORDER}
    field = pa.field(ORDER, pa.int64(), metadata=about)
    columns = {ORDER: about} | json.loads(rows.schema.metadata[b"columns"])
    said = dict(rows.schema.metadata) | {b"columns": json.dumps(columns, ensure_ascii=False).encode()}
    places = pa.array(range(1, rows.num_rows + 1), pa.int64())
    return rows.add_column(0, field, places).replace_schema_metadata(said)


def _parts(table: str, rows: pa.Table, column: str | None) -> Iterator[tuple[str, pa.Table]]:
    """(path in the folder of the table, rows of the file), each in its order and without the column that its path has.

    A table that has no rows is a file too, which has its columns.
    """
    import pyarrow.compute as pc

    if column is None:
        yield _FILE, rows
        return
    values = rows[column].unique().to_pylist()
    for value in sorted(values, key=lambda value: (value is None, value)) or [None]:
        chosen = pc.is_null(rows[column]) if value is None else pc.equal(rows[column], value)
        yield f"{column}={_encoded(table, column, value)}/{_FILE}", rows.filter(chosen).drop_columns([column])


def _encoded(table: str, column: str, value: str | None) -> str:
    """A value as Hive writes it in a path."""
    if value is None:
        return _NULL
    if value == "":
        raise UserError(
            f"{table}.{column} is the empty text in some row, which Hive's paths cannot tell from none; "
            "`compute-limits export --warehouse` writes the table as one file"
        )
    return "".join(f"%{ord(letter):02X}" if letter in _ESCAPED else letter for letter in value)
