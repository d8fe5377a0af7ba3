"""The register of forecasts: dated statements, one a line of JSON, which are only ever added to.

A line's `id` is the SHA-256 of all else in it, `previous` included, which is the id of the line before: a line that was changed,
taken out or put in between is an error with its file, line and key. Warehouses are built with the statements made by their
day (`staging.forecast`), and later results score them (`marts.forecast_scores`).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt
from pydantic import ValidationError

from flows import folder_locks
from flows.columns import Fraction, Text, column, key
from flows.errors import UserError
from flows.toml_files import Closed

Quantity = Literal["error_at_computation", "computation_of_error", "computation_growth"]
# What a statement is, whoever made it by which code: no two lines have the same.
IDENTITY = (
    *("kind", "made_on", "information_until", "horizon_start", "horizon_end", "row_set", "benchmark", "metric"),
    *("compute_measure", "selection", "quantity", "at_log10", "method"),
)
_FIRST = "0" * 64


class RegisterError(UserError):
    """The register has a line that is none, or a statement that was to be written is in it already."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """One row per registered statement: what was forecast, on which day, from what, and with which distribution."""

    statement: str = key("the statement: SHA-256 of its line")
    kind: str = column("forecast, or hindcast: made later, from what had been released by information_until alone")
    made_on: date = column("the day it is of: the newest day of a page in its warehouse")
    information_until: date = column("last day whose results were used")
    horizon_start: date = column("results released after this day are forecast")
    horizon_end: date = column("and by this day")
    horizon_years: int = column("which year after information_until that is")
    row_set: str = column("the row set whose results are forecast")
    benchmark: str = column("the benchmark")
    metric: str = column("the metric whose error it is")
    compute_measure: str = column("the measure of computation")
    selection: str = column("which results: as in fits.sample_sets")
    quantity: str = column(
        "error_at_computation: log10(error) of results at that computation; computation_of_error: log10 of the computation of "
        "results with that error; computation_growth: by how much the median log10 of the computation of the year exceeds that "
        "of the year up to information_until"
    )
    at_log10: float | None = column("log10 of the computation, in the row set's unit, or of the error; null of growth")
    within_decades: float | None = column("results count that are at most so far from it, in decades; null of growth")
    method: str = column("line, calibrated, or naive: last_value, drift")
    location: float = column("location of Student's t distribution of the quantity")
    scale: float = column("its scale")
    degrees_of_freedom: float = column("its degrees of freedom")
    warehouse: str = column("key of the warehouse it came from: of kind build in meta.kept_keys there")
    code_version: str = column("version of the code that made it")


@dataclass(frozen=True, slots=True)
class ForecastQuantile:
    """One row per registered statement and probability: a quantile of its distribution."""

    statement: str = key("the statement: key of staging.forecast")
    probability: float = key("the probability that the quantity is below")
    value: float = column("the quantile, in the unit of the quantity")


class Line(Closed):
    """A line of the register."""

    id: Text
    previous: Text
    kind: Literal["forecast", "hindcast"]
    made_on: date
    information_until: date
    horizon_start: date
    horizon_end: date
    horizon_years: Annotated[int, Ge(1)]
    row_set: Text
    benchmark: Text
    metric: Text
    compute_measure: Text
    selection: Text
    quantity: Quantity
    at_log10: float | None
    within_decades: Annotated[float, Gt(0)] | None
    method: Text
    location: float
    scale: Annotated[float, Gt(0)]
    degrees_of_freedom: Annotated[float, Ge(2)]
    quantiles: list[tuple[Fraction, float]]
    warehouse: Text
    code_version: Text


def read(path: Path) -> list[Line]:
    """The statements, in their order; none where there is no register.

    Raises:
        RegisterError: a line cannot be read, is not what its id says, or does not follow the one before.
    """
    if not path.is_file():
        return []
    lines, previous, seen = [], _FIRST, dict[tuple[Any, ...], int]()
    for at, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = _line(path, at, text)
        if line.previous != previous:
            raise _error(
                path, at, "previous", "is not the id of the line before: a line was taken out or put in between"
            )
        if (first := seen.setdefault(identity(line), at)) != at:
            raise _error(path, at, "id", f"is a statement that stands in line {first} already")
        previous = line.id
        lines.append(line)
    return lines


def _line(path: Path, at: int, text: str) -> Line:
    try:
        line = Line.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"])) or "the whole line"
        raise _error(path, at, where, fault["msg"][0].lower() + fault["msg"][1:]) from error
    if line.id != digest(json.loads(text)):
        raise _error(path, at, "id", "is not that of the rest of the line, which was changed after it was written")
    if not line.information_until <= line.horizon_start < line.horizon_end or line.information_until > line.made_on:
        raise _error(path, at, "information_until", "is after the day it is of or the beginning of what is forecast")
    pairs = zip(line.quantiles, line.quantiles[1:], strict=False)
    if not line.quantiles or any(not (one[0] < two[0] and one[1] < two[1]) for one, two in pairs):
        raise _error(path, at, "quantiles", "do not increase")
    return line


def _error(path: Path, at: int, where: str, why: str) -> RegisterError:
    return RegisterError(f"{path}: line {at}: {where}: {why}")


def digest(content: dict[str, Any]) -> str:
    """The id of a line: SHA-256 of its other keys as JSON, sorted, without blanks."""
    rest = {name: value for name, value in content.items() if name != "id"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def identity(line: Line) -> tuple[Any, ...]:
    """What tells a statement from any other."""
    return tuple(getattr(line, name) for name in IDENTITY)


def append(path: Path, statements: Sequence[dict[str, Any]], begun: Path | None = None) -> int:
    """Write statements (all keys of a line but `id` and `previous`; days as text) at its end, all or none; returns how many.

    Where there is none yet it begins with what stands in the one `begun`, which is left as it is.

    Raises:
        RegisterError: one of them stands in it already, and nothing is written; or as `read`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Each line names the one before it.
    with folder_locks.alone(path.parent):
        before = path if begun is None or path.is_file() else begun
        written = _following(path, read(before), statements)
        # Renamed and not added to: half a line would end every build, and half of the statements keep the others out.
        aside = path.with_suffix(".next.jsonl")
        try:
            with aside.open("wb") as file:
                file.write(_ended(before.read_bytes() if before.is_file() else b""))
                file.write("".join(written).encode())
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    return len(written)


def _ended(lines: bytes) -> bytes:
    """Lines of which the last has its end, which an editor may have left out."""
    return lines if lines.endswith(b"\n") or not lines else lines + b"\n"


def _following(path: Path, before: Sequence[Line], statements: Sequence[dict[str, Any]]) -> list[str]:
    """The lines of statements that follow those before. Raises `RegisterError`."""
    seen, previous = {identity(line) for line in before}, before[-1].id if before else _FIRST
    written: list[str] = []
    for statement in statements:
        content = {"previous": previous} | statement
        previous = digest(content)
        text = json.dumps({"id": previous} | content, separators=(",", ":"))
        line = _line(path, len(before) + len(written) + 1, text)
        if identity(line) in seen:
            raise RegisterError(
                f"{path}: the statement of {line.made_on} on {line.benchmark}, {line.quantity} by {line.method} "
                f"until {line.horizon_end} is registered already, and no line is written twice or changed"
            )
        seen.add(identity(line))
        written.append(text + "\n")
    return written


def rows(path: Path, as_of: date) -> dict[str, list[Any]]:
    """{table of staging: its rows} of the statements made by the day. Raises `RegisterError`."""
    lines = [line for line in read(path) if line.made_on <= as_of]
    return {"forecast": [_row(line) for line in lines], "forecast_quantile": list(_quantiles(lines))}


def _row(line: Line) -> Forecast:
    return Forecast(line.id, *(getattr(line, one.name) for one in fields(Forecast)[1:]))


def _quantiles(lines: Iterable[Line]) -> Iterable[ForecastQuantile]:
    for line in lines:
        for probability, value in line.quantiles:
            yield ForecastQuantile(line.id, probability, value)
