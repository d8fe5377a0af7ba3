"""The templates: what is not given is an error, not a hole."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from flows.publish.tables.layout import Head
from flows.publish.tables.templating import groups, written


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        written("table.md.j2", caption="x", heads=[], rules=[], rows=[])


def test_heads_that_neighbours_share() -> None:
    heads = [
        Head("a", "", "text", None),
        Head("b", "g", "text", None),
        Head("c", "g", "text", None),
        Head("d", "h", "text", None),
    ]
    assert groups(heads) == [("", 1), ("g", 2), ("h", 1)]
    assert groups(heads[:1]) == []
