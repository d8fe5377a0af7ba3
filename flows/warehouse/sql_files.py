"""The SQL files: one file is one table, and its path is the table's name (sql/core/results.sql makes core.results).

A file's first line is a comment that states the grain; it becomes the table's comment. The second names the key columns of
a row. In the SELECT, `column,  -- text` documents the column of that name. A column without a text inherits that of the same
name in a table that is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_COLUMN_COMMENT = re.compile(r"(\w+)\s*,?\s*--\s*(\S.*)$")
_GRAIN = re.compile(r"-- grain: (?:none, \S.*|(?!none\b)(\w+\??(?:, \w+\??)*))")


@dataclass(frozen=True)
class Node:
    """One table: its name and the tables that it reads."""

    table: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class SqlFile(Node):
    """One table that a file makes: its SELECT and its comments too."""

    select: str
    comment: str
    column_comments: Mapping[str, str]

    @property
    def grain(self) -> tuple[str, ...]:
        """The key columns of a row, as the second line has them: `a?` may be null; () where rows have no key.

        Raises:
            SqlFileError: the second line is none of `-- grain: a, b?` and `-- grain: none, why`.
        """
        stated = _GRAIN.fullmatch([*self.select.splitlines(), "", ""][1].rstrip())
        if stated is None:
            raise SqlFileError(
                f"{self.table}: the second line of its SQL file must name the key columns of a row "
                "(`-- grain: a, b`, `b?` for one that may be null) or say why there are none (`-- grain: none, why`)"
            )
        return tuple(stated[1].split(", ")) if stated[1] else ()


class SqlFileError(ValueError):
    """A SQL file breaks a rule of the house; the message names it."""


def load(path: Path) -> SqlFile:
    """One file. Raises `SqlFileError` where the grain is not stated, or a table is read without its schema."""
    text = path.read_text(encoding="utf-8")
    table = f"{path.parent.name}.{path.stem}"
    first, *lines = text.splitlines() or [""]
    if not first.startswith("-- "):
        raise SqlFileError(f"{path}: the first line must be a comment that states the grain")
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except SqlglotError as error:
        raise SqlFileError(f"{path}: {error}") from error
    if not isinstance(tree, exp.Query | exp.Pivot):
        raise SqlFileError(f"{path}: there is no SELECT after the comment")
    defined = {cte.alias for cte in tree.find_all(exp.CTE)}
    reads = set()
    for found in tree.find_all(exp.Table):
        if found.db:
            reads.add(f"{found.db}.{found.name}")
        elif found.name not in defined and found.name:
            raise SqlFileError(f"{path}: {found.name} is read without its schema")
    matches = (_COLUMN_COMMENT.search(line) for line in lines)
    comments = {match[1]: match[2].strip() for match in matches if match}
    return SqlFile(table, tuple(sorted(reads)), text, first.removeprefix("-- "), comments)


def grains(root: Path) -> dict[str, tuple[str, ...]]:
    """{table: its key columns} of all files below `root`. Raises `SqlFileError` where a file does not state them."""
    return {file.table: file.grain for file in map(load, sorted(root.glob("*/*.sql")))}


def in_order(root: Path, given: Iterable[str], computed: Mapping[str, tuple[str, ...]]) -> list[Node]:
    """All tables, each after those that it reads: those of the files below `root`, and those that are computed otherwise.

    `given` are the tables that are there already, `computed` says what each of the others reads.

    Raises:
        SqlFileError: a table is read that no file makes and that is not given.
        graphlib.CycleError: two tables read each other.
    """
    files: dict[str, Node] = {file.table: file for file in map(load, sorted(root.glob("*/*.sql")))}
    files |= {table: Node(table, reads) for table, reads in computed.items()}
    there = set(given)
    graph: dict[str, set[str]] = {}
    for file in files.values():
        unknown = set(file.reads) - set(files) - there
        if unknown:
            raise SqlFileError(f"{file.table} reads {', '.join(sorted(unknown))}, which nothing makes")
        graph[file.table] = set(file.reads) & set(files)
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    ordered = []
    while sorter.is_active():
        for table in sorted(sorter.get_ready()):
            ordered.append(files[table])
            sorter.done(table)
    return ordered
