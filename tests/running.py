"""The command as a process of its own, a site on loopback for it to fetch from, and a Prefect server to ask."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import io
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, TextIO, TypeVar
from urllib.parse import unquote, urlsplit

import pytest
import requests

from flows import cli, sources
from flows.warehouse import checksums

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = Path(__file__).resolve().parent / "fixtures"
MIRROR = ROOT.parent / "shared" / "mirror"
Cases = TypeVar("Cases")
HANGS_S = 300  # no process of a test takes a tenth of it; then it is killed and the test fails


def sample(*, full: Cases, part: Cases) -> Cases:
    """The cases of one test, or how many of them: all in `make soak`, else a part, the same ones each time."""
    return full if os.environ.get("SOAK") else part


def tool(name: str, packages: str, versions: str = "") -> str:
    """The path of a program that a test needs beside Python. Where it is missing the test is skipped, but fails in CI.

    It is looked for on the PATH, then in `bin` of each version that has a folder in that one, from the last on.
    """
    there = sorted(map(str, Path(versions).glob("*/bin")), reverse=True) if versions else []
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *there]))
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


def command_here(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `command` gives, but in this process, for each starts for half a second. A fault that has no message is raised."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True) for _ in range(2))
    status, terminated, lost, before = 0, signal.getsignal(signal.SIGTERM), sys.unraisablehook, os.environ.copy()
    with chdir(ROOT), redirect_stdout(out), redirect_stderr(err):
        try:
            only(env)
            cli.main(list(arguments))
        except SystemExit as ended:
            status = int(ended.code or 0)
        finally:
            only(before)  # a command sets some variables itself
            signal.signal(signal.SIGTERM, terminated)
            sys.unraisablehook = lost
    said, told = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(arguments, status, said, told)


def fit_here(*arguments: str) -> tuple[int, str, str]:
    """Status, output and standard error of `compute-limits fit …` in this process."""
    ended = command_here(os.environ.copy(), "fit", *arguments)
    return ended.returncode, ended.stdout, ended.stderr


def fit_told(*arguments: str) -> dict[str, Any]:
    """What `compute-limits fit … --json` tells, which holds no NaN or infinity."""

    def refused(literal: str) -> None:
        raise AssertionError(f"{literal} is no JSON")

    status, out, err = fit_here(*arguments, "--json")
    assert (status, err) == (0, ""), err
    return dict(json.loads(out, parse_constant=refused))


def only(env: Mapping[str, str]) -> None:
    """Let these be all variables of this process."""
    os.environ.clear()
    os.environ.update(env)


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


def lives(process: int) -> bool:
    """Whether a process is there and has not ended, if unreaped."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def kill_alone(process: int) -> None:
    """After a test that failed: end that process, if it is there."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def wait_for(what: Callable[[], Any], told: Callable[[], str] = lambda: "") -> Any:
    """What is waited for, as soon as it is there and not empty."""
    until = time.monotonic() + HANGS_S
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {HANGS_S} s in vain; {told()}")


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Every longer file fails while it is written, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


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
        """{name: state} of the tasks of a flow run."""
        found = self.post("task_runs", flow_runs={"id": {"any_": [flow_run]}})
        return {run["name"]: run["state_type"] for run in found}


@contextmanager
def prefect_server(home: Path, log: Path, **more: str) -> Iterator[Api]:
    """A Prefect server with its records in a folder; `more` are further settings of it."""
    port = free_port()
    arguments = ["server", "start", "--host", "127.0.0.1", "--port", str(port), "--log-level", "ERROR", "--no-ui"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *arguments],
            env=environment(home, home, **more), stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
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
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, prefect_db: Path) -> Api:
    """A Prefect server for all tests of the session; each module that uses it says `api = running.api`."""
    stash = request.config.stash
    if _STARTED not in stash:
        home, stack = tmp_path_factory.mktemp("prefect"), ExitStack()
        shutil.copy(prefect_db, home)
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
        wrong = self.server.wrong.get(path, "whole")
        if wrong == "reset":
            self.close_connection = True
            return self.connection.close()
        self.send_response(404 if body is None else {"404": 404, "500": 500}.get(wrong, 200))
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write((body or b"")[: len(body or b"") // 2 if wrong == "cut" else None])
        self.close_connection = self.close_connection or wrong == "cut"
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Who asked has hung up."""


class _Gated(_Server):
    """A server on loopback. While its gate is shut, no answer comes."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.gate = threading.Event()
        self.gate.set()
        self.address = f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def running(self) -> Iterator[Self]:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield self
        finally:
            self.gate.set()
            self.shutdown()
            self.server_close()


class Site(_Gated):
    """The web as a mirror serves it: /host/path.

    `wrong` says of a path what is wrong with its answers: 404, 500, cut (in the middle of the body) or reset.
    """

    def __init__(self, pages: dict[str, bytes]) -> None:
        super().__init__(_Handler)
        self.pages, self.asked = pages, list[str]()
        self.wrong: dict[str, str] = {}


class _Taking(BaseHTTPRequestHandler):
    server: Inbox

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.server.gate.wait(HANGS_S)
        self.send_response(self.server.status)
        self.send_header("Location", f"{self.server.address}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()


class Inbox(_Gated):
    """What takes notifications: `taken` is [(path, content type, JSON)]."""

    def __init__(self) -> None:
        super().__init__(_Taking)
        self.taken, self.status = list[tuple[str, str, dict[str, Any]]](), 200


def publish_copy(warehouse: Path, final: Path) -> Path:
    """Put a copy of a warehouse in its place with a checksum: without one no build leaves tables as they are in it."""
    final.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(warehouse, final)
    checksums.add(final, final)
    return final


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


def mirrored_versions(url: str) -> list[tuple[str, Path]]:
    """[(day, file)] of all versions of a page that the mirror has, oldest first."""
    with (MIRROR / "manifest.csv").open(encoding="utf-8", newline="") as handle:
        return sorted((row["date"], MIRROR / row["file"]) for row in csv.DictReader(handle) if row["url"] == url)


@dataclass(frozen=True)
class Mirror:
    """The mirror of real pages, being served."""

    url: str
    log: Path

    def answers(self) -> list[tuple[str, int]]:
        """[(path, status)] of what was asked for so far."""
        lines = [
            re.fullmatch(r'GET (\S+) "GET \S+ HTTP/1\.1" (\d+)', line) for line in self.log.read_text().splitlines()
        ]
        return [(line[1], int(line[2])) for line in lines if line is not None]


class _Mirroring(BaseHTTPRequestHandler):
    """What is put before the handler of the mirror's serve.py: a log of whole lines, and trees if they are wanted."""

    log: TextIO
    trees: bool
    pages: dict[str, dict[str, str]]
    root: Path

    def log_request(self, code: int | str = 0, size: int | str = "-") -> None:  # noqa: ARG002
        # Before the answer is sent, and in one piece: the mirror's own log writes the end of a line apart, so that
        # two threads at once leave two answers on one line and an empty one.
        self.log.write(f'GET {self.path} "{self.requestline}" {int(code)}\n')

    def log_message(self, *_: object) -> None:
        """Nothing but what is above."""

    def do_GET(self) -> None:
        asked = re.fullmatch(r"/api\.github\.com/repos/([^/]+/[^/]+)/git/trees/([^/?]+)\?recursive=1", self.path)
        files = self.files("/raw.githubusercontent.com/{}/{}/".format(*asked.groups())) if self.trees and asked else []
        if not files:
            return super().do_GET()  # type: ignore[misc]
        body = json.dumps({"sha": "0" * 40, "tree": files, "truncated": False}).encode()
        return self.answer(200, body, Content_Type="application/json; charset=utf-8")  # type: ignore[attr-defined]

    def files(self, base: str) -> list[dict[str, str]]:
        """The files below an address, as GitHub's API lists them."""
        bodies = {
            unquote(key.removeprefix(base)): row["file"] for key, row in self.pages.items() if key.startswith(base)
        }
        return [
            {"path": path, "mode": "100644", "type": "blob", "sha": git_name((self.root / file).read_bytes())}
            for path, file in bodies.items()
        ]


def git_name(body: bytes) -> str:
    """What `git hash-object` says of these bytes."""
    return hashlib.sha1(f"blob {len(body)}".encode() + b"\0" + body).hexdigest()


@contextmanager
def mirror(log: Path, as_of: str, *faults: str, trees: bool = False) -> Iterator[Mirror]:
    """The mirror of real pages; with `trees` it also lists them by repository, as GitHub's API does."""
    spec: Any = importlib.util.spec_from_file_location("serve", MIRROR / "serve.py")
    serve = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(serve)
    wrong = [(text, kind) for text, _, kind in (fault.rpartition("=") for fault in faults)]
    assert {kind for _, kind in wrong} <= set(serve.FAULTS)
    with log.open("w", buffering=1, encoding="utf-8") as lines:
        own = {"pages": serve.pages(as_of), "faults": wrong, "asked": {}, "log": lines, "trees": trees}
        server = _Server(("127.0.0.1", 0), type("Mirroring", (_Mirroring, serve.Mirror), own))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield Mirror(f"http://127.0.0.1:{server.server_port}", log)
        finally:
            server.shutdown()
            server.server_close()
