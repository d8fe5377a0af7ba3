"""Past days on a fresh checkout: the same tables each time, those that the ledger has, whatever is fetched later."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
import running
from conftest import checksums

from flows import paths
from flows.pages import snapshots
from flows.pages.snapshots import Snapshot

STATES = sorted(path.name for path in paths.SHIPPED_LEDGER.glob("[0-9]*"))
DAYS = [name[:10] for name in STATES]


def build(folder: Path, day: str, *more: str) -> dict[str, str]:
    """{table: its checksum} of a warehouse as of a day, from what ships alone."""
    env = running.environment(folder / "data", folder / "prefect")
    ended = running.command(env, "build", "--as-of", day, *more)
    assert ended.returncode == 0, ended.stderr
    return checksums(folder / "data" / "warehouse" / "compute_limits.duckdb")


def test_five_days_ship() -> None:
    assert DAYS == ["2023-12-31", "2025-02-28", "2025-12-31", "2026-04-30", "2026-08-31"]


def test_each_state_says_which_came_before_it() -> None:
    states = [json.loads((paths.SHIPPED_LEDGER / name / "build.json").read_text()) for name in STATES]
    assert [state["before"] for state in states] == [None, *(state["build"] for state in states[:-1])]


@pytest.mark.parametrize(
    "day",
    [pytest.param(day, marks=[pytest.mark.soak, *([pytest.mark.slow] if day == DAYS[1] else [])]) for day in DAYS],
)
def test_a_past_day_is_built_again_as_it_was(day: str, tmp_path: Path) -> None:
    one = build(tmp_path / "one", day)
    # That a build is the same wherever it is made is asked of one day by test_same_everywhere.py too.
    for name in running.sample(full=("other",), part=()):
        assert build(tmp_path / name, day) == one
    path = tmp_path / "one" / "data" / "warehouse" / "compute_limits.duckdb"
    (state,) = paths.SHIPPED_LEDGER.glob(f"{day}-*")
    key = "benchmark, metric, compute_measure, quantity, target, scenario"
    with duckdb.connect(path, read_only=True) as con:
        ((as_of,),) = con.execute("select as_of::varchar from meta.runs").fetchall()
        numbers = dict(con.execute(f"select ({key}), value from marts.headline_numbers").fetchall())
        said = dict(
            con.execute(f"select ({key}), value from read_parquet(?)", [str(state / "numbers.parquet")]).fetchall()
        )
        told = {one for (one,) in con.execute(f"select ({key}) from marts.changes").fetchall()}
    assert as_of == day
    assert len(numbers) > 30
    assert said.keys() <= numbers.keys()
    # What is priced in scenarios that came since has no number of that day.
    since = numbers.keys() - said.keys()
    assert not {str(one[-1]) for one in since} & {str(one[-1]) for one in said}
    # Code since may have moved a number, and then the ledger tells of it; what it does not tell of is as it was, but for last
    # digits, which it does not tell of either.
    assert len(told) < len(numbers) / 2
    silent = said.keys() - told
    without = {one for one in silent if said[one] is None}
    assert {one for one in silent if numbers[one] is None} == without
    assert {one: numbers[one] for one in silent - without} == pytest.approx(
        {one: said[one] for one in silent - without}, rel=1e-9
    )
    # A version that came later, of a page that everything rests on.
    (line, *_) = snapshots.read(paths.SHIPPED_RAW, "timm")
    body = b"not what was there"
    later = vars(line) | {"sha256": snapshots.digest(body), "byte_count": len(body), "facts_sha256": None}
    snapshots.keep(tmp_path / "one" / "data" / "raw", Snapshot(**later), body)
    assert build(tmp_path / "one", day) == one


@pytest.mark.slow
def test_before_the_first_day_it_says_which_is_the_oldest(tmp_path: Path) -> None:
    env = running.environment(tmp_path / "data", tmp_path / "prefect")
    ended = running.command(env, "build", "--as-of", "2014-01-01")
    assert ended.returncode == 1
    assert "no source has a page of 2014-01-01 or before: the oldest is of 2023-12-31" in ended.stderr
