"""What one query may take: a bound on its time and on the memory of this process, whatever it computes."""

from __future__ import annotations

import re
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows.answers import table_names
from flows.errors import UserError

_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
# With less DuckDB cannot even open a file.
_LEAST_BYTES = 50 * 10**6
# What a few batches of usual rows take as Python's values, each some hundred bytes a cell.
_LEFT_BYTES = 20 * 10**6
# Between two interrupts.
_AGAIN_S = 0.02


class QueryError(UserError, ValueError):
    """A query or the data of a fit cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Limits:
    """What a query may take, and how a message says that it may take more.

    A minute: the largest table is read in seconds, and what joins it with itself hardly ends at all. Two gigabytes: ten times
    what the largest query of the README takes, and what a small machine has left.
    """

    timeout_s: float = 60.0
    memory_bytes: int = 2 * 10**9
    more: str = "give it more with --timeout or --memory"


# A fit has no options for it.
OF_FIT = Limits(more="write its result to a file with `compute-limits sql --format csv` and fit that, with --csv")


def limits(timeout: float | None, memory: str | None) -> Limits:
    """The limits that were asked for, seconds and a text as 4GB; the defaults where they were not. Raises `QueryError`."""
    asked = Limits()
    if timeout is not None and not 0 < timeout < threading.TIMEOUT_MAX:
        raise QueryError(f"--timeout {timeout:g}: a number of seconds above 0 is needed")
    return Limits(
        asked.timeout_s if timeout is None else timeout, asked.memory_bytes if memory is None else size(memory)
    )


def size(text: str) -> int:
    """Bytes of a text as 500MB, 4GB or 1.5 GiB. Raises `QueryError`."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)\s*([KMGT]I?B)", text.strip().upper())
    if found is None:
        raise QueryError(f"--memory {text!r} is no size; write it as 500MB, 4GB or 1.5GiB")
    found_bytes = int(float(found[1]) * _UNITS[found[2]])
    if found_bytes < _LEAST_BYTES:
        raise QueryError(f"--memory {text!r} is too little to open the warehouse; give at least 50MB")
    return found_bytes


@contextmanager
def bounded(con: duckdb.DuckDBPyConnection, given: Limits) -> Iterator[threading.Event]:
    """Around a query and all that is done with its rows; the event says that its time is over.

    DuckDB's own limit does not count what it holds in lists, long texts and results, so the whole process has one.

    Raises:
        QueryError: DuckDB refuses the query or a row, or a limit is reached.
    """
    over, done = threading.Event(), threading.Event()

    def end() -> None:
        over.set()
        # Again and again: one that comes between two statements is not heard.
        con.interrupt()
        while not done.wait(_AGAIN_S):
            con.interrupt()

    timer = threading.Timer(given.timeout_s, end)
    timer.daemon = True
    try:
        with _memory(given.memory_bytes):
            timer.start()
            try:
                yield over
            finally:
                done.set()
                timer.cancel()
                # What is asked from here on is not ended.
                timer.join()
    except (duckdb.Error, MemoryError) as error:
        if over.is_set() and isinstance(error, duckdb.InterruptException):
            raise out_of_time(given) from error
        if isinstance(error, duckdb.InterruptException):
            raise KeyboardInterrupt from error
        if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
            raise out_of_memory(given) from error
        raise QueryError(table_names.unknown(con, error) or _said(error)) from error


def out_of_time(given: Limits) -> QueryError:
    """What is said where the time of a query is over."""
    return QueryError(f"the query took longer than {given.timeout_s:g} s and was ended; narrow it, or {given.more}")


def out_of_memory(given: Limits) -> QueryError:
    """What is said where a query needs more memory than it may have."""
    return QueryError(
        f"the query needs more than {given.memory_bytes / 10**9:g} GB of memory and was ended; narrow it, or {given.more}"
    )


def is_nearly_full() -> bool:
    """Whether little is left of the memory that this process may have, within `bounded`.

    Who takes row after row asks it in between: DuckDB makes Python's values without looking whether there was memory for
    them, and the process would end without a word.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    has = _bytes_now()
    return has is not None and soft != resource.RLIM_INFINITY and soft - has < _LEFT_BYTES


def _bytes_now() -> int | None:
    """What this process has, as RLIMIT_AS counts it; None where the system does not say."""
    told = Path("/proc/self/statm")
    return int(told.read_text(encoding="ascii").split()[0]) * resource.getpagesize() if told.is_file() else None


def _said(error: duckdb.Error) -> str:
    # Of a query that reads nothing else, such an error is of the warehouse's own file; that of a checksum has no class.
    classes = (duckdb.IOException, duckdb.FatalException, duckdb.SerializationException)
    is_of_file = isinstance(error, classes) or str(error).startswith("Corrupt database file")
    told = str(error).partition("\n")[0] if is_of_file else str(error)
    return f"the warehouse is damaged; run `compute-limits build --fresh` ({told})" if is_of_file else told


@contextmanager
def _memory(more_bytes: int) -> Iterator[None]:
    """Let this process take so much more than it has; where the system does not say what it has, DuckDB's limit stands alone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    has = _bytes_now()
    if has is None:
        yield
        return
    bounds = [has + more_bytes, *(bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(bounds), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
