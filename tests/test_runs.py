"""flows/runs.py: a line for each run, whatever became of it, and no more of them than there is room for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from conftest import AS_OF
from running import HANGS_S, ROOT, command_here, environment

from flows import paths, runs
from flows.errors import UserError
from flows.warehouse import connection

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def published(data: Path, warehouse_path: Path) -> Path:
    path = data / "warehouse" / "compute_limits.duckdb"
    path.parent.mkdir(parents=True)
    return Path(shutil.copyfile(warehouse_path, path))


def minutes() -> Callable[[], datetime]:
    """A clock that is a minute later each time."""
    return map(START.__add__, map(partial(timedelta, 0, 0, 0, 0), count())).__next__


@pytest.mark.slow
def test_what_became_of_a_build_stands_in_the_log_and_nowhere_else(
    tmp_path: Path, shipped: Path, published: Path
) -> None:
    before = published.read_bytes()
    env = environment(tmp_path / "data", tmp_path / "prefect", COMPUTE_LIMITS_FACTS=str(shipped))
    for _ in range(2):
        assert command_here(env, "build", "--as-of", AS_OF.isoformat()).returncode == 0
    first, second = lines(tmp_path / "data" / "runs.jsonl")
    assert first.keys() == second.keys()
    assert list(first) == ["command", "asked", "started_at", "ended_at", "outcome", "build_key", "as_of", "stale"]
    assert (first["command"], first["asked"], first["outcome"], first["stale"]) == ("build", "none", "whole", [])
    assert first["started_at"] <= first["ended_at"] <= second["started_at"]
    assert datetime.fromisoformat(first["ended_at"]).utcoffset() == timedelta(0)
    # The warehouse of two runs is one warehouse.
    assert published.read_bytes() == before
    with connection.connect(published, read_only=True) as con:
        ((key, as_of),) = con.execute("select build_key, as_of::varchar from meta.runs").fetchall()
    assert (first["build_key"], first["as_of"]) == (key, as_of)


def test_a_degraded_run_names_what_is_stale(published: Path, data: Path) -> None:
    with connection.connect(published) as con:
        con.execute("update meta.sources set state = 'stale' where source = 'timm'")
        con.execute("update meta.sources set state = 'absent' where source = 'gpu_info'")
        con.execute("update meta.runs set state = 'degraded', n_sources_stale = 2")
    with runs.recorded("refresh", minutes()):
        pass
    (line,) = lines(data / "runs.jsonl")
    assert (line["command"], line["outcome"], line["stale"]) == ("refresh", "degraded", ["gpu_info", "timm"])
    began, ended = (datetime.fromisoformat(line[at]) for at in ("started_at", "ended_at"))
    assert ended - began == timedelta(minutes=1)
    ((run,), torn) = runs.read()
    assert (run.started_at, run.ended_at, run.outcome, run.stale, torn) == (
        began, ended, "degraded", ("gpu_info", "timm"), 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "outcome", "message"),
    [
        (UserError("row 2 is no number\nand more"), "failed", "row 2 is no number"),
        (ValueError("x" * 3000), "failed", "x" * 500),
        (KeyboardInterrupt(), "stopped", "KeyboardInterrupt"),
        (SystemExit(143), "stopped", "143"),
    ],
)
def test_a_run_that_does_not_end_well_has_its_line_too(
    error: BaseException, outcome: str, message: str, data: Path
) -> None:
    with pytest.raises(type(error)), runs.recorded("build", minutes()):
        raise error
    (line,) = lines(data / "runs.jsonl")
    assert (line["outcome"], line["message"]) == (outcome, message)


def test_the_last_of_a_command_is_the_newest_that_began_by_then(data: Path) -> None:
    assert runs.last("refresh") is None

    def line(command: str, minute: int) -> str:
        at = f"2026-11-30T06:{minute:02}:00+00:00"
        what = {"asked": "all", "outcome": "whole", "build_key": "k", "as_of": "2026-11-29", "stale": []}
        return json.dumps({"command": command, "started_at": at, "ended_at": at} | what) + "\n"

    began = datetime(2026, 11, 30, 6, 2, 0, 999_999, tzinfo=UTC)  # the log has whole seconds
    data.mkdir()
    # The log has just begun anew, as it does when it is long.
    (data / "runs.before.jsonl").write_text(line("refresh", 1) + line("refresh", 2))
    found = runs.last("refresh", began)
    assert found is not None
    assert (found.started_at.minute, found.build_key, found.as_of) == (2, "k", "2026-11-29")
    assert runs.last("refresh", began.replace(minute=3)) is None
    (data / "runs.jsonl").write_text(line("refresh", 3) + line("build", 4) + '{"command": "ref\n')
    found = runs.last("refresh", began)
    assert found is not None
    assert found.started_at.minute == 3
    assert runs.last("refresh", began.replace(minute=4)) is None


RUN_MANY = """
import sys
from flows import runs
from flows.errors import UserError

runs._BYTES_MAX = int(sys.argv[2])
for _ in range(int(sys.argv[1])):
    try:
        with runs.recorded("build"):
            raise UserError("no" * 200)
    except UserError:
        pass
"""


def run_many(processes: int, runs_of_each: int, bytes_max: int = runs._BYTES_MAX) -> None:
    """Runs that fail, in several processes at once: not forked, for a lock that another thread holds would stay so for ever."""
    arguments = [sys.executable, "-c", RUN_MANY, str(runs_of_each), str(bytes_max)]
    started = [subprocess.Popen(arguments, cwd=ROOT) for _ in range(processes)]
    assert [process.wait(HANGS_S) for process in started] == [0] * processes


def test_the_log_keeps_within_bounds_and_loses_no_line(data: Path) -> None:
    run_many(4, 40)
    assert len(lines(data / "runs.jsonl")) == 160
    size = (data / "runs.jsonl").stat().st_size
    # With room for no more than these: one more, and a new one begins; what was before that is let go.
    run_many(1, 40, size)
    assert len(lines(data / "runs.before.jsonl")) == 161
    assert len(lines(data / "runs.jsonl")) == 39
    # Two more have been filled and one begun: of 39 and 320 more, 161 each.
    run_many(4, 80, size)
    assert len(lines(data / "runs.before.jsonl")) == 161
    assert len(lines(data / "runs.jsonl")) == 39 + 320 - 2 * 161


def test_a_log_that_cannot_be_written_is_said_and_the_run_stands(
    published: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "runs.jsonl").mkdir()
    with runs.recorded("build"):
        pass
    told = capsys.readouterr()
    assert told.err == f"note: {paths.run_log()} cannot be written (Is a directory); the run itself is whole\n"
    # Of a run that fails there is more to say than that.
    with pytest.raises(UserError), runs.recorded("build"):
        raise UserError("no")
    assert capsys.readouterr().err == ""
    assert published.is_file()
