"""How a dataclass is a table: its columns, their types and their comments, written once."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import field
from typing import Any


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


def grain(row_type: type[Any]) -> tuple[str, ...]:
    """The columns of the key, in order; () where the row type has none."""
    return tuple(column.name for column in dataclasses.fields(row_type) if column.metadata.get("key"))
