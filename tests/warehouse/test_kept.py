"""What may be taken over: where rows of the same key stand."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.warehouse import kept

VALUES = st.sampled_from([None, "", "a", "b"])


@given(st.lists(st.tuples(VALUES, st.sampled_from([None, 0, 1]), st.integers(1, 3)), unique_by=lambda one: one[:2]))
def test_runs_are_found_where_they_were_put(groups: list[tuple[str | None, int | None, int]]) -> None:
    names = [name for name, _, many in groups for _ in range(many)]
    numbers = [number for _, number, many in groups for _ in range(many)]
    rows = pa.table({"name": pa.array(names, pa.string()), "number": pa.array(numbers, pa.int64())})
    expected, start = {}, 0
    for name, number, many in groups:
        expected[name, number] = (start, many)
        start += many
    assert kept.runs(rows, ("name", "number")) == expected


def test_rows_that_do_not_stand_together_are_refused() -> None:
    with pytest.raises(ValueError, match="do not stand together: row 2"):
        kept.runs(pa.table({"name": ["a", "b", "a"]}), ("name",))
