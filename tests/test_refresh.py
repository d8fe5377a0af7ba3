"""`python -m flows refresh` against a real Prefect server and a site on loopback."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import running
from conftest import OF_THE_LEDGER, checksums, downstream
from running import (
    HANGS_S,
    Api,
    Inbox,
    Site,
    command,
    environment,
    fixture_pages,
    kill_left,
    processes,
    publish_copy,
    start,
    wait_for,
)
from shipped_facts import facts

from flows import sources
from flows.pages import bundling, fetch
from flows.pages.fetch import Limits

pytestmark = pytest.mark.slow
api = running.api

OWID = next(iter(fixture_pages("owid_carbon")))
STAGES = ("read", "transform", "validate", "publish")


def owid_page() -> bytes:
    """The page as it might be next month: the fixture's header over the rows that ship, each value a hundredth more."""
    header = fixture_pages("owid_carbon")[OWID].split(b"\n", 1)[0].strip().decode()
    place = {"Entity": "region", "Code": "region_code", "Year": "year"}
    assert set(place) < set(header.split(","))
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(header.split(","))
    for row in facts("owid_carbon", "carbon_intensity"):
        value = str(float(row["carbon_intensity_g_per_kwh"]) * 1.01)
        cells = [
            row[place[name]] if name in place else value if "ntensity" in name else "" for name in header.split(",")
        ]
        out.writerow(cells)
    return text.getvalue().encode()


@pytest.fixture
def site() -> Iterator[Site]:
    with Site({OWID: owid_page(), **fixture_pages("epoch_hardware")}).running() as running:
        yield running


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox().running() as running:
        yield running


@pytest.fixture
def env(tmp_path: Path, api: Api, site: Site, shipped: Path) -> dict[str, str]:
    more = {"PREFECT_API_URL": api.url, "COMPUTE_LIMITS_MIRROR": site.address, "COMPUTE_LIMITS_FACTS": str(shipped)}
    return environment(tmp_path / "data", tmp_path / "prefect", **more)


@pytest.fixture
def prefect_home(tmp_path: Path, prefect_db: Path) -> Path:
    """Of a server that has been started before."""
    home = tmp_path / "prefect"
    home.mkdir()
    shutil.copy(prefect_db, home)
    return home


def warehouse_of(env: dict[str, str]) -> Path:
    return Path(env["COMPUTE_LIMITS_DATA"]) / "warehouse" / "compute_limits.duckdb"


@pytest.fixture
def published(env: dict[str, str], warehouse_path: Path) -> Path:
    """What was published before: the shared warehouse, of which a refresh takes over what does not change."""
    return publish_copy(warehouse_path, warehouse_of(env))


def only_new(api: Api, before: list[dict[str, Any]]) -> dict[str, Any]:
    """The one flow run that was not there before."""
    known = {run["id"] for run in before}
    (run,) = [run for run in api.flow_runs() if run["id"] not in known]
    return run


@pytest.mark.usefixtures("published")
def test_a_refresh_completes_with_what_it_can_get(
    env: dict[str, str], api: Api, site: Site, warehouse_path: Path, inbox: Inbox
) -> None:
    before = api.flow_runs()
    ended = command(env, "refresh", "--notify", inbox.address)
    assert ended.returncode == 0, ended
    assert ended.stderr == ""
    assert "\x1b" not in ended.stdout
    assert "figure_3 90 of 90" in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("degraded: boavizta is stale (")
    # No host was asked but those that sources declare.
    declared = {host for name in sources.names() for host in fetch.hosts(sources.source(name))}
    assert "ourworldindata.org" in {path.split("/")[1] for path in site.asked} <= declared
    run = only_new(api, before)
    assert re.fullmatch(r"refresh 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC", run["name"])
    # What it published is the best that there is, and yet somebody has to see that not all of it is fresh.
    assert run["state_type"] == "FAILED"
    assert run["state"]["message"] == ended.stdout.splitlines()[-1].replace("degraded:", "degraded, published:", 1)
    (flow,) = api.post("flows", flows={"id": {"any_": [run["flow_id"]]}})
    assert flow["name"] == "refresh"
    tasks = wait_for(lambda: len(runs := api.task_runs(run["id"])) >= len(sources.names()) + len(STAGES) and runs)
    assert tasks == dict.fromkeys([*(f"fetch {name}" for name in sources.names()), *STAGES], "COMPLETED")
    with duckdb.connect(warehouse_of(env), read_only=True) as con:
        states = {name: (state, age, message) for name, state, age, message in con.execute(
            "select source, state, age_days, message from meta.sources").fetchall()}  # fmt: skip
    assert states.pop("owid_carbon") == ("fetched", None, None)
    assert "rows of processor are gone" in states["epoch_hardware"][2]  # fetched, but held back
    ((_, _, body),) = inbox.taken
    assert ("page_held_back", "epoch_hardware") in {(event["kind"], event.get("source")) for event in body["events"]}
    assert [event["sentence"] for event in body["events"] if event["kind"] == "degraded"] == [run["state"]["message"]]
    assert set(states) == set(sources.names()) - {"owid_carbon"}
    for name, (state, age, message) in states.items():
        assert state == "stale", name
        assert age >= 0
        assert "404" in message or name == "epoch_hardware"
    there, shipped = checksums(warehouse_of(env)), checksums(warehouse_path)
    changed = {table for table in there if there[table] != shipped[table]}
    of_the_page = {
        "staging.carbon_intensity", "core.carbon_intensities", "staging.page_count", "staging.page_setting",
        "staging.source_reading", "meta.pages", "meta.sources", "exports.sources", "staging.held_page", "meta.held_pages",
    }  # fmt: skip
    # What costs are of its electricity changes too, and nothing else.
    # The newest day, where no page that ships is as new.
    of_all = of_the_page | OF_THE_LEDGER | {"meta.runs", "meta.this_build", "meta.freshness"}
    assert of_the_page <= changed <= of_all | downstream(warehouse_of(env), "core.carbon_intensities")


def artifacts_of(api: Api, run: dict[str, Any]) -> dict[str, str]:
    """{key: text} of what a flow run left."""
    found = api.post("artifacts", flow_runs={"id": {"any_": [run["id"]]}})
    # Each says in Prefect's list what it is.
    assert all((artifact["description"] or "").endswith(".") for artifact in found), found
    return {artifact["key"]: artifact["data"] for artifact in found}


def test_without_a_server_it_fails_and_says_so_to_whom_it_shall(
    env: dict[str, str], inbox: Inbox, site: Site, tmp_path: Path
) -> None:
    nobody = f"http://127.0.0.1:{running.free_port()}/api"
    ended = command(env | {"PREFECT_API_URL": nobody}, "refresh", "--notify", f"{inbox.address}/secret")
    assert (ended.returncode, ended.stdout, site.asked) == (1, "", [])
    said = f"no Prefect server answers at {nobody}; start it or unset PREFECT_API_URL"
    assert ended.stderr == f"error: {said}\n"
    ((_, _, body),) = inbox.taken
    assert [event["sentence"] for event in body["events"]] == [f"refresh failed: {said}"]
    (run,) = (json.loads(line) for line in (tmp_path / "data" / "runs.jsonl").read_text().splitlines())
    assert (run["outcome"], run["asked"], run["message"]) == ("failed", "all", said)


@pytest.mark.usefixtures("published")
def test_a_degraded_refresh_says_so(env: dict[str, str], api: Api, inbox: Inbox) -> None:
    """A page that is gone: the last line names source and page, here and in the report; only with --strict is it a failure."""
    env |= {"COMPUTE_LIMITS_NOTIFY": f"{inbox.address}/T0p53cr3t"}
    (page,) = (page for page in sources.source("squad_explorer").pages[:1])
    said = rf"degraded: squad_explorer is stale \(\d+ days?; {re.escape(page.name)}(, .*)?\)"
    for strict, status in ((), 0), (("--strict",), 1):
        before = api.flow_runs()
        ended = command(env, "refresh", "--source", "squad_explorer", *strict)
        assert ended.returncode == status
        assert re.fullmatch(said, ended.stdout.splitlines()[-1]), ended.stdout
        # The second finds nothing changed, and leaves as much.
        left = artifacts_of(api, only_new(api, before))
        assert left.keys() == {"cost-table", "what-changed", "source-states", "validation"}
        assert "| squad\\_explorer | stale (" in left["source-states"]
        assert "| ImageNet | top1 | today | 11.5 | 14 | 6 | 6 | 14 | 6 | 6 |" in left["cost-table"]
    assert re.fullmatch(said, command(env, "report").stdout.splitlines()[-1])
    with duckdb.connect(warehouse_of(env), read_only=True) as con:
        assert con.execute("select n_sources_stale, state from meta.runs").fetchall() == [(1, "degraded")]
    log = Path(env["COMPUTE_LIMITS_DATA"]) / "runs.jsonl"
    runs = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    # The runs themselves were whole; the second only restated what it found.
    told = [(run["command"], run["asked"], run["outcome"], run["stale"]) for run in runs]
    assert told == [("refresh", "some", "degraded", ["squad_explorer"])] * 2
    assert [[event["kind"] for event in body["events"]] for _, _, body in inbox.taken] == [["degraded"]] * 2
    # Whom it tells is nobody's business.
    kept = [log.read_text(), json.dumps([api.post("flow_runs"), api.post("logs"), api.post("artifacts")])]
    assert "T0p53cr3t" not in "".join(kept)
    # Asked for nothing, it is whole again.
    ended = command(env, "build", "--strict")
    assert ended.returncode == 0
    assert "degraded:" not in ended.stdout


@pytest.mark.parametrize(
    ("only", "day", "offline", "asked"),
    [(None, None, False, "all"), (["timm"], None, False, "some"), (None, date(2025, 1, 1), False, "past"),
     (None, None, True, "none")],
)  # fmt: skip
def test_which_sources_were_asked_stands_in_the_log(
    only: list[str] | None, day: date | None, offline: bool, asked: str
) -> None:
    from flows import refresh

    assert refresh._asked(only, day, offline=offline) == asked


def test_an_artifact_that_cannot_be_made_is_said_and_ends_nothing() -> None:
    from prefect.logging import disable_run_logger

    from flows import refresh

    # A warehouse in which nothing is that they are made of.
    with duckdb.connect() as con, disable_run_logger():
        told = refresh._leave_artifacts(con)
    start = "the artifact {} of this run is not in Prefect (Catalog Error: Table with name "
    assert len(told) == 4
    for key, said in zip(("cost-table", "what-changed", "source-states", "validation"), told, strict=True):
        assert said.startswith(start.format(key))


@pytest.mark.usefixtures("published")
def test_only_the_named_source_is_asked_for(env: dict[str, str], api: Api, site: Site) -> None:
    before = api.flow_runs()
    ended = command(env, "refresh", "--source", "owid_carbon", "--strict")
    assert ended.returncode == 0, ended
    assert only_new(api, before)["state_type"] == "COMPLETED"
    assert site.asked == ["/ourworldindata.org/robots.txt", OWID]
    ended = command(env, "refresh", "--source", "squad_explorer", "--strict")
    assert ended.returncode == 1
    assert ended.stderr == "error: not all sources are fresh: squad_explorer is stale\n"
    assert ended.stdout.splitlines()[-1].startswith("degraded: squad_explorer is stale (")


def test_a_build_that_fails_leaves_what_was_published(
    env: dict[str, str], api: Api, published: Path, warehouse_path: Path, shipped: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(shipped, tmp_path / "facts")
    broken = folder / "computerprogress" / "result.facts.csv"
    header, first, rest = broken.read_text(encoding="utf-8").split("\n", 2)
    cells = first.split(",")
    cells[header.split(",").index("value")] = "not a number"
    broken.write_text("\n".join([header, ",".join(cells), rest]), encoding="utf-8")
    bundling.seal(folder, "computerprogress")
    before = api.flow_runs()
    ended = command(env | {"COMPUTE_LIMITS_FACTS": str(folder)}, "refresh", "--offline")
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    assert "error: " in ended.stderr
    assert "result.facts.csv, row 2" in ended.stderr
    run = only_new(api, before)
    assert run["state_type"] == "FAILED"
    tasks = wait_for(lambda: (runs := api.task_runs(run["id"])).get("read") == "FAILED" and runs)
    assert tasks == {"read": "FAILED"}
    assert published.read_bytes() == warehouse_path.read_bytes()


def test_a_mirror_that_is_no_address_is_told(env: dict[str, str]) -> None:
    ended = command(env | {"COMPUTE_LIMITS_MIRROR": "127.0.0.1:8765"}, "refresh")
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    assert "error: COMPUTE_LIMITS_MIRROR is '127.0.0.1:8765'" in ended.stderr
    assert not warehouse_of(env).exists()


@pytest.mark.usefixtures("published")
def test_of_two_refreshes_the_second_asks_for_nothing_and_says_who_the_first_is(
    env: dict[str, str], site: Site, tmp_path: Path
) -> None:
    site.gate.clear()
    # One that the site lacks, so that nothing is built anew of it when its turn comes.
    first = start(env, tmp_path / "log", "refresh", "--source", "squad_explorer")
    try:
        wait_for(lambda: site.asked or first.poll() is not None, (tmp_path / "log").read_text)
        ended = command(env, "refresh", "--source", "epoch_hardware")
        assert (ended.returncode, ended.stdout) == (1, ""), ended
        folder = Path(env["COMPUTE_LIMITS_DATA"]) / "warehouse"
        assert re.fullmatch(
            rf"error: another build is under way in {folder}, by process {first.pid} \(compute-limits refresh --source "
            rf"squad_explorer\) since .* UTC; try again when it has ended, or stop it with `kill {first.pid}`\n",
            ended.stderr,
        ), ended.stderr
        assert len(site.asked) == 1
    finally:
        site.gate.set()
        assert first.wait(HANGS_S) == 0


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=lambda stop: stop.name)
def test_stopped_in_the_middle_it_leaves_no_process(
    site: Site, tmp_path: Path, stop: signal.Signals, prefect_home: Path
) -> None:
    home, log = prefect_home, tmp_path / "log"
    site.gate.clear()
    # No server is configured, so it starts one.
    process = start(environment(tmp_path / "data", home, COMPUTE_LIMITS_MIRROR=site.address), log, "refresh")
    try:
        wait_for(lambda: site.asked or process.poll() is not None, log.read_text)
        assert any("uvicorn" in line for line in processes(home).values()), log.read_text()
        process.send_signal(stop)
        # The site still keeps it waiting. Half of a page's deadline, so that it cannot have ended by that.
        assert process.wait(timeout=Limits().deadline_s / 2) != 0
        assert processes(home) == {}
    finally:
        kill_left(home)
    assert not (tmp_path / "data" / "warehouse" / "compute_limits.duckdb").exists()


def test_killed_without_warning_it_leaves_no_server_that_holds_the_streams_of_the_caller(
    site: Site, tmp_path: Path, prefect_home: Path
) -> None:
    home = prefect_home
    site.gate.clear()
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", "refresh"],
        cwd=running.ROOT, env=environment(tmp_path / "data", home, COMPUTE_LIMITS_MIRROR=site.address),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for(lambda: site.asked or process.poll() is not None)
        assert any("uvicorn" in line for line in processes(home).values())
        process.kill()
        # Both streams end, which they do when the last process has let go of them.
        assert process.communicate(timeout=HANGS_S) == (b"", b"")
        wait_for(lambda: not processes(home), lambda: str(processes(home)))
    finally:
        kill_left(home)
