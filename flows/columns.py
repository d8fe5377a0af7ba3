"""How a dataclass is a table: its columns, their types and their comments, written once."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import field
from typing import Annotated, Any, Literal

from annotated_types import Gt, Lt, MinLen

# Of settings, whose files are checked against the rows that they become.
Text = Annotated[str, MinLen(1)]
# A share or a probability.
Fraction = Annotated[float, Gt(0), Lt(1)]


def column(comment: str) -> Any:
    """A column of a row, with its comment for the warehouse."""
    return field(metadata={"comment": comment})


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
    return {one.name: (_kind(hints[one.name]), one.metadata["comment"]) for one in dataclasses.fields(row_type)}


def _kind(hint: Any) -> type:
    """The type of a column: of `str | None` str, and of a choice of literals theirs."""
    if typing.get_origin(hint) is Literal:
        return type(typing.get_args(hint)[0])
    kinds = [_kind(one) for one in typing.get_args(hint) if one is not type(None)]
    return kinds[0] if kinds else typing.cast("type", hint)
