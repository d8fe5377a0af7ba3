"""The schedule: keeps the refresh deployment on a Prefect server and runs it when it is due, one run at a time."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import suppress

from flows import children
from flows.errors import UserError
from flows.toml_files import literal

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# A longer one is a slip: no source is so seldom published anew, and a server's date of the next run has its end, too.
_EVERY_MAX_S = 366 * 86400


class ScheduleError(UserError, ValueError):
    """The schedule cannot be read; the message says what to do."""


def seconds(every: str) -> int:
    """Seconds of an interval such as 20s, 15m, 6h or 7d, of a year at most. Raises `ScheduleError`."""
    interval = re.fullmatch(r"0*([1-9][0-9]*)([smhd])", every.strip())
    if interval is None:
        raise ScheduleError(f"{literal(every)} is no interval; write it as 20s, 15m, 6h or 7d")
    # Nine digits are beyond a year in any unit, and thousands are more than Python reads.
    many = int(interval[1]) * _UNITS_S[interval[2]] if len(interval[1]) < 9 else _EVERY_MAX_S + 1
    if many > _EVERY_MAX_S:
        raise ScheduleError(f"{literal(every)} is longer than a year; write an interval such as 20s, 15m, 6h or 7d")
    return many


def _check_cron(cron: str) -> None:
    """Raises `ScheduleError`: it is not of five fields (Prefect would read a sixth as seconds), or there is no such time."""
    from prefect.server.schemas.schedules import CronSchedule

    advice = "write it as '0 6 * * 1' for Mondays at six"
    try:
        asyncio.run(CronSchedule(cron=cron).get_dates(1))
    except (ValueError, OverflowError) as error:
        raise ScheduleError(f"{literal(cron)} is no cron schedule; {advice}") from error
    if len(cron.split()) != 5 and not cron.startswith("@"):
        raise ScheduleError(f"{literal(cron)} has not the five fields of a cron schedule; {advice}")


def keep_on_schedule(cron: str | None, every: str | None) -> None:
    """Run the refresh on schedule until stopped; a server is started where none is configured, and stopped at the end.

    Raises:
        ScheduleError: both or neither of cron and every are given, or one cannot be read.
        flows.prefect_server.ServerError: there is no server.
    """
    if (cron is None) == (every is None):
        raise ScheduleError("give either --cron or --every")
    interval = None if every is None else seconds(every)
    from prefect.runner import Runner
    from prefect.settings import PREFECT_API_URL, temporary_settings
    from prefect.types.entrypoint import EntrypointType

    from flows.prefect_server import server
    from flows.refresh import refresh

    if cron is not None:
        _check_cron(cron)
    os.environ[children.TIED] = "1"  # for the runs, which are processes of Prefect's making
    # A stop while the server starts is no fault; once it runs, Prefect takes the signals.
    with (
        suppress(KeyboardInterrupt),
        server(PREFECT_API_URL.value(), "with schedules") as url,
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
