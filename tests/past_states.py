"""Small warehouses of a line and its points, for the tests of the ledger and of what is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from flows import columns
from flows.pages.states import BuildSetting
from flows.warehouse import connection, ledger, staging
from flows.warehouse.staging import Staged

LINE = ("bench", "accuracy", "hardware_burden")
TARGET_ERROR = 0.01


@dataclass(frozen=True)
class Point:
    """A point of the line: its training, log10 of its computation, its error, and the page and row that it stands on."""

    training: str
    x: float
    error: float
    page: str = "a"
    row: str = ""


@dataclass(frozen=True)
class Mini:
    """A warehouse of one line: points, bytes of pages, code, settings, the target's error, and what a Gflop costs."""

    points: Sequence[Point]
    pages: Mapping[str, str] = field(default_factory=lambda: {"a": "1" * 64, "b": "1" * 64})
    code: str = "code"
    settings: str = "settings"
    target: float = TARGET_ERROR
    usd: float = -10.0
    best: tuple[float, str, str] = (0.05, "best model", "a")
    day: date = date(2026, 1, 1)
    before: str | None = None

    @property
    def key(self) -> str:
        """What a state of it is called by."""
        return f"state of {self.day} {len(self.points)} {self.code} {self.settings}".ljust(64, "0")


def least_squares(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Intercept and slope of log10(1/error) over log10 of computation, by numpy's own routine."""
    slope, intercept = np.polyfit([x for x, _ in points], [-np.log10(error) for _, error in points], 1)
    return float(intercept), float(slope)


def numbers(mini: Mini) -> dict[str, float]:
    """{quantity: its value} of the line: exponent, points, log10 of the computation of the target and of its cost."""
    intercept, slope = least_squares([(point.x, point.error) for point in mini.points])
    compute = (-np.log10(mini.target) - intercept) / slope
    return {
        "exponent": 1 / slope,
        "points": float(len(mini.points)),
        "log10_compute": float(compute),
        "log10_usd": float(compute + mini.usd),
    }


def make(path: Path, mini: Mini) -> Path:
    """The warehouse as a file, with the tables that the ledger reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    points = [
        ledger.PastPoint(
            *LINE, f"r {one.training} {one.row}", one.training, one.training, one.x, one.error, True,
            "s", one.page, one.row or f"row of {one.training}", "s", one.page, date(2025, 1, 1), date(2025, 1, 1),
        )
        for one in mini.points
    ]  # fmt: skip
    found = numbers(mini)
    said = [
        _number("exponent", found, low=found["exponent"] - 1, high=found["exponent"] + 1),
        _number("points", found),
        _number("log10_compute", found, target="target_1", error=mini.target),
        _number("log10_usd", found, target="target_1", scenario="paper_2020", error=mini.target),
        ledger.PastNumber(
            "",
            *LINE[:2],
            "",
            "lowest_error",
            "",
            "",
            None,
            None,
            mini.best[0],
            None,
            None,
            mini.best[1],
            "s",
            mini.best[2],
        ),
    ]
    pages = [ledger.PastPage("s", page, sha, mini.day) for page, sha in sorted(mini.pages.items())]
    befores = [] if mini.before is None else [mini.before]
    with connection.connect(path) as con:
        for schema in staging.SCHEMAS:
            con.execute(f"create schema {schema}")
        _create(con, "marts.headline_points", ledger.PastPoint, points)
        _create(con, "marts.headline_numbers", ledger.PastNumber, said)
        _create(con, "meta.pages", ledger.PastPage, pages)
        setting = BuildSetting("", "1.0", mini.key, mini.code, mini.settings, None)
        _create(con, "staging.build_setting", BuildSetting, [setting])
        con.execute("create table staging.row_set as select 'current' as row_set, 'flop' as compute_unit")
        con.execute("create table staging.fit_rule as select 3 as points_min")
        con.execute("create table meta.this_build as select ?::date as as_of, '1.0' as code_version", [mini.day])
        con.execute(
            "create table meta.past_builds as select unnest(?::varchar[]) as build, true as is_before", [befores]
        )
    return path


def _number(quantity: str, found: dict[str, float], **more: float | str | None) -> ledger.PastNumber:
    told = {"target": "", "scenario": "", "error": None, "low": None, "high": None} | more
    return ledger.PastNumber(
        "", *LINE, quantity, str(told["target"]), str(told["scenario"]), "polynomial", told["error"], found[quantity],
        told["low"], told["high"], None, None, None,
    )  # type: ignore[arg-type]  # fmt: skip


def _create(con: object, table: str, row_type: type, rows: list) -> None:  # type: ignore[type-arg]
    content: pa.Table = columns.table(row_type, rows)
    staging.create(con, table, Staged(row_type, content))  # type: ignore[arg-type]
