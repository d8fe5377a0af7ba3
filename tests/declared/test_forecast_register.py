"""The register of forecasts: nothing in it is changed, taken out or written twice, and what is wrong is said with its place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from running import files_of_at_most
from scipy import stats

from flows import paths
from flows.declared import forecast_register
from flows.declared.forecast_register import RegisterError

STATEMENT: dict[str, Any] = {
    "kind": "forecast",
    "made_on": "2026-01-31",
    "information_until": "2026-01-31",
    "horizon_start": "2026-01-31",
    "horizon_end": "2027-01-31",
    "horizon_years": 1,
    "row_set": "current",
    "benchmark": "mmlu",
    "metric": "accuracy",
    "compute_measure": "training_compute",
    "selection": "one_per_training",
    "quantity": "error_at_computation",
    "at_log10": 25.0,
    "within_decades": 0.25,
    "method": "line",
    "location": -1.0,
    "scale": 0.1,
    "degrees_of_freedom": 20.0,
    "quantiles": [[0.25, -1.1], [0.5, -1.0], [0.75, -0.9]],
    "warehouse": "abc",
    "code_version": "1",
}


def statements(many: int, **changed: Any) -> list[dict[str, Any]]:
    return [STATEMENT | {"at_log10": 20.0 + at} | changed for at in range(many)]


@pytest.fixture
def register(tmp_path: Path) -> Path:
    path = tmp_path / "forecasts" / "register.jsonl"
    assert forecast_register.append(path, statements(3)) == 3
    return path


def test_what_is_written_is_read_and_added_to(register: Path) -> None:
    before = register.read_bytes()
    assert forecast_register.append(register, statements(2, method="drift")) == 2
    assert register.read_bytes().startswith(before)
    lines = forecast_register.read(register)
    assert [line.method for line in lines] == ["line"] * 3 + ["drift"] * 2
    assert [line.previous for line in lines[1:]] == [line.id for line in lines[:-1]]


def test_no_statement_is_written_twice_and_none_of_its_company_is(register: Path) -> None:
    before = register.read_bytes()
    again = [*statements(1, method="drift"), *statements(1, location=-2.0, warehouse="other")]
    with pytest.raises(
        RegisterError, match=r"on mmlu, error_at_computation by line until 2027-01-31 is registered already"
    ):
        forecast_register.append(register, again)
    assert register.read_bytes() == before


def test_a_line_that_was_changed_or_taken_out_is_told(register: Path) -> None:
    lines = register.read_text().splitlines(keepends=True)
    register.write_text(lines[0] + lines[1].replace('"scale":0.1', '"scale":0.2') + lines[2])
    with pytest.raises(RegisterError, match=rf"{register}: line 2: id: is not that of the rest of the line"):
        forecast_register.read(register)
    register.write_text(lines[0] + lines[2])
    with pytest.raises(RegisterError, match="line 2: previous: is not the id of the line before"):
        forecast_register.read(register)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"scale": -1.0}, "scale: input should be greater than 0"),
        ({"quantity": "error"}, "quantity: input should be 'error_at_computation'"),
        ({"made_on": "yesterday"}, "made_on: input should be a valid date"),
        ({"colour": "red"}, "colour: extra inputs are not permitted"),
        ({"quantiles": [[0.5, 1.0], [0.75, 0.5]]}, "quantiles: do not increase"),
        ({"information_until": "2026-02-01"}, "information_until: is after the day it is of"),
        ({"horizon_start": "2028-01-31"}, "information_until: is after the day"),
    ],
)
def test_a_line_that_is_none_is_told_with_its_key(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    path, content = tmp_path / "register.jsonl", {"previous": "0" * 64} | STATEMENT | changed
    path.write_text(json.dumps({"id": forecast_register.digest(content)} | content) + "\n")
    with pytest.raises(RegisterError) as told:
        forecast_register.read(path)
    assert str(told.value).startswith(f"{path}: line 1: {said}")
    with pytest.raises(RegisterError):
        forecast_register.append(tmp_path / "other.jsonl", [STATEMENT | changed])
    assert not (tmp_path / "other.jsonl").exists()
    path.write_text("{\n")
    with pytest.raises(RegisterError, match="line 1: the whole line: "):
        forecast_register.read(path)


def test_a_register_begins_with_what_shipped(register: Path, tmp_path: Path) -> None:
    own, shipped = tmp_path / "own.jsonl", register.read_bytes()
    forecast_register.append(own, statements(1, method="drift"), register)
    assert own.read_bytes().startswith(shipped)
    assert register.read_bytes() == shipped
    assert len(forecast_register.read(own)) == 4
    # It goes on with its own, and says so of what is in it.
    with pytest.raises(RegisterError, match="registered already"):
        forecast_register.append(own, statements(1), register)


def test_a_write_that_fails_or_is_killed_leaves_the_register_as_it_was(
    register: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, more = register.read_bytes(), statements(200, method="drift")
    with files_of_at_most(len(before) + 5_000), pytest.raises(OSError, match="File too large"):
        forecast_register.append(register, more)
    assert [path.name for path in register.parent.iterdir()] == [register.name]
    with monkeypatch.context() as patched:
        # What is killed here has written all and renamed nothing.
        patched.setattr(os, "fsync", lambda _: os._exit(9))
        if (child := os.fork()) == 0:
            forecast_register.append(register, more)
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert register.read_bytes() == before
    # Half of them would keep the others out, as registered already.
    assert forecast_register.append(register, more) == 200
    assert len(forecast_register.read(register)) == 203
    assert [path.name for path in register.parent.iterdir()] == [register.name]


def test_several_that_register_at_once_are_all_there(register: Path) -> None:
    script = (
        "import pathlib, sys, json; from flows.declared import forecast_register\n"
        "said = json.loads(sys.argv[2])\n"
        "for at in range(40): forecast_register.append(pathlib.Path(sys.argv[1]), [said | {'at_log10': 20.0 + at}])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(register), json.dumps(STATEMENT | {"method": method})], env=environment
        )
        for method in ("drift", "last_value", "calibrated")
    ]
    assert [process.wait(120) for process in started] == [0, 0, 0]
    assert len(forecast_register.read(register)) == 123


def test_a_last_line_without_its_end_is_followed_by_another(register: Path) -> None:
    register.write_bytes(register.read_bytes().rstrip(b"\n"))
    forecast_register.append(register, statements(1, method="drift"))
    assert len(forecast_register.read(register)) == 4


def test_for_a_build_as_of_a_day_later_statements_do_not_exist(register: Path) -> None:
    forecast_register.append(register, statements(1, made_on="2026-03-31"))
    assert len(forecast_register.rows(register, date(2026, 3, 31))["forecast"]) == 4
    found = forecast_register.rows(register, date(2026, 3, 30))
    assert len(found["forecast"]) == 3
    assert {row.statement for row in found["forecast_quantile"]} == {row.statement for row in found["forecast"]}
    assert len(found["forecast_quantile"]) == 9


def test_what_ships_is_whole_and_its_quantiles_are_of_its_distributions() -> None:
    lines = forecast_register.read(paths.SHIPPED_REGISTER)
    hindcasts = [line for line in lines if line.kind == "hindcast"]
    assert len(hindcasts) > 100
    assert {line.information_until for line in hindcasts} == {date(2022, 12, 31)}
    assert {line.quantity for line in hindcasts} == {
        "error_at_computation",
        "computation_of_error",
        "computation_growth",
    }
    for line in lines:
        levels, values = zip(*line.quantiles, strict=True)
        expected = stats.t.ppf(levels, line.degrees_of_freedom, line.location, line.scale)
        assert values == pytest.approx(expected, abs=1e-4), line.id
