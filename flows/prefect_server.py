"""The Prefect server that a flow reports to: the configured one, or one on loopback that ends with who needs it.

Prefect can start a server itself, but one that stays behind when its process is killed, and keeps the caller's standard
error open.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from flows import children
from flows.errors import UserError

# A machine with all its cores busy took a minute and a half.
_START_S = 180
_END_S = 30


class ServerError(UserError):
    """No Prefect server can be had; the message says what to do."""


@contextmanager
def server(configured: str | None, kind: Literal["temporary", "with schedules"]) -> Iterator[str]:
    """The address of the API: the configured one, else that of a server of its own, which ends with the context.

    A temporary one only keeps the record of runs; one with schedules starts them when they are due.

    Raises:
        ServerError: the configured one does not answer, or none can be started.
    """
    import requests

    if configured:
        try:
            requests.get(f"{configured.rstrip('/')}/health", timeout=10)
        except requests.RequestException as error:
            raise ServerError(
                f"no Prefect server answers at {configured}; start it or unset PREFECT_API_URL"
            ) from error
        yield configured
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = _started(kind, ["--host", "127.0.0.1", "--port", str(port)])
    try:
        with without_proxy("127.0.0.1"):
            _wait(f"http://127.0.0.1:{port}/api", process)
            yield f"http://127.0.0.1:{port}/api"
    finally:
        process.terminate()
        try:
            process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def without_proxy(host: str) -> Iterator[None]:
    """Let a host be asked directly by this process and those that it starts: a configured proxy cannot reach our loopback."""
    before = {name: os.environ.get(name) for name in ("no_proxy", "NO_PROXY")}
    hosts = before["no_proxy"] or before["NO_PROXY"] or ""
    if hosts.strip() != "*":
        os.environ |= dict.fromkeys(before, f"{hosts},{host}".strip(","))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ |= {} if value is None else {name: value}


def _started(kind: str, at: list[str]) -> subprocess.Popen[bytes]:
    command, more = ["prefect", "server", "start", *at, "--log-level", "ERROR", "--analytics-off"], dict[str, str]()
    if kind == "temporary":  # as Prefect itself starts one
        command = ["uvicorn", "--factory", "prefect.server.api.server:create_app", *at, "--log-level", "error"]
        more = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
    return children.start("flows.tied", *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, more=more)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    import requests

    why = "`prefect server start` tells why"
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ServerError(f"the Prefect server ended at once (exit status {process.returncode}); {why}")
        try:
            if requests.get(f"{url}/health", timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise ServerError(
        f"the Prefect server did not answer within {_START_S} s; {why}, or set PREFECT_API_URL to another"
    )
