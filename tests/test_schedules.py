"""flows/schedules.py: crons of five fields, intervals in the calendar, zones, and when a schedule is due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flows import schedules
from flows.schedules import ScheduleError

# A Thursday.
NOW = datetime(2026, 11, 26, 18, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "seconds"), [("20s", 20), ("15m", 900), ("6h", 21600), ("7d", 604800), (" 1s ", 1), ("090m", 5400)]
)
def test_an_interval_has_a_number_and_a_unit(every: str, seconds: int) -> None:
    assert schedules.seconds(every) == seconds


@pytest.mark.parametrize("every", ["", "20", "s", "0s", "-5m", "1.5h", "1w", "1h30m", "5 m", "1H", "1s\n2s", "٣h"])
def test_what_is_no_interval_is_told(every: str) -> None:
    with pytest.raises(ScheduleError, match="write it as 20s, 15m, 6h or 7d"):
        schedules.schedule(None, every, "UTC")


@pytest.mark.parametrize("every", ["367d", "8785h", "99999999999999d", "9" * 5000 + "s"])
def test_an_interval_without_measure_is_told(every: str) -> None:
    with pytest.raises(ScheduleError, match="is longer than a year; write an interval such as") as error:
        schedules.schedule(None, every, "UTC")
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    ("cron", "what"),
    [
        ("0 6 * * 1 *", "has not the five fields of a cron schedule"),
        ("* * * * * *", "has not the five fields of a cron schedule"),
        ("0 0 31 2 *", "never comes, for there is no such day"),
        ("0 0 31 4,6,9,11 *", "never comes, for there is no such day"),
        ("99 * * * *", "is no cron schedule"),
        ("0 6 * *", "is no cron schedule"),
        ("@reboot", "is no cron schedule"),
        ("R 6 * * 1", "is no cron schedule"),
        ("9" * 5000, "is no cron schedule"),
        ("", "is no cron schedule"),
    ],
)
def test_what_is_no_cron_schedule_or_never_comes_is_told(cron: str, what: str) -> None:
    with pytest.raises(ScheduleError, match=f"{what}; write it as '0 6 ") as error:
        schedules.schedule(cron, None, "UTC")
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(("cron", "every"), [(None, None), ("0 6 * * 1", "6h")])
def test_either_cron_or_every(cron: str | None, every: str | None) -> None:
    with pytest.raises(ScheduleError, match="either --cron or --every"):
        schedules.schedule(cron, every, "UTC")


@pytest.mark.parametrize("timezone", ["Berlin", "europe/berlin", "UTC+2", "", "../UTC", "x" * 5000])
def test_what_is_no_time_zone_is_told_with_those_near_it(timezone: str) -> None:
    with pytest.raises(ScheduleError, match="is no time zone; near it: ") as error:
        schedules.schedule("0 6 * * 1", None, timezone)
    assert ("'Europe/Berlin'" in str(error.value)) == ("erlin" in timezone)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("cron", "every", "timezone", "since", "told"),
    [
        ("0 6 * * 1", None, "UTC", NOW, ["Mon 2026-11-30 06:00:00 UTC", "Mon 2026-12-07 06:00:00 UTC"]),
        ("0 6 * * MON", None, "Europe/Berlin", NOW, ["Mon 2026-11-30 06:00:00 CET", "Mon 2026-12-07 06:00:00 CET"]),
        ("@weekly", None, "UTC", NOW, ["Sun 2026-11-29 00:00:00 UTC", "Sun 2026-12-06 00:00:00 UTC"]),
        ("0 0 29 2 *", None, "UTC", NOW, ["Tue 2028-02-29 00:00:00 UTC", "Sun 2032-02-29 00:00:00 UTC"]),
        # Whenever it is asked: the same Mondays, midnights and quarters of a day.
        (None, "7d", "UTC", NOW, ["Mon 2026-11-30 00:00:00 UTC", "Mon 2026-12-07 00:00:00 UTC"]),
        (None, "7d", "UTC", NOW.replace(day=27), ["Mon 2026-11-30 00:00:00 UTC", "Mon 2026-12-07 00:00:00 UTC"]),
        (None, "7d", "Asia/Tokyo", NOW, ["Mon 2026-11-30 00:00:00 JST", "Mon 2026-12-07 00:00:00 JST"]),
        (None, "6h", "UTC", NOW, ["Fri 2026-11-27 00:00:00 UTC", "Fri 2026-11-27 06:00:00 UTC"]),
        (None, "20s", "UTC", NOW, ["Thu 2026-11-26 18:45:00 UTC", "Thu 2026-11-26 18:45:20 UTC"]),
        # Midnight stays midnight when the clocks change.
        (
            *(None, "1d", "Europe/Berlin"),
            datetime(2026, 3, 28, 12, tzinfo=UTC),
            ["Sun 2026-03-29 00:00:00 CET", "Mon 2026-03-30 00:00:00 CEST"],
        ),
    ],
)
def test_when_it_is_due(cron: str | None, every: str | None, timezone: str, since: datetime, told: list[str]) -> None:
    schedule = schedules.schedule(cron, every, timezone)
    assert [schedules.told(date) for date in schedules.due(schedule, 2, since)] == told
