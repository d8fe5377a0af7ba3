"""How a dataclass is a table: its columns, their types and their comments, written once."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Sequence
from dataclasses import field
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def column(comment: str) -> Any:
    """A column of a row, with its comment for the warehouse."""
    return field(metadata={"comment": comment})


def key(comment: str) -> Any:
    """A column of the key: a table has no two rows with the same values in all of these."""
    return field(metadata={"comment": comment, "key": True})


def optional(comment: str) -> Any:
    """A column that may be left out, null then."""
    return field(default=None, metadata={"comment": comment})


ADDRESS = {
    "source": "the source that the row came from; key of meta.sources",
    "page": "the page of that source; with source the key of meta.pages, which has its address, date and SHA-256",
    "locator": "where in the page the row stands (row 7, table 2 row 31 …)",
}


def comment(row_type: type[Any]) -> str:
    """The comment of the staging table: the first line of the docstring, which states the grain."""
    return (row_type.__doc__ or "").splitlines()[0]


def columns(row_type: type[Any]) -> dict[str, tuple[type, str]]:
    """{column: (str, int, float, bool or date; comment)}, in order. What may be null is not told apart."""
    hints = typing.get_type_hints(row_type)
    found = {}
    for column in dataclasses.fields(row_type):
        kinds = [kind for kind in typing.get_args(hints[column.name]) if kind is not type(None)]
        found[column.name] = (kinds[0] if kinds else hints[column.name], column.metadata["comment"])
    return found


def schema(row_type: type[Any], *, addressed: bool = False) -> pa.Schema:
    """The table's columns and their types as Arrow has them; those of `ADDRESS` first if its rows have an address."""
    import pyarrow as pa

    types = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_(), date: pa.date32()}
    address = [(column, pa.string()) for column in ADDRESS] if addressed else []
    return pa.schema(address + [(column, types[kind]) for column, (kind, _) in columns(row_type).items()])


def table(
    row_type: type[Any], rows: Sequence[Any], addresses: Sequence[tuple[str, str, str]] | None = None
) -> pa.Table:
    """Rows as an Arrow table; `addresses` are (source, page, locator), one a row, where the rows have one."""
    import pyarrow as pa

    wanted = schema(row_type, addressed=addresses is not None)
    arrays = [] if addresses is None else [pa.array([one[at] for one in addresses], pa.string()) for at in range(3)]
    for column in wanted.names[len(arrays) :]:
        arrays.append(pa.array(map(attrgetter(column), rows), wanted.field(column).type, size=len(rows)))
    return pa.table(arrays, schema=wanted)


def grain(row_type: type[Any]) -> tuple[str, ...]:
    """The columns of the key, in order; () where the row type has none."""
    return tuple(column.name for column in dataclasses.fields(row_type) if column.metadata.get("key"))
