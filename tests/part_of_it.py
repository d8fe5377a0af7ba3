"""A part of the warehouse: for tests that look at a few tables the others need not be made, or copied."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from flows import build, paths
from flows.analysis import computed
from flows.warehouse import connection, sql_files, transform
from flows.warehouse.sql_files import SqlFile


@dataclass
class NoneComputed:
    """What Python computes: nothing."""

    row_types: Mapping[str, type[Any]] = field(default_factory=dict)
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    busy: int = 0

    def start(self, con: duckdb.DuckDBPyConnection) -> None:
        pass

    def tables(self) -> Mapping[str, pa.Table]:
        return {}


@cache
def files(root: Path) -> dict[str, SqlFile]:
    """{table: its file}; read once, for many tests make a few of them."""
    return {file.table: file for file in map(sql_files.read_table_file, sql_files.table_paths(root))}


def make(staged: Path, *wanted: str) -> None:
    """Make in a staged file what is wanted, tables or whole layers, and what that reads: all that SQL makes, no fits."""
    given = [f"staging.{name}" for name in build.staged()]
    known = files(paths.SQL)
    root = Path(tempfile.mkdtemp(prefix="sql-", dir=staged.parent))
    shutil.copytree(paths.SQL / "macros", root / "macros")
    needed = {table for table in known if table in wanted or table.partition(".")[0] in wanted}
    todo = list(needed)
    while todo:
        table = todo.pop()
        assert table not in computed.TABLES, f"{table} is computed: make all"
        copy = root / f"{table.replace('.', '/')}.sql"
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(paths.SQL / copy.relative_to(root), copy)
        new = set(known[table].reads) - needed - set(given)
        needed |= new
        todo += new
    transform.transform(staged, root, given, NoneComputed(), build.functions())


def copy(whole: Path, part: Path, *tables: str) -> Path:
    """Some tables of a warehouse as a file of their own, to be changed: the whole has 80 MB."""
    part.parent.mkdir(parents=True, exist_ok=True)
    with connection.connect(part) as con:
        con.execute(f"attach '{whole}' as whole (read_only)")
        for schema in sorted({table.partition(".")[0] for table in tables}):
            con.execute(f"create schema {schema}")
        for table in tables:
            con.execute(f"create table {table} as from whole.{table}")
        con.execute("detach whole")
    return part
