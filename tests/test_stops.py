"""flows/stops.py: a stop ends a process, also where it comes while a finalizer runs."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

# The stop comes in the middle of a finalizer, whose exceptions Python drops: at its first run, or at a second one that the
# repeated stop meets.
STOPPED = """
import os, sys, threading, time, weakref
from flows import stops

class Thing:
    pass

def finalizer(seconds):
    os.kill(os.getpid(), {stop})
    for _ in range(2000):  # the exception is raised between two of these, in here
        pass
    time.sleep(seconds)

def waits(seconds):
    time.sleep(seconds)

stops.raise_them()
thing = Thing()
weakref.finalize(thing, finalizer, 0)
other = Thing()
weakref.finalize(other, waits, 0.5)
try:
    del thing
    del other  # the repeated stop comes in here
    lock = threading.Lock()
    lock.acquire()
    lock.acquire(timeout=120)  # as a run waits for its threads
    print("was not stopped")
finally:
    print("cleans up", flush=True)
"""


@pytest.mark.parametrize(("stop", "status"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)])
def test_a_stop_that_a_finalizer_loses_is_raised_again(stop: signal.Signals, status: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STOPPED.format(stop=int(stop))],
        capture_output=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (status, "cleans up\n"), ended
    assert "ignored" not in ended.stderr, ended


def test_other_exceptions_of_a_finalizer_are_told() -> None:
    code = (
        "import weakref\nfrom flows import stops\nstops.raise_them()\nclass A: pass\na = A()\n"
        "weakref.finalize(a, lambda: 1 / 0)\ndel a\nprint('goes on')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "goes on\n"), ended
    assert "ZeroDivisionError" in ended.stderr
