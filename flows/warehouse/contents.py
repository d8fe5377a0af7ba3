"""What a table holds, as one digest: equal of two where names, types, values and the order of rows are, and else not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.warehouse import keys

# Values of other types count by how they are written.
_PLAIN = (pa.types.is_integer, pa.types.is_floating, pa.types.is_string)
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
    parts = [part for values in content.combine_chunks().columns for part in _parts(values)]
    # Together what is equally long: to begin a stream takes longer than to write most columns. The values of a list are longer.
    together: dict[int, dict[str, Any]] = {}
    for number, part in enumerate(parts):
        together.setdefault(len(part), {})[str(number)] = part
    return keys.digest(str(len(content)), *map(_bytes, together.values()))


def _parts(values: Any) -> Iterator[Any]:
    """A column as such that have no null: what stands in a buffer where a null is, is anything."""
    if pa.types.is_list(values.type):
        yield from _parts(pc.list_value_length(values))
        yield from _parts(pc.list_flatten(values))
        return
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    elif pa.types.is_date32(values.type):
        values = values.cast(pa.int32())
    elif not any(is_plain(values.type) for is_plain in _PLAIN):
        values = pa.chunked_array([pa.array(map(repr, values.to_pylist()), pa.string())])
    yield pc.is_null(values).cast(pa.uint8())
    yield pc.fill_null(values, pa.scalar("" if pa.types.is_string(values.type) else 0, values.type))


def _bytes(columns: dict[str, Any]) -> memoryview:
    """Columns without nulls as Arrow writes them: of a slice only what is of it."""
    whole, sink = pa.table(columns).combine_chunks(), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, whole.schema) as stream:
        stream.write_table(whole)
    return memoryview(sink.getvalue())
