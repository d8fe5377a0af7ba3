"""Processes of this package beside the one that runs; `multiprocessing` would run the main module once more in each."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import IO

from flows import paths


def start(module: str, *arguments: str, stderr: IO[bytes] | int | None = None) -> subprocess.Popen[bytes]:
    """Start `python -m module` with pipes to its standard input and from its standard output."""
    # The package is found where this one was, and not in the working directory (-P).
    places = [str(paths.PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(  # noqa: S603  # this interpreter, this package
        [sys.executable, "-P", "-m", module, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, places))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        # A Ctrl-C reaches the other process alone, which ends this one.
        start_new_session=True,
    )


def answers() -> IO[bytes]:
    """In a child: the stream of its answers. Whatever a library prints goes to standard error, and not among them."""
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream
