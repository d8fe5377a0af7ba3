"""Where things are: the data folder and the facts that ship, by the environment or beside the code."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import ROOT

from flows import paths
from flows.errors import UserError


def test_the_data_folder_is_the_checkouts_unless_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(tmp_path / "mine"))
    assert paths.raw() == tmp_path / "mine" / "raw"
    assert paths.warehouse() == tmp_path / "mine" / "warehouse" / "compute_limits.duckdb"
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", "")
    assert paths.data() == ROOT / "data"


def test_a_named_folder_is_that_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", "here")
    assert paths.data() == tmp_path / "here"
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", "~/there")
    assert paths.data() == tmp_path / "home" / "there"


def test_a_data_folder_that_is_a_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(tmp_path / "file"))
    for place in (paths.data, paths.raw, paths.warehouse, paths.register):
        with pytest.raises(UserError, match=r"COMPUTE_LIMITS_DATA=.*/file is a file; it names the folder of the data"):
            place()


def test_the_facts_that_ship_may_be_others_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.shipped_raw() == ROOT / "data" / "raw"
    monkeypatch.setenv("COMPUTE_LIMITS_FACTS", str(tmp_path))
    assert paths.shipped_raw() == tmp_path
    monkeypatch.setenv("COMPUTE_LIMITS_FACTS", "")
    assert paths.shipped_raw() is None


def test_what_the_code_needs_lies_beside_it() -> None:
    assert list(paths.SQL.glob("core/*.sql"))
    assert list(paths.EXPECTATIONS.glob("*.json"))
    assert list(paths.SHIPPED_RAW.glob("*/snapshots.jsonl"))


def test_the_register_is_that_of_the_data_folder_else_what_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(tmp_path))
    assert paths.register_in_use() == paths.SHIPPED_REGISTER == ROOT / "data" / "forecasts" / "register.jsonl"
    monkeypatch.setenv("COMPUTE_LIMITS_FACTS", "")
    assert paths.register_in_use() is None
    paths.register().parent.mkdir()
    paths.register().touch()
    assert paths.register_in_use() == tmp_path / "forecasts" / "register.jsonl"
