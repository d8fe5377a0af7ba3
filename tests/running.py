"""The command as a process of its own, a site on loopback for it to fetch from, and a Prefect server to ask."""

from __future__ import annotations

import csv
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests

from flows import sources

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = Path(__file__).resolve().parent / "fixtures"
MIRROR = ROOT.parent / "shared" / "mirror"
HANGS_S = 300  # no process of a test takes a tenth of it; then it is killed and the test fails


def sample(*, full: int, part: int) -> int:
    """How many cases of one test: all of them in `make soak`, else a part, the same ones each time."""
    return full if os.environ.get("SOAK") else part


def tool(name: str, packages: str) -> str:
    """The path of a program that a test needs beside Python. Where it is missing the test is skipped, but fails in CI."""
    path = shutil.which(name)
    if path is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"{name} is not installed; .ci/run does it: apt-get install {packages}")
    return path


def environment(data: Path, home: Path, **more: str) -> dict[str, str]:
    """What the command is given: no setting of this process but PATH and the like."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COMPUTE_LIMITS_", "PREFECT_"))}
    own = {"COMPUTE_LIMITS_DATA": str(data), "PREFECT_HOME": str(home), "NO_PROXY": "*", "COLUMNS": "200"}
    return kept | own | {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"} | more


def command(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m flows …` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "flows", *arguments],
        cwd=ROOT, env=env, capture_output=True, encoding="utf-8", timeout=HANGS_S, check=False,
    )  # fmt: skip


def start(env: dict[str, str], log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start `python -m flows …`, its output in a file; the caller stops it."""
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "flows", *arguments],
            cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


def processes(home: Path) -> dict[int, str]:
    """{id: command} of all processes that run with this PREFECT_HOME."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"PREFECT_HOME={home}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has ended, or is not ours
            continue
    return {process: told for process, told in found.items() if told}  # one that only waits to be reaped has none


def kill_left(home: Path) -> None:
    """After a test that failed: end, by id, what runs with this PREFECT_HOME."""
    for process in processes(home):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue


def wait_for(what: Callable[[], Any], told: Callable[[], str] = lambda: "") -> Any:
    """What is waited for, as soon as it is there and not empty."""
    until = time.monotonic() + HANGS_S
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {HANGS_S} s in vain; {told()}")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Api:
    """Prefect's REST API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, path: str, **body: Any) -> list[dict[str, Any]]:
        answer = requests.post(f"{self.url}/{path}/filter", json=body, timeout=30)
        answer.raise_for_status()
        return list(answer.json())

    def flow_runs(self, *states: str) -> list[dict[str, Any]]:
        """The flow runs that have started, oldest first; those in these states, if any are given."""
        found = [run for run in self.post("flow_runs", sort="START_TIME_ASC") if run["start_time"]]
        return [run for run in found if not states or run["state_type"] in states]

    def task_runs(self, flow_run: str) -> dict[str, str]:
        """{name: state} of the tasks of a flow run. A name ends in a random suffix where the project gives none."""
        found = self.post("task_runs", flow_runs={"id": {"any_": [flow_run]}})
        return {re.sub(r"-\w+$", "", run["name"]): run["state_type"] for run in found}


@contextmanager
def prefect_server(home: Path, log: Path) -> Iterator[Api]:
    port = free_port()
    arguments = ["server", "start", "--host", "127.0.0.1", "--port", str(port), "--log-level", "ERROR", "--no-ui"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *arguments],
            env=environment(home, home), stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    api = Api(f"http://127.0.0.1:{port}/api")

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return requests.get(f"{api.url}/health", timeout=5).ok
        except requests.RequestException:
            return False

    try:
        wait_for(answers, log.read_text)
        yield api
    finally:
        process.terminate()
        process.wait(timeout=HANGS_S)


_STARTED = pytest.StashKey[Api]()


@pytest.fixture(scope="session")
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Api:
    """A Prefect server for all tests of the session; each module that uses it says `api = running.api`."""
    stash = request.config.stash
    if _STARTED not in stash:
        home, stack = tmp_path_factory.mktemp("prefect"), ExitStack()
        request.config.add_cleanup(stack.close)
        stash[_STARTED] = stack.enter_context(prefect_server(home, home / "server.log"))
    return stash[_STARTED]


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = unquote(self.path)
        self.server.asked.append(path)
        self.server.gate.wait(HANGS_S)
        body = b"User-agent: *\nAllow: /\n" if path.endswith("/robots.txt") else self.server.pages.get(path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")


class Site(ThreadingHTTPServer):
    """The web as a mirror serves it: /host/path. While its gate is shut, no answer comes."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, pages: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages, self.asked, self.gate = pages, list[str](), threading.Event()
        self.gate.set()
        self.address = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """Who asked has hung up."""

    @contextmanager
    def running(self) -> Iterator[Site]:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield self
        finally:
            self.gate.set()
            self.shutdown()
            self.server_close()


def fixture_pages(*keys: str) -> dict[str, bytes]:
    """{/host/path: body} of the pages of these sources that are in tests/fixtures."""
    found = {}
    for key in keys:
        for page in sources.source(key).pages:
            path, parts = FIXTURES / key / page.name, urlsplit(page.url)
            if path.is_file():
                query = f"?{parts.query}" if parts.query else ""
                found[f"/{parts.netloc}{parts.path}{query}"] = path.read_bytes()
    return found


def mirrored(as_of: str) -> dict[str, dict[str, str]]:
    """{address: the line of the mirror's manifest} of the pages as they stood on a day, by the rule of its serve.py."""
    with (MIRROR / "manifest.csv").open(encoding="utf-8", newline="") as handle:
        rows = sorted((row for row in csv.DictReader(handle) if row["date"] <= as_of), key=lambda row: row["date"])
    return {row["url"]: row for row in rows}


@dataclass(frozen=True)
class Mirror:
    """The mirror of real pages, being served."""

    url: str
    log: Path

    def answers(self) -> list[tuple[str, int]]:
        """[(path, status)] of what was asked for so far."""
        # Not by lines: two of the server's threads now and then write theirs into one, and then an empty one.
        logged = re.findall(r'GET (\S+) "GET \S+ HTTP/1\.1" (\d+)', self.log.read_text())
        return [(path, int(status)) for path, status in logged]


@contextmanager
def mirror(log: Path, as_of: str, *faults: str) -> Iterator[Mirror]:
    arguments = ["--as-of", as_of, "--port", "0", *(text for fault in faults for text in ("--fault", fault))]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(MIRROR / "serve.py"), *arguments], stdout=out, stderr=subprocess.STDOUT
        )
    try:
        url = wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+", log.read_text()), log.read_text)[0]
        yield Mirror(url, log)
    finally:
        process.terminate()
        process.wait(timeout=HANGS_S)
