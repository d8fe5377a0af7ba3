"""When the refresh is due: a cron schedule of five fields, or an interval counted in the calendar, in a time zone."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from flows.errors import UserError, near
from flows.toml_files import literal

if TYPE_CHECKING:
    from prefect.schedules import Schedule

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# A longer one is a slip: no source is so seldom published anew, and a server's date of the next run has its end, too.
_EVERY_MAX_S = 366 * 86400
# A Monday, so that 7d is every Monday: were intervals counted from a start, a host that is started each week would never
# get to the end of one.
_FIRST = datetime(2001, 1, 1)  # noqa: DTZ001  # midnight in the zone of the schedule


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


def schedule(cron: str | None, every: str | None, timezone: str) -> Schedule:
    """The schedule of either a cron expression or an interval in an IANA time zone.

    Raises:
        ScheduleError: both or neither are given, one cannot be read or never comes, or there is no such zone.
    """
    if (cron is None) == (every is None):
        raise ScheduleError("give either --cron or --every")
    if timezone not in available_timezones():
        raise ScheduleError(
            f"{literal(timezone)} is no time zone; {near(timezone, available_timezones())} (IANA names, such as Europe/Berlin)"
        )
    many = None if every is None else seconds(every)
    from prefect.schedules import Cron, Interval

    if many is not None:
        return Interval(
            timedelta(seconds=many), anchor_date=_FIRST.replace(tzinfo=ZoneInfo(timezone)), timezone=timezone
        )
    _check_cron(cron or "")
    return Cron(cron or "", timezone=timezone)


def _check_cron(cron: str) -> None:
    """Raises `ScheduleError`: it is not of five fields (Prefect would read a sixth as seconds), or there is no such time."""
    from prefect.server.schemas.schedules import CronSchedule

    advice = "write it as '0 6 * * 1' for Mondays at six"
    try:
        read = CronSchedule(cron=cron)
    except (ValueError, OverflowError) as error:
        raise ScheduleError(f"{literal(cron)} is no cron schedule; {advice}") from error
    if len(cron.split()) != 5 and not cron.startswith("@"):
        raise ScheduleError(f"{literal(cron)} has not the five fields of a cron schedule; {advice}")
    try:
        asyncio.run(read.get_dates(1))
    except (ValueError, OverflowError) as error:
        raise ScheduleError(f"{literal(cron)} never comes, for there is no such day; {advice}") from error


def due(schedule: Schedule, many: int, since: datetime | None = None) -> list[datetime]:
    """The next times at which it is due, from now or from a time on, in its zone; as Prefect's server counts them."""
    from prefect.server.schemas.schedules import CronSchedule, IntervalSchedule

    zone = ZoneInfo(schedule.timezone or "UTC")
    counted: CronSchedule | IntervalSchedule
    if schedule.interval is None:
        counted = CronSchedule(cron=schedule.cron or "", timezone=schedule.timezone)
    else:
        counted = IntervalSchedule(
            interval=schedule.interval,
            anchor_date=schedule.anchor_date,  # type: ignore[arg-type]  # pydantic makes it one
            timezone=schedule.timezone,
        )
    dates = asyncio.run(counted.get_dates(many, start=since))
    return [datetime.fromtimestamp(date.timestamp(), zone) for date in dates]


def told(date: datetime) -> str:
    """A date as a person reads it, with its zone: Mon 2026-11-30 06:00:00 CET."""
    return f"{date:%a %Y-%m-%d %H:%M:%S %Z}"
