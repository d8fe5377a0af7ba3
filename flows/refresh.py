"""The refresh flow: fetch, build, publish. The table of contents of the project; read this first.

fetch      one task a source, in one queue per host        flows/pages/
read       pages and facts -> staging                       flows/pages/, flows/sources/, flows/readers/
transform  staging -> core -> fits -> marts -> exports,     sql/, flows/analysis/, flows/warehouse/transform.py
           each table checked as it is made                 expectations/, flows/warehouse/expectations.py
validate   no row lost, no critical expectation unmet       flows/build.py
publish    by rename                                        flows/warehouse/publishing.py
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import Any, NoReturn, cast

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.futures import PrefectFuture, as_completed
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows import build, children, cluster, lean, notices, paths, progress, runs, sources, stops
from flows.build import Identity
from flows.cluster import ClusterError
from flows.errors import UserError
from flows.pages import fetch, states, transport
from flows.pages.fetch import Known, Outcome
from flows.pages.transport import STOP, Limits
from flows.prefect_server import ServerError, server
from flows.publish import artifacts
from flows.warehouse import kept, publishing, reading
from flows.warehouse.expectations import Failure

# Of a past day what stood at its end counts, whatever was fetched on it.
_END_OF_DAY = time_of_day(23, 59, 59)

Fetched = tuple[list[Outcome], Known]


class DegradedError(UserError):
    """The run has published, and a source is stale or absent; `ended` is what it gives all the same."""

    def __init__(self, message: str, ended: dict[str, Any]) -> None:
        super().__init__(message)
        self.ended = ended


@task(name="fetch", task_run_name="fetch {key}", retries=2, retry_delay_seconds=2, cache_policy=NO_CACHE)
def fetch_task(
    key: str, raw: Path, mirror: str | None, before: list[Fetched], ends: float, day: date | None = None
) -> Fetched:
    """Fetch one source; `before` is what the sources gave that share a host with it, as which nothing is asked twice.

    `ends` is when fetching is over for all of them, on this machine's monotonic clock; `day` is the past one that the mirror
    shows, if it does.

    The retries are for faults of this machine (a full disk); the network's are dealt with per page.
    """
    known = fetch.together(known for _, known in before)
    outcomes, learnt = fetch.fetch_source(
        sources.source(key),
        raw,
        mirror=mirror,
        limits=Limits(),
        known=known,
        now=lambda: datetime.now(UTC) if day is None else datetime.combine(day, _END_OF_DAY, UTC),
        ends=ends,
        backfilled_on=None if day is None else datetime.now(UTC).date(),
    )
    for state, message in dict.fromkeys((outcome.state, outcome.message) for outcome in outcomes if outcome.message):
        (get_run_logger().info if state == "left" else get_run_logger().warning)(message)
    for host in learnt.treeless.keys() - known.treeless.keys():
        get_run_logger().info(f"pages are asked for one by one: {learnt.treeless[host]}")
    return outcomes, learnt


@task(name="read", task_run_name="read", cache_policy=NO_CACHE)
def read_task(
    built: Path,
    raw: Path,
    shipped: Path | None,
    as_of: date,
    outcomes: list[Outcome],
    published: Path | None,
    own: Identity,
) -> dict[tuple[str, str], str]:
    """Pages and facts to staging, or what the published warehouse has of them; the keys of pages."""
    with stops.told(), kept.published(published) as before, cluster.asked_for() as machines:
        return build.read_sources(built, raw, shipped, as_of, outcomes, before, own, machines)


@task(name="transform", task_run_name="transform", cache_policy=NO_CACHE)
def transform_task(
    built: Path, page_keys: dict[tuple[str, str], str], build_key: str, published: Path | None
) -> list[Failure]:
    """Staging to exports, each table checked as soon as it is made; the expectations that are not met."""
    with stops.told(), kept.published(published) as before:
        return build.compute(built, before, page_keys, build_key)


@task(name="validate", task_run_name="validate", cache_policy=NO_CACHE)
def validate_task(built: Path, failures: list[Failure]) -> list[str]:
    """The warnings; a row that was lost or a critical expectation fails the task and so the run."""
    with stops.told():
        return build.validate(built, failures)


@task(name="publish", task_run_name="publish", cache_policy=NO_CACHE)
def publish_task(built: Path, final: Path) -> None:
    """The built file in place of the published one."""
    publishing.publish(built, final)


def fetch_all(keys: list[str], raw: Path, mirror: str | None, day: date | None = None) -> list[Outcome]:
    """Fetch the sources: those that share a host one after the other, the others side by side.

    `day`: the past one that the mirror shows them of, if it does.
    """
    last: dict[str, PrefectFuture[Fetched]] = {}
    futures: dict[str, PrefectFuture[Fetched]] = {}
    STOP.clear()
    ends = time.monotonic() + Limits().run_s
    try:
        for key in keys:
            hosts = fetch.hosts(sources.source(key))
            before = [last[host] for host in sorted(hosts & last.keys())]
            futures[key] = fetch_task.submit(key, raw, mirror, before, ends, day)  # type: ignore[arg-type]  # Prefect resolves the futures
            last |= dict.fromkeys(hosts, futures[key])
        with progress.bar("fetching", len(futures)) as advance:
            for future in as_completed(list(futures.values())):
                outcomes, _ = future.result()
                advance(outcomes[0].source)
    except BaseException:
        # Ctrl-C, SIGTERM, a full disk: Prefect waits for the threads, and they for their servers.
        STOP.set()
        raise
    return [outcome for future in futures.values() for outcome in future.result()[0]]


def _name() -> str:
    """What Prefect calls a run: when it began, for on a schedule there are many."""
    return f"refresh {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"


@flow(name="refresh", flow_run_name=_name, task_runner=ThreadPoolTaskRunner(max_workers=8))  # type: ignore[arg-type]
def refresh(
    only: list[str] | None = None, *, offline: bool = False, as_of: date | None = None, fresh: bool = False
) -> dict[str, Any] | State[Any]:
    """Fetch the sources (`only` those, if given; none if offline), build as of a day (today), publish.

    Without a mirror no page is asked for that only a mirror has (`mirror_only` of its TOML).

    With another day than today it is a backfill: a mirror has to show the pages of that day, and they are kept as retrieved on it.

    Where nothing has changed since the published warehouse was built nothing is read, computed or checked; `fresh` builds all
    anew. Returns {"outcomes": what fetching gave, "warnings": expectations not met that do not block}; where a source is stale
    or absent a state of Prefect, Failed, so that it is seen there. What asks for its result gets `DegradedError`, which has the
    same.

    Where COMPUTE_LIMITS_NOTIFY is set a person is told of what is news (flows/notices.py).

    Raises:
        flows.errors.UserError: another day than today is given, and neither is it offline nor is there a mirror; or the address
            to notify is none.
        flows.cluster.ClusterError: a cluster is asked for (COMPUTE_LIMITS_DASK) that cannot compute.
        flows.warehouse.connection.BuildError: nothing is published; what was published before stands.
    """
    if children.TIED in os.environ:
        children.end_with_parent()
    # Around all of it: on a schedule nobody sees what is refused.
    with notices.told("refresh", notices.address(), _say), ExitStack() as held:
        raw, final, today = paths.raw(), paths.warehouse(), as_of or datetime.now(UTC).date()
        day = None if as_of == datetime.now(UTC).date() else as_of
        mirror, asked = _mirror(day, offline=offline), _asked(only, day, offline=offline)
        # From before the first request: of two at once the second would ask for every page again, and wait in vain.
        with runs.recorded("refresh", asked=asked), publishing.exclusive(final):
            # What is wrong with a cluster that is asked for is said before minutes of fetching.
            cluster.check()
            outcomes = [] if offline else fetch_all(only or sources.asked(mirror), raw, mirror, day)
            with progress.steps() as step:
                warnings = _unless_unchanged(raw, final, today, outcomes, step, fresh=fresh)
            # Held open for all that reads it now: to open it takes longer than any of it.
            con = held.enter_context(reading.read(final))
        warnings += _leave_artifacts(con)
        not_fresh = states.not_fresh(con.execute(states.ROWS).fetchall())
    return _ended({"outcomes": outcomes, "warnings": warnings}, not_fresh)


def _mirror(day: date | None, *, offline: bool) -> str | None:
    """The mirror to fetch from, if there is one; a past day takes one."""
    mirror = transport.mirror_from_environment()
    if day is not None and mirror is None and not offline:
        raise UserError(
            f"--as-of {day} fetches pages as they stood on that day, which only a mirror or an archive shows: set "
            f"COMPUTE_LIMITS_MIRROR to its address, or run `compute-limits build --as-of {day}` over what is kept"
        )
    return mirror


def _asked(only: list[str] | None, day: date | None, *, offline: bool) -> runs.Asked:
    if offline:
        return "none"
    return "past" if day is not None else "some" if only else "all"


def _say(message: str) -> None:
    """Say what went wrong beside the run, here and in Prefect."""
    notices.say(message)
    get_run_logger().warning(message)


def _leave_artifacts(con: Any) -> list[str]:
    """Leave in Prefect what this run has published, as a person reads it; a sentence for each artifact that cannot be made."""
    told = []
    for key, make in artifacts.MAKERS.items():
        try:
            with stops.told():
                text = make(con)
            create_markdown_artifact(text, key=key, description=make.__doc__)
        except Exception as error:  # noqa: BLE001  # whatever it is, what is published stands
            reason = str(error).partition("\n")[0] or type(error).__name__
            told.append(f"the artifact {key} of this run is not in Prefect ({reason})")
            get_run_logger().warning(told[-1])
    return told


def _ended(ended: dict[str, Any], not_fresh: str) -> dict[str, Any] | State[Any]:
    """What the flow returns: Prefect takes a state for the state of the run."""
    if not not_fresh:
        return ended
    message = f"degraded, published: {not_fresh}"
    return Failed(message=message, data=DegradedError(message, ended))


def _unless_unchanged(
    raw: Path, final: Path, today: date, outcomes: list[Outcome], step: Callable[[str], None], *, fresh: bool
) -> list[str]:
    """The warnings of what is published in the end."""
    step("looking for what has changed")
    shipped = paths.shipped_raw()
    own = build.identity(raw, shipped, final, today)
    warnings = None if fresh else build.unchanged(raw, shipped, final, today, outcomes, own)
    if warnings is not None:
        return warnings
    before, told = build.to_take_over(final, fresh=fresh)
    own = build.held_against(own.state, final, today)
    try:
        return told + _build(raw, shipped, final, today, own, outcomes, before, step)
    except kept.DamagedError:
        return told + _build(raw, shipped, final, today, own, outcomes, None, step)


def _build(
    raw: Path,
    shipped: Path | None,
    final: Path,
    as_of: date,
    own: Identity,
    outcomes: list[Outcome],
    published: Path | None,
    step: Callable[[str], None],
) -> list[str]:
    lean.load_less()
    built = publishing.next_path(final)
    step("reading pages and facts")
    page_keys = read_task(built, raw, shipped, as_of, outcomes, published, own)
    step("computing and checking tables")
    failures = transform_task(built, page_keys, own.key, published)
    step("validating")
    warnings = validate_task(built, failures)
    step("publishing")
    publish_task(built, final)
    return warnings + build.remember(final)


def run(
    only: list[str] | None = None, *, offline: bool = False, as_of: date | None = None, fresh: bool = False
) -> dict[str, Any]:
    """The flow on the configured server or a temporary one, without Prefect's heartbeat, whose end takes a second.

    Raises:
        flows.prefect_server.ServerError: there is no server.
        flows.cluster.ClusterError: a cluster is asked for (COMPUTE_LIMITS_DASK) that cannot compute.
        flows.warehouse.connection.BuildError: nothing is published; what was published before stands.
    """
    asked = _asked(only, as_of, offline=offline)
    try:
        # Said within seconds, and not after a server has started.
        cluster.check()
    except ClusterError as error:
        _tell_without_a_flow(error, asked)
    try:
        with (
            server(PREFECT_API_URL.value(), "temporary") as url,
            temporary_settings(updates={PREFECT_API_URL: url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
        ):
            # A state that is returned is not given to who calls the flow, but raised or resolved.
            return cast("dict[str, Any]", refresh(only, offline=offline, as_of=as_of, fresh=fresh))
    except DegradedError as error:
        return error.ended
    except ServerError as error:
        _tell_without_a_flow(error, asked)


def _tell_without_a_flow(error: UserError, asked: runs.Asked) -> NoReturn:
    """Raise what ended a run before there was a flow that could have told of it and recorded it."""
    with notices.told("refresh", notices.address()), runs.recorded("refresh", asked=asked):
        raise error
