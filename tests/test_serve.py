"""The schedule: the forms of an interval, and `python -m flows serve` as a process, over several runs and stopped."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
import running
from running import HANGS_S, Api, Site, command, command_here, environment, kill_left, processes, start, wait_for

from flows import serve
from flows.serve import ScheduleError

api = running.api


@pytest.mark.parametrize(
    ("every", "seconds"), [("20s", 20), ("15m", 900), ("6h", 21600), ("7d", 604800), (" 1s ", 1), ("090m", 5400)]
)
def test_an_interval_has_a_number_and_a_unit(every: str, seconds: int) -> None:
    assert serve.seconds(every) == seconds


@pytest.mark.parametrize("every", ["", "20", "s", "0s", "-5m", "1.5h", "1w", "1h30m", "5 m", "1H", "1s\n2s", "٣h"])
def test_what_is_no_interval_is_told(every: str) -> None:
    with pytest.raises(ScheduleError, match="write it as 20s, 15m, 6h or 7d"):
        serve.seconds(every)


@pytest.mark.parametrize("every", ["367d", "8785h", "99999999999999d", "9" * 5000 + "s"])
def test_an_interval_without_measure_is_told(every: str) -> None:
    with pytest.raises(ScheduleError, match="is longer than a year; write an interval such as") as error:
        serve.seconds(every)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("cron", ["0 6 * * 1 *", "* * * * * *"])
def test_a_schedule_to_the_second_is_told(cron: str) -> None:
    with pytest.raises(ScheduleError, match="has not the five fields of a cron schedule; write it as '0 6"):
        serve.keep_on_schedule(cron, None)


@pytest.mark.parametrize("cron", ["0 0 31 2 *", "99 * * * *", "9" * 5000, ""])
def test_a_time_that_never_comes_is_told(cron: str) -> None:
    with pytest.raises(ScheduleError, match="is no cron schedule; write it as '0 6") as error:
        serve.keep_on_schedule(cron, None)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(("cron", "every"), [(None, None), ("0 6 * * 1", "6h")])
def test_either_cron_or_every(cron: str | None, every: str | None) -> None:
    with pytest.raises(ScheduleError, match="either --cron or --every"):
        serve.keep_on_schedule(cron, every)


@pytest.mark.slow
def test_a_schedule_that_cannot_be_kept_is_told_before_anything_starts(tmp_path: Path) -> None:
    env = environment(tmp_path / "data", tmp_path / "prefect")
    nobody = f"http://127.0.0.1:{running.free_port()}/api"
    # Prefect reads where its server is once in a process.
    no_cron = "error: 'at six' is no cron schedule; write it as '0 6 * * 1' for Mondays at six\n"
    no_server = f"error: no Prefect server answers at {nobody}; start it or "
    for run, more, arguments, message in [
        (command_here, {}, ["--cron", "at six"], no_cron),
        (command, {"PREFECT_API_URL": nobody}, ["--every", "6h"], no_server),
    ]:
        ended = run(env | more, "serve", *arguments)
        assert (ended.returncode, ended.stdout) == (1, ""), ended
        assert ended.stderr.startswith(message)
        assert ended.stderr.count("\n") == 1


@pytest.fixture
def site() -> Iterator[Site]:
    # Nothing but 404: each run goes on with the facts that ship.
    with Site({}).running() as up:
        yield up


def started(env: dict[str, str], log: Path) -> tuple[subprocess.Popen[bytes], Api]:
    process = start(env, log, "serve", "--every", "10s")

    def told() -> re.Match[str] | None:
        assert process.poll() is None, log.read_text()
        return re.search(r"refresh is scheduled \(10s\) on (http://127\.0\.0\.1:\d+/api);", log.read_text())

    return process, Api(wait_for(told, log.read_text)[1])


@pytest.mark.slow
@pytest.mark.long
def test_runs_come_one_after_the_other_and_stop_with_it(
    site: Site, tmp_path: Path, shipped: Path, warehouse_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, log = tmp_path / "prefect", tmp_path / "log"
    # What the runs build is there already but for the states of the sources, which none of them can fetch.
    published = tmp_path / "data" / "warehouse" / "compute_limits.duckdb"
    published.parent.mkdir(parents=True)
    shutil.copyfile(warehouse_path, published)
    env = environment(tmp_path / "data", home, COMPUTE_LIMITS_MIRROR=site.address, COMPUTE_LIMITS_FACTS=str(shipped))
    try:
        site.gate.clear()  # the first run takes longer than the interval
        process, own = started(env, log)
        wait_for(lambda: len(own.flow_runs()) > 1 or "Late" in {run["state_name"] for run in own.post("flow_runs")})
        assert len(own.flow_runs()) == 1
        site.gate.set()
        runs = wait_for(lambda: len(found := own.flow_runs("COMPLETED")) >= 3 and found, log.read_text)
        with capsys.disabled():
            print(
                "",
                *(f"{run['start_time'][11:19]} – {run['end_time'][11:19]} {run['state_type']}" for run in runs),
                sep="\n",
            )
        assert all(earlier["end_time"] <= later["start_time"] for earlier, later in pairwise(runs))
        assert own.flow_runs("FAILED", "CRASHED", "CANCELLED") == []
        with duckdb.connect(published, read_only=True) as con:
            assert con.execute("select distinct state from meta.sources").fetchall() == [("stale",)]
        assert any("prefect server start" in told for told in processes(home).values())
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=HANGS_S) == 0
        assert processes(home) == {}
    finally:
        kill_left(home)
    assert "Traceback" not in log.read_text()


@pytest.mark.slow
def test_killed_without_warning_it_leaves_neither_server_nor_run(site: Site, tmp_path: Path, shipped: Path) -> None:
    home, log = tmp_path / "prefect", tmp_path / "log"
    env = environment(tmp_path / "data", home, COMPUTE_LIMITS_MIRROR=site.address, COMPUTE_LIMITS_FACTS=str(shipped))
    site.gate.clear()
    try:
        process, _ = started(env, log)
        wait_for(lambda: site.asked, log.read_text)
        assert len(processes(home)) >= 3  # itself, the server and the run
        process.kill()
        process.wait()
        wait_for(lambda: not processes(home), lambda: str(processes(home)))
    finally:
        kill_left(home)


@pytest.mark.slow
def test_with_a_configured_server_it_stops_in_the_middle_of_a_run(
    api: Api, site: Site, tmp_path: Path, shipped: Path
) -> None:
    home, log = tmp_path / "prefect", tmp_path / "log"
    more = {"COMPUTE_LIMITS_MIRROR": site.address, "COMPUTE_LIMITS_FACTS": str(shipped), "PREFECT_API_URL": api.url}
    site.gate.clear()
    try:
        process, configured = started(environment(tmp_path / "data", home, **more), log)
        assert configured.url == api.url
        wait_for(lambda: site.asked, log.read_text)
        assert len(processes(home)) >= 2  # itself and the run, but no server
        assert not any("server start" in told for told in processes(home).values())
        process.send_signal(signal.SIGINT)
        site.gate.set()
        assert process.wait(timeout=HANGS_S) == 0
        assert processes(home) == {}
    finally:
        kill_left(home)
    # No run piles up while nobody is there to run it.
    assert [deployment["paused"] for deployment in api.post("deployments")] == [True]
    assert not [run for run in api.post("flow_runs") if run["state_type"] == "SCHEDULED"]
