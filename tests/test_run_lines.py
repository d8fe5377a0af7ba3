"""flows/run_lines.py: the line of a run, from the log of runs or from Prefect's state where the run left none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flows import run_lines
from flows.runs import Outcome, Run

ENDED = datetime(2026, 11, 30, 6, 3, 12, tzinfo=UTC)
WHOLE = Run("refresh", ENDED, ENDED, "all", "whole", None, "0123456789abcdef", "2026-11-30", ())
DEGRADED = replace(WHOLE, outcome="degraded", stale=tuple("abcdefg"))


def without(outcome: Outcome, message: str) -> Run:
    """A run that has not come to what stands."""
    return replace(WHOLE, outcome=outcome, message=message, build_key=None, as_of=None)


def told(run: Run | None, before: str | None = None, *, strict: bool = False) -> str:
    return run_lines.told(ENDED, 192.4, ("Crashed", "it went\nand more"), run, before, strict=strict)


@pytest.mark.parametrize(
    ("run", "before", "strict", "line"),
    [
        (WHOLE, None, False, "whole after 3 min 12 s: published build 0123456789ab as of 2026-11-30"),
        (WHOLE, "0123456789abcdef", True, "whole after 3 min 12 s: nothing is new, build 0123456789ab stands"),
        (
            *(DEGRADED, "0123456789abcdee", False),
            "degraded after 3 min 12 s: published build 0123456789ab as of 2026-11-30; not fresh: a, b, c, d, e and 2 more",
        ),
        (
            *(DEGRADED, None, True),
            "failed (--strict) after 3 min 12 s: published build 0123456789ab as of 2026-11-30; not fresh: a, b, c, d, e and 2 "
            "more",
        ),
        (without("failed", "no space"), None, False, "failed after 3 min 12 s: no space"),
        (without("failed", "x" * 900), None, False, f"failed after 3 min 12 s: {'x' * 300}"),
        # What the run says of a stop is the name of an exception.
        (without("stopped", "TerminationSignal"), None, False, "crashed after 3 min 12 s: it went"),
        (None, None, False, "crashed after 3 min 12 s: it went"),
    ],
)
def test_a_run_is_told_in_one_line(run: Run | None, before: str | None, strict: bool, line: str) -> None:
    assert told(run, before, strict=strict) == f"2026-11-30 06:03:12 UTC refresh {line}"


@pytest.mark.parametrize(
    ("many", "said"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (192, "3 min 12 s"), (3720, "1 h 2 min")]
)
def test_how_long(many: float, said: str) -> None:
    assert run_lines.lasting(many) == said
