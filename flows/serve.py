"""The schedule: keeps the refresh deployment on a Prefect server and runs it when it is due, one run at a time."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import requests

from flows.errors import UserError

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_START_S = 180


class ScheduleError(UserError, ValueError):
    """The schedule cannot be read, or no Prefect server can be had; the message says what to do."""


def seconds(every: str) -> int:
    """Seconds of an interval such as 20s, 15m, 6h or 7d. Raises `ScheduleError`."""
    interval = re.fullmatch(r"(\d+)([smhd])", every.strip())
    if interval is None or int(interval[1]) == 0:
        raise ScheduleError(f"{every!r} is no interval; write it as 20s, 15m, 6h or 7d")
    return int(interval[1]) * _UNITS_S[interval[2]]


def keep_on_schedule(cron: str | None, every: str | None) -> None:
    """Run the refresh on schedule until stopped; a server is started where none is configured, and stopped at the end.

    Raises:
        ScheduleError: both or neither of cron and every are given, one cannot be read, or there is no server.
    """
    if (cron is None) == (every is None):
        raise ScheduleError("give either --cron or --every")
    interval = None if every is None else seconds(every)
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.runner import Runner
    from prefect.settings import PREFECT_API_URL, temporary_settings
    from prefect.types.entrypoint import EntrypointType

    from flows.refresh import refresh

    try:
        cron is None or CronSchedule(cron=cron)
    except ValueError as error:
        raise ScheduleError(f"{cron!r} is no cron schedule; write it as '0 6 * * 1' for Mondays at six") from error
    # A stop while the server starts is no fault; once it runs, Prefect takes the signals.
    with (
        suppress(KeyboardInterrupt),
        _server(PREFECT_API_URL.value()) as url,
        temporary_settings({PREFECT_API_URL: url}),
    ):
        print(f"refresh is scheduled ({every or cron}) on {url}; stop it with Ctrl-C", flush=True)
        # Flow.serve() would hand each run a pickled flow, in which the names of its annotations are missing; a
        # deployment by its module path has each run import it.
        deployment = refresh.to_deployment(
            name="refresh", cron=cron, interval=interval, entrypoint_type=EntrypointType.MODULE_PATH
        )
        runner = Runner(name="refresh", limit=1)
        runner.add_deployment(deployment)  # type: ignore[arg-type]  # outside an event loop it is no coroutine
        asyncio.run(runner.start())


@contextmanager
def _server(configured: str | None) -> Iterator[str]:
    """The address of a Prefect API: the configured one, else that of a server on loopback that ends with the context."""
    if configured:
        try:
            requests.get(f"{configured.rstrip('/')}/health", timeout=10)
        except requests.RequestException as error:
            raise ScheduleError(
                f"no Prefect server answers at {configured}; start it or unset PREFECT_API_URL"
            ) from error
        yield configured
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    # In a session of its own, so that Ctrl-C stops the runs before it stops the server that they report to.
    process = subprocess.Popen(  # noqa: S603
        [*command, "--log-level", "ERROR", "--analytics-off"], stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait(f"http://127.0.0.1:{port}/api", process)
        yield f"http://127.0.0.1:{port}/api"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ScheduleError(f"the Prefect server ended at once (exit status {process.returncode})")
        try:
            if requests.get(f"{url}/health", timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.5)
    raise ScheduleError(f"the Prefect server did not answer within {_START_S} s; start one and set PREFECT_API_URL")
