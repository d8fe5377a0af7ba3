"""The schedule: keeps the refresh deployment on a Prefect server and runs it when it is due, one run at a time.

The main thread asks the server each few seconds what is due and listens for signals; a loop beside it has Prefect's runner run
the one that is, in a process of its own.
"""

from __future__ import annotations

import asyncio
import fcntl
import inspect
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from flows import children, notices, run_lines, run_records, runs, schedules
from flows.errors import UserError
from flows.schedules import ScheduleError
from flows.warehouse import holders

if TYPE_CHECKING:
    from concurrent.futures import Future
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun, State
    from prefect.client.schemas.responses import FlowRunResponse
    from prefect.runner import Runner
    from prefect.schedules import Schedule

PORT = 4200  # Prefect's own
_TICK_S = 0.2
# A server that is started anew meanwhile is back by then. While a run is under way it is looked for from time to time, and a
# stop waits less for one that is gone: told of it at the same time, it may have ended first.
_SILENT_MAX_S = 60
_LOOK_S = 5
_LOOKS, _LOOKS_OF_A_STOP = _SILENT_MAX_S // _LOOK_S, 2
# It takes the scheduler of a busy server half a second to write what it is at.
_LOOKS_FOR_WAITING = 5
# What Prefect's runner still does when its server is gone.
_LET_GO_S = 5
_STOPPED = "`compute-limits serve` was stopped"
_STOPS = (signal.SIGINT, signal.SIGTERM)


class ServeError(UserError):
    """The schedule cannot be kept; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A schedule that is being kept."""

    schedule: Schedule
    client: SyncPrefectClient
    deployment: UUID
    runner: Runner
    loop: asyncio.AbstractEventLoop
    is_own_server: bool
    strict: bool
    # The signals that asked to stop.
    stops: list[int]

    def now(self) -> datetime:
        return datetime.now(ZoneInfo(self.schedule.timezone or "UTC"))


def keep_on_schedule(
    cron: str | None, every: str | None, timezone: str = "UTC", port: int | None = None, *, strict: bool = False
) -> None:
    """Run the refresh on schedule until stopped; a server is started where none is configured, and stopped at the end.

    Raises:
        flows.schedules.ScheduleError: there is no such schedule.
        flows.notices.NoticeError: the address to notify is none.
        ServeError: another process keeps it, or its server no longer answers.
        flows.prefect_server.ServerError: there is no server.
    """
    schedule = schedules.schedule(cron, every, timezone)
    notices.address()  # else each run would refuse it
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

    from flows.prefect_server import server

    configured = PREFECT_API_URL.value()
    if configured and port is not None:
        raise ScheduleError(
            f"--port is of a server that is started here, and PREFECT_API_URL names {configured}; give one"
        )
    os.environ[children.TIED] = "1"  # for the runs, which are processes of Prefect's making
    before = {number: signal.getsignal(number) for number in _STOPS}
    try:
        # Also where SIGINT was ignored, as a shell without job control has it for what it starts in the background.
        for number in _STOPS:
            signal.signal(number, signal.default_int_handler)
        with (
            suppress(KeyboardInterrupt),
            _alone(PREFECT_HOME.value()),
            server(configured, "with schedules", port or PORT) as url,
            temporary_settings({PREFECT_API_URL: url}),
            get_client(sync_client=True) as client,
            _loop() as loop,
        ):
            runner, deployment = _deployed(schedule)
            _tell(schedule, url, cron or every or "")
            _keep(_Kept(schedule, client, deployment, runner, loop, not configured, strict, _listen()))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One schedule in a Prefect home: a second would take over the deployment of the first. One that was killed holds nothing."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "compute-limits-serve.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServeError(f"the schedule in {home} is kept {holders.told(lock)}") from error
        holders.sign(lock)
        yield


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread beside this one, in which Prefect's runner takes no signals."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="runs", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(_let_go(), loop).result(_LET_GO_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _let_go() -> None:
    """Cancel all else that is in this loop, and what that begins with on its way out.

    Nothing before it has begun: what it was given to await would never be, which Python tells on standard error (seen: a
    connection that anyio was about to make).
    """
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        begun = [
            task for task in others if inspect.getcoroutinestate(cast("Any", task.get_coro())) != inspect.CORO_CREATED
        ]
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        # Whatever is left begins now.
        await asyncio.sleep(0)


def _listen() -> list[int]:
    """The stops that are asked for from now on. The second ends this process at once, and so all that it started."""
    stops: list[int] = []

    def stop(number: int, _: object) -> None:
        if stops:
            os._exit(128 + number)
        stops.append(number)

    for number in _STOPS:
        signal.signal(number, stop)
    return stops


def _deployed(schedule: Schedule) -> tuple[Runner, UUID]:
    from prefect.runner import Runner
    from prefect.types.entrypoint import EntrypointType

    from flows.refresh import refresh

    # Flow.serve() would hand each run a pickled flow, in which the names of its annotations are missing; a deployment by its
    # module path has each run import it.
    deployment = refresh.to_deployment(
        name="refresh", schedule=schedule, paused=False, entrypoint_type=EntrypointType.MODULE_PATH
    )
    # It looks for what is due once and for each run; what is to be skipped is gone by then.
    runner = Runner(name="refresh", limit=1, prefetch_seconds=0, pause_on_shutdown=False)
    try:
        # Outside of an event loop neither is a coroutine.
        return runner, runner.add_deployment(deployment)  # type: ignore[arg-type, return-value]
    except _unanswered() as error:
        reason = str(error).partition("\n")[0]
        raise ServeError(
            f"the Prefect server does not take the deployment ({reason}); it may be of another version"
        ) from error


def _tell(schedule: Schedule, url: str, text: str) -> None:
    print(f"refresh is scheduled: {text}, time zone {schedule.timezone} (--timezone names another)")
    print("next:", ", ".join(schedules.told(date) for date in schedules.due(schedule, 3)))
    print(f"dashboard: {url.removesuffix('/').removesuffix('/api')}")
    print(f"stop it with Ctrl-C or `kill {os.getpid()}`", flush=True)


def _keep(kept: _Kept) -> None:
    """Run what is due until a stop is asked for; then nothing is scheduled until the next start."""
    _answered(kept, lambda: _take_up(kept))
    poll_s = _poll_s()
    while not kept.stops:
        if (run := _answered(kept, lambda: run_records.due(kept.client, kept.deployment, _say))) is not None:
            _run(kept, run)
            _answered(kept, lambda: run_records.prune(kept.client, kept.deployment))
        until = time.monotonic() + poll_s
        while not kept.stops and time.monotonic() < until:
            time.sleep(_TICK_S)
    # A server that has been stopped, too, schedules nothing.
    if _is_there(kept):
        with suppress(*_unanswered()):
            kept.client.pause_deployment(kept.deployment)
            _let_nothing_wait(kept)
    _say(f"stopped by {signal.Signals(kept.stops[0]).name}")


def _let_nothing_wait(kept: _Kept) -> None:
    """Delete what waits for its time: a scheduler that was at it when the deployment was paused writes it all the same."""
    if kept.is_own_server:  # which ends now, and schedules anew when it is back
        return
    for _ in range(_LOOKS_FOR_WAITING):
        time.sleep(_TICK_S)
        run_records.delete_waiting(kept.client, kept.deployment)


def _take_up(kept: _Kept) -> None:
    """Before the first run: put in order what an earlier `serve` has left."""
    if kept.is_own_server:  # on another this might be the run of another machine
        run_records.mark_cut_off(kept.client, kept.deployment)
    run_records.make_up(kept.client, kept.deployment, kept.schedule, _say)
    run_records.prune(kept.client, kept.deployment)


def _say(line: str) -> None:
    print(line, flush=True)


def _poll_s() -> float:
    from prefect.settings import PREFECT_RUNNER_POLL_FREQUENCY

    return float(PREFECT_RUNNER_POLL_FREQUENCY.value())


def _unanswered() -> tuple[type[Exception], ...]:
    """The server is not there, is out of order, or no longer has what it is asked for."""
    import httpx
    from prefect.exceptions import ObjectNotFound

    return httpx.HTTPError, ObjectNotFound


def _gone(kept: _Kept, why: str) -> ServeError:
    whose = "that was started here" if kept.is_own_server else "that PREFECT_API_URL names"
    return ServeError(
        f"the Prefect server {whose} ({kept.client.api_url}) has not answered for {_SILENT_MAX_S} s ({why}); look why, and "
        "start `compute-limits serve` again"
    )


def _answered(kept: _Kept, ask: Callable[[], Any]) -> Any:
    """What the server answers; it is asked again for a minute where it does not. None where a stop came meanwhile.

    Raises:
        ServeError: it has not answered for a minute.
    """
    until, why = time.monotonic() + _SILENT_MAX_S, "no connection"
    while not kept.stops:
        try:
            if _is_there(kept):
                return ask()
        except _unanswered() as error:
            why = str(error).partition("\n")[0]
        if time.monotonic() > until:
            raise _gone(kept, why)
        time.sleep(_TICK_S)
    return None


def _is_there(kept: _Kept) -> bool:
    """Whether the server is there. Prefect's client tries for a minute, in which no stop is seen."""
    from flows.prefect_server import answers

    return answers(str(kept.client.api_url))


def _run(kept: _Kept, due: FlowRunResponse) -> None:
    """Run what is due to its end, or to a stop, and tell what became of it."""
    before = runs.last("refresh")
    running = asyncio.run_coroutine_threadsafe(kept.runner.start(run_once=True), kept.loop)
    if not _waited_for(kept, running):
        if kept.stops:
            return
        raise _gone(kept, "while a run was under way")
    run = _ended(kept, due, running.exception())
    if run is None or run.state is None:
        return
    line = runs.last("refresh", run.start_time) if run.start_time else None
    build_before = before.build_key if before else None
    state = (run.state.name or "", _STOPPED if kept.stops else run.state.message)
    lasted_s = run.total_run_time.total_seconds()
    _say(run_lines.told(kept.now(), lasted_s, state, line, build_before, strict=kept.strict))


def _waited_for(kept: _Kept, running: Future[None]) -> bool:
    """Wait until a run has ended, by itself or by a stop; whether it has: without its server it might wait for ever."""
    in_vain, look_at = 0, time.monotonic() + _LOOK_S
    while not running.done():
        if kept.stops and kept.runner.started:
            kept.runner.execute_in_background(kept.runner.astop)
        if time.monotonic() > look_at:
            # Looks are counted, for the clock goes on while this process sleeps.
            in_vain, look_at = 0 if _is_there(kept) else in_vain + 1, time.monotonic() + _LOOK_S
            if in_vain >= (_LOOKS_OF_A_STOP if kept.stops else _LOOKS):
                return False
        time.sleep(_TICK_S)
    return True


def _ended(kept: _Kept, due: FlowRunResponse, error: BaseException | None) -> FlowRun | None:
    """The run as Prefect has it; one that it believes to be under way still is marked as ended. None: it cannot be had."""
    from prefect.states import Cancelled, Crashed

    with suppress(*_unanswered()):
        run = kept.client.read_flow_run(due.id)
        if run.state is None or not run.state.is_final():
            state: State[Any] = Crashed(message=f"it could not be run: {error}")
            if kept.stops:
                state = Cancelled(message=_STOPPED)
            kept.client.set_flow_run_state(run.id, state, force=True)
        return kept.client.read_flow_run(due.id)
    return None
