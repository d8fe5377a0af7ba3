"""The report's pages, written once for all tests, and how they are read."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import parse_qsl

import duckdb
import pytest
from conftest import once
from lxml import html

from flows.publish.report import writing

THIN = "\u202f"


def written(factory: pytest.TempPathFactory, warehouse: Path) -> Path:
    """The folder of the report of the shared warehouse, without figures for print; it is shared too."""
    return once(factory, "report", lambda folder: writing.write(warehouse, folder, has_figures=False) and None)


def page(folder: Path, name: str) -> html.HtmlElement:
    return html.fromstring((folder / name).read_text(encoding="utf-8"))


def traced(address: str) -> tuple[str, dict[str, str]]:
    """The table and the row that a number links to."""
    table, _, query = address.removeprefix("trace.html#").partition("?")
    return table, dict(parse_qsl(query))


def number(text: str) -> float:
    """A number as pages print it, with thin spaces, a real minus, and words for the large ones."""
    digits, _, word = text.replace("−", "-").strip().partition(f"{THIN}b" if "billion" in text else f"{THIN}t")
    large = {"illion": 1e9, "rillion": 1e12}.get(word, 1.0)
    return float(digits.replace(THIN, "")) * large


def without_sources(warehouse: Path, path: Path) -> Path:
    """A copy as a build as of a day before the first page leaves it: the simulation and the settings are there, no other row."""
    shutil.copyfile(warehouse, path).chmod(0o644)
    with duckdb.connect(path) as con:
        tables = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where not internal and "
            "schema_name in ('core', 'fits', 'marts', 'exports') and not regexp_matches(table_name, 'theory|figure_1[ab]')"
        ).fetchall()
        for (table,) in tables:
            con.execute(f"delete from {table}")
        con.execute("delete from meta.pages")
        con.execute("update meta.sources set retrieved_on = null, rows_read = 0, state = 'absent'")
    return path
