"""Opening the published warehouse: whole while it is being replaced, without what others left beside it, faults said.

DuckDB opens the path three times while it connects, so a file that is replaced meanwhile can be read by two files' halves;
and it replays whatever log lies beside a file, though a published file never has one of its own.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.errors import UserError
from flows.warehouse import connection

if TYPE_CHECKING:
    import duckdb

# What DuckDB may find beside a file and take for a part of it.
_LOGS = (".wal", ".wal.recovery", ".wal.checkpoint")
# A build takes seconds and connecting milliseconds: who misses so often in a row waits for something else.
_TRIES, _PAUSE_S = 50, 0.02


class ReadError(UserError):
    """The warehouse cannot be read; the message says why and what to do."""


def read(path: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the published warehouse. Raises `ReadError` as `opened`."""
    return opened(path, lambda: connection.connect(path, read_only=True))


def opened(path: Path, connect: Callable[[], duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
    """What `connect` gives, once it has read one and the same file from its beginning to its end, without a log.

    A log beside the file is set aside and named on standard error: it is of a connection that was open for writing.

    Raises:
        ReadError: the file is no warehouse or is damaged, another process has it open for writing, or it may not be read.
    """
    import duckdb

    for _ in range(_TRIES):
        before = _identity(path)
        try:
            con = connect()
        except duckdb.Error as error:
            refused = error
        else:
            # While it is open here nobody else has it open for writing, so that a log is nobody's.
            if not logs(path) and _identity(path) == before:
                return con
            con.close()
            set_aside(path)
            continue
        if "Conflicting lock" in str(refused):
            raise _locked(path, str(refused)) from refused
        if not set_aside(path) and _identity(path) == before:
            raise damaged(path, refused) from refused
        time.sleep(_PAUSE_S)
    raise ReadError(f"{path} is replaced again and again while it is opened; try again when what builds it has ended")


def logs(path: Path) -> list[Path]:
    """What lies beside a file that DuckDB would take for its log."""
    return [log for suffix in _LOGS if (log := path.with_name(path.name + suffix)).exists()]


def set_aside(path: Path) -> bool:
    """Rename the logs beside a published file, and say so on standard error; returns whether there were any.

    Raises:
        ReadError: one cannot be renamed.
    """
    found = logs(path)
    for log in found:
        number = 1
        while (aside := log.with_name(f"{log.name}.aside-{number}")).exists():
            number += 1
        try:
            log.rename(aside)
        except FileNotFoundError:
            continue  # another reader was faster
        except OSError as error:
            raise ReadError(
                f"{log} is no part of the warehouse and cannot be set aside ({error.strerror}); move it away"
            ) from error
        print(
            f"note: {log.name} was left by a connection that had the warehouse open for writing; it is no part of it, "
            f"and is now {aside.name} in {aside.parent}",
            file=sys.stderr,
        )
    return bool(found)


def damaged(path: Path, error: duckdb.Error) -> ReadError:
    """What is said of a file that DuckDB cannot read."""
    reason = str(error).partition("\n")[0]
    if "Permission denied" in reason:
        return ReadError(f"{path} may not be read by this user; ask its owner, or name another COMPUTE_LIMITS_DATA")
    return ReadError(f"{path} is damaged or no warehouse; run `compute-limits build --fresh` ({reason})")


def _identity(path: Path) -> tuple[int, ...]:
    """What differs between two files that were under one name."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _locked(path: Path, reason: str) -> ReadError:
    holder = re.search(r"PID (\d+)", reason)
    who = process(int(holder[1])) if holder else "another process"
    return ReadError(
        f"{path} is open for writing in {who}; close it there (to read, a notebook needs "
        "duckdb.connect(path, read_only=True)), then try again"
    )


def process(pid: int) -> str:
    """A process with its command and since when it runs, as far as the system tells."""
    try:
        command = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
        # The name of a command may have spaces and brackets; what comes after it is the third of the fields of proc(5).
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        booted = re.search(r"^btime (\d+)", Path("/proc/stat").read_text(encoding="utf-8"), re.MULTILINE)
        started = int(booted[1] if booted else 0) + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return f"process {pid}"
    return (
        f"process {pid} ({command}), which runs since {datetime.fromtimestamp(started).astimezone():%Y-%m-%d %H:%M:%S}"
    )
