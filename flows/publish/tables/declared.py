"""What each table for papers shows: one TOML file a table beside this module.

What is printed for codes is in flows/publish/words.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import MinLen
from pydantic import Field

from flows import toml_files
from flows.columns import Text
from flows.toml_files import Closed

FOLDER = Path(__file__).parent

Width = Literal["column", "page"]
# text: words for codes. number: with so many decimals, or as it is. power: log10 cut off, as a power of ten. scientific: log10 as
# 1.2 times a power of ten. interval: from `column` to `high`. day: as it is.
Kind = Literal["text", "integer", "number", "power", "scientific", "interval", "day"]


class Column(Closed):
    """A column: where its values are, its head, and how they are printed."""

    column: Text
    head: str
    group: str = ""
    kind: Kind = "text"
    decimals: int | None = None
    # Of an interval: the column of its upper end; a value without one is not bounded.
    high: Text | None = None
    # A column of statuses, which words.toml has marks for.
    status: Text | None = None
    # A column of true and false: whether the value is bold.
    bold: Text | None = None
    # A column of sources, each cited behind the value.
    cites: Text | None = None
    # Of text that is broken: its part of the width.
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    # In tables of this width alone.
    width: Width | None = None


class Pivot(Closed):
    """Rows that become one: those with equal `rows`; its other columns are named by the values of `by` behind their own name."""

    rows: Annotated[list[Text], MinLen(1)]
    by: Annotated[list[Text], MinLen(1)]


class Table(Closed):
    """A table: the table of the schema exports that it shows rows of, its columns, caption and notes.

    In caption and notes, $rows, $days and $scenario are what the rows are of; 10^{9} and CO_{2} are set as such, *italic*, and
    [@key] cites an entry of sources.bib.
    """

    reads: Text
    caption: Text
    columns: Annotated[list[Column], MinLen(1)]
    notes: list[Text] = Field(default_factory=list)
    # Of what only tables as wide as a page have.
    page_notes: list[Text] = Field(default_factory=list)
    # Whose rows it shows where no others are asked for; none: `reads` has no row sets.
    row_set: Text | None = None
    # What its rows have in these columns; in the order of the list.
    only: dict[str, list[str | int | bool]] = Field(default_factory=dict)
    # A row without a value in this column says nothing and is left out.
    needs: Text | None = None
    pivot: Pivot | None = None
    # Columns whose values stand in a line above the rows that have them.
    blocks: list[Text] = Field(default_factory=list)
    # Longer than a page: in LaTeX only where --long asks for it.
    is_long: bool = False


@cache
def tables(folder: Path = FOLDER) -> Mapping[str, Table]:
    """{name: table}, in alphabetical order. Raises `flows.errors.SettingError`."""
    return {path.stem: toml_files.read(path, Table) for path in sorted(folder.glob("*.toml"))}
