"""What a figure is before it is drawn: its message, the rows behind it, and how to draw them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

    from flows.publish.figures.canvas import Canvas


@dataclass(frozen=True)
class Picture:
    """A figure. `title` is a sentence with its message, `alt` what someone is told who cannot see it.

    `draw` draws on a canvas below title and subtitle, and can be sent to another process. `height_pt` is of the plot with its
    axes, by width (`column`, `page`); a width that is missing makes no sense for the figure. `days` are those of its warehouse.
    """

    name: str
    title: str
    subtitle: str
    alt: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    draw: Callable[[Canvas], None]
    height_pt: dict[str, float] = field(default_factory=lambda: {"column": 170.0, "page": 230.0})
    days: str = ""


Rows = list[dict[str, Any]]


def select(con: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] = ()) -> Rows:
    """The rows of a query as dicts."""
    cursor = con.execute(query, list(values))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def behind(rows: Rows) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Names of columns and rows, as `Picture` has them. Raises `ValueError`: there is no row, so no figure."""
    if not rows:
        raise ValueError("a figure without rows")
    return tuple(rows[0]), [tuple(row.values()) for row in rows]
