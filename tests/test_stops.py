"""flows/stops.py: a stop ends a process, also where it comes while a finalizer or a query runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from running import environment, start, wait_for

from flows import stops

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
    with {within}:
        del thing
        del other  # the repeated stop comes in here
        lock = threading.Lock()
        lock.acquire()
        lock.acquire(timeout=120)  # as a run waits for its threads
        print("was not stopped")
finally:
    print("cleans up", flush=True)
"""
NO_FLOW, A_FLOW = (
    "__import__('contextlib').nullcontext()",
    "__import__('prefect.utilities.engine').utilities.engine.capture_sigterm()",
)


# Within a flow SIGTERM is Prefect's to raise, and what it raises is its own.
@pytest.mark.parametrize("within", [NO_FLOW, A_FLOW], ids=["no flow", "a flow"])
@pytest.mark.parametrize(("stop", "status"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)])
@pytest.mark.slow
def test_a_stop_that_a_finalizer_loses_is_raised_again(stop: signal.Signals, status: int, within: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STOPPED.format(stop=int(stop), within=within)],
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


# As long as a query can be; DuckDB raises an error of its own for whatever a handler raises in it.
ENDLESS = "select count(*) from range(1_000_000_000_000) as numbers (n) where hash(n) % 7 = 3"
IN_A_QUERY = """
import contextlib, os, signal, threading
import duckdb
from flows import stops

class Stop(BaseException):
    pass

def raise_it(number, frame):
    raise Stop(number)

con = duckdb.connect(config={{"threads": 1}})
threading.Timer(0.5, os.kill, (os.getpid(), {stop})).start()
signal.signal({stop}, raise_it)
try:
    with {around}:
        con.execute({query!r})
except BaseException as error:
    print(type(error).__name__, *error.args)
print(signal.getsignal({stop}) is raise_it)
"""


@pytest.mark.parametrize(
    ("around", "said"),
    [("stops.told()", "Stop {stop}"), ("__import__('contextlib').nullcontext()", "RuntimeError Query interrupted")],
)
@pytest.mark.parametrize("stop", [int(signal.SIGINT), int(signal.SIGTERM)])
def test_a_stop_that_a_query_loses_is_raised_in_its_place(stop: int, around: str, said: str) -> None:
    # The second case is why there is a first one.
    code = IN_A_QUERY.format(stop=stop, around=around, query=ENDLESS)
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert ended.stdout.splitlines() == [said.format(stop=stop), "True"], ended


IN_A_SERIALIZER = """
import contextlib, os, signal
from pydantic import BaseModel, model_serializer
from flows import stops

class Settings(BaseModel):
    @model_serializer(mode="wrap")
    def written(self, handler):
        os.kill(os.getpid(), {stop})
        for _ in range(2000):  # the exception is raised between two of these, in here
            pass
        return handler(self)

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell may have this ignore
stops.raise_them()
try:
    with {around}:
        Settings().model_dump()
except BaseException as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(("stop", "raised"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "_Terminated")])
@pytest.mark.parametrize("around", ["stops.told()", "contextlib.nullcontext()"])
def test_a_stop_that_a_serializer_loses_is_raised_in_its_place(stop: int, raised: str, around: str) -> None:
    # The second is why there is a first one, as above.
    said = raised if "told" in around else "PydanticSerializationError"
    code = IN_A_SERIALIZER.format(stop=int(stop), around=around)
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert ended.stdout == f"{said}\n", ended


@pytest.mark.parametrize("kind", [RuntimeError, ValueError])
def test_what_no_stop_raised_is_raised_as_it_is(kind: type[Exception]) -> None:
    with pytest.raises(kind, match="of its own"), stops.told():
        raise kind("of its own")


@pytest.mark.parametrize(
    ("stop", "status", "told"), [(signal.SIGINT, -signal.SIGINT, "stopped\n"), (signal.SIGTERM, 143, "")]
)
@pytest.mark.slow
def test_a_command_is_stopped_in_a_query(
    stop: signal.Signals, status: int, told: str, warehouse_path: Path, tmp_path: Path
) -> None:
    env = environment(warehouse_path.parent.parent, tmp_path / "prefect")
    process = start(env, tmp_path / "log", "sql", ENDLESS, "--timeout", "600")
    try:
        # A second of a processor is behind all that comes before the query.
        wait_for(lambda: ticks(process.pid) > 2 * os.sysconf("SC_CLK_TCK"), (tmp_path / "log").read_text)
        process.send_signal(stop)
        assert process.wait(timeout=300) == status
    finally:
        process.kill()
    assert (tmp_path / "log").read_text() == told


def ticks(pid: int) -> int:
    """What a process has had of processors."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return int(user) + int(system)
