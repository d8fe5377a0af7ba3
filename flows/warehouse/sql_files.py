"""The SQL files: one file is one table, and its path is the table's name (sql/core/results.sql makes core.results).

A file's first line is a comment that states the grain; it becomes the table's comment. The second names the key columns of
a row. In the SELECT, `column,  -- text` documents the column of that name. A column without a text inherits that of the same
name in a table that is read.

The files in sql/main make views, for any client that opens the file: no macro is there for it, and DuckDB 1.2 has no `if`.
The files in sql/macros make no tables: each makes one macro of its name, a rule that several SELECTs use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

MACROS, VIEWS = "macros", "main"
_COLUMN_COMMENT = re.compile(r"(\w+)\s*,?\s*--\s*(\S.*)$")
_GRAIN = re.compile(r"-- grain: (?:none, \S.*|(?!none\b)(\w+\??(?:, \w+\??)*))")
# What names no table: comments, and strings.
_COMMENT_OR_STRING = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
# A name with its dots (quoted where it must be), a bracket or a comma.
_TOKEN = re.compile(r'(?:"[^"]*"|\w+)(?:\s*\.\s*(?:"[^"]*"|\w+))*|[(),]')
_DEFINED = re.compile(r'(\b\w+|"[^"]*")\s*(?:\([^()]*\)\s*)?as\s+(?:(?:not\s+)?materialized\s+)?\(', re.IGNORECASE)
_MACRO = re.compile(r"create\s+temp\s+macro\s+(\w+)\s*\(", re.IGNORECASE)
_BEGINNINGS = {"select", "with", "from", "pivot", "unpivot"}
# A table stands behind these; behind the commas that follow only where the clause is a FROM.
_BEFORE_TABLE = {"from", "join", "pivot", "unpivot"}
_AFTER_FROM = {
    "select", "where", "group", "having", "window", "qualify", "order", "limit", "offset", "union", "intersect", "except",
}  # fmt: skip
# In their brackets `from` names no table: extract(year from released_on), trim(both ' ' from name).
_FROM_OF_THEIR_OWN = {"extract", "trim", "substring", "overlay"}


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
    def is_view(self) -> bool:
        """Whether it is a view, for analysts, which is named without a schema."""
        return self.table.startswith(f"{VIEWS}.")

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


@dataclass(frozen=True)
class Macro:
    """One macro that a file makes: its name, and the statement that creates it for the connection."""

    name: str
    statement: str


class SqlFileError(ValueError):
    """A SQL file breaks a rule of the house; the message names it."""


def table_paths(root: Path) -> list[Path]:
    """The files below `root` that make tables, in alphabetical order."""
    return [path for path in sorted(root.glob("*/*.sql")) if path.parent.name != MACROS]


def read_table_file(path: Path) -> SqlFile:
    """One file that makes a table.

    Raises:
        SqlFileError: the grain is not stated, there is no SELECT, or a table is read without its schema.
    """
    return _table_file(path, path.read_text(encoding="utf-8"))


@cache
def _table_file(path: Path, text: str) -> SqlFile:
    # A build asks for all of them twice, for what they expect and for their order.
    first, *lines = text.splitlines() or [""]
    if not first.startswith("-- "):
        raise SqlFileError(f"{path}: the first line must be a comment that states the grain")
    matches = (_COLUMN_COMMENT.search(line) for line in lines if "--" in line)
    comments = {match[1]: match[2].strip() for match in matches if match}
    return SqlFile(f"{path.parent.name}.{path.stem}", _reads(path, text), text, first.removeprefix("-- "), comments)


def read_macros(root: Path) -> list[Macro]:
    """The macros of the files in `root`/macros, each after those that it uses; none where there is no such folder.

    Raises:
        SqlFileError: a file does not say what its macro is, or creates none of the file's name.
        graphlib.CycleError: two macros use each other.
    """
    macros = {path.stem: _macro(path) for path in sorted((root / MACROS).glob("*.sql"))}
    used = {name: set(re.findall(r"\w+", _code(macro.statement))) - {name} for name, macro in macros.items()}
    ordered = TopologicalSorter({name: words & set(macros) for name, words in used.items()}).static_order()
    return [macros[name] for name in ordered]


def _macro(path: Path) -> Macro:
    text = path.read_text(encoding="utf-8")
    if not text.startswith("-- "):
        raise SqlFileError(f"{path}: the first line must be a comment that says what the macro gives")
    created = _MACRO.match(_code(text).lstrip())
    if created is None or created[1] != path.stem:
        raise SqlFileError(f"{path}: after the comment there must be `create temp macro {path.stem}(…) as …`")
    return Macro(path.stem, text)


def grains(root: Path) -> dict[str, tuple[str, ...]]:
    """{table: its key columns} of all files below `root` that make tables. Raises `SqlFileError`: one does not state them."""
    return {file.table: file.grain for file in map(read_table_file, table_paths(root)) if not file.is_view}


def in_order(root: Path, given: Iterable[str], computed: Mapping[str, tuple[str, ...]]) -> list[Node]:
    """All tables, each after those that it reads: those of the files below `root`, and those that are computed otherwise.

    `given` are the tables that are there already, `computed` says what each of the others reads.

    Raises:
        SqlFileError: a table is read that no file makes and that is not given.
        graphlib.CycleError: two tables read each other.
    """
    files: dict[str, Node] = {file.table: file for file in map(read_table_file, table_paths(root))}
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


def _code(text: str) -> str:
    """SQL without its comments and what stands in its strings."""
    return _COMMENT_OR_STRING.sub(lambda match: "''" if match[0].startswith("'") else " ", text)


def _reads(path: Path, text: str) -> tuple[str, ...]:
    """The tables that a SELECT reads. A full parser takes twenty times as long; the tests hold this against one."""
    code = _code(text)
    beginning = code.split(maxsplit=1)[0].lower() if code.strip() else ""
    if beginning.lstrip("(") not in _BEGINNINGS:
        raise SqlFileError(f"{path}: there is no SELECT after the comment")
    defined = {_unquoted(name) for name in _DEFINED.findall(code)}
    reads = set()
    for name in map(_unquoted, _tables_named(_TOKEN.findall(code))):
        if "." in name:
            reads.add(name)
        elif name not in defined:
            raise SqlFileError(f"{path}: {name} is read without its schema")
    return tuple(sorted(reads))


@dataclass
class _Brackets:
    """What stands between two brackets: the function that they belong to, and where in a SELECT the reader is."""

    function: str = ""
    in_from: bool = False
    before_table: bool = False


def _tables_named(tokens: list[str]) -> Iterator[str]:
    """The names that stand where a table is read: behind FROM, JOIN, PIVOT, and the commas of a FROM."""
    outer, here, before = [], _Brackets(), ""
    for token, after in zip(tokens, [*tokens[1:], ""], strict=True):
        word = token.lower()
        if word == "(":
            here.before_table = False
            outer.append(here)
            here = _Brackets(before)
        elif word == ")":
            here = outer.pop() if outer else _Brackets()
        elif word == ",":
            here.before_table = here.in_from
        elif word in _BEFORE_TABLE:
            here.before_table = not (word == "from" and (before == "distinct" or here.function in _FROM_OF_THEIR_OWN))
            here.in_from = here.in_from or (word == "from" and here.before_table)
        elif here.before_table and word != "lateral":
            here.before_table = False
            if after != "(":  # else a function that gives a table
                yield token
        elif word in _AFTER_FROM:
            here.in_from = False
        before = word


def _unquoted(name: str) -> str:
    return re.sub(r'"|\s*(\.)\s*', r"\1", name)
