"""One line for each run of the schedule: when it ended, what became of it, how long it took, what was published or why not."""

from __future__ import annotations

from datetime import datetime

from flows.runs import Run

# A message may quote a page; the whole of it is in Prefect and in the log of runs.
_MESSAGE_MAX = 300
_SOURCES_NAMED = 5


def told(
    ended: datetime,
    lasted_s: float,
    state: tuple[str, str | None],
    run: Run | None,
    build_before: str | None,
    *,
    strict: bool,
) -> str:
    """The line of a run: of what the log of runs says, or of Prefect's (name, message) where it was ended from outside.

    `build_before` is the key of the build that stood before; with `strict` a run that is degraded is a failed one.
    """
    name, message = state
    if run is None or run.outcome == "stopped":
        outcome, what = name.lower(), message or ""
    elif run.outcome == "failed":
        outcome, what = "failed", run.message or ""
    else:
        is_failure = strict and run.outcome == "degraded"
        outcome, what = "failed (--strict)" if is_failure else run.outcome, _published(run, build_before)
    what = what.partition("\n")[0][:_MESSAGE_MAX]
    return f"{ended:%Y-%m-%d %H:%M:%S %Z} refresh {outcome} after {lasting(lasted_s)}{': ' if what else ''}{what}"


def _published(run: Run, build_before: str | None) -> str:
    build, stale = (run.build_key or "")[:12], run.stale
    is_new = run.build_key != build_before
    what = f"published build {build} as of {run.as_of}" if is_new else f"nothing is new, build {build} stands"
    more = f" and {len(stale) - _SOURCES_NAMED} more" if len(stale) > _SOURCES_NAMED else ""
    return what + (f"; not fresh: {', '.join(stale[:_SOURCES_NAMED])}{more}" if stale else "")


def lasting(many: float) -> str:
    """Seconds as a person says them: 12 s, 3 min 12 s, 1 h 2 min."""
    minutes, rest = divmod(round(many), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
