"""flows/run_records.py against a real Prefect server: what is cut off, made up for and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
import running
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.states import Cancelled, Completed, Crashed, Failed, Running, Scheduled
from running import HANGS_S, Api

from flows import run_records, schedules

pytestmark = pytest.mark.slow
api = running.api
DAY = timedelta(days=1)


@pytest.fixture
def client(api: Api) -> Iterator[SyncPrefectClient]:
    with SyncPrefectClient(api.url) as client:
        yield client


@pytest.fixture
def deployment(client: SyncPrefectClient) -> UUID:
    """A deployment of its own, without a schedule."""
    return client.create_deployment(client.create_flow_from_name("records"), f"records {uuid4()}")


def add(client: SyncPrefectClient, deployment: UUID, ago: timedelta, state: Any = None) -> UUID:
    """A run that was due so long ago, in a state."""
    due = Scheduled(scheduled_time=datetime.now(UTC) - ago)
    run = client.create_flow_run_from_deployment(deployment, state=due).id
    if state is not None:
        client.set_flow_run_state(run, state, force=True)
    return run


def runs_of(api: Api, deployment: UUID) -> dict[str, dict[str, Any]]:
    return {run["id"]: run for run in api.post("flow_runs", deployments={"id": {"any_": [str(deployment)]}})}


def states(api: Api, deployment: UUID) -> dict[str, str]:
    return {name: run["state_name"] for name, run in runs_of(api, deployment).items()}


def test_what_was_under_way_when_it_was_killed_is_crashed(
    client: SyncPrefectClient, deployment: UUID, api: Api
) -> None:
    runs = {
        add(client, deployment, DAY, Running()): "Crashed",
        add(client, deployment, DAY, Completed()): "Completed",
        add(client, deployment, DAY): "Late",
        add(client, deployment, -DAY): "Scheduled",
    }
    run_records.mark_cut_off(client, deployment)
    found = states(api, deployment)
    # In which of the two it is is the server's to say.
    assert {run: found[str(run)].replace("Scheduled", "Late") for run in runs} == {
        run: name.replace("Scheduled", "Late") for run, name in runs.items()
    }


@pytest.mark.parametrize(
    ("before", "is_made_up"),
    [
        ([], False),  # nothing has run yet: its time will come
        ([(9 * DAY, Completed())], True),
        ([(9 * DAY, Failed())], True),
        ([(timedelta(0), Completed())], False),
        # Cut off by a stop: as if it had not been.
        ([(9 * DAY, Completed()), (timedelta(0), Cancelled())], True),
        ([(9 * DAY, Completed()), (timedelta(0), Crashed())], True),
        # One is due anyhow.
        ([(9 * DAY, Completed()), (DAY, None)], False),
    ],
)
def test_a_run_that_was_missed_while_nothing_ran_is_made_up_for_once(
    client: SyncPrefectClient, deployment: UUID, api: Api, before: list[tuple[timedelta, Any]], is_made_up: bool
) -> None:
    for ago, state in before:
        add(client, deployment, ago, state)
    said = list[str]()
    schedule = schedules.schedule(None, "7d", "UTC")
    for _ in range(2):
        run_records.make_up(client, deployment, schedule, said.append)
    assert len(states(api, deployment)) == len(before) + is_made_up
    assert len(said) == is_made_up
    if is_made_up:
        assert said[0].startswith("missed since Mon ")
        due = run_records.due(client, deployment, said.append)
        assert due is not None
        assert not due.auto_scheduled


def test_old_runs_go_with_their_logs_and_the_newest_stay(
    client: SyncPrefectClient, deployment: UUID, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = add(client, deployment, 91 * DAY, Completed())
    client.create_logs(
        [
            {
                "name": "x",
                "level": 30,
                "message": "x",
                "timestamp": datetime.now(UTC).isoformat(),
                "flow_run_id": str(old),
            }
        ]
    )
    kept = [add(client, deployment, days * DAY, Completed()) for days in (89, 88, 87)]
    due = add(client, deployment, -DAY)
    other = add(client, client.create_deployment(client.create_flow_from_name("other"), "other"), 91 * DAY, Completed())
    assert api.post("logs", logs={"flow_run_id": {"any_": [str(old)]}}) != []
    run_records.prune(client, deployment)
    assert states(api, deployment).keys() == {str(run) for run in (*kept, due)}
    monkeypatch.setattr(run_records, "RUNS_KEPT", 2)
    monkeypatch.setattr(run_records, "_BATCH", 1)
    run_records.prune(client, deployment)
    assert states(api, deployment).keys() == {str(run) for run in (*kept[1:], due)}
    assert client.read_flow_run(other).id == other
    running.wait_for(lambda: api.post("logs", logs={"flow_run_id": {"any_": [str(old)]}}) == [])


def test_what_the_schedule_left_waiting_goes_and_what_a_person_asked_for_stays(
    client: SyncPrefectClient, api: Api
) -> None:
    flow = client.create_flow_from_name("records")
    weekly = DeploymentScheduleCreate(schedule=IntervalSchedule(interval=7 * DAY))
    deployment = client.create_deployment(flow, f"records {uuid4()}", schedules=[weekly])
    assert requests.post(f"{api.url}/deployments/{deployment}/schedule", json={}, timeout=HANGS_S).ok
    later, done = add(client, deployment, -DAY), add(client, deployment, DAY, Completed())
    kept, before = {str(later), str(done)}, states(api, deployment).keys()
    assert len(before) > 2
    run_records.delete_waiting(client, deployment)
    after = runs_of(api, deployment)
    assert before & after.keys() == kept
    # The server may have scheduled others by now, as it does every few seconds; nobody else has made any.
    assert all(run["auto_scheduled"] for name, run in after.items() if name not in kept)
