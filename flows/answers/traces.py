"""From a row of the warehouse down to its grounds: the rows that it was made of, and the bytes that those were read from.

The ways are declared in flows/declared/grounds.toml; each is one SELECT from the rows found so far to those below them. A row
with source, page and locator ends at that place in that page, and one of what was declared at its TOML file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import columns, paths
from flows.answers import queries
from flows.answers.queries import QueryError
from flows.declared.grounds import Way, grounds
from flows.errors import likest, near
from flows.warehouse import connection, sql_files

if TYPE_CHECKING:
    import duckdb

# Where the bytes of a page lie: (source, page, SHA-256) -> path; None where they are not kept, or not as they were.
BytesAt = Callable[[str, str, str], Path | None]

# Of a table without a key so many rows are traced at once.
_ROWS_MAX = 100
# How many values are named where one is not found, or several are.
_NEAREST = 5
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


@dataclass(frozen=True)
class Record:
    """A place in a page; `as_what` is the prefix under which the row has it, blank for its own."""

    source: str
    page: str
    locator: str | None
    as_what: str = ""


@dataclass(frozen=True)
class Statement:
    """What a file declares: its path within the project, and what it says of where that is from, where it says so."""

    file: str
    says: str | None


@dataclass(frozen=True)
class Page:
    """The bytes that records were read from. `bytes_at` is None where they are not kept here, and facts stand for them."""

    source: str
    page: str
    url: str
    retrieved_on: str
    sha256: str
    byte_count: int
    licence: str
    bytes_at: str | None


@dataclass
class Step:
    """Rows of one table, the records and files that they end at, and the steps below."""

    what: str
    table: str
    rows: list[dict[str, Any]]
    records: list[Record]
    statements: list[Statement]
    below: list[Step] = field(default_factory=list)

    def walk(self, number: str = "1") -> Iterator[tuple[str, Step]]:
        """Each step from this one down, with its number: 1, 1.1, 1.1.1, 1.2."""
        yield number, self
        for at, step in enumerate(self.below, 1):
            yield from step.walk(f"{number}.{at}")


@dataclass(frozen=True)
class Trace:
    """The steps down from a row, and {(source, page): the page} of all records."""

    root: Step
    pages: dict[tuple[str, str], Page]


def trace(path: Path, table: str, conditions: Sequence[str], bytes_at: BytesAt = lambda *_: None) -> Trace:
    """Follow a row of a table, named by conditions such as "benchmark=imagenet", down to its grounds.

    Raises:
        QueryError: there is no warehouse, table or column of that name, no row or more than one meets the conditions, or
            nothing is declared on how the table came about.
    """
    with queries.of_this_version(path), queries.connect(path) as con:
        _check_table(path, con, table)
        _find(con, table, conditions)
        root = _step(con, "", table, "step_1")
        return Trace(root, _pages(con, root, bytes_at))


# --- which row


def _check_table(path: Path, con: duckdb.DuckDBPyConnection, table: str) -> None:
    known = connection.tables(con)
    if table not in known:
        if grounds().of(table):
            raise QueryError(f"{path} was built by another version, which has no {table}; run `compute-limits build`")
        # By its name alone, for most have the same few schemas.
        names = {one.partition(".")[2] for one in known}
        like = likest(table.rpartition(".")[2], names, _NEAREST)
        raise QueryError(
            f"no table {table!r}; near it: {', '.join(one for one in known if one.partition('.')[2] in like)}"
        )
    if not grounds().of(table) and not _prefixes(_kinds(con, table)):
        raise QueryError(f"{table} is made by the build itself and has no grounds; meta.lineage says what tables read")


def _find(con: duckdb.DuckDBPyConnection, table: str, conditions: Sequence[str]) -> None:
    """Make step_1 of the one row that meets the conditions."""
    kinds, met, values = _kinds(con, table), ["true"], list[object]()
    for condition in conditions:
        column, equals, text = condition.partition("=")
        if not equals or column not in kinds:
            raise QueryError(f"{condition!r} is no column=value of {table}; {near(column, kinds)}")
        where = " and ".join(met)
        test = next(
            (one for one in _tests(column, kinds[column], text) if _count(con, table, where, one, values)), None
        )
        if test is None:
            others = _values(con, table, column, where, values)
            among = f" among the rows with {' '.join(conditions[: len(met) - 1])}" if len(met) > 1 else ""
            raise QueryError(f"no row of {table} has {condition}{among}; {_nearest(text, others)}")
        met.append(test.sql)
        values += test.parameters
    where = " and ".join(met)
    count, keys = _count(con, table, where, _Test("true"), values), _keys(table)
    if count > (1 if keys else _ROWS_MAX):
        narrowing = _narrowing(con, table, keys or list(kinds), where, values)
        raise QueryError(f"{count} rows of {table} have that; narrow with {narrowing}")
    con.execute(f"create temp table step_1 as select rowid as id from {table} where {where}", values)


@dataclass(frozen=True)
class _Test:
    """A condition in SQL on one column, and its parameters."""

    sql: str
    parameters: tuple[object, ...] = ()


def _tests(column: str, kind: str, text: str) -> list[_Test]:
    """How a column may be met by a text, the closest first; a number to the digits that are given, null by nothing."""
    if text == "":
        return [_Test(f"coalesce(\"{column}\"::varchar, '') = ''")]
    if not kind.startswith(_NUMBERS):
        return [_Test(f'"{column}"::varchar = ?', (text,))]
    try:
        given = Decimal(text)
    except InvalidOperation:
        return []
    exact = _Test(f'"{column}" = ?', (float(given),))
    if not math.isfinite(float(given)) or "." not in text:
        return [exact]
    # Half of the last digit.
    within = float(Decimal((0, (5,), int(given.as_tuple().exponent) - 1)))
    return [exact, _Test(f'abs("{column}" - ?) <= ?', (float(given), within))]


def _nearest(text: str, values: Sequence[object]) -> str:
    """The values of a column that are nearest to a text: numbers by their size, all else by their letters."""
    numbers = [value for value in values if isinstance(value, int | float) and math.isfinite(value)]
    try:
        wanted = Decimal(text)
    except InvalidOperation:
        wanted = Decimal("nan")
    if not numbers or not wanted.is_finite():
        return near(text, [str(value) for value in values])
    nearest = sorted(numbers, key=lambda value: abs(Decimal(value) - wanted))[:_NEAREST]
    return "near it: " + ", ".join(f"{value:.6g}" for value in sorted(nearest))


def _narrowing(
    con: duckdb.DuckDBPyConnection, table: str, keys: Sequence[str], where: str, values: list[object]
) -> str:
    """The key columns in which the rows differ, each with some of its values."""
    told = []
    for key in keys:
        found = _values(con, table, key, where, values)
        if len(found) > 1:
            shown = ", ".join(str(one) for one in found[:_NEAREST])
            told.append(f"{key} ({shown}{', …' if len(found) > _NEAREST else ''})")
    return "; ".join(told)


def _values(con: duckdb.DuckDBPyConnection, table: str, column: str, where: str, values: list[object]) -> list[object]:
    """The values of a column, in order; those of a text or a number alike."""
    select = f'select distinct "{column}" from {table} where {where} and "{column}" is not null order by 1'
    return [one for (one,) in con.execute(select, values).fetchall()]


def _count(con: duckdb.DuckDBPyConnection, table: str, where: str, test: _Test, values: Sequence[object]) -> int:
    """How many rows meet the conditions so far, with their values, and one more."""
    select = f"select count(*) from {table} where {where} and {test.sql}"
    ((count,),) = con.execute(select, [*values, *test.parameters]).fetchall()
    return int(count)


def _keys(table: str) -> list[str]:
    """The key columns of a table; none where its rows have no key, or are read from pages."""
    schema, _, name = table.partition(".")
    file = paths.SQL / schema / f"{name}.sql"
    if file.is_file():
        grain = sql_files.read_table_file(file).grain
    else:
        from flows.analysis import computed

        grain = columns.grain(computed.TABLES[table]) if table in computed.TABLES else ()
    return [key.removesuffix("?") for key in grain]


def _kinds(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """{column: DuckDB's name of its type}."""
    return {name: kind for name, kind, *_ in con.execute(f"describe {table}").fetchall()}


# --- the way down


def _step(con: duckdb.DuckDBPyConnection, what: str, table: str, found: str) -> Step:
    """The rows of a table whose ids are in a temporary table, with all that lies below them."""
    relation = con.execute(f"select * from {table} where rowid in (select id from {found}) order by rowid")
    names = [column[0] for column in relation.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
    step = Step(what, table, rows, _records(rows, _prefixes(names)), [])
    for at, way in enumerate(grounds().of(table)):
        if way.table is None:
            step.statements += _statements(way, rows)
        elif _below(con, way, table, found, f"{found}_{at}"):
            step.below.append(_step(con, way.what, way.table, f"{found}_{at}"))
    return step


def _below(con: duckdb.DuckDBPyConnection, way: Way, table: str, found: str, new: str) -> bool:
    """Make a temporary table of the rows that a way leads to; whether there are any."""
    con.execute(
        f"create temp table {new} as select there.rowid as id from {way.table} as there where exists ("
        f"select 1 from {table} as here where here.rowid in (select id from {found}) and {way.conditions()})"
    )
    return bool(con.execute(f"select 1 from {new} limit 1").fetchall())


def _prefixes(names: Sequence[str] | dict[str, str]) -> list[str]:
    """The prefixes under which a table has the address of a record, "" for the plain columns source, page, locator."""
    sources = [name.removesuffix("source") for name in names if re.fullmatch(r"(\w+_)?source", name)]
    return [prefix for prefix in sources if f"{prefix}page" in names]


def _records(rows: list[dict[str, Any]], prefixes: list[str]) -> list[Record]:
    """The places in pages that the rows name, each once."""
    named = (
        Record(row[f"{prefix}source"], row[f"{prefix}page"], row.get(f"{prefix}locator"), prefix.removesuffix("_"))
        for prefix in prefixes
        for row in rows
        if row[f"{prefix}source"] is not None and row[f"{prefix}page"] is not None
    )
    return list(dict.fromkeys(named))


def _statements(way: Way, rows: list[dict[str, Any]]) -> list[Statement]:
    """What files declare of the rows, each once; where a column should say where from and says nothing, there is none."""
    stated = (
        Statement(str(way.file).format_map(row), None if way.says is None else row[way.says])
        for row in rows
        if way.says is None or row[way.says] is not None
    )
    return list(dict.fromkeys(stated))


def _pages(con: duckdb.DuckDBPyConnection, root: Step, bytes_at: BytesAt) -> dict[tuple[str, str], Page]:
    """The pages that any step ends at."""
    named = {(record.source, record.page) for _, step in root.walk() for record in step.records}
    rows = con.execute(
        "select source, page, url, pages.retrieved_on::varchar, sha256, byte_count, licence from meta.pages as pages "
        "join meta.sources using (source) order by source, page"
    ).fetchall()
    found = {}
    for source, page, url, day, sha256, byte_count, licence in rows:
        if (source, page) in named:
            place = bytes_at(source, page, sha256)
            kept = None if place is None else str(place)
            found[source, page] = Page(source, page, url, day, sha256, byte_count, licence, kept)
    return found


# --- how it is told

COLUMNS = (
    *("step", "what", "table", "as_what", "source", "page", "locator", "url", "retrieved_on", "sha256", "byte_count"),
    *("licence", "bytes_at", "file", "says"),
)


def as_rows(traced: Trace) -> list[tuple[object, ...]]:
    """One row per step and place in a page or file that it ends at, with the columns `COLUMNS`."""
    told: list[tuple[object, ...]] = []
    for number, step in traced.root.walk():
        for record in step.records:
            page = traced.pages[record.source, record.page]
            place = (record.as_what, record.source, record.page, record.locator)
            of_page = (page.url, page.retrieved_on, page.sha256, page.byte_count, page.licence, page.bytes_at)
            told.append((number, step.what, step.table, *place, *of_page, None, None))
        for statement in step.statements:
            told.append((number, step.what, step.table, *[None] * 10, statement.file, statement.says))
    return told


def as_tree(traced: Trace) -> dict[str, Any]:
    """All of it: the steps with their rows, and the pages."""
    return {"trace": _plain(traced.root), "pages": [asdict(page) for page in traced.pages.values()]}


def _plain(step: Step) -> dict[str, Any]:
    return {
        "what": step.what,
        "table": step.table,
        "rows": step.rows,
        "records": [asdict(record) for record in step.records],
        "files": [asdict(statement) for statement in step.statements],
        "below": [_plain(below) for below in step.below],
    }
