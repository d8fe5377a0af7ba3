"""What moved between two states of the warehouse, and why: the exponent of a line, the lowest error, the points behind them.

Between the published warehouse and the state before it stands in `marts.changes`. Between any two states of the ledger it is
computed by the same SELECTs from what the ledger kept of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import paths
from flows.answers import layouts, queries
from flows.answers.queries import QueryError
from flows.answers.rendering import printable
from flows.warehouse import ledger
from flows.warehouse.ledger import State

if TYPE_CHECKING:
    import duckdb
    from rich.console import Console

# In the order in which they are computed; what a state has, and then what is made of two.
_MADE = ("meta.past_builds", "meta.changed_pages", "marts.changed_points", "marts.changes")
_STATE = {
    "marts.headline_points": "points.parquet",
    "marts.headline_numbers": "numbers.parquet",
    "meta.pages": "pages.parquet",
}
_NUMBERS = """
select
    benchmark, metric, compute_measure, quantity, target, scenario,
    any_value(unit) as unit, any_value(value_before) as before, any_value(value_after) as after, any_value(is_within) as is_within,
    any_value(name_before) as name_before, any_value(name_after) as name_after,
    list({'cause': cause, 'contribution': contribution, 'n_points': n_points} order by abs(contribution) desc, cause) as causes,
from marts.changes
group by benchmark, metric, compute_measure, quantity, target, scenario
order by benchmark, metric, compute_measure, quantity, target, scenario
"""
_POINTS = (
    "select * from marts.changed_points order by benchmark, metric, compute_measure, cause, label, training_id, nth"
)
_PAGES = "select * from meta.changed_pages order by source, page"
_SINCE = "select as_of, code_version, is_other_code, is_other_settings from meta.past_builds where is_before"


@dataclass(frozen=True)
class Changes:
    """What moved: since and until which day, the pages that changed, the numbers with their causes, and the points."""

    since: date | None
    until: date
    is_other_code: bool
    is_other_settings: bool
    pages: list[dict[str, Any]]
    numbers: list[dict[str, Any]]
    points: list[dict[str, Any]]


def changes(path: Path, since: date | None = None, until: date | None = None) -> Changes:
    """What moved since the newest state of the ledger of that day or before, until the published warehouse or another state.

    Without `since` since the state that the warehouse was held against when it was built.

    Raises:
        QueryError: there is no warehouse, or the ledger has no such state.
        flows.warehouse.ledger.LedgerError: a state of the ledger is not what was written.
    """
    if since is None and until is None:
        with queries.of_this_version(path), queries.connect(path) as con:
            return read(con)
    states = sorted(ledger.states(paths.ledgers(path)).values(), key=lambda state: (state.as_of, state.number))
    after = None if until is None else _of_day(states, until)
    before = _of_day(states, since) if since is not None else _before(states, after)
    if after is not None and (after.as_of, after.number) < (before.as_of, before.number):
        raise QueryError(
            f"--until {until} is the state of {after.as_of}, older than that of {before.as_of} since which it would be told; "
            "exchange them"
        )
    if after is not None:
        with _in_memory(path) as con:
            for table, file in _STATE.items():
                con.execute(f"create table {table} as from read_parquet(?)", [str(after.path(file))])
            con.execute(
                "create table staging.build_setting as select ? as code_sha256, ? as settings_sha256",
                [after.code_sha256, after.settings_sha256],
            )
            con.execute("create table meta.this_build as select ?::date as as_of", [after.as_of])
            return _between(con, before)
    with _in_memory(path) as con:
        for table in (*_STATE, "staging.build_setting", "meta.this_build"):
            con.execute(f"create view {table} as from published.{table}")
        return _between(con, before)


def _of_day(states: Sequence[State], day: date) -> State:
    """The newest state that is not after a day. Raises `QueryError`: there is none."""
    there = [state for state in states if state.as_of <= day]
    if not there:
        days = ", ".join(dict.fromkeys(str(state.as_of) for state in states))
        raise QueryError(
            f"the ledger has no state of {day} or before; "
            + (f"it has {days}" if days else "it is empty: each build adds one")
        )
    return there[-1]


def _before(states: Sequence[State], after: State | None) -> State:
    found = None if after is None else next((state for state in states if state.build == after.before), None)
    if found is None:
        raise QueryError("the ledger has no state before that one; name a day with --since")
    return found


def _in_memory(path: Path) -> duckdb.DuckDBPyConnection:
    """An empty database with the schemas of a warehouse, the published one beside it, and the macros."""
    from flows.warehouse import staging, transform

    con = queries.attached(path, "published")
    for schema in staging.SCHEMAS:
        con.execute(f"create schema {schema}")
    transform.make_known(con, paths.SQL, {})
    for table in ("fit_rule", "row_set"):
        con.execute(f"create view staging.{table} as from published.staging.{table}")
    return con


def _between(con: duckdb.DuckDBPyConnection, before: State) -> Changes:
    from flows import columns
    from flows.warehouse import sql_files, staging
    from flows.warehouse.staging import Staged

    given = ledger.rows([before])
    for name, row_type in ledger.STAGED.items():
        staging.create(
            con, f"staging.{name}", given.get(name) or Staged(row_type, columns.schema(row_type).empty_table())
        )
    for table in _MADE:
        file = sql_files.read_table_file(paths.SQL / f"{table.replace('.', '/')}.sql")
        con.execute(f"create table {table} as\n{file.select}")
    return read(con)


def read(con: duckdb.DuckDBPyConnection) -> Changes:
    """What moved, out of the tables of a warehouse that is open."""
    ((until,),) = con.execute("select as_of from meta.this_build").fetchall()
    builds = _records(con, _SINCE)
    since: dict[str, Any] = builds[0] if builds else {"as_of": None, "is_other_code": False, "is_other_settings": False}
    return Changes(
        since["as_of"],
        until,
        since["is_other_code"],
        since["is_other_settings"],
        _records(con, _PAGES),
        _records(con, _NUMBERS),
        _records(con, _POINTS),
    )


def _records(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def as_tree(found: Changes) -> dict[str, Any]:
    """All that moved, for JSON."""
    return vars(found) | {"since": None if found.since is None else str(found.since), "until": str(found.until)}


COLUMNS = (
    *("benchmark", "metric", "compute_measure", "quantity", "target", "scenario", "unit", "before", "after"),
    *("is_within", "name_before", "name_after", "cause", "contribution", "n_points"),
)


def as_rows(found: Changes) -> Iterator[tuple[Any, ...]]:
    """A row for each number and cause, for CSV: `COLUMNS`."""
    for row in found.numbers:
        for cause in row["causes"]:
            yield tuple((row | cause)[column] for column in COLUMNS)


def at_hand(con: duckdb.DuckDBPyConnection) -> str:
    """What moved since the state before, in a line, for the end of a run; "" where there is none."""
    found = read(con)
    if found.since is None:
        return ""
    if not found.numbers:
        return f"moved  nothing since the state of {found.since}"
    titles = dict(con.execute("select benchmark, title from staging.benchmark").fetchall())
    moved = [
        row for row in found.numbers if row["quantity"] == "exponent" and None not in (row["before"], row["after"])
    ]
    most = max(moved, key=lambda row: abs(row["after"] / row["before"] - 1), default=None)
    example = "" if most is None else f", most {_named(most, titles).strip()} ({' to '.join(_exponent(most)[:2])})"
    return f"moved  {counted(found)} since {found.since}{example}; compute-limits changes tells why"


def counted(found: Changes) -> str:
    """How many exponents and lowest errors moved, and how many of either are new or gone."""
    told = []
    for quantity, name in (("exponent", "exponent"), ("lowest_error", "lowest error")):
        rows = [row for row in found.numbers if row["quantity"] == quantity]
        new, gone = (sum(row[side] is None for row in rows) for side in ("before", "after"))
        rest = [f"{many} {what}" for many, what in ((new, "new"), (gone, "gone")) if many]
        told.append(_many(len(rows) - new - gone, name) + (f" ({', '.join(rest)})" if rest else ""))
    return " and ".join(told)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


# --- what is news: a sentence each, and the rows behind it


def beyond(found: Changes, titles: Mapping[str, str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The lines of which a number moved out of the interval that was given before."""
    rows_of: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in found.numbers:
        if row["is_within"] is False:
            rows_of.setdefault((row["benchmark"], row["metric"], row["compute_measure"]), []).append(row)
    for rows in rows_of.values():
        exponents = [row for row in rows if row["quantity"] == "exponent"]
        many = len(rows) - len(exponents)
        told = [
            f"the exponent moved from {before} to {after} ({why})" for before, after, why in map(_exponent, exponents)
        ]
        told += [f"{many} of its projections and costs moved beyond the intervals given before"] if many else []
        yield f"{_named(rows[0], titles).strip()}: {', and '.join(told)}, since {found.since}", rows


def new_bests(found: Changes, titles: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The benchmarks that have a lower error than before."""
    for row in found.numbers:
        is_known = row["quantity"] == "lowest_error" and None not in (row["before"], row["after"])
        if is_known and row["after"] < row["before"]:
            before, after, _ = _lowest(row)
            names = [
                printable(row[name]) if row[name] else "an unnamed model" for name in ("name_before", "name_after")
            ]
            told = f"{after} of {names[1]}, after {before} of {names[0]}"
            yield f"{_named(row, titles).strip()}: a new lowest error, {told}", row


# --- as text

_Cells = tuple[str, str, str, str]


def show(found: Changes, out: Console) -> None:
    """Print what moved in a page: pages, lines, lowest errors, and how many other numbers with them."""
    for line in lines(found):
        layouts.say(line, out)


def lines(found: Changes) -> Iterator[str]:
    """What moved, a line each."""
    yield from headline(found)
    for heads, rows in tables(found):
        yield ""
        yield from _columns(heads, rows)
    if with_them := others(found):
        yield ""
        yield with_them


def headline(found: Changes) -> Iterator[str]:
    """Since when it is told and which pages changed, and that nothing moved, where nothing did."""
    if found.since is None:
        yield "nothing to hold this warehouse against: the ledger has no earlier state; the next build will be held against it"
        return
    yield f"from {found.since} to {found.until}: {of_pages(found.pages)}{_of_builds(found)}"
    if not found.numbers:
        yield "no number moved"


def tables(found: Changes, titles: Mapping[str, str] | None = None) -> Iterator[tuple[_Cells, list[_Cells]]]:
    """Exponents and lowest errors that moved, each as heads and rows of four cells; `titles` of the benchmarks, if at hand."""
    for quantity, cells in _LINES.items():
        rows = [(_named(row, titles), *cells(row)) for row in found.numbers if row["quantity"] == quantity]
        if rows:
            yield _HEADS[quantity], rows


def others(found: Changes) -> str:
    """How many projections and costs moved too; "" where none did."""
    many_of = Counter(row["quantity"] for row in found.numbers if row["quantity"] in _TOLD)
    told = ", ".join(_many(many, _TOLD[quantity]) for quantity, many in sorted(many_of.items()))
    return f"with them moved {told}; --json has each with its causes, and the points" if told else ""


def _columns(heads: _Cells, rows: Sequence[_Cells]) -> Iterator[str]:
    """Names and numbers below each other, the reason behind them; what is too long for a line goes on below it."""
    wide = [max(len(row[at]) for row in (heads, *rows)) for at in range(3)]
    for name, before, after, why in (heads, *rows):
        yield f"{name:{wide[0]}}  {before:>{wide[1]}}  {after:>{wide[2]}}  {why}"


_TOLD = {"log10_compute": "projection", "log10_usd": "dollar figure", "log10_kg_co2": "CO2 figure"}


def of_pages(pages: Sequence[dict[str, Any]]) -> str:
    """How many pages changed, of which sources."""
    if not pages:
        return "no page changed"
    of_source = Counter(page["source"] for page in pages)
    told = ", ".join(source if many == 1 else f"{source} ({many})" for source, many in sorted(of_source.items()))
    return f"{_many(len(pages), 'page')} changed, of {told}"


def _of_builds(found: Changes) -> str:
    others = [
        what for what, is_other in (("code", found.is_other_code), ("settings", found.is_other_settings)) if is_other
    ]
    return f"; other {' and '.join(others)}" if others else ""


def _exponent(row: dict[str, Any]) -> tuple[str, str, str]:
    before, after = ("–" if value is None else f"{value:.4g}" for value in (row["before"], row["after"]))
    if row["before"] is None or row["after"] is None:
        return before, after, "new" if row["before"] is None else "gone"
    beyond = "; beyond its interval" if row["is_within"] is False else ""
    return before, after, ", ".join(_causes(row["causes"])) + beyond


def _causes(causes: Iterable[dict[str, Any]]) -> Iterator[str]:
    for one in causes:
        points = f" ({_many(one['n_points'], 'point')})" if one["n_points"] else ""
        yield f"{one['cause']} {one['contribution']:+.2g}{points}"


def _lowest(row: dict[str, Any]) -> tuple[str, str, str]:
    before, after = ("–" if value is None else f"{100 * value:.3g} %" for value in (row["before"], row["after"]))
    names = [printable(name) for name in dict.fromkeys((row["name_before"], row["name_after"])) if name]
    return before, after, " to ".join(names)


def _named(row: dict[str, Any], titles: Mapping[str, str] | None = None) -> str:
    if titles is None:
        # Not with the module: at the end of each run the warehouse has them at hand.
        from flows.declared import domains

        titles = domains.titles()
    measure = row["compute_measure"].replace("_", " ")
    name = titles.get(row["benchmark"], row["benchmark"])
    return f"  {name}, {measure}" if measure else f"  {name}"


# What stands in lines of its own, and the rest, which is counted.
_LINES = {"exponent": _exponent, "lowest_error": _lowest}
_HEADS = {
    "exponent": ("exponents", "before", "after", "why"),
    "lowest_error": ("lowest errors", "before", "after", "of"),
}
