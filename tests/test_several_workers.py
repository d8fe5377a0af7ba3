"""examples/prefect.yaml on a Prefect server whose records are in PostgreSQL, with two workers of one pool and one data folder."""

from __future__ import annotations

import json
import os
import pwd
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
from conftest import checksums
from running import (
    HANGS_S,
    ROOT,
    Api,
    Site,
    environment,
    fixture_pages,
    free_port,
    kill_left,
    prefect_server,
    tool,
    wait_for,
)
from small_checkout import WITH_PAGES, copy, lighten

pytestmark = [pytest.mark.slow, pytest.mark.long]

EXAMPLE = (ROOT / "examples" / "prefect.yaml").read_text(encoding="utf-8")
DEBIAN = "/usr/lib/postgresql"
# Looked for more often than a week's schedule needs.
QUICK_SERVER = {"PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "3"}
QUICK_WORKER = {"PREFECT_WORKER_QUERY_SECONDS": "1"}


@contextmanager
def postgresql() -> Iterator[dict[str, str]]:
    """PostgreSQL on loopback, in a folder of its own; the settings by which a Prefect server keeps its records there."""
    initdb, postgres = (tool(name, "postgresql", DEBIAN) for name in ("initdb", "postgres"))
    # It refuses to be root, and below pytest's folder no other user comes.
    folder, port = Path(tempfile.mkdtemp(prefix="postgresql-")), free_port()
    data, log, password, passfile = (folder / name for name in ("data", "log", "password", "pgpass"))
    password.write_text(secrets.token_hex())
    passfile.write_text(f"127.0.0.1:{port}:postgres:prefect:{password.read_text()}\n")
    passfile.chmod(0o600)
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        for path in (folder, password):
            os.chown(path, user.pw_uid, user.pw_gid)
        who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    as_it_is = ["--encoding", "UTF8", "--locale", "C", "--no-sync", "--auth", "scram-sha-256", "--pwfile", password]
    at = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-c", "unix_socket_directories=", "-c", "fsync=off"]
    try:
        done = subprocess.run(
            [initdb, "--pgdata", data, "--username", "prefect", *as_it_is],
            cwd=folder, capture_output=True, timeout=HANGS_S, check=False, **who,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        with log.open("wb") as out:
            process = subprocess.Popen([postgres, "-D", data, *at], cwd=folder, stdout=out, stderr=out, **who)
        try:
            wait_for(lambda: "ready to accept connections" in log.read_text() or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            address = f"postgresql+asyncpg://prefect@127.0.0.1:{port}/postgres"
            yield {"PREFECT_API_DATABASE_CONNECTION_URL": address, "PGPASSFILE": str(passfile)}
        finally:
            # "Fast": whoever is connected is cut off.
            process.send_signal(signal.SIGINT)
            process.wait(HANGS_S)
    finally:
        shutil.rmtree(folder)


@dataclass
class Pool:
    """A light checkout with a data folder and a site, and the workers that run its deployment."""

    checkout: Path
    home: Path
    env: Mapping[str, str]
    api: Api
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return Path(self.env["COMPUTE_LIMITS_DATA"])

    def prefect(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=self.checkout, env=self.env, capture_output=True, encoding="utf-8", timeout=HANGS_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done

    def log(self, worker: str) -> Path:
        return self.home.with_name(f"{worker}.log")

    def start(self, worker: str, *arguments: str) -> None:
        with self.log(worker).open("wb") as out:
            self.workers[worker] = subprocess.Popen(
                [sys.executable, "-m", "prefect", *arguments, "--name", worker],
                cwd=self.checkout, env=self.env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        wait_for(lambda: "started!" in self.log(worker).read_text(), self.log(worker).read_text)

    def stop(self, worker: str) -> None:
        process = self.workers.pop(worker)
        process.terminate()
        process.wait(HANGS_S)

    def trigger(self, deployment: str, source: str) -> str:
        """Ask for a run over one source; its id."""
        answer = requests.post(
            f"{self.api.url}/deployments/{deployment}/create_flow_run", timeout=30,
            json={"parameters": {"only": [source]}, "state": {"type": "SCHEDULED"}},
        )  # fmt: skip
        answer.raise_for_status()
        return str(answer.json()["id"])

    def states(self) -> dict[str, str]:
        """{run: the name of its state}; that none has failed is asked each time."""
        found = self.api.post("flow_runs")
        assert {run["state_type"] for run in found}.isdisjoint({"FAILED", "CRASHED", "CANCELLED"}), self.told()
        return {run["id"]: run["state_name"] for run in found}

    def told(self) -> str:
        logs = [path.read_text()[-3000:] for path in self.home.parent.glob("*.log")]
        return "\n".join([str([run["state"] for run in self.api.post("flow_runs")]), *logs])

    def run_by(self, worker: str) -> set[str]:
        """The runs that a worker has begun, by what it says: it is refused those for which there is no slot."""
        said = self.log(worker).read_text()
        submitted, aborted = (
            Counter(re.findall(rf"{what} flow run '([0-9a-f-]{{36}})'", said))
            for what in (f"Worker '{worker}' submitting", "Aborted submission of")
        )
        return set(submitted - aborted)


@pytest.fixture
def database() -> Iterator[dict[str, str]]:
    with postgresql() as settings:
        yield settings


@pytest.fixture
def pool(database: dict[str, str], tmp_path: Path) -> Iterator[Pool]:
    place, home = copy(tmp_path / "checkout", 25), tmp_path / "prefect"
    lighten(place, has_facts=True)
    # The pages are to be fetched; what stays is that they were accepted, far shorter as they are than those whose facts ship.
    for folder in place.raw.iterdir():
        shutil.rmtree(folder / "pages")
        (folder / "snapshots.jsonl").unlink()
    shutil.copytree(place.raw, tmp_path / "data" / "raw")
    server = prefect_server(home, tmp_path / "server.log", **database, **QUICK_SERVER)
    with Site(fixture_pages(*WITH_PAGES)).running() as site, server as api:
        more = {
            "PREFECT_API_URL": api.url, "COMPUTE_LIMITS_MIRROR": site.address, "PYTHONPATH": str(place.root),
            "COMPUTE_LIMITS_FACTS": str(place.shipped), "PYTHONDONTWRITEBYTECODE": "",
        }  # fmt: skip
        one = Pool(place.root, home, environment(tmp_path / "data", home, **more, **QUICK_WORKER), api)
        try:
            yield one
        finally:
            for worker in list(one.workers):
                one.stop(worker)
            kill_left(home)


def test_two_workers_take_turns_and_publish_what_one_machine_does(pool: Pool, tmp_path: Path) -> None:
    (pool.checkout / "prefect.yaml").write_text(EXAMPLE.replace("/srv/compute-limits", str(pool.checkout)))
    create, deploy, start = (
        shlex.split(line.replace("examples/prefect.yaml", "prefect.yaml"))
        for line in re.findall(r"^#     prefect (.*)$", EXAMPLE, re.MULTILINE)
    )
    pool.prefect(*create)
    pool.prefect(*deploy)
    (deployment,) = pool.api.post("deployments")
    for worker in ("one", "two"):
        pool.start(worker, *start)

    # All at once: the slot is taken before there is a process, so that a second is told to wait long before the first has ended.
    *together, last = WITH_PAGES
    runs = [pool.trigger(deployment["id"], source) for source in together]

    def require_ended() -> None:
        # One after the other, as they are run.
        for n in range(1, len(runs) + 1):
            wait_for(lambda n=n: list(pool.states().values()).count("Completed") >= n, pool.told)

    wait_for(lambda: "AwaitingConcurrencySlot" in pool.states().values(), pool.told)
    require_ended()
    # One of them leaves, and the other goes on.
    leaves, stays = ("one", "two") if pool.run_by("one") else ("two", "one")
    pool.stop(leaves)
    runs.append(pool.trigger(deployment["id"], last))
    require_ended()
    assert pool.run_by(leaves) | pool.run_by(stays) == set(runs)
    assert runs[-1] in pool.run_by(stays)

    # None began before the one before it had ended, and each published.
    log = [json.loads(line) for line in (pool.data / "runs.jsonl").read_text().splitlines()]
    assert [(line["command"], line["outcome"]) for line in log] == [("refresh", "whole")] * len(WITH_PAGES)
    assert len({line["build_key"] for line in log}) == len(WITH_PAGES)
    assert all(before["ended_at"] <= after["started_at"] for before, after in pairwise(log))
    published = checksums(pool.data / "warehouse" / "compute_limits.duckdb")
    assert published == of_a_plain_build(pool, tmp_path / "plain")


def of_a_plain_build(pool: Pool, folder: Path) -> dict[str, str]:
    """The checksums of what `build` makes of the same pages, without Prefect."""
    for name in ("raw", "ledger"):
        shutil.copytree(pool.data / name, folder / name)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "flows", "build", "--fresh", "--strict"],
        cwd=pool.checkout, env={**pool.env, "COMPUTE_LIMITS_DATA": str(folder)},
        capture_output=True, encoding="utf-8", timeout=HANGS_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return checksums(folder / "warehouse" / "compute_limits.duckdb")
