"""flows/prefect_server.py: that no server is there is told, and a proxy is not asked for what is on loopback.

Servers that are started, and what is left of them, are in tests/test_refresh.py and tests/test_serve.py.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import running
from running import Site, free_port

from flows import children, prefect_server
from flows.prefect_server import ServerError


def test_a_configured_server_that_does_not_answer_is_told() -> None:
    nobody = f"http://127.0.0.1:{free_port()}/api"
    with (
        pytest.raises(ServerError, match=rf"no Prefect server answers at {nobody}; start it or unset PREFECT_API_URL"),
        prefect_server.server(nobody, "temporary"),
    ):
        raise AssertionError


def test_a_configured_server_that_answers_is_taken_and_left() -> None:
    with Site({"/api/health": b"true"}).running() as site:
        with prefect_server.server(f"{site.address}/api", "with schedules") as url:
            assert url == f"{site.address}/api"
        assert requests.get(f"{site.address}/api/health", timeout=9).ok


@pytest.mark.parametrize("kind", ["temporary", "with schedules"])
def test_a_server_that_ends_at_once_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    for module in ("uvicorn", "prefect"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit(3)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    # The directory of the package comes first for a child, and the two are not in it.
    assert str(tmp_path) not in sys.path
    started, really = list[subprocess.Popen[bytes]](), children.start

    def start(*arguments: Any, **more: Any) -> subprocess.Popen[bytes]:
        started.append(really(*arguments, **more))
        return started[-1]

    monkeypatch.setattr(children, "start", start)
    with (
        pytest.raises(
            ServerError, match=r"the Prefect server ended at once \(exit status 3\); `prefect server start` tells"
        ),
        prefect_server.server(None, kind),  # type: ignore[arg-type]
    ):
        raise AssertionError
    (process,) = started
    assert process.stdin is not None
    assert process.stdin.closed


def test_prefect_reads_what_a_server_with_schedules_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.settings import Settings

    given = prefect_server.settings("http://127.0.0.1:4321/api")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    server = Settings().server
    assert server.ui.api_url == "http://127.0.0.1:4321/api"
    assert server.events.retention_period == timedelta(days=1)
    assert server.services.db_vacuum.enabled_vacuum_types == {"events", "orphans"}
    assert len(given) == 3


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(
                ServerError, match=rf"port {port} is not to be had \(Address already in use\); name another by --port"
            ),
            prefect_server.server(None, "with schedules", port),
        ):
            raise AssertionError


@pytest.mark.parametrize(
    ("before", "within"),
    [({}, "127.0.0.1"), ({"NO_PROXY": "a.example"}, "a.example,127.0.0.1"), ({"no_proxy": "*"}, "*")],
)
def test_a_proxy_is_not_asked_for_what_is_on_loopback(
    monkeypatch: pytest.MonkeyPatch, before: dict[str, str], within: str
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in before.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    stood = dict(os.environ)
    with Site({"/health": b"true"}).running() as site:
        with prefect_server.without_proxy("127.0.0.1"):
            assert os.environ["no_proxy"] == within
            assert requests.get(f"{site.address}/health", timeout=9).ok
        assert dict(os.environ) == stood


@pytest.mark.slow
def test_what_is_still_to_be_told_is_told_before_the_server_ends(prefect_db: Path, tmp_path: Path) -> None:
    shutil.copy(prefect_db, tmp_path)
    # As many as a refresh has open that is stopped in the middle.
    code = (
        "from prefect.events import emit_event\nfrom prefect.settings import PREFECT_API_URL, temporary_settings\n"
        "from flows.prefect_server import server\n"
        "with server(None, 'temporary') as url, temporary_settings({PREFECT_API_URL: url}):\n"
        "    for number in range(300):\n"
        "        emit_event('told', {'prefect.resource.id': f'number.{number}'})\n"
    )
    env = running.environment(tmp_path / "data", tmp_path)
    ended = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, encoding="utf-8", check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
