"""How a dataclass is a table: its columns, their types and their comments, written once."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Gt, Lt, MinLen

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Matching:
    """Of a text that must be of a form, which `words` tell."""

    pattern: str
    words: str

    def __get_pydantic_core_schema__(self, of: Any, handler: Any) -> Any:
        """How a model asks for the schema. Only then pydantic is loaded, for most who make rows check no file."""
        from pydantic_core import core_schema

        from flows.toml_files import slip

        def check(text: str) -> str:
            if not re.fullmatch(self.pattern, text):
                raise slip(f"not {self.words}")
            return text

        return core_schema.no_info_after_validator_function(check, handler(of))


# Of settings, whose files are checked against the rows that they become.
Text = Annotated[str, MinLen(1)]
Https = Annotated[str, Matching(r"https://[^/\s]+\.[^/\s]+(/\S*)?", "an address that begins with https://")]
# A share or a probability.
Fraction = Annotated[float, Gt(0), Lt(1)]


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


# Of each row type once, for resolving its annotations takes longer than making a small table.
_COLUMNS: dict[type[Any], Mapping[str, tuple[type, str]]] = {}
_SCHEMAS: dict[tuple[type[Any], bool], pa.Schema] = {}


def comment(row_type: type[Any]) -> str:
    """The comment of the staging table: the first line of the docstring, which states the grain."""
    return (row_type.__doc__ or "").splitlines()[0]


def columns(row_type: type[Any]) -> Mapping[str, tuple[type, str]]:
    """{column: (str, int, float, bool or date; comment)}, in order. What may be null is not told apart."""
    if row_type not in _COLUMNS:
        hints = typing.get_type_hints(row_type)
        _COLUMNS[row_type] = {
            one.name: (_kind(hints[one.name]), one.metadata["comment"]) for one in dataclasses.fields(row_type)
        }
    return _COLUMNS[row_type]


def _kind(hint: Any) -> type:
    """The type of a column: of `str | None` str, and of a choice of literals theirs."""
    if typing.get_origin(hint) is Literal:
        return type(typing.get_args(hint)[0])
    kinds = [_kind(one) for one in typing.get_args(hint) if one is not type(None)]
    return kinds[0] if kinds else typing.cast("type", hint)


def schema(row_type: type[Any], *, addressed: bool = False) -> pa.Schema:
    """The table's columns and their types as Arrow has them; those of `ADDRESS` first if its rows have an address."""
    import pyarrow as pa

    if (known := _SCHEMAS.get((row_type, addressed))) is not None:
        return known
    types = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_(), date: pa.date32()}
    address = [(column, pa.string()) for column in ADDRESS] if addressed else []
    made = pa.schema(address + [(column, types[kind]) for column, (kind, _) in columns(row_type).items()])
    return _SCHEMAS.setdefault((row_type, addressed), made)


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
