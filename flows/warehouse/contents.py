"""What a table holds, as one digest: equal of two where names, types, values and the order of rows are, and else not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.warehouse import keys

if TYPE_CHECKING:
    from hashlib import _Hash

# Values of other types count by how they are written.
_PLAIN = (pa.types.is_integer, pa.types.is_floating, pa.types.is_string, pa.types.is_date32)
# Rows that are looked at together. Another number makes another digest.
ROWS = 1 << 16


def key(content: pa.Table) -> str:
    """The digest of a table."""
    return key_of_batches(content.schema, content.to_batches())


def key_of_batches(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> str:
    """The digest of a table that comes in batches, of which a few are in memory at once; however long each is, it is the same."""
    return keys.digest(str(schema.remove_metadata()), *map(_key_of_rows, even(schema, batches)))


def even(schema: pa.Schema, batches: Iterable[pa.RecordBatch], rows: int = ROWS) -> Iterator[pa.Table]:
    """The same rows in tables of so many each, but for the last."""
    waiting, many = list[pa.RecordBatch](), 0
    for batch in batches:
        start = 0
        while many + len(batch) - start >= rows:
            waiting.append(batch.slice(start, rows - many))
            yield pa.Table.from_batches(waiting, schema)
            start, waiting, many = start + rows - many, [], 0
        if start < len(batch):
            waiting.append(batch.slice(start))
            many += len(batch) - start
    if many:
        yield pa.Table.from_batches(waiting, schema)


def _key_of_rows(content: pa.Table) -> str:
    whole = hashlib.sha256(b"%d rows" % len(content))
    for values in content.combine_chunks().columns:
        for part in values.chunks:
            _add(whole, part)
    return whole.hexdigest()


def _add(whole: _Hash, values: pa.Array) -> None:
    """Add a column as one that has no null: what stands in a buffer where a null is, is anything."""
    if pa.types.is_list(values.type):
        _add(whole, pc.list_value_length(values))
        _add(whole, pc.list_flatten(values))
        return
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    elif not any(is_plain(values.type) for is_plain in _PLAIN):
        values = pa.array(map(repr, values.to_pylist()), pa.string())
    # How much follows: of the values of a list nothing else tells it.
    whole.update(b"%d, %d null" % (len(values), values.null_count))
    if values.null_count:
        _add(whole, pc.is_null(values))
        values = pc.fill_null(values, _blank(values.type))
    for part in _bytes(values):
        whole.update(part)


@cache
def _blank(kind: pa.DataType) -> pa.Scalar:
    return pa.scalar("" if pa.types.is_string(kind) else 0, pa.int32() if pa.types.is_date32(kind) else kind).cast(kind)


def _bytes(values: pa.Array) -> Iterator[memoryview]:
    """What the buffers of an array without nulls have of it, which may be a slice: of text where each ends, and the text."""
    if not len(values):
        return
    _, data, *text = values.buffers()
    if not text:
        width = values.type.bit_width // 8
        yield memoryview(data)[values.offset * width : (values.offset + len(values)) * width]
        return
    ends = np.frombuffer(data, np.int32, len(values) + 1, values.offset * 4)
    first, last = int(ends[0]), int(ends[-1])
    yield (ends - first if first else ends).data
    if last > first:
        yield memoryview(text[0])[first:last]
