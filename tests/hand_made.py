"""A warehouse of a few records written in a test, and the facts that ship as plain dictionaries."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import part_of_it

from flows import build
from flows.declared import settings
from flows.declared.setting_types import RowSet
from flows.pages.parse import Gathered
from flows.pages.states import SourceState
from flows.pages.versions import PageSetting, SourceSetting
from flows.readers.row_types import ROW_TYPES, TYPE_NAMES, PageCount
from flows.sources import Page
from flows.warehouse import connection, staging
from flows.warehouse.staging import Staged

DAY = date(2026, 1, 1)


def facts(folder: Path, source: str, kind: str) -> list[dict[str, str]]:
    """The rows of a facts file, read by the test itself."""
    path = folder / source / f"{kind}.facts.csv"
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def at(row: dict[str, str]) -> tuple[str, str]:
    return row["page"], row["locator"]


@cache
def without_records() -> bytes:
    """A staged file with the project's own settings and no record."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "staged.duckdb"
        build.stage(path, [], settings.rows())
        return path.read_bytes()


def stage(path: Path, gathered: Gathered, given: dict[str, list[Any]]) -> None:
    """What `build.stage` makes of the same, but only what differs from a file without records is made anew."""
    path.write_bytes(without_records())
    tables = {name: Staged(ROW_TYPES[name], gathered.table(name)) for name in gathered.rows}
    tables |= {name: staging.of_rows(build.declared()[name], rows) for name, rows in given.items()}
    with connection.connect(path) as con:
        con.begin()
        for name, staged in tables.items():
            staging.create(con, f"staging.{name}", staged)
        con.commit()
        con.execute("checkpoint")


@contextmanager
def built(
    folder: Path,
    records: Iterable[tuple[Any, ...]],
    ranks: dict[str, int] | None = None,
    only: tuple[str, ...] = (),
    **declared: list[Any],
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse of records (source, row, row …), numbered by source from 1, with the project's own settings or those given.

    All of it, or only some tables or layers and what they read, which takes half the time (tests/part_of_it.py).
    """
    gathered, told = Gathered(), [tuple(record) for record in records]
    ranks = ranks or {source: rank for rank, source in enumerate(dict.fromkeys(source for source, *_ in told), 1)}
    for source in ranks:
        page = Page(source, "p", "https://example.org/p", "csv")
        mine = [rows for key, *rows in told if key == source]
        for number, rows in enumerate(mine, 1):
            for row in rows:
                gathered.add(TYPE_NAMES[type(row)], page, f"row {number}", row)
        gathered.add("page_count", page, "", PageCount("0" * 64, len(mine)))
    given = {
        "source_setting": [
            SourceSetting(source, source, source, "https://example.org/", "CC0-1.0", source, rank, "frozen", None)
            for source, rank in ranks.items()
        ],
        "source_state": [SourceState(source, "shipped", None, None) for source in ranks],
        "page_setting": [
            PageSetting(source, "p", "https://example.org/p", "0" * 64, 1, DAY, None, 1) for source in ranks
        ],
        "row_set": [RowSet("current", source, True, "flop", "one_per_training") for source in ranks],
    }
    path = folder / "hand_made.duckdb"
    stage(path, gathered, given | declared)
    if only:
        part_of_it.make(path, *only)
    else:
        build.transform(path)
    with connection.connect(path, read_only=True) as con:
        yield con
