"""The log of runs, data/runs.jsonl: when each refresh and build began and ended, and what became of it.

It stands outside the warehouse, in which there is no clock, and so outside of every checksum.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from flows import paths, stops
from flows.pages import states

# Some 3,000 runs; then the log begins anew, and the one before it is kept beside it.
_BYTES_MAX = 1_000_000
_MESSAGE_MAX = 500

Asked = Literal["all", "some", "none", "past"]
Outcome = Literal["whole", "degraded", "failed", "stopped"]


@dataclass(frozen=True)
class Run:
    """A line of the log. `asked`: which sources were asked for their pages, or for those of a past day.

    `outcome` is whole, degraded, failed or stopped; `message` says why it failed. Of what stood published at its end: `build_key`,
    `as_of` and `stale`, the sources that were not fresh; None and () where it failed.
    """

    command: str
    started_at: datetime
    ended_at: datetime
    asked: Asked
    outcome: Outcome
    message: str | None
    build_key: str | None
    as_of: str | None
    stale: tuple[str, ...]


def last(command: str, since: datetime | None = None) -> Run | None:
    """The newest run of a command in the log, of those that began at a time or later; None where there is none."""
    found, _ = read()
    # The log has whole seconds.
    first = None if since is None else since.replace(microsecond=0)
    of_command = [run for run in found if run.command == command and (first is None or run.started_at >= first)]
    return of_command[-1] if of_command else None


def read() -> tuple[list[Run], int]:
    """The runs in the log and in that before it, in the order in which they ended; and how many lines are none."""
    path, lines = paths.run_log(), list[str]()
    for log in (_before(path), path):
        if log.is_file():
            lines += log.read_text(encoding="utf-8", errors="replace").splitlines()
    found = [run for line in lines if (run := _run(line)) is not None]
    return found, len(lines) - len(found)


def _run(line: str) -> Run | None:
    """The run that a line is of; None where the line was torn by a machine that went down, or by hand."""
    try:
        told: dict[str, Any] = json.loads(line)
        started, ended = (datetime.fromisoformat(told[at]).astimezone(UTC) for at in ("started_at", "ended_at"))
        # Until 0.3 it was not said.
        asked = told.get("asked", "all" if told["command"] == "refresh" else "none")
        stands = told.get("message"), told.get("build_key"), told.get("as_of"), tuple(told.get("stale", ()))
        return Run(told["command"], started, ended, asked, told["outcome"], *stands)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


@contextmanager
def recorded(
    command: str, now: Callable[[], datetime] = lambda: datetime.now(UTC), *, asked: Asked = "none"
) -> Iterator[None]:
    """Around one run of a command: a line in the log when it ends, however it ends (but for kill -9).

    The line has command, started_at, ended_at (UTC), asked, outcome (whole, degraded, failed or stopped), message (of a
    failure), and, of what stands published then, build_key, as_of and the sources that are stale or absent.
    """
    run = {"command": command, "asked": asked}
    started = now()
    try:
        with stops.told():
            yield
    except BaseException as error:
        outcome = "failed" if isinstance(error, Exception) else "stopped"
        line = {"outcome": outcome, "message": str(error).partition("\n")[0][:_MESSAGE_MAX] or type(error).__name__}
        # The error is what there is to say; that the log cannot be written either is not.
        _write(_line(run, started, now(), line))
        raise
    if (reason := _write(_line(run, started, now(), _published(paths.warehouse())))) is not None:
        print(f"note: {paths.run_log()} cannot be written ({reason}); the run itself is whole", file=sys.stderr)


def _line(run: Mapping[str, str], started: datetime, ended: datetime, what: Mapping[str, object]) -> str:
    at = {"started_at": started.isoformat(timespec="seconds"), "ended_at": ended.isoformat(timespec="seconds")}
    return json.dumps({**run, **at, **what}, ensure_ascii=False) + "\n"


def _before(path: Path) -> Path:
    """Where the log before this one is."""
    return path.with_suffix(".before.jsonl")


def _published(warehouse: Path) -> dict[str, object]:
    """What meta.runs says of the published warehouse, and the sources that are stale or absent in it."""
    from flows.warehouse import reading

    with reading.read(warehouse) as con:
        ((build_key, as_of, state),) = con.execute("select build_key, as_of::varchar, state from meta.runs").fetchall()
        stale = con.execute(
            "select source from meta.sources where list_contains(?, state) order by source", [list(states.DEGRADED)]
        ).fetchall()
    return {"outcome": state, "build_key": build_key, "as_of": as_of, "stale": [source for (source,) in stale]}


def _write(line: str) -> str | None:
    """Add a line to the log; returns why that cannot be done, None where it is."""
    path = paths.run_log()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while not _appended(path, line.encode()):
            pass
    except OSError as error:
        return error.strerror or str(error)
    return None


def _appended(path: Path, line: bytes) -> bool:
    """Add a line; False, and nothing is written, where another run has just moved that file away."""
    with path.open("ab") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        if not _is_at(log, path):
            return False
        log.write(line)
        log.flush()
        if log.tell() > _BYTES_MAX:
            path.replace(_before(path))
        return True


def _is_at(log: BinaryIO, path: Path) -> bool:
    return path.exists() and os.path.samestat(os.fstat(log.fileno()), path.stat())
