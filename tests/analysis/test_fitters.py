"""flows/analysis/fitters.py: sets fitted in processes, which end whatever happens; nobody waits for an answer in vain."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from made_set import GROUNDS, WORK
from running import wait_for

from flows import build, children, paths
from flows.analysis import computed, fitters
from flows.analysis.computed import Work
from flows.analysis.fitters import Fitters
from flows.warehouse.connection import BuildError

HANGS_S = 300
# It has no points to fit.
BAD: Any = None


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that were started; all have ended when the test is over."""
    processes: list[subprocess.Popen[bytes]] = []

    really = children.start

    def start(*arguments: str, more: Mapping[str, str]) -> subprocess.Popen[bytes]:
        processes.append(really(*arguments, more=more))
        return processes[-1]

    monkeypatch.setattr(children, "start", start)
    yield processes
    assert [process for process in processes if process.poll() is None] == []
    for process in processes:
        assert process.stdin is not None
        assert process.stdin.closed


def numbered(*numbers: int) -> list[Work]:
    return [replace(WORK, sample=replace(WORK.sample, sample_id=number)) for number in numbers]


def test_the_tables_are_those_of_this_process(started: list[Any]) -> None:
    with Fitters(2) as processes:
        futures = [processes.submit(numbered(*numbers), GROUNDS) for numbers in ((1,), (2, 3), (4,))]
        answers = [future.result(HANGS_S) for future in futures]
    assert len(started) == 2
    for numbers, answer in zip(((1,), (2, 3), (4,)), answers, strict=True):
        here = computed.computed(numbered(*numbers), GROUNDS)
        assert {name: table.to_pylist() for name, table in answer.items()} == {
            name: table.to_pylist() for name, table in here.items()
        }
        assert set(answer["fits.estimates"]["sample_id"].to_pylist()) == set(numbers)


def test_anything_that_gives_tables_is_computed(started: list[Any]) -> None:
    day = date(2026, 11, 27)
    with Fitters(1) as processes:
        assert processes.busy == 1
        there = processes.compute(partial(build.settings_of, day)).result(HANGS_S)
        with pytest.raises(TypeError, match="fromisoformat"):
            processes.compute(partial(date.fromisoformat, 7)).result(HANGS_S)  # type: ignore[arg-type]
    assert len(started) == 1
    assert there == build.settings_of(day)


def test_where_nothing_more_is_submitted_they_end_with_their_last_answer(
    started: list[subprocess.Popen[bytes]],
) -> None:
    with Fitters(2) as processes:
        futures = [processes.submit(numbered(number), GROUNDS) for number in range(3)]
        processes.finish()
        for process in started:
            process.wait(HANGS_S)
        with pytest.raises(ValueError, match="after `finish`"):
            processes.submit(numbered(3), GROUNDS)
        assert [future.result(0)["fits.estimates"]["sample_id"][0].as_py() for future in futures] == [0, 1, 2]


def test_what_no_process_has_begun_is_computed_here_by_whoever_joins_in(started: list[Any]) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "wb") as held, Fitters(1) as processes:
        # The one process reads until it is told to go on.
        there: Any = processes.compute(partial(Path(f"/proc/{os.getpid()}/fd/{reading}").read_bytes))  # type: ignore[arg-type]
        here: Any = processes.compute(os.getpid)  # type: ignore[arg-type]
        bad = processes.submit([BAD], GROUNDS)
        processes.finish()
        wait_for(lambda: processes._tasks.qsize() == 3)
        processes.join_in()
        assert here.result(0) == os.getpid()
        with pytest.raises(AttributeError, match="'NoneType' object has no attribute"):
            bad.result(0)
        assert not there.done()
        held.write(b"go on")
        held.close()
        assert there.result(HANGS_S) == b"go on"
        # Whoever joined in has left it to the process to hear that nothing comes after all that.
        started[0].wait(HANGS_S)
        # One who comes when it is too late has nothing to do.
        processes.join_in()


def test_an_exception_in_a_fit_comes_back_as_itself_and_the_process_goes_on(started: list[Any]) -> None:
    with Fitters(1) as processes:
        bad, good = processes.submit([BAD], GROUNDS), processes.submit(numbered(1), GROUNDS)
        with pytest.raises(AttributeError, match="'NoneType' object has no attribute") as raised:
            bad.result(HANGS_S)
        assert "_rows(" in "".join(raised.value.__notes__)  # where it was raised, over there
        assert len(good.result(HANGS_S)["fits.estimates"]) > 0
    assert len(started) == 1


class _Two(Exception):  # noqa: N818
    """Cannot be made again of what a pickle has of it."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")


def test_an_exception_that_cannot_be_sent_is_told_in_words() -> None:
    sent = fitters.sendable(_Two(1, 2))
    assert type(sent) is RuntimeError
    assert "_Two: 1 and 2" in str(sent)
    error = KeyError("a")
    assert fitters.sendable(error) is error


@pytest.mark.parametrize("many", [1, 2])
def test_processes_that_are_killed_are_a_build_error_for_all_who_wait(many: int, started: list[Any]) -> None:
    with Fitters(many) as processes:
        for process in started:
            process.kill()
        futures = [processes.submit(numbered(number), GROUNDS) for number in range(5)]
        for future in futures:
            with pytest.raises(
                BuildError, match=r"a process that fits ended with signal 9 .*nothing is published.*memory"
            ):
                future.result(HANGS_S)
        # And for one who comes later.
        with pytest.raises(BuildError, match="signal 9"):
            processes.submit(numbered(9), GROUNDS).result(HANGS_S)


@pytest.mark.usefixtures("started")
def test_an_answer_that_is_none_is_a_build_error(monkeypatch: pytest.MonkeyPatch) -> None:
    # `python -m this` prints a text, which is no pickle.
    monkeypatch.setattr(fitters, "__name__", "this")
    with Fitters(1) as processes, pytest.raises(BuildError, match="a process that fits ended with"):
        processes.submit(numbered(1), GROUNDS).result(HANGS_S)


def test_an_error_here_ends_the_processes_at_their_work(started: list[subprocess.Popen[bytes]]) -> None:
    def build_that_fails() -> None:
        with Fitters(2) as processes:
            futures = [processes.submit(numbered(*range(50)), GROUNDS) for _ in range(8)]
            assert not futures[-1].done()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_that_fails()
    assert [process.returncode for process in started] == [-signal.SIGKILL] * 2


PARENT = """
import sys, time
sys.path[:0] = sys.argv[1:]
from made_set import GROUNDS, WORK
from running import wait_for
from flows.analysis.fitters import Fitters

with Fitters(2) as fitters:
    fitters.submit([WORK], GROUNDS).result()
    for _ in range(4):
        fitters.submit([WORK], GROUNDS)
    print(*(process.pid for process in fitters._processes), flush=True)
    time.sleep(300)
"""


def test_a_stop_while_they_start_ends_those_that_have(
    started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Between a process and its thread: nobody else closes the pipes to that one.
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fitters, "Thread", stopped)
    with pytest.raises(KeyboardInterrupt), Fitters(2):
        raise AssertionError
    assert len(started) == 1


@pytest.mark.slow
def test_they_end_with_the_process_that_started_them_and_say_nothing() -> None:
    places = [str(Path(__file__).parent), str(Path(__file__).parents[1]), str(paths.PACKAGE.parent)]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *places], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        ids = [int(number) for number in parent.stdout.readline().split()]
        assert len(ids) == 2, parent.stderr.read()
        parent.kill()
        # They hold its standard error until they end.
        assert parent.stderr.read() == ""
    until = time.monotonic() + HANGS_S
    while any(runs(one) for one in ids) and time.monotonic() < until:
        time.sleep(0.05)
    assert [one for one in ids if runs(one)] == []


def runs(process: int) -> bool:
    """Whether a process is there and has not only not been reaped yet."""
    try:
        return "flows.analysis.fitters" in Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("own", [None, "glibc.malloc.tcache_count=7"])
def test_what_arrays_leave_is_kept_unless_the_environment_says_otherwise(
    own: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Mapping[str, str]] = []

    really = children.start

    def start(*arguments: str, more: Mapping[str, str]) -> subprocess.Popen[bytes]:
        given.append(more)
        return really(*arguments, more=more)

    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    if own is not None:
        monkeypatch.setenv("GLIBC_TUNABLES", own)
    monkeypatch.setattr(children, "start", start)
    with Fitters(1):
        pass
    assert [list(more) for more in given] == [["GLIBC_TUNABLES"] if own is None else []]
