"""Prefect's records of the runs of the schedule: what is due, what was missed or cut off, and what is old enough to go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flows import schedules

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun, StateType
    from prefect.client.schemas.responses import FlowRunResponse
    from prefect.schedules import Schedule

# Of runs a few seconds apart the number bounds the disk, of others the days.
DAYS_KEPT, RUNS_KEPT = 90, 1000
_BATCH = 200


def due(client: SyncPrefectClient, deployment: UUID, tell: Callable[[str], None]) -> FlowRunResponse | None:
    """The run that is to be begun now, or None.

    Of those that the schedule made the newest stands for all: a machine that slept over a hundred of them refreshes once. The
    others are skipped, before one begins.
    """
    from prefect.states import Cancelled

    found = client.get_scheduled_flow_runs_for_deployments([deployment], datetime.now(UTC))
    scheduled = [run for run in found if run.auto_scheduled]
    for run in scheduled[:-1]:
        stands = f"missed; the run due at {scheduled[-1].expected_start_time:%Y-%m-%d %H:%M:%S %Z} stands for it"
        client.set_flow_run_state(run.id, Cancelled(name="Skipped", message=stands), force=True)
    if missed := len(scheduled[:-1]):
        tell(
            f"missed since {scheduled[0].expected_start_time:%Y-%m-%d %H:%M:%S %Z}: {missed + 1} runs; one makes up for all"
        )
    skipped = {run.id for run in scheduled[:-1]}
    return next((run for run in found if run.id not in skipped), None)


def mark_cut_off(client: SyncPrefectClient, deployment: UUID) -> None:
    """What was under way when the process that ran it was killed is marked as crashed."""
    from prefect.client.schemas.objects import StateType
    from prefect.states import Crashed

    for run in _read(client, deployment, [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]):
        client.set_flow_run_state(run.id, Crashed(message="`compute-limits serve` was killed"), force=True)


def make_up(client: SyncPrefectClient, deployment: UUID, schedule: Schedule, tell: Callable[[str], None]) -> None:
    """Have a run begin now where one was due since the last that came to an end: while nothing ran, or cut off by a stop."""
    from prefect.client.schemas.objects import StateType
    from prefect.states import Scheduled

    now = datetime.now(UTC)
    whole = _read(client, deployment, [StateType.COMPLETED, StateType.FAILED], limit=1)
    last = whole[0].expected_start_time if whole else None
    if last is None or client.get_scheduled_flow_runs_for_deployments([deployment], now):
        return
    (missed,) = schedules.due(schedule, 1, last + timedelta(seconds=1))
    if missed <= now:
        tell(f"missed since {schedules.told(missed)}; one run makes up for all")
        client.create_flow_run_from_deployment(deployment, state=Scheduled())


def prune(client: SyncPrefectClient, deployment: UUID) -> None:
    """Delete the runs that are older than those that are kept, with their tasks and logs."""
    old = {"before": datetime.now(UTC) - timedelta(days=DAYS_KEPT)}
    for bound in (old, {"offset": RUNS_KEPT}):
        while found := _read(client, deployment, None, **bound):
            for run in found:
                client.delete_flow_run(run.id)


def delete_waiting(client: SyncPrefectClient, deployment: UUID) -> None:
    """Delete the runs that the schedule made and that wait for their time."""
    from prefect.client.schemas.objects import StateType

    for run in _read(client, deployment, [StateType.SCHEDULED]):
        if run.auto_scheduled:
            client.delete_flow_run(run.id)


def _read(
    client: SyncPrefectClient,
    deployment: UUID,
    states: list[StateType] | None,
    *,
    before: datetime | None = None,
    offset: int = 0,
    limit: int = _BATCH,
) -> list[FlowRun]:
    """Runs of the deployment in these states, or in any but waiting for their time; newest first."""
    from prefect.client.schemas import filters
    from prefect.client.schemas.objects import StateType
    from prefect.client.schemas.sorting import FlowRunSort

    kind: dict[str, Any] = {"not_any_": [StateType.SCHEDULED]} if states is None else {"any_": states}
    return client.read_flow_runs(
        flow_run_filter=filters.FlowRunFilter(
            deployment_id=filters.FlowRunFilterDeploymentId(any_=[deployment]),
            state=filters.FlowRunFilterState(type=filters.FlowRunFilterStateType(**kind)),
            expected_start_time=filters.FlowRunFilterExpectedStartTime(before_=before) if before else None,  # type: ignore[arg-type]  # pydantic makes it one
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        offset=offset,
        limit=limit,
    )
