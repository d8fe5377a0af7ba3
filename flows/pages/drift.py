"""How far a version of a page is from its last good one: rows that are gone, values that are gone or changed, another unit.

A slip of a unit, an exchange of columns or half a page is none of a single cell, so no parser can see it. What the two
versions print is matched by what makes a row the row of the same thing (`[identity]` in flows/declared/drift.toml), and what
the figures below may be at most stands there too. A page beyond that is held back (flows/pages/versions.py).
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt

from flows import sources, toml_files
from flows.columns import ADDRESS, Text, column, columns
from flows.pages.parse import Gathered
from flows.paths import PACKAGE
from flows.readers.row_types import ROW_TYPES, TYPE_NAMES
from flows.toml_files import Closed

FILE = PACKAGE / "declared" / "drift.toml"
# In `by` and `[identity]`: the name of the model in the same record.
MODEL = "model"
_DECILES = 10

Share = Annotated[float, Gt(0), Lt(1)]
Ratio = Annotated[float, Gt(1)]
Measure = Literal[
    "bytes_gone", "rows_gone", "values_gone", "values_changed", "median_ratio", "added_ratio", "ratio_to_others"
]


class Band(Closed):
    """What the figures may be at most; flows/declared/drift.toml says why."""

    bytes_gone_max: Share
    gone_max: Share
    ratio_max: Ratio
    changed_by: Share
    changed_max: Share
    few: Annotated[int, Ge(1)]
    ratio_of_few_max: Ratio


class Added(Closed):
    """Where the values of rows that are new have to be."""

    columns: list[Text]
    ratio_max: Ratio
    rows_min: Annotated[int, Ge(2)]


class Wider(Closed):
    """A wider bound for one source, with the succession of versions that it lets pass."""

    source: Text
    row_type: Text
    reason: Text
    column: Text | None = None
    # 1 where a page is of its day alone.
    gone_max: Annotated[float, Gt(0), Le(1)] | None = None
    ratio_max: Ratio | None = None
    changed_max: Share | None = None


class Quantity(Closed):
    """A column that several sources print of the same things; columns of one `name` are one quantity."""

    name: Text
    row_type: Text
    column: Text
    by: list[Text]


class Others(Closed):
    """What pages of different sources are held against each other by."""

    ratio_max: Ratio
    shared_min: Annotated[int, Ge(1)]
    quantities: list[Quantity]


class Settings(Closed):
    """flows/declared/drift.toml."""

    band: Band
    added: Added
    identity: dict[str, list[str]]
    kinds: dict[str, list[str]]
    exceptions: list[Wider]
    others: Others


@dataclass(frozen=True, slots=True)
class HeldPage:
    """One row per figure of a page that is held back which is beyond its bound."""

    source: str = column(ADDRESS["source"])
    page: str = column("the page of that source")
    sha256: str = column("SHA-256 of the bytes that are held back; `compute-limits accept` takes it")
    retrieved_on: date = column("the day that they were first fetched")
    compared_with: str = column("SHA-256 of the last good version; or the page of another source, as source/page")
    measure: str = column(
        "bytes_gone, rows_gone, values_gone, values_changed (shares), median_ratio (new over old, of the same things), added_ratio "
        "(deciles of new rows over those of the old), ratio_to_others (this page over the other, of the same things)"
    )
    quantity: str = column("page, the type of rows, or the column as row_type.column and the kind of its rows")
    figure: float = column("the figure")
    bound: float = column("what it may be at most, of a ratio either way")
    n: int = column("of how many bytes, rows or values it is")


@dataclass(frozen=True)
class Finding:
    """A figure beyond its bound; its fields are those of `HeldPage`."""

    measure: Measure
    quantity: str
    figure: float
    bound: float
    n: int


@cache
def settings() -> Settings:
    """flows/declared/drift.toml. Raises `flows.errors.SettingError`."""
    return read(FILE)


def read(path: Path) -> Settings:
    """Such a file, every name in it one that there is. Raises `flows.errors.SettingError`."""
    told = toml_files.read(path, Settings)
    types = list(TYPE_NAMES.values())
    toml_files.check_keys(path, ("identity",), told.identity, types, "row type with values")
    for kind, by in told.identity.items():
        _check_columns(path, ("identity", kind), kind, by)
    toml_files.check_keys(path, ("kinds",), told.kinds, told.identity, "row type with an identity")
    for kind, by in told.kinds.items():
        for at, name in enumerate(by):
            toml_files.check_name(path, ("kinds", kind, at), name, told.identity[kind], f"part of identity.{kind}")
    for at, one in enumerate(told.exceptions):
        toml_files.check_name(path, ("exceptions", at, "source"), one.source, sources.names(), "source")
        toml_files.check_name(path, ("exceptions", at, "row_type"), one.row_type, types, "row type with values")
        _check_columns(path, ("exceptions", at, "column"), one.row_type, [one.column] if one.column else [])
    for at, quantity in enumerate(told.others.quantities):
        place = ("others", "quantities", at)
        toml_files.check_name(path, (*place, "row_type"), quantity.row_type, types, "row type with values")
        _check_columns(path, (*place, "column"), quantity.row_type, [quantity.column])
        _check_columns(path, (*place, "by"), quantity.row_type, quantity.by)
    quantities = [f"{kind}.{name}" for kind in types for name in columns(ROW_TYPES[kind])]
    for at, name in enumerate(told.added.columns):
        toml_files.check_name(path, ("added", "columns", at), name, quantities, "column of a row type")
    return told


def _check_columns(path: Path, place: toml_files.Place, row_type: str, names: Sequence[str]) -> None:
    for name in names:
        toml_files.check_name(path, place, name, [MODEL, *columns(ROW_TYPES[row_type])], f"column of {row_type}")


def findings(source: str, before: Gathered, now: Gathered, byte_counts: tuple[int, int]) -> list[Finding]:
    """What of a page is beyond the band, held against an earlier version of it; [] where it is as it was.

    `byte_counts`: the size of the page, before and now.
    """
    size, band = byte_counts[0], settings().band
    cut = _too_many("bytes_gone", "page", size - byte_counts[1], size, band.bytes_gone_max)
    return [*cut] + [
        finding
        for row_type in settings().identity
        for finding in _of_rows(source, row_type, _matched(before, row_type), _matched(now, row_type))
    ]


# {what a row is of: its values, by column}
_Rows = Mapping[tuple[Any, ...], Mapping[str, float]]


def _matched(gathered: Gathered, row_type: str) -> _Rows:
    """The rows of a type by what they are of; of those that are of the same, the order in the page tells which is which."""
    if row_type not in gathered.rows and row_type not in gathered.tables:
        return {}
    rows = gathered.table(row_type)
    if not len(rows):
        return {}
    quantities = [name for name, (kind, _) in columns(ROW_TYPES[row_type]).items() if kind is float]
    values = [rows[name].to_pylist() for name in quantities]
    same: Counter[tuple[Any, ...]] = Counter()
    found: dict[tuple[Any, ...], Mapping[str, float]] = {}
    for of, *cells in zip(_things(gathered, row_type), *values, strict=True):
        same[of] += 1
        found[*of, same[of]] = {name: cell for name, cell in zip(quantities, cells, strict=True) if cell is not None}
    return found


def _things(gathered: Gathered, row_type: str) -> Iterator[tuple[Any, ...]]:
    """What each row of a type is of."""
    rows, names = gathered.table(row_type), dict[str, str]()
    own = columns(ROW_TYPES[row_type])
    parts = []
    for name in settings().identity[row_type]:
        if name == MODEL and MODEL not in own:
            models = gathered.table(MODEL)
            names = dict(zip(models["locator"].to_pylist(), models["name"].to_pylist(), strict=True))
            parts.append([names.get(locator) for locator in rows["locator"].to_pylist()])
        else:
            parts.append(rows[name].to_pylist())
    return zip(*parts, strict=True) if parts else iter([()] * len(rows))


def _of_rows(source: str, row_type: str, before: _Rows, now: _Rows) -> Iterator[Finding]:
    if before:
        gone, bound = len(before.keys() - now.keys()), _band(source, row_type, None).gone_max
        yield from _too_many("rows_gone", row_type, gone, len(before), bound)
    olds, news = _by_kind(row_type, before), _by_kind(row_type, now)
    for of_kind, old in olds.items():
        for name in dict.fromkeys(name for values in old.values() for name in values):
            quantity = ", ".join([f"{row_type}.{name}", *map(str, of_kind)])
            yield from _of_values(quantity, name, old, news.get(of_kind, {}), _band(source, row_type, name))


def _by_kind(row_type: str, rows: _Rows) -> dict[tuple[Any, ...], dict[tuple[Any, ...], Mapping[str, float]]]:
    """The rows of a type by what makes their values a quantity of their own."""
    told = settings()
    places = [told.identity[row_type].index(name) for name in told.kinds.get(row_type, ())]
    found: dict[tuple[Any, ...], dict[tuple[Any, ...], Mapping[str, float]]] = {}
    for of, values in rows.items():
        found.setdefault(tuple(of[place] for place in places), {})[of] = values
    return found


def _of_values(quantity: str, name: str, before: _Rows, now: _Rows, band: Band) -> Iterator[Finding]:
    there = before.keys() & now.keys()
    had = [key for key in there if name in before[key]]
    pairs = [(before[key][name], now[key][name]) for key in had if name in now[key]]
    yield from _too_many("values_gone", quantity, len(had) - len(pairs), len(had), band.gone_max)
    changed = sum(abs(new - old) > band.changed_by * abs(old) for old, new in pairs)
    yield from _too_many("values_changed", quantity, changed, len(pairs), band.changed_max)
    yield from _ratio(quantity, pairs, band)
    if quantity.split(",")[0] in settings().added.columns:
        old = [values[name] for values in before.values() if name in values]
        yield from _added(quantity, old, [now[key][name] for key in now.keys() - there if name in now[key]])


def _band(source: str, row_type: str, name: str | None) -> Band:
    """The band of a type of rows, or of a column of it."""
    wider: dict[str, float] = {}
    for one in settings().exceptions:
        if (one.source, one.row_type) == (source, row_type) and one.column in (None, name):
            wider |= one.model_dump(include={"gone_max", "ratio_max", "changed_max"}, exclude_none=True)
    return settings().band.model_copy(update=wider)


def _too_many(measure: Measure, quantity: str, count: int, n: int, bound: float) -> Iterator[Finding]:
    if count > settings().band.few and count / n > bound:
        yield Finding(measure, quantity, count / n, bound, n)


def _ratio(quantity: str, pairs: Sequence[tuple[float, float]], band: Band) -> Iterator[Finding]:
    """Of the same things the median of new over old."""
    logs = [math.log(new / old) for old, new in pairs if old > 0 and new > 0]
    if logs:
        bound = band.ratio_max if len(logs) >= band.few else band.ratio_of_few_max
        yield from _beyond("median_ratio", quantity, statistics.median(logs), bound, len(logs))


def _added(quantity: str, old: Sequence[float], new: Sequence[float]) -> Iterator[Finding]:
    """Of rows that are new, which have none to be held against: the median of the ratios of their deciles to the old ones'."""
    added, logs = settings().added, [[math.log(one) for one in values if one > 0] for values in (old, new)]
    if min(map(len, logs)) >= added.rows_min:
        deciles = [statistics.quantiles(one, n=_DECILES) for one in logs]
        shift = statistics.median(high - low for low, high in zip(*deciles, strict=True))
        yield from _beyond("added_ratio", quantity, shift, added.ratio_max, len(logs[1]))


def _beyond(measure: Measure, quantity: str, log: float, bound: float, n: int) -> Iterator[Finding]:
    if abs(log) > math.log(bound):
        yield Finding(measure, quantity, math.exp(log), bound, n)


# --- what is said of a page that is held back


_SHOWN = 3


def sentence(held: Sequence[HeldPage]) -> str:
    """What is wrong with a page that is held back, and what to do, in two sentences; `held` is of one version, not empty."""
    one, more = held[0], len(held) - _SHOWN
    told = ", ".join(_said(figure) for figure in held[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return (
        f"{one.source}: page {one.page} of {one.retrieved_on} is held back: {told}; what was good before is used "
        f"(meta.held_pages). If it is right as it is: `compute-limits accept {one.source} '{one.page}' {one.sha256}`"
    )


def _said(held: HeldPage) -> str:
    share, of = f"{held.figure:.0%} of", f"(at most {held.bound:.0%})"
    shares = {
        "bytes_gone": f"{share} its {held.n} bytes are gone {of}",
        "rows_gone": f"{share} its {held.n} rows of {held.quantity} are gone {of}",
        "values_gone": f"{share} {held.n} values of {held.quantity} are gone {of}",
        "values_changed": f"{share} {held.n} values of {held.quantity} are others {of}",
    }
    if held.measure in shares:
        return shares[held.measure]
    beside = {
        "median_ratio": "what they were",
        "added_ratio": "those before, in new rows",
        "ratio_to_others": f"those of {held.compared_with}",
    }[held.measure]
    ends = f"(median of {held.n}, at most {held.bound:g} either way)"
    return f"values of {held.quantity} are {held.figure:.3g} times {beside} {ends}"
