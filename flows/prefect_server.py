"""The Prefect server that a flow reports to: the configured one, or one on loopback that ends with who needs it.

Prefect can start a server itself, but one that stays behind when its process is killed, and keeps the caller's standard
error open.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

from flows import children
from flows.errors import UserError

# A machine with all its cores busy took a minute and a half.
_START_S = 180
_END_S = 30
# What is still to be told takes milliseconds.
_TELL_S = 10


class ServerError(UserError):
    """No Prefect server can be had; the message says what to do."""


@contextmanager
def server(
    configured: str | None, kind: Literal["temporary", "with schedules"], port: int | None = None
) -> Iterator[str]:
    """The address of the API: the configured one, else that of a server of its own, which ends with the context.

    A temporary one only keeps the record of runs; one with schedules starts them when they are due, and has a dashboard. It
    listens on a port of its own, or on any that is free.

    Raises:
        ServerError: the configured one does not answer, none can be started, or its port is taken.
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
    url = f"http://127.0.0.1:{_free(port)}/api"
    process = _started(kind, url)
    try:
        with without_proxy("127.0.0.1"):
            _wait(url, process)
            yield url
    finally:
        try:
            _tell_the_rest()
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_END_S)
            children.end(process)


def _tell_the_rest() -> None:
    """Have the server told what Prefect has yet to tell it.

    Else a process that was stopped in the middle tells it at its end, when the server is gone: it tries again some seconds for each
    event, and so minutes in all.
    """
    for name in ("prefect.events.worker.EventsWorker", "prefect.logging.handlers.APILogWorker"):
        module, _, worker = name.rpartition(".")
        # Prefect takes a second to import; where it was not there is nothing to tell.
        if module in sys.modules:
            # It says how much is left, to whoever looks.
            logging.getLogger(worker).setLevel(logging.ERROR)
            getattr(sys.modules[module], worker).drain_all(timeout=_TELL_S, at_exit=False)


def answers(url: str) -> bool:
    """Whether the server at this address of an API is there."""
    import requests

    try:
        return requests.get(f"{url.rstrip('/')}/health", timeout=2).ok
    except requests.RequestException:
        return False


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


def _free(port: int | None) -> int:
    """The port, if it is free; any free one where none is named."""
    with socket.socket() as free:
        if port is not None:
            # As the server does: what was connected to one that has just ended keeps its port for a minute.
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            free.bind(("127.0.0.1", port or 0))
        except OSError as error:
            raise ServerError(
                f"port {port} is not to be had ({error.strerror}); name another by --port, or, if a Prefect server listens "
                f"there, set PREFECT_API_URL=http://127.0.0.1:{port}/api"
            ) from error
        return int(free.getsockname()[1])


def settings(url: str) -> dict[str, str]:
    """The variables of a server with schedules at this address, where the user has set none of them."""
    return {
        # The dashboard asks the port of Prefect's settings, which is not that of the command.
        "PREFECT_SERVER_UI_API_URL": url,
        # Nearly a megabyte a run, and of no use to anybody once it is over; artifacts of runs that were deleted stay behind
        # unless they are looked for.
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P1D",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,orphans",
    }


def _started(kind: str, url: str) -> subprocess.Popen[bytes]:
    at = ["--host", "127.0.0.1", "--port", str(urlsplit(url).port)]
    command = ["prefect", "server", "start", *at, "--log-level", "ERROR", "--analytics-off"]
    more = {name: value for name, value in settings(url).items() if name not in os.environ}
    if kind == "temporary":  # as Prefect itself starts one
        command = ["uvicorn", "--factory", "prefect.server.api.server:create_app", *at, "--log-level", "error"]
        more = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
    return children.start("flows.tied", *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, more=more)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    why = "`prefect server start` tells why"
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ServerError(f"the Prefect server ended at once (exit status {process.returncode}); {why}")
        if answers(url):
            return
        time.sleep(0.1)
    raise ServerError(
        f"the Prefect server did not answer within {_START_S} s; {why}, or set PREFECT_API_URL to another"
    )
