"""The ledger: what each published state of the warehouse said, kept small, so that a later build can tell what moved and why.

A state is a folder below `data/ledger`: `build.json` (which build, which state came before it, SHA-256 of its files) and the
points, numbers and pages of the warehouse as Parquet. One is added when a warehouse is published whose points or numbers are
others than those of the state before; it is never changed. A build is held against the newest state that is not its own and not
after its day, so a build anew of the same pages gives the same tables whether or not its own state has been added meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import paths
from flows.columns import column
from flows.errors import UserError
from flows.warehouse import connection, keys

if TYPE_CHECKING:
    import duckdb

    from flows.warehouse.staging import Staged

_BUILD = "build.json"
# How a folder is called until all of a state is in it.
_ASIDE = ".next-"


class LedgerError(UserError):
    """A state of the ledger is not as it was written; the message names the file."""


@dataclass(frozen=True, slots=True)
class PastBuild:
    """One row per past state up to the one that this build is held against."""

    build: str = column("the state: key of its build, without the ledger")
    place: int = column("1 is the oldest")
    as_of: date = column("the day of the newest page in it")
    code_version: str = column("version of the code that made it")
    code_sha256: str = column("SHA-256 of code, SQL and versions of libraries")
    settings_sha256: str = column("SHA-256 of what is declared")
    file: str = column("where it stands")


@dataclass(frozen=True, slots=True)
class PastPoint:
    """One row per headline line and evaluation in its pool, of the state that this build is held against."""

    benchmark: str = column("the benchmark")
    metric: str = column("the metric")
    compute_measure: str = column("the measure of computation")
    result_id: str = column("the evaluation, as it was called")
    training_id: str = column("the training that it counted to")
    label: str = column("the model's readable name")
    log10_compute: float = column("log10 of the computation, in the unit of `current`")
    error: float = column("the error, a fraction")
    is_chosen: bool = column("whether the line went through it")
    result_source: str = column("where the error was from: source")
    result_page: str = column("page")
    result_locator: str = column("and place in it")
    source: str = column("where the computation was from: source")
    page: str = column("page")
    first_seen: date = column("the day of the first state that has a point of the training")
    last_changed: date = column("the day of the state since which computation and error are what they are")


@dataclass(frozen=True, slots=True)
class PastNumber:
    """One row per past state and followed number; of the older states only exponents, points and lowest errors."""

    build: str = column("the state")
    benchmark: str = column("the benchmark")
    metric: str = column("the metric")
    compute_measure: str = column("the measure of computation; '' of the lowest error")
    quantity: str = column("as in marts.headline_numbers")
    target: str = column("the target, '' where the quantity has none")
    scenario: str = column("hardware and its year; '' of what is no cost")
    form: str | None = column("the form of the line")
    error: float | None = column("the target's error, a fraction")
    value: float | None = column("the number")
    low: float | None = column("lower end of its interval")
    high: float | None = column("upper end of its interval")
    name: str | None = column("of the lowest error: the model that had it")
    source: str | None = column("of the lowest error: the source that had it")
    page: str | None = column("and the page")


@dataclass(frozen=True, slots=True)
class PastPage:
    """One row per page that was in use in the state that this build is held against."""

    source: str = column("the source")
    page: str = column("the page's name within its source")
    sha256: str = column("SHA-256 of the bytes in use then")
    retrieved_on: date = column("the day these bytes were first fetched")


STAGED: dict[str, type[Any]] = {
    "past_build": PastBuild,
    "past_point": PastPoint,
    "past_number": PastNumber,
    "past_page": PastPage,
}
# {file of a state: how it is read out of a warehouse}, in an order that is always the same.
_FILES = {
    "points.parquet": f"select {', '.join(one.name for one in fields(PastPoint))} from marts.headline_points order by all",
    "numbers.parquet": f"select {', '.join(one.name for one in fields(PastNumber)[1:])} from marts.headline_numbers order by all",
    "pages.parquet": "select source, page, sha256, retrieved_on from meta.pages order by all",
}
# What a reader of the ledger would see move; other bytes of a page are no state of their own.
_SAID = ("points.parquet", "numbers.parquet")


@dataclass(frozen=True)
class State:
    """One state: its folder and what its `build.json` says. `number` counts the states of a ledger in the order of writing."""

    folder: Path
    build: str
    before: str | None
    number: int
    as_of: date
    code_version: str
    code_sha256: str
    settings_sha256: str
    files: dict[str, str]

    def path(self, name: str) -> Path:
        """One of its files. Raises `LedgerError`: it is not there, or not what was written."""
        path = self.folder / name
        if not path.is_file() or _sha256(path) != self.files[name]:
            raise LedgerError(
                f"{path} is not what was written; restore it, or remove the folder {self.folder}, and all that came after it, "
                "from the ledger"
            )
        return path


def states(roots: Iterable[Path]) -> dict[str, State]:
    """{build: its state} of all states below the folders; of the same in two the first.

    Raises:
        LedgerError: a state cannot be read.
    """
    found: dict[str, State] = {}
    for root in roots:
        for path in sorted(root.glob(f"*/{_BUILD}")):
            state = _state(path)
            found.setdefault(state.build, state)
    return found


def _state(path: Path) -> State:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        files = {name: str(told["files"][name]) for name in _FILES}
        return State(
            folder=path.parent,
            build=str(told["build"]),
            before=None if told["before"] is None else str(told["before"]),
            number=int(told["number"]),
            as_of=date.fromisoformat(told["as_of"]),
            code_version=str(told["code_version"]),
            code_sha256=str(told["code_sha256"]),
            settings_sha256=str(told["settings_sha256"]),
            files=files,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(
            f"{path} is no state of the ledger ({type(error).__name__}: {error}); restore it or remove its folder"
        ) from error


def chain(found: dict[str, State], build: str, as_of: date) -> list[State]:
    """The states that a build is held against, oldest first, the last of them the one that its moves are told from.

    It is the newest that is not after the day and not the build's own, and those before it.

    Raises:
        LedgerError: a state is said to come before itself.
    """
    if (own := found.get(build)) is not None:
        head = own.before
    else:
        of_day = [state for state in found.values() if state.as_of <= as_of]
        head = max(of_day, key=lambda state: (state.as_of, state.number, state.build)).build if of_day else None
    line: list[State] = []
    while head is not None and head in found:
        state = found[head]
        if state in line:
            raise LedgerError(f"{state.folder / _BUILD}: before: the state is said to come before itself")
        line.append(state)
        head = state.before
    return line[::-1]


def key(line: Iterable[State]) -> str:
    """Digest of all that tables depend on of a chain."""
    return keys.digest(
        *(
            repr((
                *(one.build, one.as_of, one.code_version, one.code_sha256, one.settings_sha256),
                *(sorted(one.files.items()), _named(one.folder)),
            ))
            for one in line
        )
    )  # fmt: skip


def rows(line: Sequence[State]) -> dict[str, Staged]:
    """{table of staging: its content} of a chain.

    Raises:
        LedgerError: a file is not what was written.
    """
    import duckdb

    from flows import columns
    from flows.warehouse.staging import Staged, of_rows

    builds = [
        PastBuild(
            one.build, place, one.as_of, one.code_version, one.code_sha256, one.settings_sha256, _named(one.folder)
        )
        for place, one in enumerate(line, 1)
    ]
    staged = {"past_build": of_rows(PastBuild, builds)}
    if not line:
        return staged
    *_, head = line
    with duckdb.connect() as con:
        con.execute("set threads = 1")

        def table(row_type: type[Any], sql: str, *parameters: str) -> Staged:
            names = ", ".join(one.name for one in fields(row_type))
            found = con.sql(f"select {names} from ({sql})", params=list(parameters)).to_arrow_table()
            return Staged(row_type, found.cast(columns.schema(row_type)))

        staged["past_point"] = table(PastPoint, "from read_parquet(?)", str(head.path("points.parquet")))
        staged["past_page"] = table(PastPage, "from read_parquet(?)", str(head.path("pages.parquet")))
        of_states = [
            "select ? as build, * from read_parquet(?)"
            + ("" if state is head else " where quantity in ('exponent', 'points', 'lowest_error')")
            for state in line
        ]
        given = [text for state in line for text in (state.build, str(state.path("numbers.parquet")))]
        staged["past_number"] = table(PastNumber, " union all ".join(of_states), *given)
    return staged


def _named(folder: Path) -> str:
    """Where a state stands, the same on every machine."""
    shipped = "shipped/" if folder.parent == paths.SHIPPED_LEDGER else ""
    return f"data/ledger/{shipped}{folder.name}/{_BUILD}"


def keep(con: duckdb.DuckDBPyConnection, root: Path, known: dict[str, State]) -> bool:
    """Add the state of a published warehouse below `root`, unless it says what the state before it says.

    `known` are the states of the ledger. Returns whether one was added; none is of a warehouse that was built before there were
    any.
    """
    import duckdb

    try:
        ((build, code_version, code, settings, published_before, as_of),) = con.execute(
            "select state_key, code_version, code_sha256, settings_sha256, published_before, as_of "
            "from staging.build_setting cross join (select as_of from meta.this_build)"
        ).fetchall()
        befores = con.execute("select build from meta.past_builds where is_before").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    # What was published before a day is a question that somebody asked, and no state of what is known.
    if not build or build in known or published_before is not None:
        return False
    before = known.get(befores[0][0]) if befores else None
    root.mkdir(parents=True, exist_ok=True)
    for left in root.glob(f"{_ASIDE}*"):
        # Of a build that was killed; another one is not under way, for they keep each other out.
        shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(dir=root, prefix=_ASIDE))
    try:
        files = {name: _written(con, folder / name, sql) for name, sql in _FILES.items()}
        if before is not None and all(before.files[name] == files[name] for name in _SAID):
            return False
        told = {
            "build": build,
            "before": before.build if before else None,
            "number": 1 + max((state.number for state in known.values()), default=0),
            "as_of": as_of.isoformat(),
            "code_version": code_version,
            "code_sha256": code,
            "settings_sha256": settings,
            "files": files,
        }
        (folder / _BUILD).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        for name in (*_FILES, _BUILD):
            with (folder / name).open("rb") as handle:
                os.fsync(handle.fileno())
        folder.chmod(0o755)
        folder.rename(root / f"{as_of}-{build[:16]}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return True


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _written(con: duckdb.DuckDBPyConnection, path: Path, sql: str) -> str:
    """The SHA-256 of a Parquet file with the rows of a SELECT."""
    con.execute(f"copy ({sql}) to {connection.quoted(str(path))} (format parquet, compression zstd)")
    return _sha256(path)
