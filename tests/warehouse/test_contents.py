"""flows/warehouse/contents.py: tables of equal rows have one key, whatever their buffers, and others another."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from flows.warehouse import connection, contents


def arrays(values: list[Any], kind: pa.DataType) -> list[pa.Array]:
    """The same values in buffers that differ: garbage behind the nulls, a slice of a longer array."""
    whole = pa.array(values, kind)
    validity = pa.array([value is not None for value in values])
    blank = next(value for value in values if value is not None)
    garbage = pa.array([blank if value is None else value for value in values], kind)
    if pa.types.is_string(kind) or pa.types.is_nested(kind):
        return [whole, pa.concat_arrays([whole, whole]).slice(len(whole)), pa.array([blank, *values], kind).slice(1)]
    masked = pa.Array.from_buffers(kind, len(values), [validity.buffers()[1], garbage.buffers()[1]])
    return [
        whole,
        masked,
        pa.concat_arrays([whole, whole]).slice(len(whole)),
        pa.array([blank, *values], kind).slice(1),
    ]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, 3], pa.int64()),
        ([1.5, None, -0.0], pa.float64()),
        ([True, None, False], pa.bool_()),
        ([1, None, 30_000], pa.date32()),
        (["é", None, ""], pa.string()),
        ([["x"], None, []], pa.list_(pa.string())),
    ],
    ids=lambda value: str(value) if isinstance(value, pa.DataType) else "",
)
def test_tables_of_the_same_values_have_one_key_whatever_their_buffers(values: list[Any], kind: pa.DataType) -> None:
    columns = arrays(values, kind)
    assert all(column.to_pylist() == columns[0].to_pylist() for column in columns)
    assert len({contents.key(pa.table({"a": column, "b": range(3)})) for column in columns}) == 1
    # In pieces too.
    pieces = pa.chunked_array([columns[0].slice(0, 1), columns[0].slice(1)])
    assert contents.key(pa.table({"a": pieces, "b": range(3)})) == contents.key(
        pa.table({"a": columns[0], "b": range(3)})
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1 as a, 2 as b", "2 as a, 1 as b"),
        ("1 as a, 2 as b", "2 as b, 1 as a"),
        ("null::integer as a, 2 as b", "0 as a, 2 as b"),
        ("null::varchar as a, 2 as b", "'' as a, 2 as b"),
        ("1::integer as a, 2 as b", "1::bigint as a, 2 as b"),
        ("date '1970-01-02' as a, 2 as b", "1::integer as a, 2 as b"),
        ("true as a, 2 as b", "1::utinyint as a, 2 as b"),
        ("['x'] as a, 2 as b", "'[''x'']' as a, 2 as b"),
        ("'ab' as a, 'c' as b", "'a' as a, 'bc' as b"),
        ("1e-300 as a, 2 as b", "2e-300 as a, 2 as b"),
        ("1 as a, 2 as b", "1 as a, 2 as b, 3 as c"),
        ("1 as a, 2 as b", "unnest([1, 1]) as a, 2 as b"),
    ],
)
def test_tables_that_differ_have_other_keys(one: str, other: str) -> None:
    with connection.connect(":memory:") as con:
        first, second = (con.sql(f"select {columns}").to_arrow_table() for columns in (one, other))
    assert contents.key(first) != contents.key(second)


@pytest.mark.parametrize(
    "value",
    [
        "'a'::blob", "uuid '00000000-0000-0000-0000-000000000001'", "interval 1 day", "time '01:02:03'",
        "timestamp '2020-01-01 00:00:00'", "'x'::enum('x', 'y')", "1.25::decimal(9, 2)", "{'k': 1}", "[1, null]", "null",
        "1::hugeint", "map {'k': 1}",
    ],
)  # fmt: skip
def test_a_column_of_any_type_has_a_key(value: str) -> None:
    with connection.connect(":memory:") as con:
        content = con.sql(
            f"select unnest([{value}, null]) as a, 2 as b" if value != "null" else "select null as a, 2 as b"
        )
        rows = content.to_arrow_table()
    assert contents.key(rows) == contents.key(rows)
    assert contents.key(rows) != contents.key(rows.slice(1))


@pytest.mark.parametrize("lengths", [(10,), (1, 9), (3, 0, 4, 3), (4, 4, 2), (2, 8)])
def test_batches_of_any_length_are_evened_out_and_have_the_key_of_the_whole(
    lengths: tuple[int, ...],
) -> None:
    whole = pa.table({"a": range(10), "b": list("abcdefghij")})
    empty = pa.record_batch([array.combine_chunks() for array in whole.slice(0, 0).columns], schema=whole.schema)
    start, batches = 0, []
    for length in lengths:
        batches += whole.slice(start, length).combine_chunks().to_batches() or [empty]
        start += length
    evened = list(contents.even(whole.schema, batches, 4))
    assert [len(one) for one in evened] == [4, 4, 2]
    assert pa.concat_tables(evened).equals(whole)
    assert contents.key_of_batches(whole.schema, batches) == contents.key(whole)
