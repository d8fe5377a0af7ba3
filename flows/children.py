"""Processes of this package beside the one that runs; `multiprocessing` would run the main module once more in each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO

from flows import paths

# Set for a process that somebody else starts for this package: it ends with the one that started it.
TIED = "COMPUTE_LIMITS_TIED"
_LOOK_UP_S = 1.0


def processors() -> int:
    """How many this process may use, and those that it starts."""
    return len(os.sched_getaffinity(0))


def start(
    module: str,
    *arguments: str,
    stdout: int = subprocess.PIPE,
    stderr: IO[bytes] | int | None = None,
    more: Mapping[str, str] = {},
) -> subprocess.Popen[bytes]:
    """Start `python -m module` with pipes to its standard input and from its standard output, and `more` in its environment."""
    # The package is found where this one was, and not in the working directory (-P).
    places = [str(paths.PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(  # noqa: S603  # this interpreter, this package
        [sys.executable, "-P", "-m", module, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, places))} | dict(more),
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        # A Ctrl-C reaches the other process alone, which ends this one.
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a child, whatever it does, and close the pipes to it."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        # Broken where a task was still on its way.
        with suppress(BrokenPipeError):
            if pipe is not None:
                pipe.close()


def answers(last: Callable[[], None] = lambda: None) -> IO[bytes]:
    """In a child: the stream of its answers. Whatever a library prints goes to standard error, and not among them.

    From then on it ends with its parent also where it is in the middle of something, and does not read its input; `last` is then
    called first.
    """
    end_with_parent(last)
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream


def end_with_parent(last: Callable[[], None] = lambda: None) -> None:
    """In a child: call `last` and end at once when the parent has ended, however it did."""
    parent = os.getppid()

    def watch() -> None:
        # The kernel's own signal (PR_SET_PDEATHSIG) is sent when the *thread* ends that started this process.
        while os.getppid() == parent:
            time.sleep(_LOOK_UP_S)
        try:
            last()
        finally:
            os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="watch the parent", daemon=True).start()
