"""`compute-limits status`: each reason for which a person should look, and that nothing else is one."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import part_of_it
import pytest
from rich.console import Console
from running import command_here, environment

from flows import status
from flows.answers import layouts
from flows.warehouse import connection

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A folder of data in which nothing is, and no server or network that could be asked."""
    nobody = {"PREFECT_API_URL": "http://127.0.0.1:9/api", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    return environment(tmp_path / "data", tmp_path / "prefect", **nobody)


@pytest.fixture
def published(env: dict[str, str], warehouse_path: Path) -> Path:
    path = Path(env["COMPUTE_LIMITS_DATA"]) / "warehouse" / "compute_limits.duckdb"
    return part_of_it.copy(warehouse_path, path, "meta.sources", "meta.freshness")


def run(ago: timedelta, outcome: str, **more: Any) -> str:
    """A line of the log."""
    at = {"started_at": (NOW - ago - timedelta(minutes=1)).isoformat(), "ended_at": (NOW - ago).isoformat()}
    return json.dumps({"command": "refresh", "asked": "all", **at, "outcome": outcome, **more})


def log(env: dict[str, str], *lines: str, name: str = "runs.jsonl") -> None:
    path = Path(env["COMPUTE_LIMITS_DATA"]) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def refused(env: dict[str, str], *arguments: str) -> str:
    """Why it is not good: one sentence, and exit status 1."""
    ended = command_here(env, "status", *arguments)
    assert ended.returncode == 1, ended
    assert ended.stderr.count("\n") == 1
    assert "good " not in ended.stdout
    return ended.stderr.removeprefix("error: ").strip()


@pytest.mark.usefixtures("published")
def test_all_is_well_after_a_whole_run(env: dict[str, str]) -> None:
    log(env, run(9 * DAY, "whole"), run(3 * DAY, "whole"), run(2 * DAY, "degraded"), run(DAY, "stopped", message="143"))
    ended = command_here(env, "status")
    assert (ended.returncode, ended.stderr) == (0, "")
    told = dict(line.split("  ", 1) for line in ended.stdout.splitlines())
    assert told["last run"].strip() == f"refresh of {NOW - DAY:%Y-%m-%d %H:%M} UTC, 1 day ago: stopped"
    assert told["whole run"].strip() == f"refresh of {NOW - 3 * DAY:%Y-%m-%d %H:%M} UTC, 3 days ago: whole"
    assert "\x1b" not in ended.stdout
    tree = json.loads(command_here(env, "status", "--json").stdout)
    assert (tree["is_good"], tree["reason"], tree["not_fresh"]) == (True, None, [])
    assert (tree["last_run"]["outcome"], tree["newest_whole_run"]["age_s"] // 86400) == ("stopped", 3)


def test_no_run_at_all(env: dict[str, str]) -> None:
    assert refused(env).startswith("no run is recorded in ")
    assert json.loads(command_here(env, "status", "--json").stdout)["is_good"] is False


@pytest.mark.usefixtures("published")
def test_no_whole_run_is_young_enough(env: dict[str, str]) -> None:
    log(env, run(9 * DAY, "whole"), run(DAY, "degraded", stale=["timm"]))
    assert refused(env) == (
        f"no whole run is younger than 8 days: the newest is refresh of {NOW - 9 * DAY:%Y-%m-%d %H:%M} UTC"
    )
    assert command_here(env, "status", "--max-age", "10d").returncode == 0
    log(env, run(2 * DAY, "whole"))
    assert refused(env, "--max-age", "1d12h").startswith("no whole run is younger than 36 hours: ")
    log(env, run(DAY, "degraded"))
    assert refused(env).startswith("no whole run is younger than 8 days: there is none in ")


@pytest.mark.usefixtures("published")
def test_the_last_run_failed(env: dict[str, str]) -> None:
    log(env, run(DAY, "whole"), run(timedelta(hours=2), "failed", message="row 2 is no number"))
    when = f"{NOW - timedelta(hours=2):%Y-%m-%d %H:%M} UTC"
    assert refused(env) == f"the last run, refresh of {when}, failed: row 2 is no number"


@pytest.mark.parametrize("by_hand", [{"command": "build", "asked": "none"}, {"asked": "some"}, {"asked": "past"}])
@pytest.mark.usefixtures("published")
def test_a_run_by_hand_does_not_stand_for_the_schedule(env: dict[str, str], by_hand: dict[str, str]) -> None:
    log(env, run(20 * DAY, "whole"), run(DAY, "whole", **by_hand))
    assert refused(env).startswith("no whole run is younger than 8 days: the newest is refresh of ")
    # Where there is no other it does.
    log(env, run(DAY, "whole", **by_hand))
    assert command_here(env, "status").returncode == 0


@pytest.mark.usefixtures("published")
def test_a_clock_that_was_wrong_does_not_hold_off_the_alarm(env: dict[str, str]) -> None:
    log(env, run(-400 * DAY, "whole"), run(20 * DAY, "whole"))
    assert refused(env).startswith("no whole run is younger than 8 days")


@pytest.mark.usefixtures("published")
def test_the_log_before_counts_and_torn_lines_are_passed_over(env: dict[str, str]) -> None:
    # As 0.3 wrote them, without what was asked.
    old = json.loads(run(DAY, "whole"))
    del old["asked"]
    log(env, json.dumps(old), name="runs.before.jsonl")
    log(env, run(timedelta(0), "degraded"), '{"command": "refre', "[]", '"x"')
    ended = command_here(env, "status")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "that are no runs, and passed over: 3" in ended.stdout


def test_a_warehouse_that_is_gone_or_damaged(env: dict[str, str], published: Path) -> None:
    log(env, run(DAY, "whole"))
    published.unlink()
    assert refused(env).startswith(f"no warehouse at {published}; ")
    published.write_bytes(b"no warehouse")
    assert f"{published} is damaged or no warehouse" in refused(env)


def test_what_is_not_fresh_is_named(env: dict[str, str], published: Path) -> None:
    with connection.connect(published) as con:
        con.execute(
            "update meta.sources set state = 'stale', age_days = 3, message = 'timm: page results.csv 404' where source = 'timm'"
        )
        con.execute("update meta.sources set stale_on = null")
        con.execute("update meta.sources set stale_on = date '2020-02-02' where source = 'gpu_info'")
    log(env, run(DAY, "whole"))
    ended = command_here(env, "status")
    assert "sources      timm is stale (3 days" in ended.stdout
    assert "cadence: gpu_info (since 2020-02-02)\n" in ended.stdout
    tree = json.loads(command_here(env, "status", "--json").stdout)
    assert tree["not_fresh"] == [{"source": "timm", "state": "stale", "age_days": 3}]
    assert tree["overdue"] == [{"source": "gpu_info", "stale_on": "2020-02-02"}]


@pytest.mark.parametrize("age", ["a week", "8", "", "-", "8d!", "9" * 30 + "y"])
def test_what_is_no_age_is_wrong_usage(env: dict[str, str], age: str) -> None:
    # Not 1, which says that something is not well with the warehouse.
    ended = command_here(env, "status", "--max-age", age)
    assert (ended.returncode, ended.stdout) == (2, "")


@pytest.mark.usefixtures("published")
def test_it_fits_into_eighty_columns(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", env["COMPUTE_LIMITS_DATA"])
    log(env, run(DAY, "whole"))
    found = status.status(8 * DAY, NOW)
    stale = [(f"a_source_{at}", "stale", 100 + at, None) for at in range(9)]
    out = Console(file=io.StringIO(), width=80, force_terminal=True, record=True)
    for line in status.lines(status.Status(**{**vars(found), "sources": stale})):
        layouts.say(line, out)
    shown = out.export_text().splitlines()
    assert max(map(len, shown)) <= 80
    assert sum("a_source_" in line for line in shown) > 1
