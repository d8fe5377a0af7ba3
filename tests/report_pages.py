"""The report's pages, written once for all tests, and how they are read."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from conftest import once
from lxml import html

from flows.publish.report import writing

THIN = "\u202f"


def written(factory: pytest.TempPathFactory, warehouse: Path) -> Path:
    """The folder of the report of the shared warehouse; it is shared too."""
    return once(factory, "report", lambda folder: writing.write(warehouse, folder) and None)


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
