"""`python -m flows serve` as a process: over several runs, suspended, started twice, killed, stopped.

When it is due is in tests/test_schedules.py, the line of a run in tests/test_run_lines.py, what is made up for and deleted in
tests/test_run_records.py.
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Coroutine, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
import running
from running import (
    HANGS_S,
    ROOT,
    Api,
    Site,
    command,
    command_here,
    environment,
    free_port,
    kill_left,
    processes,
    publish_copy,
    sample,
    tool,
    wait_for,
)

from flows import run_lines, serve
from flows.runs import Run

pytestmark = pytest.mark.slow
api = running.api

EVERY_S = 3
# Each run and each step of it is looked for more often than a week's schedule needs.
QUICK = {
    "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
    "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "1",
}


@pytest.fixture
def site() -> Iterator[Site]:
    # Nothing but 404: each run goes on with the facts that ship.
    with Site({}).running() as up:
        yield up


class Served:
    """Where `serve` is started: its environment, its output, and what is left of it at the end, which is ended."""

    def __init__(self, site: Site, folder: Path, shipped: Path) -> None:
        self.data, self.home, self.log = folder / "data", folder / "prefect", folder / "log"
        more = {"COMPUTE_LIMITS_MIRROR": site.address, "COMPUTE_LIMITS_FACTS": str(shipped)}
        self.env = environment(self.data, self.home, **more, **QUICK)
        self.port = free_port()

    def start(self, *before: str, arguments: Sequence[str] | None = None, **env: str) -> subprocess.Popen[bytes]:
        """Start it, and wait until it has said that it runs."""
        own = ["--port", str(self.port), "--every", f"{EVERY_S}s"] if arguments is None else arguments
        with self.log.open("wb") as out:
            process = subprocess.Popen(
                [*before, sys.executable, "-m", "flows", "serve", *own],
                cwd=ROOT, env=self.env | env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

        def told() -> bool:
            assert process.poll() is None, self.said()
            return "stop it with" in self.said()

        wait_for(told, self.said)
        return process

    def said(self) -> str:
        return self.log.read_text()

    def runs(self) -> list[tuple[str, str, str, str]]:
        """(state, due, begun, ended) of the runs whose time has come, as the database has them, whose server is gone."""
        with sqlite3.connect(self.home / "prefect.db") as con:
            return con.execute(
                "select state_name, expected_start_time, start_time, end_time from flow_run "
                "where state_type <> 'SCHEDULED' order by expected_start_time"
            ).fetchall()


def now() -> str:
    """As the database of Prefect's server has it."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"


@pytest.fixture
def served(site: Site, tmp_path: Path, shipped: Path, prefect_db: Path) -> Iterator[Served]:
    one = Served(site, tmp_path, shipped)
    one.home.mkdir()
    shutil.copy(prefect_db, one.home)
    yield one
    kill_left(one.home)


def lines(said: str) -> list[str]:
    """What the summaries of the runs say became of them."""
    return re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC refresh (\w+) after ", said, re.MULTILINE)


def test_a_schedule_that_cannot_be_kept_is_told_before_anything_starts(tmp_path: Path, site: Site) -> None:
    env = environment(tmp_path / "data", tmp_path / "prefect")
    nobody = f"http://127.0.0.1:{free_port()}/api"
    site.pages["/api/health"] = b"true"
    other = f"{site.address}/api"
    # Prefect reads where its server is once in a process.
    for run, more, arguments, message in [
        (
            command_here,
            {},
            ["--cron", "0 0 31 2 *"],
            "'0 0 31 2 *' never comes, for there is no such day; write it as ",
        ),
        (
            command_here,
            {},
            ["--every", "6h", "--timezone", "Berlin"],
            "'Berlin' is no time zone; near it: 'Europe/Berlin'",
        ),
        (command_here, {"COMPUTE_LIMITS_NOTIFY": "chat"}, ["--every", "6h"], "the address to notify (--notify, "),
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
            {"PREFECT_API_URL": other},
            ["--every", "6h"],
            "the Prefect server does not take the deployment (",
        ),
    ]:
        ended = run(env | more, "serve", *arguments)
        assert (ended.returncode, ended.stdout) == (1, ""), ended
        assert ended.stderr.startswith(f"error: {message}")
        assert ended.stderr.count("\n") == 1


def test_a_server_that_is_gone_is_waited_for_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.client.orchestration import SyncPrefectClient

    monkeypatch.setattr(serve, "_SILENT_MAX_S", 1)
    url = f"http://127.0.0.1:{free_port()}/api"
    with SyncPrefectClient(url) as client:
        kept: Any = SimpleNamespace(client=client, stops=[], is_own_server=True)
        with pytest.raises(
            serve.ServeError, match=rf"that was started here \({url}/?\) has not answered for 1 s \(no connection"
        ):
            serve._answered(kept, client.hello)
        # Once a stop is asked for nobody waits.
        kept.stops.append(signal.SIGTERM)
        assert serve._answered(kept, client.hello) is None


@pytest.mark.soak
@pytest.mark.long
def test_runs_come_one_after_the_other_and_those_missed_while_it_sleeps_are_one(
    served: Served, site: Site, warehouse_path: Path
) -> None:
    # What the runs build is there already but for the states of the sources, which none of them can fetch.
    publish_copy(warehouse_path, served.data / "warehouse" / "compute_limits.duckdb")
    site.gate.clear()  # the first run takes longer than the interval
    process = served.start()
    assert re.match(
        rf"refresh is scheduled: {EVERY_S}s, time zone UTC .*\nnext: (\w{{3}} 20\S+ \S+ UTC(, |\n)){{3}}dashboard: ",
        served.said(),
    )
    wait_for(lambda: site.asked, served.said)
    time.sleep(2 * EVERY_S)
    assert len(Api(f"http://127.0.0.1:{served.port}/api").flow_runs()) == 1
    site.gate.set()
    wait_for(lambda: lines(served.said()), served.said)
    site.gate.clear()  # no run after run while a browser starts
    require_dashboard(f"http://127.0.0.1:{served.port}", served.said())
    # All of it stops, as when the machine sleeps.
    asleep, all_of_it = now(), processes(served.home)
    for one in all_of_it:
        os.kill(one, signal.SIGSTOP)
    time.sleep(sample(full=180, part=4 * EVERY_S))
    awake, told = now(), len(lines(served.said()))
    for one in all_of_it:
        os.kill(one, signal.SIGCONT)
    site.gate.set()
    wait_for(lambda: len(lines(served.said())) > told + 1, served.said)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=HANGS_S) == 0
    assert processes(served.home) == {}
    runs = served.runs()
    begun = sorted((start, end) for state, _, start, end in runs if state != "Skipped")
    assert all(earlier <= start for (_, earlier), (start, _) in pairwise(begun))
    # Of those that came due meanwhile the newest alone may have been run.
    missed = [state for state, due, *_ in runs if asleep < due < awake]
    assert len(missed) >= 3
    assert set(missed[:-1]) == {"Skipped"}
    assert set(lines(served.said())[: told + 1]) == {"degraded"}
    assert "one makes up for all" in served.said()
    assert "Traceback" not in served.said()


def require_dashboard(address: str, said: str) -> None:
    """The address that is told shows the runs, in a browser, and asks the server's own port for them."""
    assert f"dashboard: {address}\n" in said
    path = tool("chromium", "chromium")
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page, asked = browser.new_page(), list[str]()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/runs")
        expect(page.get_by_role("link", name="refresh").first).to_be_visible(timeout=60_000)
        browser.close()
    assert {url for url in asked if "/api/" in url and not url.startswith(f"{address}/api/")} == set()
    assert any(url.startswith(f"{address}/api/") for url in asked)


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
    assert [state for state, *_ in served.runs()] == ["Running"]
    site.asked.clear()
    process = served.start("sh", "-c", 'trap "" INT; exec "$@"', "sh")
    wait_for(lambda: served.runs()[0][0] == "Crashed", lambda: str(served.runs()))
    wait_for(lambda: site.asked, served.said)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=HANGS_S) == 0
    assert processes(served.home) == {}
    assert lines(served.said()) in (["cancelled"], ["crashed"])
    assert served.said().endswith("stopped by SIGINT\n")
    assert {state for state, *_ in served.runs()} <= {"Crashed", "Cancelled", "Skipped"}


def test_what_has_not_begun_when_it_ends_is_not_told_of() -> None:
    begun, tasks = list[str](), list[asyncio.Task[None]]()

    async def waited_for(what: str) -> None:
        begun.append(what)

    async def waiting(given: Coroutine[Any, Any, None]) -> None:
        # As anyio has it: what is cancelled before it comes here leaves what it was given to nobody.
        await given

    async def beginning() -> None:
        try:
            while True:
                tasks.append(asyncio.create_task(waiting(waited_for("more"))))
                await asyncio.sleep(0)
        finally:
            tasks.append(asyncio.create_task(waiting(waited_for("the last"))))

    gc.collect()  # what other tests left, of which something may be told too
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with serve._loop() as loop:
            asyncio.run_coroutine_threadsafe(beginning(), loop)
            wait_for(lambda: "more" in begun, lambda: str(begun))
        assert begun[-1] == "the last"
        assert all(task.done() for task in tasks)
        tasks.clear()
        gc.collect()
    assert [str(one.message) for one in told] == []


def test_stopped_while_its_server_starts_it_leaves_nothing(served: Served) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", "serve", "--port", str(served.port), "--every", "6h"],
        cwd=ROOT, env=served.env, start_new_session=True,
    )  # fmt: skip
    wait_for(lambda: any("server start" in told for told in processes(served.home).values()))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=HANGS_S) == 0
    assert processes(served.home) == {}


def test_told_together_with_all_that_it_started_it_ends_all_the_same(served: Served, site: Site) -> None:
    """As systemd does without KillMode=mixed: its server may be the first to be gone."""
    site.gate.clear()
    process = served.start()
    wait_for(lambda: site.asked, served.said)
    for one in processes(served.home):
        os.kill(one, signal.SIGTERM)
    assert process.wait(timeout=HANGS_S / 5) == 0
    wait_for(lambda: not processes(served.home), lambda: str(processes(served.home)))
    assert "stopped by SIGTERM\n" in served.said()


def test_the_readme_is_followed(api: Api, served: Served) -> None:
    """Its command prints its lines, but for days, numbers and the name of a zone in summer."""

    def shape(line: str) -> str:
        return re.sub(r"\d+", "0", re.sub(r"\bCES?T\b", "CET", line))

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    typed, block = re.search(
        r"^## Run it every week\n\n    (.*)\n\n(?:.*\n)*?\n```text\n([^`]*`[^`]*`[^`]*)```", readme, re.M
    ).groups()  # type: ignore[union-attr]
    program, name, *arguments = shlex.split(typed)
    assert (program, name) == ("compute-limits", "serve")
    *said, run = block.splitlines()
    process = served.start(arguments=arguments, PREFECT_API_URL=api.url)
    assert [shape(line) for line in served.said().splitlines()] == [shape(line) for line in said]
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=HANGS_S) == 0
    ended = datetime(2026, 11, 30, 6, 3, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    whole = Run("refresh", ended, ended, "all", "whole", None, "0123456789abcdef", "2026-11-30", ())
    assert run_lines.told(ended, 192, ("Completed", None), whole, None, strict=False) == run


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
    # No run piles up while nobody is there to run it.
    (deployment,) = [one for one in api.post("deployments") if one["name"] == "refresh"]
    (run,) = [
        run for run in api.flow_runs() if run["deployment_id"] == deployment["id"] and run["state_name"] != "Skipped"
    ]
    assert run["state_type"] in ("CANCELLED", "CRASHED")
    assert deployment["paused"]
    ended = datetime.now(UTC).isoformat()
    left = [run for run in api.post("flow_runs") if run["deployment_id"] == deployment["id"]]
    assert [run for run in left if run["state_type"] == "SCHEDULED" and run["expected_start_time"] > ended] == []
    site.asked.clear()
    process = served.start(arguments=every, PREFECT_API_URL=api.url)
    wait_for(lambda: site.asked, served.said)
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
    assert process.wait(timeout=HANGS_S) == 128 + signal.SIGTERM
    wait_for(lambda: not processes(served.home), lambda: str(processes(served.home)))
    # The server is that of other tests, too; while it writes down what was cut off it may refuse.
    wait_for(lambda: requests.delete(f"{api.url}/deployments/{deployment['id']}", timeout=30).ok)
