"""Processes that fit: each takes sets of points one after another and gives their tables, and so does this one if it is asked to.

with Fitters(2) as fitters:
    future = fitters.submit(works, grounds)
    fitters.finish()
    fitters.join_in()
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from importlib import import_module
from queue import Empty, SimpleQueue
from subprocess import Popen, TimeoutExpired
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from flows import children, lean
from flows.warehouse.connection import BuildError

if TYPE_CHECKING:
    import pyarrow as pa

    from flows.analysis.computed import Grounds, Work

    _Function = Callable[[], dict[str, pa.Table]]


class Answer(Protocol):
    """Tables that are being computed."""

    def result(self) -> dict[str, pa.Table]:
        """{table: rows of the sets}, as soon as they are there; raises what ended the computing of them."""


class Fitting(Protocol):
    """What fits sets of points elsewhere: processes here (`Fitters`), or machines (flows/cluster.py).

    `busy`: how many processors of this machine it keeps so.
    """

    busy: int

    def submit(self, works: Sequence[Work], grounds: Grounds) -> Answer:
        """Have these sets computed."""

    def finish(self) -> None:
        """Nothing more is submitted to it."""

    def join_in(self) -> None:
        """Compute what nobody has begun yet in this process, if that is any use; returns when nothing is left to begin."""


# Arrays come and go by the thousand: what one leaves is for the next, and not given back to the system, which would have to
# clear it anew (glibc's; elsewhere nobody reads it). Most of a process's time in the system, and no more memory at its peak.
_TUNABLES, _KEEPING = "GLIBC_TUNABLES", "glibc.malloc.trim_threshold=536870912:glibc.malloc.mmap_threshold=536870912"
# Between the end of its answers and that of a process.
_ENDS_S = 10


class Fitters:
    """So many processes, which start at once; a thread hands each its next task."""

    def __init__(self, many: int) -> None:
        self.busy = many
        self._tasks: SimpleQueue[tuple[_Function, Future[dict[str, pa.Table]]] | None] = SimpleQueue()
        self._processes: list[Popen[bytes]] = []
        self._threads: list[Thread] = []
        self._is_finished = False

    def __enter__(self) -> Self:
        try:
            for _ in range(self.busy):
                process = children.start(__name__, more={} if _TUNABLES in os.environ else {_TUNABLES: _KEEPING})
                self._processes.append(process)
                thread = Thread(target=self._serve, args=(process,), daemon=True)
                thread.start()
                self._threads.append(thread)
        except BaseException:
            # A stop while they start: a context that was not entered is not left either.
            self.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, raised_at: TracebackType | None
    ) -> None:
        self.end()

    def finish(self) -> None:
        """Have each process end when it has nothing to do any more: their memory is wanted by what comes after."""
        self._is_finished = True
        for _ in self._threads:
            self._tasks.put(None)

    def end(self) -> None:
        """End the processes, which may have been done already; what was not answered is not any more."""
        self.finish()
        # Killed even where all went well: they have nothing to put in order, and an interpreter takes long to end.
        for process in self._processes:
            process.kill()
        for thread in self._threads:
            thread.join()
        # One of which the thread was not started yet, too.
        for process in self._processes:
            children.end(process)

    def submit(self, works: Sequence[Work], grounds: Grounds) -> Future[dict[str, pa.Table]]:
        """The tables of these sets, when a process has them; as `compute`."""
        from flows.analysis.computed import computed

        return self.compute(partial(computed, works, grounds))

    def compute(self, function: _Function) -> Future[dict[str, pa.Table]]:
        """What a function gives, when a process has it; a `BuildError` where it ended before its time.

        Raises:
            ValueError: it was said that nothing more is submitted, so that nobody would compute them.
        """
        if self._is_finished:
            raise ValueError("sets of points are submitted after `finish`")
        future: Future[dict[str, pa.Table]] = Future()
        self._tasks.put((function, future))
        return future

    def join_in(self) -> None:
        """Take tasks as each of the processes does, where this one has nothing to do but to wait for them."""
        with suppress(Empty):
            while (task := self._tasks.get_nowait()) is not None:
                function, future = task
                try:
                    future.set_result(function())
                except Exception as error:  # noqa: BLE001  # raised where the answer is asked for
                    future.set_exception(error)
            # One of those that tell the processes that nothing comes after it.
            self._tasks.put(None)

    def _serve(self, process: Popen[bytes]) -> None:
        """Hand a process its tasks until there are no more, and end it; where it ends before that, all that is left fails."""
        while (task := self._tasks.get()) is not None:
            function, future = task
            try:
                result, failure = _answer(process, function)
            except Exception as error:  # noqa: BLE001  # whatever half an answer gives; who waits is not to wait forever
                future.set_exception(_ended(process, error))
                continue  # with what is left, which fails too
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)
        children.end(process)


def _ended(process: Popen[bytes], cause: Exception) -> BuildError:
    try:
        code = process.wait(_ENDS_S)
    except TimeoutExpired:
        # It goes on, but what it said is no answer.
        process.kill()
        code = process.wait()
    how = f"signal {-code}" if code < 0 else f"code {code}"
    error = BuildError(
        f"a process that fits ended with {how} before its time; nothing is published. Is there memory enough?"
    )
    error.__cause__ = cause
    return error


def _answer(process: Popen[bytes], function: _Function) -> tuple[Any, Exception | None]:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    pickle.dump(function, process.stdin)
    process.stdin.flush()
    result, failure = pickle.load(process.stdout)  # noqa: S301  # of a process of our own
    return result, failure


def sendable(error: Exception) -> Exception:
    """The error with its traceback as a note, or one that says the same if it does not survive the way."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    except Exception:  # noqa: BLE001  # an error's own constructor may raise whatever it likes
        return RuntimeError("".join(traceback.format_exception(error)))
    return error


def _main() -> None:
    answers = children.answers()
    lean.collect_less()
    lean.do_without_pandas()
    lean.load_later()
    # What most of its tasks are of, while none is there yet.
    import_module("flows.analysis.computed")
    while True:
        try:
            function = pickle.load(sys.stdin.buffer)  # noqa: S301  # of the process that started this one
        except EOFError:
            return
        answer: tuple[Any, Exception | None]
        try:
            answer = function(), None
        except Exception as error:  # noqa: BLE001  # raised again where the task came from
            answer = None, sendable(error)
        try:
            pickle.dump(answer, answers)
            answers.flush()
        except BrokenPipeError:
            # Nobody waits for it any more; nor is what is left of it to be written at the exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), answers.fileno())
            return


if __name__ == "__main__":
    _main()
