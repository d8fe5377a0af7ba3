"""Pages are parsed in a process of their own, each within a time and a memory: whatever a page does to its parser ends there.

with Reader() as reader:
    gathered = reader.parse(path, source, page, sha256)

The process starts with the first page, reads one page after another, and is started anew after one that ended it.
"""

from __future__ import annotations

import math
import os
import pickle
import resource
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from threading import Event, Timer
from types import TracebackType
from typing import IO, Any, Self

from flows import children, lean
from flows.pages.parse import Gathered, parse_page
from flows.readers.record import PageError
from flows.sources import Page, Source
from flows.warehouse.connection import BuildError

# The slowest page of all sources takes 0.25 s of a processor, the next 0.2: so no slow machine and no growth of years ends one.
CPU_S = 10
# Beside what the process has before its first page. The largest page of all sources but two takes 13 MB, and live pages have
# columns that no one here has measured; a page of some kB can ask for GB.
MEMORY_MB = 128
# A page that waits for something takes no time of a processor; on a busy machine ten others may share it.
_WALL_TO_CPU = 20

_Answer = tuple[Gathered | None, str | None]


class _EndedError(Exception):
    """The process ended before its answer; says how, and whether by its own limit, which is the page's fault for sure."""

    def __init__(self, how: str, by_limit: bool) -> None:
        super().__init__(how)
        self.by_limit = by_limit


class Reader:
    """One process that parses pages, from the first page to the end of the context."""

    def __init__(self) -> None:
        self._process: Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, raised_at: TracebackType | None
    ) -> None:
        self._end()

    def parse(self, path: Path, source: Source, page: Page, sha256: str) -> Gathered:
        """What `flows.pages.parse.parse_page` gives, as tables.

        Raises:
            PageError: as there; or the page takes more time or memory than `parse_cpu_s` and `parse_memory_mb` of its
                source's TOML allow (else CPU_S and MEMORY_MB), or ends the process that reads it.
            flows.warehouse.connection.BuildError: the process does not start.
        """
        try:
            try:
                gathered, fault = self._answer(path, source, page, sha256)
            except _EndedError as ended:
                if ended.by_limit:
                    raise
                # Something else may have ended it (a machine without memory, a person): once more, by itself.
                gathered, fault = self._answer(path, source, page, sha256)
        except _EndedError as ended:
            raise PageError(f"{source.key}, page {page.name} ({path}): {ended}") from ended
        if gathered is None:
            raise PageError(fault)
        return gathered

    def _answer(self, path: Path, source: Source, page: Page, sha256: str) -> _Answer:
        process = self._started()
        cpu_s, memory_mb = _limits(source)
        overdue = Event()

        def end_late() -> None:
            overdue.set()
            process.kill()

        late = Timer(cpu_s * _WALL_TO_CPU, end_late)
        late.daemon = True
        late.start()
        try:
            answer: _Answer = _exchange(process, (path, *bare(source, page), sha256, cpu_s, memory_mb))
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
            raise self._ended(process, cpu_s, overdue.is_set()) from error
        except BaseException:
            # A stop while it reads: what it says later is no answer to the next page.
            self._end()
            raise
        finally:
            late.cancel()
        if answer[0] is None and answer[1] is None:
            self._end()
            raise _EndedError(_too_much(f"{memory_mb} MB of memory", "parse_memory_mb"), by_limit=True)
        return answer

    def _started(self) -> Popen[bytes]:
        if self._process is None:
            # Closed with the process.
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115
            # Arrow's own pool takes a gigabyte of addresses at once, which counts as memory.
            self._process = children.start(
                __name__, stderr=self._errors.fileno(), more={"ARROW_DEFAULT_MEMORY_POOL": "system"}
            )
            try:
                _exchange(self._process, None)
            except (EOFError, BrokenPipeError) as error:
                said = self._last_line()
                self._end()
                raise BuildError(
                    f"the process that reads pages does not start: {said}; nothing is published"
                ) from error
        return self._process

    def _ended(self, process: Popen[bytes], cpu_s: float, overdue: bool) -> _EndedError:
        """Why it ended; the next page gets a new one."""
        process.kill()
        code, said = process.wait(), self._last_line()
        self._end()
        if code == -signal.SIGXCPU:
            return _EndedError(_too_much(f"{cpu_s:g} s of a processor", "parse_cpu_s"), by_limit=True)
        if overdue:
            return _EndedError(_too_much(f"{cpu_s * _WALL_TO_CPU:g} s", "parse_cpu_s"), by_limit=True)
        how = f"signal {-code}" if code < 0 else f"code {code}"
        return _EndedError(f"it ended the process that reads pages with {how}{said and f' ({said})'}", by_limit=False)

    def _last_line(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")

    def _end(self) -> None:
        if self._process is not None:
            # It has nothing to put in order.
            self._process.kill()
            self._process.communicate()
        if self._errors is not None:
            self._errors.close()
        self._process = self._errors = None


def _limits(source: Source) -> tuple[float, float]:
    """(seconds of a processor, MB of memory) for one page of the source."""
    cpu_s, memory_mb = source.parse_cpu_s, source.parse_memory_mb
    return CPU_S if cpu_s is None else cpu_s, MEMORY_MB if memory_mb is None else memory_mb


def _too_much(what: str, key: str) -> str:
    return f"its parser takes more than {what}; if the page is as it should be, set {key} in its source's TOML"


def _exchange(process: Popen[bytes], question: object) -> Any:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    pickle.dump(question, process.stdin)
    process.stdin.flush()
    return pickle.load(process.stdout)  # noqa: S301  # of a process of our own


# --- in the process that reads


def bare(source: Source, page: Page) -> tuple[Source, Page]:
    """Both as they go to another process: without the views that keep settings from being changed, and the other pages."""
    return replace(source, pages=()), replace(page, lookups=dict(page.lookups))


def _main() -> None:
    answers = children.answers()
    lean.do_without_pandas()
    import pyarrow as pa

    # Made once before memory is counted: what Arrow and the allocator keep from then on is none of a page's.
    pa.array([""])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    held = _data_bytes()
    while True:
        try:
            question = pickle.load(sys.stdin.buffer)  # noqa: S301  # of the process that started this one
        except EOFError:
            return
        answer = None if question is None else _parsed(held, *question)
        pickle.dump(answer, answers)
        answers.flush()


def _parsed(
    held: int | None, path: Path, source: Source, page: Page, sha256: str, cpu_s: float, memory_mb: float
) -> _Answer:
    """(rows as tables, None), (None, what is wrong with the page), or (None, None) where there is not enough memory."""
    _limit(held, cpu_s, memory_mb)
    try:
        gathered = parse_page(path, source, page, sha256)
        tables = Gathered(tables={row_type: gathered.table(row_type) for row_type in gathered.rows})
    except PageError as error:
        return None, str(error)
    except MemoryError:
        return None, None
    finally:
        # To say so takes memory too.
        _limit(None, cpu_s, memory_mb)
    return tables, None


def _limit(held: int | None, cpu_s: float, memory_mb: float) -> None:
    """Let the next page take so much; beyond its time the system ends the process, beyond its memory it gets none."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(used.ru_utime + used.ru_stime + cpu_s)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = hard if held is None else held + int(memory_mb * 1e6)
    resource.setrlimit(resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _data_bytes() -> int | None:
    """Memory that the process may write to, as RLIMIT_DATA counts it; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    except FileNotFoundError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    _main()
