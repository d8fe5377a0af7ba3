"""`python -m flows serve` as a process: over several runs, suspended, started twice, killed, stopped.

When it is due is in tests/test_schedules.py, the line of a run in tests/test_run_lines.py, what is made up for and deleted in
tests/test_run_records.py.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import running
import small_checkout
from running import HANGS_S, Api, Site, command, command_here, environment, free_port, kill_left, processes, wait_for

pytestmark = pytest.mark.slow
api = running.api

EVERY_S = 4
# Each run and each step of it is looked for more often than a week's schedule needs.
QUICK = {"PREFECT_RUNNER_POLL_FREQUENCY": "1", "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that is built in two seconds."""
    place = small_checkout.copy(tmp_path_factory.mktemp("light") / "checkout", 1)
    small_checkout.lighten(place)
    return place.root


@pytest.fixture
def site() -> Iterator[Site]:
    # Nothing but 404: each run goes on with the facts that ship.
    with Site({}).running() as up:
        yield up


class Served:
    """Where `serve` is started: its environment, its output, and what is left of it at the end, which is ended."""

    def __init__(self, checkout: Path, site: Site, folder: Path) -> None:
        self.checkout, self.home, self.log = checkout, folder / "prefect", folder / "log"
        self.env = environment(
            folder / "data",
            self.home,
            COMPUTE_LIMITS_MIRROR=site.address,
            COMPUTE_LIMITS_FACTS=str(checkout / "data" / "raw"),
            PYTHONPATH=str(checkout),
            PYTHONDONTWRITEBYTECODE="",
            **QUICK,
        )
        self.port = free_port()

    def start(self, *before: str, arguments: Sequence[str] | None = None, **env: str) -> subprocess.Popen[bytes]:
        """Start it, and wait until it has said that it runs."""
        own = ["--port", str(self.port), "--every", f"{EVERY_S}s"] if arguments is None else arguments
        with self.log.open("wb") as out:
            process = subprocess.Popen(
                [*before, sys.executable, "-P", "-m", "flows", "serve", *own],
                cwd=self.checkout,
                env=self.env | env,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

        def told() -> bool:
            assert process.poll() is None, self.said()
            return "stop it with" in self.said()

        wait_for(told, self.said)
        return process

    def said(self) -> str:
        return self.log.read_text()

    def runs(self) -> list[str]:
        """The states of the runs that have been begun, oldest first, as they stand in the database of the server that is gone."""
        with sqlite3.connect(self.home / "prefect.db") as con:
            return [
                state
                for (state,) in con.execute(
                    "select state_name from flow_run where start_time is not null order by start_time"
                )
            ]


@pytest.fixture
def served(checkout: Path, site: Site, tmp_path: Path) -> Iterator[Served]:
    one = Served(checkout, site, tmp_path)
    yield one
    kill_left(one.home)


def lines(said: str) -> list[str]:
    """What the summaries of the runs say became of them."""
    return re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC refresh (\w+) after ", said, re.MULTILINE)


def test_a_schedule_that_cannot_be_kept_is_told_before_anything_starts(tmp_path: Path) -> None:
    env = environment(tmp_path / "data", tmp_path / "prefect")
    nobody = f"http://127.0.0.1:{free_port()}/api"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        # Prefect reads where its server is once in a process.
        for run, more, arguments, message in [
            (
                command_here,
                {},
                ["--cron", "at six"],
                "'at six' is no cron schedule; write it as '0 6 * * 1' for Mondays at six",
            ),
            (
                command,
                {"PREFECT_API_URL": nobody},
                ["--every", "6h"],
                f"no Prefect server answers at {nobody}; start it or ",
            ),
            (
                command,
                {"PREFECT_API_URL": nobody},
                ["--every", "6h", "--port", "4200"],
                "--port is of a server that is started",
            ),
            (
                command,
                {},
                ["--every", "6h", "--port", str(port)],
                f"port {port} is not to be had (Address already in use); name ",
            ),
        ]:
            ended = run(env | more, "serve", *arguments)
            assert (ended.returncode, ended.stdout) == (1, ""), ended
            assert ended.stderr.startswith(f"error: {message}")
            assert ended.stderr.count("\n") == 1
    assert command_here(env, "serve", "--every", "6h", "--port", "70000").returncode == 1


@pytest.mark.long
def test_runs_come_one_after_the_other_and_those_missed_while_it_sleeps_are_one(served: Served, site: Site) -> None:
    process = served.start()
    assert re.match(
        rf"refresh is scheduled: {EVERY_S}s, time zone UTC .*\nnext: \w{{3}} 20.* UTC, .* UTC, .* UTC\n", served.said()
    )
    assert f"dashboard: http://127.0.0.1:{served.port}\n" in served.said()
    own = Api(f"http://127.0.0.1:{served.port}/api")
    site.gate.clear()  # a run takes longer than the interval
    wait_for(lambda: site.asked, served.said)
    wait_for(lambda: "Late" in {run["state_name"] for run in own.post("flow_runs")}, served.said)
    assert len(own.flow_runs()) == 1
    site.gate.set()
    wait_for(lambda: len(lines(served.said())) >= 3, served.said)
    told = processes(served.home)
    # All of it, as when the machine sleeps.
    for one in told:
        os.kill(one, signal.SIGSTOP)
    before = len(lines(served.said()))
    time.sleep(4 * EVERY_S)
    for one in told:
        os.kill(one, signal.SIGCONT)
    woken = served.said().count("one makes up for all")
    wait_for(lambda: served.said().count("one makes up for all") > woken, served.said)
    wait_for(lambda: len(lines(served.said())) > before + 1, served.said)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=HANGS_S) == 0
    assert processes(served.home) == {}
    with sqlite3.connect(served.home / "prefect.db") as con:
        found = con.execute(
            "select state_name, expected_start_time, start_time, end_time from flow_run where start_time is not null or state_name = 'Skipped' "
            "order by expected_start_time"
        ).fetchall()
    begun = sorted((start, end) for _, _, start, end in found if start)
    assert all(earlier <= start for (_, earlier), (start, _) in pairwise(begun))
    # Of any two that were due one after the other while it slept, the earlier was skipped; so no more were skipped than were due.
    assert [name for name, *_ in found].count("Skipped") >= 3
    assert set(lines(served.said())[:3]) == {"degraded"}
    assert "Traceback" not in served.said()


def test_killed_it_leaves_nothing_and_blocks_nobody_and_sigint_ends_it_even_where_it_is_ignored(
    served: Served, site: Site
) -> None:
    site.gate.clear()
    process = served.start()
    wait_for(lambda: site.asked, served.said)
    second = command(served.env, "serve", "--every", "6h", "--port", str(free_port()))
    assert second.returncode == 1
    assert re.fullmatch(
        rf"error: the schedule in {served.home} is kept by process {process.pid} \(compute-limits serve --port {served.port} "
        rf"--every {EVERY_S}s\) since .* UTC; try again when it has ended, or stop it with `kill {process.pid}`\n",
        second.stderr,
    ), second.stderr
    assert len(processes(served.home)) >= 3  # itself, the server and the run
    process.kill()
    process.wait()
    wait_for(lambda: not processes(served.home), lambda: str(processes(served.home)))
    assert served.runs() == ["Running"]
    site.asked.clear()
    process = served.start("sh", "-c", 'trap "" INT; exec "$@"', "sh")
    assert served.runs()[0] == "Crashed"
    wait_for(lambda: site.asked, served.said)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=HANGS_S) == 0
    assert processes(served.home) == {}
    assert lines(served.said()) in (["cancelled"], ["crashed"])
    assert served.said().endswith("stopped by SIGINT\n")
    assert set(served.runs()) <= {"Crashed", "Cancelled"}


def test_stopped_while_its_server_starts_it_leaves_nothing(served: Served) -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "flows", "serve", "--port", str(served.port), "--every", "6h"],
        cwd=served.checkout, env=served.env, start_new_session=True,
    )  # fmt: skip
    wait_for(lambda: any("server start" in told for told in processes(served.home).values()))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=HANGS_S) == 0
    assert processes(served.home) == {}


def test_with_a_configured_server_it_stops_in_the_middle_of_a_run_and_at_once_when_told_twice(
    api: Api, served: Served, site: Site
) -> None:
    site.gate.clear()
    every = ["--every", f"{EVERY_S}s"]
    process = served.start(arguments=every, PREFECT_API_URL=api.url)
    assert f"dashboard: {api.url.removesuffix('/api')}\n" in served.said()
    wait_for(lambda: site.asked, served.said)
    assert not any("server start" in told for told in processes(served.home).values())
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=HANGS_S) == 0
    assert processes(served.home) == {}
    (run,) = [run for run in api.flow_runs() if run["deployment_id"]]
    assert run["state_type"] in ("CANCELLED", "CRASHED")
    # No run piles up while nobody is there to run it.
    (deployment,) = [one for one in api.post("deployments") if one["name"] == "refresh"]
    assert deployment["paused"]
    assert not [
        run
        for run in api.post("flow_runs")
        if run["deployment_id"] == deployment["id"] and run["state_type"] == "SCHEDULED"
    ]
    site.asked.clear()
    process = served.start(arguments=every, PREFECT_API_URL=api.url)
    wait_for(lambda: site.asked, served.said)
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
    assert process.wait(timeout=HANGS_S) == -signal.SIGTERM
    wait_for(lambda: not processes(served.home), lambda: str(processes(served.home)))
