"""The refresh flow: fetch, build, publish. The table of contents of the project; read this first.

fetch      one task a source, in one queue per host        flows/pages/
read       pages and facts -> staging                       flows/pages/, flows/sources/, flows/readers/
transform  staging -> core -> fits -> marts -> exports      sql/, flows/analysis/, flows/warehouse/transform.py
validate   no row lost, all expectations                    expectations/, flows/warehouse/expectations.py
publish    by rename                                        flows/warehouse/publishing.py
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture, as_completed
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.task_runners import ThreadPoolTaskRunner

from flows import build, paths, progress, sources
from flows.pages import fetch, transport
from flows.pages.fetch import Known, Outcome
from flows.pages.transport import STOP, Limits
from flows.warehouse import publishing

Fetched = tuple[list[Outcome], Known]


@task(name="fetch", task_run_name="fetch {key}", retries=2, retry_delay_seconds=2, cache_policy=NO_CACHE)
def fetch_task(key: str, raw: Path, mirror: str | None, before: list[Fetched]) -> Fetched:
    """Fetch one source; `before` is what the sources gave that share a host with it, as which nothing is asked twice.

    The retries are for faults of this machine (a full disk); the network's are dealt with per page.
    """
    known = fetch.together(known for _, known in before)
    outcomes, learnt = fetch.fetch_source(
        sources.load(key), raw, mirror=mirror, limits=Limits(), known=known, now=lambda: datetime.now(UTC)
    )
    for outcome in outcomes:
        if outcome.message:
            get_run_logger().warning(outcome.message)
    for host in learnt.treeless.keys() - known.treeless.keys():
        get_run_logger().info(f"pages are asked for one by one: {learnt.treeless[host]}")
    return outcomes, learnt


@task(name="read", cache_policy=NO_CACHE)
def read_task(built: Path, raw: Path, shipped: Path | None, as_of: date, outcomes: list[Outcome]) -> None:
    """Pages and facts to staging."""
    build.read_sources(built, raw, shipped, as_of, outcomes)


@task(name="transform", cache_policy=NO_CACHE)
def transform_task(built: Path) -> None:
    """Staging to exports."""
    build.transform(built)


@task(name="validate", cache_policy=NO_CACHE)
def validate_task(built: Path) -> list[str]:
    """The warnings of the expectations; a critical one fails the task and so the run."""
    return build.validate(built)


@task(name="publish", cache_policy=NO_CACHE)
def publish_task(built: Path, final: Path) -> None:
    """The built file in place of the published one."""
    publishing.publish(built, final)


def fetch_all(keys: list[str], raw: Path, mirror: str | None) -> list[Outcome]:
    """Fetch the sources: those that share a host one after the other, the others side by side."""
    last: dict[str, PrefectFuture[Fetched]] = {}
    futures: dict[str, PrefectFuture[Fetched]] = {}
    STOP.clear()
    try:
        for key in keys:
            hosts = fetch.hosts(sources.load(key))
            before = [last[host] for host in sorted(hosts & last.keys())]
            futures[key] = fetch_task.submit(key, raw, mirror, before)  # type: ignore[arg-type]  # Prefect resolves the futures
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


@flow(name="refresh", task_runner=ThreadPoolTaskRunner(max_workers=8))  # type: ignore[arg-type]
def refresh(only: list[str] | None = None, *, offline: bool = False, as_of: date | None = None) -> dict[str, Any]:
    """Fetch the sources (`only` those, if given; none if offline), build as of a day (today), publish.

    Returns {"outcomes": what fetching gave, "warnings": expectations not met that do not block}.

    Raises:
        flows.warehouse.connection.BuildError: nothing is published; what was published before stands.
    """
    raw, final, today = paths.raw(), paths.warehouse(), as_of or datetime.now(UTC).date()
    built = publishing.next_path(final)
    outcomes = [] if offline else fetch_all(only or list(sources.names()), raw, transport.mirror_from_environment())
    with publishing.exclusive(final), progress.steps() as step:
        step("reading pages and facts")
        read_task(built, raw, paths.shipped_raw(), today, outcomes)
        step("computing tables")
        transform_task(built)
        step("validating")
        warnings = validate_task(built)
        step("publishing")
        publish_task(built, final)
    return {"outcomes": outcomes, "warnings": warnings}


def run(only: list[str] | None = None, *, offline: bool = False, as_of: date | None = None) -> dict[str, Any]:
    """The flow without Prefect's heartbeat, whose thread is joined at the end of every flow, which takes a second."""
    with temporary_settings(updates={PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        return refresh(only, offline=offline, as_of=as_of)
