"""The row types: a closed set, each a table with a stated grain and a comment for every column."""

from __future__ import annotations

import dataclasses
import typing

import pytest

from flows.columns import columns, comment
from flows.readers import row_types
from flows.readers.row_types import ROW_TYPES, TYPE_NAMES

# What parse.py adds beside the rows of a parser.
OF_THE_READING = {"quarantine", "rejected_cell", "duplicate", "page_count"}


def test_the_set_is_closed() -> None:
    declared = {kind for kind in vars(row_types).values() if dataclasses.is_dataclass(kind)}
    assert declared == set(ROW_TYPES.values())
    # What a parser may give: each under the one name by which it is found again.
    assert set(typing.get_args(row_types.Row)) == set(TYPE_NAMES)
    assert {name: kind for kind, name in TYPE_NAMES.items()} == {
        name: kind for name, kind in ROW_TYPES.items() if name not in OF_THE_READING
    }


@pytest.mark.parametrize("name", ROW_TYPES)
def test_a_row_type_says_what_it_is(name: str) -> None:
    kind = ROW_TYPES[name]
    assert comment(kind).startswith("One row per ")
    assert all(text for _, text in columns(kind).values())
    assert kind.__dataclass_params__.frozen
