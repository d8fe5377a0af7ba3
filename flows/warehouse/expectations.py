"""What must hold of the tables: what follows from a table's grain, and what expectations/<table>.json says of it in particular.

Great Expectations takes seconds to import, so nothing here imports it: flows/warehouse/checking.py does, for
flows/warehouse/validator.py, in a process of its own or in this one.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import paths
from flows.errors import UserError

if TYPE_CHECKING:
    import duckdb

# An expectation as it stands in a suite's JSON file: type, kwargs, severity, and notes where there is a reason to give.
Expectation = Mapping[str, Any]
ROW_COUNT = "expect_table_row_count_to_be_between"
UNIQUE = "expect_column_values_to_be_unique"
UNIQUE_TOGETHER = "expect_compound_columns_to_be_unique"
NEVER_NULL = "expect_column_values_to_not_be_null"
# The project's own: one pass over several columns where NEVER_NULL makes one each.
NONE_EVER_NULL = "expect_multicolumn_values_to_not_be_null"
# Those whose condition is of a row and reads nothing but its columns, or of the rows that have the same in some columns.
OF_ROWS = (
    UNIQUE,
    UNIQUE_TOGETHER,
    NEVER_NULL,
    "expect_column_values_to_be_between",
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_match_regex",
    "expect_column_pair_values_a_to_be_greater_than_b",
)


class SuiteError(UserError, ValueError):
    """A suite cannot be run as it stands; the message names its file."""


@dataclass(frozen=True)
class Failure:
    """One expectation that is not met. `severity` is critical (blocks publishing) or warning (is reported)."""

    table: str
    expectation: str
    severity: str
    finding: str

    def __str__(self) -> str:
        return f"{self.table}: {self.expectation}: {self.finding}"


@dataclass(frozen=True)
class Suite:
    """All that is expected of one table. `key` are the columns that name a row of it; none where its rows have no key."""

    table: str
    key: tuple[str, ...]
    expectations: tuple[Expectation, ...]


def suite_key(suite: Suite) -> str:
    """SHA-256 of all that a suite says: with the same key, the same table gives the same failures.

    Not in it are the versions of Great Expectations and pandas, and the code of `flows.warehouse.checking`.
    """
    return hashlib.sha256(json.dumps(vars(suite), sort_keys=True).encode()).hexdigest()


def named(suite: Suite, columns: Sequence[str]) -> list[str]:
    """The columns whose names stand in what a suite asks, as a whole text or a part of one (`col("year") > 2000`)."""
    texts = [*suite.key, *(text for one in suite.expectations for text in _texts(one["kwargs"]))]
    return [column for column in columns if any(column in text for text in texts)]


def _texts(value: Any) -> Iterator[str]:
    """All texts in the values of what stands in a JSON file."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from _texts(one)


def dealt_by(suite: Suite) -> tuple[str, ...] | None:
    """The columns by which a large table can be dealt into slices that are checked apart; () where any slices will do.

    Rows that are the same in what must be unique are in one slice then. None where the table has to be seen whole: an expectation
    is of shares or of some rows, or no column is in all that must be unique.
    """
    unique = list[list[str]]()
    for one in suite.expectations:
        kind, kwargs = one["type"], one["kwargs"]
        if kind not in (*OF_ROWS, NONE_EVER_NULL, ROW_COUNT) or {"mostly", "row_condition"} & kwargs.keys():
            return None
        if kind in (UNIQUE, UNIQUE_TOGETHER):
            unique.append(kwargs.get("column_list") or [kwargs["column"]])
    common = [column for column in unique[0] if all(column in other for other in unique)] if unique else []
    return None if unique and not common else tuple(common)


def asked(con: duckdb.DuckDBPyConnection, suite: Suite) -> tuple[object, ...]:
    """All of a small table that the result of its suite depends on: columns and types, how many rows, and the named columns."""
    described = con.execute(f"describe {suite.table}").fetchall()
    columns = named(suite, [column for column, *_ in described])
    rows = con.execute(f"select {', '.join([*columns, '1'])} from {suite.table}").fetchall()
    return described, rows


def suites(grains: Mapping[str, tuple[str, ...]], root: Path | None = None) -> dict[str, Suite]:
    """{table: its suite}, by table: of all that have a grain, and of all that have a file below `root`.

    Raises:
        SuiteError: a file is no suite, or is named otherwise than its suite.
    """
    particular = {path.stem: _read(path) for path in sorted((root or paths.EXPECTATIONS).glob("*.json"))}
    return {
        table: suite_of(table, grains.get(table), particular.get(table, ())) for table in sorted({*grains, *particular})
    }


def suite_of(table: str, grain: tuple[str, ...] | None, particular: Iterable[Expectation] = ()) -> Suite:
    """The suite of a table: what follows from its grain (`a?` may be null, () has no key, None is not stated), then the rest.

    - It has rows; an empty table passes all other expectations. That is a warning, for without the sources that fill it a
      table is empty and no reason to stop, unless the file has a row count of its own.
    - No two rows have the same key.
    - The key is never null, nor is what the file says so of (critical, without conditions): all in one expectation.
    """
    others = list(particular)
    key = tuple(column.removesuffix("?") for column in grain or ())
    never_null = [column for column in grain or () if not column.endswith("?")]
    for one in [one for one in others if _only_never_null(one)]:
        others.remove(one)
        never_null += one["kwargs"].get("column_list") or [one["kwargs"]["column"]]
    derived: list[Expectation] = []
    if grain is not None and ROW_COUNT not in {one["type"] for one in others}:
        derived.append(_expectation(ROW_COUNT, "warning", min_value=1))
    if key:
        derived.append(_on_columns(UNIQUE, UNIQUE_TOGETHER, key))
    if never_null:
        derived.append(_on_columns(NEVER_NULL, NONE_EVER_NULL, dict.fromkeys(never_null)))
    return Suite(table, key, (*derived, *others))


def _only_never_null(one: Expectation) -> bool:
    return (
        one["type"] in (NEVER_NULL, NONE_EVER_NULL)
        and one.get("severity", "critical") == "critical"
        and len(one["kwargs"]) == 1
    )


def _expectation(kind: str, severity: str, **kwargs: Any) -> Expectation:
    return {"type": kind, "kwargs": kwargs, "severity": severity}


def _on_columns(of_one: str, of_several: str, columns: Iterable[str]) -> Expectation:
    """Great Expectations has one type for a single column and another for several."""
    names = list(columns)
    if len(names) == 1:
        return _expectation(of_one, "critical", column=names[0])
    return _expectation(of_several, "critical", column_list=names)


def _read(path: Path) -> list[Expectation]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        name, expectations = content["name"], content["expectations"]
        _ = [(one["type"], one["kwargs"].items()) for one in expectations]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SuiteError(f"{path}: not a suite with a name and expectations ({error!r})") from error
    if name != path.stem:
        raise SuiteError(f"{path}: the suite is named {name!r}, not as its file")
    return list(expectations)


def require_tables(suites: Iterable[str], tables: Iterable[str]) -> None:
    """Raise `SuiteError` where a suite is for a table that is not among `tables`."""
    there = set(tables)
    for table in suites:
        if table not in there:
            near = difflib.get_close_matches(table, there)
            raise SuiteError(
                f"expectations/{table}.json: the warehouse has no table {table}"
                + (f"; near names: {', '.join(near)}" if near else "")
            )
