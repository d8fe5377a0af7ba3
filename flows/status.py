"""Whether the warehouse is kept up to date: the runs in the log against a limit, and what the published warehouse stands in.

It asks nothing of a server or a network: what watches a machine may ask as often as it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import paths, runs
from flows.pages import states

if TYPE_CHECKING:
    from flows.runs import Run

# A clock that was wrong must not hold off the alarm for ever, and one that is set right by seconds must not raise it.
_AHEAD_MAX = timedelta(days=1)
_OVERDUE = "select source, stale_on from meta.sources where stale_on <= ? order by source"
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


@dataclass(frozen=True)
class Status:
    """How things stood at `now`.

    `last`: the last run; `whole`: the newest that asked every source and found each fresh (any whole one where none ever asked
    every source). `newest_page_on`: the day of the newest page in the published warehouse, None where there is none.
    `sources`: (source, state, age_days, message) of each; `overdue`: those whose newest page has become older than its
    publisher's cadence allows, and on which day. `max_age`: how old `whole` may be. `torn`: how many lines of the log are none.
    """

    now: datetime
    max_age: timedelta
    last: Run | None
    whole: Run | None
    newest_page_on: date | None
    sources: list[tuple[str, str, int | None, str | None]]
    overdue: list[tuple[str, date]]
    torn: int


def status(max_age: timedelta, now: datetime) -> Status:
    """How things stand: the log of runs and the published warehouse in the data folder.

    Raises:
        flows.answers.queries.QueryError: the warehouse cannot be read.
    """
    found, torn = runs.read()
    found = [run for run in found if run.ended_at <= now + _AHEAD_MAX]
    last = max(found, key=lambda run: run.ended_at, default=None)
    # A build by hand says nothing of whether the schedule lives; where only builds are made they are what there is.
    counted = [run for run in found if run.asked == "all"] or found
    whole = [run for run in counted if run.outcome == "whole"]
    newest_whole = max(whole, key=lambda run: run.ended_at, default=None)
    newest_page_on, rows, overdue = _published(paths.warehouse(), now.astimezone(UTC).date())
    return Status(now, max_age, last, newest_whole, newest_page_on, rows, overdue, torn)


def _published(path: Path, today: date) -> tuple[date | None, list[Any], list[Any]]:
    from flows.answers import queries

    if not path.is_file():
        return None, [], []
    with queries.of_this_version(path), queries.connect(path) as con:
        ((newest,),) = con.execute("select newest_page_on from meta.freshness").fetchall()
        overdue = con.execute(_OVERDUE, [today]).fetchall()
        return newest, con.execute(states.ROWS).fetchall(), overdue


def wrong(found: Status) -> str:
    """Why a person should look, in a sentence; "" where all is well."""
    if found.last is None:
        return f"no run is recorded in {paths.run_log()}; run `compute-limits refresh`"
    if found.last.outcome == "failed":
        return f"the last run, {_named(found.last)}, failed: {found.last.message or 'no reason is recorded'}"
    if found.whole is None:
        return f"no whole run is younger than {_limit(found.max_age)}: there is none in {paths.run_log()}"
    if found.now - found.whole.ended_at >= found.max_age:
        return f"no whole run is younger than {_limit(found.max_age)}: the newest is {_named(found.whole)}"
    if found.newest_page_on is None:
        return f"no warehouse at {paths.warehouse()}; run `compute-limits build` (no network needed)"
    return ""


def lines(found: Status) -> Iterator[str]:
    """How things stand, a line each; where all is well the last one says so."""
    yield f"last run     {_with_outcome(found, found.last)}"
    yield f"whole run    {_with_outcome(found, found.whole)}"
    if found.newest_page_on is not None:
        yield f"newest page  {found.newest_page_on} ({_days(found.now, found.newest_page_on)})"
        yield f"sources      {states.not_fresh(found.sources) or f'all {len(found.sources)} are fresh'}"
    if found.overdue:
        told = ", ".join(f"{source} (since {day})" for source, day in found.overdue)
        yield f"overdue      older than their publishers' cadence: {told}"
    if found.torn:
        yield f"note         lines of {paths.run_log()} that are no runs, and passed over: {found.torn}"
    if not wrong(found):
        yield f"good         the last run did not fail, and a whole one is younger than {_limit(found.max_age)}"


def _with_outcome(found: Status, run: Run | None) -> str:
    return "none" if run is None else f"{_named(run)}, {_told(found.now - run.ended_at)} ago: {run.outcome}"


def _named(run: Run) -> str:
    return f"{run.command} of {run.ended_at:%Y-%m-%d %H:%M} UTC"


def _told(age: timedelta) -> str:
    """An age in its largest unit, rounded down."""
    seconds = max(int(age.total_seconds()), 0)
    return _in_unit(seconds, lambda unit: seconds >= unit)


def _limit(age: timedelta) -> str:
    """A limit in the largest unit of which it is a whole number: 36 hours are not a day."""
    seconds = int(age.total_seconds())
    return _in_unit(seconds, lambda unit: seconds % unit == 0)


def _in_unit(seconds: int, fits: Callable[[int], bool]) -> str:
    name, unit = next(((name, unit) for name, unit in _UNITS if fits(unit)), _UNITS[-1])
    many = seconds // unit
    return f"{many} {name}{'' if many == 1 else 's'}"


def _age_days(now: datetime, day: date) -> int:
    return (now.astimezone(UTC).date() - day).days


def _days(now: datetime, day: date) -> str:
    many = _age_days(now, day)
    return f"{many} day{'' if many == 1 else 's'} old"


def as_tree(found: Status) -> dict[str, Any]:
    """The same for JSON."""
    newest = found.newest_page_on
    return {
        "is_good": not wrong(found),
        "reason": wrong(found) or None,
        "max_age_s": int(found.max_age.total_seconds()),
        "last_run": _tree(found, found.last),
        "newest_whole_run": _tree(found, found.whole),
        "newest_page_on": newest and newest.isoformat(),
        "newest_page_age_days": newest and _age_days(found.now, newest),
        "not_fresh": [
            {"source": source, "state": state, "age_days": age}
            for source, state, age, _ in found.sources
            if state in states.DEGRADED
        ],
        "overdue": [{"source": source, "stale_on": day.isoformat()} for source, day in found.overdue],
    }


def _tree(found: Status, run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    at = {"started_at": run.started_at.isoformat(), "ended_at": run.ended_at.isoformat()}
    return asdict(run) | at | {"age_s": int((found.now - run.ended_at).total_seconds())}
