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
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from flows import paths
from flows.pages import states

# Some 3,000 runs; then the log begins anew, and the one before it is kept beside it.
_BYTES_MAX = 1_000_000
_MESSAGE_MAX = 500


@contextmanager
def recorded(command: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[None]:
    """Around one run of a command: a line in the log when it ends, however it ends (but for kill -9).

    The line has command, started_at, ended_at (UTC), outcome (whole, degraded, failed or stopped), message (of a failure),
    and, of what stands published then, build_key, as_of and the sources that are stale or absent.
    """
    started = now()
    try:
        yield
    except BaseException as error:
        outcome = "failed" if isinstance(error, Exception) else "stopped"
        line = {"outcome": outcome, "message": str(error).partition("\n")[0][:_MESSAGE_MAX] or type(error).__name__}
        # The error is what there is to say; that the log cannot be written either is not.
        _write(_line(command, started, now(), line))
        raise
    if (reason := _write(_line(command, started, now(), _published(paths.warehouse())))) is not None:
        print(f"note: {paths.run_log()} cannot be written ({reason}); the run itself is whole", file=sys.stderr)


def _line(command: str, started: datetime, ended: datetime, what: Mapping[str, object]) -> str:
    at = {"started_at": started.isoformat(timespec="seconds"), "ended_at": ended.isoformat(timespec="seconds")}
    return json.dumps({"command": command, **at, **what}, ensure_ascii=False) + "\n"


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
            path.replace(path.with_suffix(".before.jsonl"))
        return True


def _is_at(log: BinaryIO, path: Path) -> bool:
    return path.exists() and os.path.samestat(os.fstat(log.fileno()), path.stat())
