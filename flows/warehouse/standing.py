"""The tables that stand in a file from the build that it is a copy of: one that would be made of the same is left as it is.

What a table is made of is its SELECT, the macros and functions of all, and the rows of the tables that it reads. So one whose
rows come out as before keeps all that read it standing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flows.warehouse import checksums, kept, keys
from flows.warehouse.kept import CONTENT, TABLE, Kept, Keys

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# What is replaced in a file leaves room that the next build fills; a file of which more than this share is room is made anew.
_ROOM_MAX = 1 / 3


def base(published: Kept) -> Path | None:
    """The published file, if a build may begin with a copy of it.

    None where no checksum says that it is as it was published (who asks has compared it), where no table of it has a key, and where
    too much of it is room.

    Raises:
        flows.warehouse.kept.DamagedError: it cannot be read.
    """
    if published.path is None or not checksums.recorded(published.path):
        return None
    if not any(kind == TABLE for kind, _ in published.keys):
        return None
    size = "select total_blocks, free_blocks from pragma_database_size() where database_name = current_database()"
    ((blocks, room),) = published.query(size)
    return None if room > _ROOM_MAX * blocks else published.path


def forget(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
    """Of tables that were made otherwise than by a build: no later one leaves them as they are."""
    query = f"update meta.kept_keys set key = '' where kind in ('{TABLE}', '{CONTENT}') and list_contains(?, name)"
    con.execute(query, [list(tables)])


class Standing:
    """What stands in a file, and the keys of what a build makes in it; without `made` nothing stands and no key is known."""

    def __init__(self, con: duckdb.DuckDBPyConnection, made: Keys | None, code: str = "") -> None:
        self._made, self._code = made, code
        self._before: Mapping[tuple[str, str], str] = {} if made is None else kept.keys_in(con)
        # What is not as it stood, and has no comments yet.
        self.new = set[str]()

    def stays(self, table: str, text: str, reads: tuple[str, ...] = (), content: str = "") -> bool:
        """Whether a table may be left as it is that is made of a `text`, of what it `reads`, or has this `content`."""
        if self._made is None:
            self.new.add(table)
            return False
        key = keys.digest(self._code, text, *(self._made.rows[CONTENT, read] for read in reads), content)
        self._made.add(TABLE, table, key)
        if self._before.get((TABLE, table)) != key:
            self.new.add(table)
            return False
        self._made.add(CONTENT, table, self._before[CONTENT, table])
        return True

    def holds(self, table: str, content: str) -> None:
        """Note the digest of what a new table holds: what reads it asks for that."""
        if self._made is not None:
            self._made.add(CONTENT, table, content)

    def holds_rows(self, con: duckdb.DuckDBPyConnection, table: str, count: int) -> pa.Table | None:
        """Note what a new table holds, of so many rows; returns them if they are few, else they are never whole in memory."""
        if self._made is None:
            return None
        from flows.warehouse import contents  # with Arrow, which a build that has little to do does without

        rows = con.sql(f"from {table}")
        if count <= contents.ROWS:
            whole = rows.to_arrow_table()
            self.holds(table, contents.key(whole))
            return whole
        reader = rows.to_arrow_reader(contents.ROWS)
        self.holds(table, contents.key_of_batches(reader.schema, reader))
        return None

    def is_made_of(self, view: str) -> None:
        """Note of a new view, which holds nothing, what it is made of."""
        if self._made is not None:
            self.holds(view, self._made.rows[TABLE, view])
