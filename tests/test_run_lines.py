"""flows/run_lines.py: the line of a run, from the log of runs or from Prefect's state where the run left none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows import run_lines

ENDED = datetime(2026, 11, 30, 6, 3, 12, tzinfo=UTC)
WHOLE: dict[str, Any] = {"outcome": "whole", "build_key": "0123456789abcdef", "as_of": "2026-11-30", "stale": []}
DEGRADED = WHOLE | {"outcome": "degraded", "stale": ["a", "b", "c", "d", "e", "f", "g"]}


def told(run: dict[str, Any] | None, before: str | None = None, *, strict: bool = False) -> str:
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
        ({"outcome": "failed", "message": "no space"}, None, False, "failed after 3 min 12 s: no space"),
        ({"outcome": "failed", "message": "x" * 900}, None, False, f"failed after 3 min 12 s: {'x' * 300}"),
        # What the run says of a stop is the name of an exception.
        ({"outcome": "stopped", "message": "TerminationSignal"}, None, False, "crashed after 3 min 12 s: it went"),
        (None, None, False, "crashed after 3 min 12 s: it went"),
    ],
)
def test_a_run_is_told_in_one_line(run: dict[str, Any] | None, before: str | None, strict: bool, line: str) -> None:
    assert told(run, before, strict=strict) == f"2026-11-30 06:03:12 UTC refresh {line}"


@pytest.mark.parametrize(
    ("many", "said"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (192, "3 min 12 s"), (3720, "1 h 2 min")]
)
def test_how_long(many: float, said: str) -> None:
    assert run_lines.lasting(many) == said


def test_the_line_of_a_run_is_the_last_that_began_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(tmp_path))
    assert run_lines.last("refresh") is None

    def line(command: str, minute: int) -> str:
        return json.dumps({"command": command, "started_at": f"2026-11-30T06:{minute:02}:00+00:00"}) + "\n"

    began = datetime(2026, 11, 30, 6, 2, 0, 999_999, tzinfo=UTC)
    # The log has just begun anew, as it does when it is long.
    (tmp_path / "runs.before.jsonl").write_text(line("refresh", 1) + line("refresh", 2))
    assert run_lines.last("refresh", began) == {"command": "refresh", "started_at": "2026-11-30T06:02:00+00:00"}
    assert run_lines.last("refresh", began.replace(minute=3)) is None
    (tmp_path / "runs.jsonl").write_text(line("refresh", 3) + line("build", 4) + '{"command": "ref\n')
    found = run_lines.last("refresh", began)
    assert found is not None
    assert found["started_at"].startswith("2026-11-30T06:03")
    assert run_lines.last("refresh", began.replace(minute=4)) is None
