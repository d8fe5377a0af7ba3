"""flows/pages/integrity.py and `compute-limits verify`: each thing that can be wrong is told, and nothing else is."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from running import command_here

from flows.pages import decisions, integrity, snapshots
from flows.pages.snapshots import Snapshot

SOURCE = "owid_carbon"
PAGE = "carbon-intensity-electricity.csv"
BODY = b"Entity,Code,Year,Carbon intensity of electricity - gCO2e/kWh\nUtopia,UTO,2000,1.0\n"


@pytest.fixture
def facts(shipped: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped, tmp_path / "facts"))


@pytest.fixture
def warehouse(warehouse_path: Path, tmp_path: Path) -> Path:
    path = tmp_path / "data" / "warehouse" / "compute_limits.duckdb"
    path.parent.mkdir(parents=True)
    return Path(shutil.copy(warehouse_path, path))


def wrong(raw: Path, facts: Path | None, warehouse: Path) -> list[tuple[str, str]]:
    """[(what was looked at, what is wrong)]."""
    return [(check.what, told) for check in integrity.checks(raw, facts, warehouse) for told in check.wrong]


def test_what_is_whole_is_ok_in_a_line_each(
    warehouse: Path, facts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COMPUTE_LIMITS_FACTS", str(facts))
    before = warehouse.read_bytes()
    ended = command_here(os.environ.copy(), "verify")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert all(line.startswith("ok    ") for line in lines)
    n = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in facts.glob("*/snapshots.jsonl"))
    assert f"ok    locks in {facts}: {n} versions of pages, 0 accepted" in lines
    assert f"ok    facts in {facts}: of {n} pages by their hash" in lines
    assert f"ok    {warehouse}: rows of pages are those of their bytes or facts" in lines
    assert warehouse.read_bytes() == before


def test_what_is_wrong_ends_with_status_1_and_says_what_to_do(
    facts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPUTE_LIMITS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COMPUTE_LIMITS_FACTS", str(facts))
    path = facts / "timm" / "result.facts.csv"
    text = path.read_text(encoding="utf-8")
    assert ",top1,90.056," in text
    path.write_text(text.replace(",top1,90.056,", ",top1,92.056,"), encoding="utf-8")
    ended = command_here(os.environ.copy(), "verify")
    assert ended.returncode == 1
    assert ended.stderr == "error: not as it should be: 1 of what is listed above; nothing was changed\n"
    at = ended.stdout.splitlines().index(next(line for line in ended.stdout.splitlines() if line.startswith("WRONG")))
    assert ended.stdout.splitlines()[at + 1].startswith(
        f"      timm: page results-imagenet.csv: its facts in {facts / 'timm'} are not those that the lock has the hash of"
    )
    assert "restore them from version control, or run `compute-limits bundle --source timm`" in ended.stdout
    assert f"no warehouse at {tmp_path / 'data'}" in ended.stdout


def test_facts_of_no_version_are_told(facts: Path, tmp_path: Path) -> None:
    path = facts / SOURCE / "page_count.facts.csv"
    header, row = path.read_text(encoding="utf-8").splitlines()
    path.write_text(f"{header}\n0000{row[4:]}\n", encoding="utf-8")
    ((what, told),) = wrong(tmp_path / "raw", facts, tmp_path / "none")
    assert what.startswith(f"facts in {facts}: of ")
    assert told.startswith(f"{SOURCE}: {path}, row 2, column sha256: '0000{row[4:8]}': no version in ")
    assert "`compute-limits bundle --source owid_carbon`" in told


def test_bytes_that_were_altered_are_told(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    sha256 = hashlib.sha256(BODY).hexdigest()
    line = Snapshot(SOURCE, PAGE, "https://example.org", sha256, len(BODY), "2026-01-01T00:00:00Z", None, None, "MIT")
    snapshots.keep(raw, line, BODY)
    assert wrong(raw, None, tmp_path / "none") == []
    line.path(raw).write_bytes(BODY + b"x")
    ((what, told),) = wrong(raw, None, tmp_path / "none")
    assert what == f"bytes in {raw}: 1 pages"
    assert told.startswith(f"{SOURCE}: page {PAGE}: {line.path(raw)} is not what the lock says (SHA-256 {sha256})")
    assert "`compute-limits refresh --source owid_carbon`" in told


def lock(facts: Path, change: Callable[[dict[str, object]], object]) -> None:
    path = facts / SOURCE / snapshots.LOCK
    line = json.loads(path.read_text(encoding="utf-8"))
    change(line)
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda line: line.update(byte_count="many"), "byte_count is 'many', not a number of bytes"),
        (lambda line: line.update(etag=5), "etag is '5', not a text"),
        (lambda line: line.update(source="timm"), "source is 'timm', not that of its folder"),
        (lambda line: line.update(more=5), "line 1: not a snapshot"),
        (lambda line: line.pop("licence"), "line 1: not a snapshot"),
    ],
)
def test_a_lock_that_is_not_well_formed_is_told(
    change: Callable[[dict[str, object]], object], told: str, facts: Path, tmp_path: Path
) -> None:
    lock(facts, change)
    said = wrong(tmp_path / "raw", facts, tmp_path / "none")
    assert told in said[0][1]
    assert str(facts / SOURCE / snapshots.LOCK) in said[0][1]


def test_a_decision_that_is_none_is_told(facts: Path, tmp_path: Path) -> None:
    (facts / SOURCE / decisions.ACCEPTED).write_text("yes\n", encoding="utf-8")
    ((_, told),) = wrong(tmp_path / "raw", facts, tmp_path / "none")
    assert f"{decisions.ACCEPTED}, line 1: not a decision" in told


def test_facts_that_are_gone_are_told(facts: Path, tmp_path: Path) -> None:
    for path in (facts / SOURCE).glob("*.facts.csv"):
        path.unlink()
    ((_, told),) = wrong(tmp_path / "raw", facts, tmp_path / "none")
    assert told.startswith(f"{SOURCE}: page {PAGE}: its facts in {facts / SOURCE} are not those")


def test_an_older_lock_has_no_hashes_and_that_is_said(facts: Path, tmp_path: Path) -> None:
    lock(facts, lambda line: line.pop("facts_sha256"))
    assert wrong(tmp_path / "raw", facts, tmp_path / "none") == []
    said = [check.what for check in integrity.checks(tmp_path / "raw", facts, tmp_path / "none")]
    assert any("1 without a hash (of 0.3 or older; `compute-limits bundle` gives them one)" in what for what in said)


ALTERED = {
    "update staging.result set value = value + 2 where source = 'timm' and locator = 'row 2'": (
        "timm, page results-imagenet.csv: other rows in staging.result; `compute-limits build --fresh` makes it anew"
    ),
    "update meta.pages set rows_read = rows_read + 1 where source = 'owid_carbon'": (
        "owid_carbon, page carbon-intensity-electricity.csv: 6333 rows read, 6332 + 0 + 0 accounted for"
    ),
    "update staging.cloud_region set page = 'nowhere.csv'": (
        "staging.cloud_region has 82 rows of mlco2, page nowhere.csv, which is no page in use"
    ),
}


def test_a_warehouse_that_was_altered_is_told(warehouse: Path, facts: Path, tmp_path: Path) -> None:
    with duckdb.connect(warehouse) as con:
        for statement in ALTERED:
            con.execute(statement)
    said = wrong(tmp_path / "raw", facts, warehouse)
    assert all("`compute-limits build --fresh` makes it anew" in told for _, told in said)
    assert [told for told in ALTERED.values() if told not in "\n".join(told for _, told in said)] == []
    # The regions of clouds are gone from their own page, too.
    others = [told for _, told in said if not any(text in told for text in ALTERED.values())]
    # A row of that number stands in two pages of timm.
    assert [told.partition(":")[0] for told in others] == [
        "mlco2, page impact.csv",
        "timm, page results-imagenet-real.csv",
    ]


def test_a_file_that_is_no_warehouse_is_told(facts: Path, tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_bytes(b"nothing" * 1000)
    ((_, told),) = wrong(tmp_path / "raw", facts, path)
    assert told.startswith(f"{path} is damaged or no warehouse; run `compute-limits build --fresh`")


def test_a_warehouse_of_another_version_is_told(facts: Path, tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    duckdb.connect(path).close()
    said = wrong(tmp_path / "raw", facts, path)
    assert said
    assert all("it cannot be read as a warehouse of this version" in told for _, told in said)


@pytest.mark.slow
def test_a_log_beside_it_is_set_aside_and_no_table_is_missed(
    warehouse: Path, facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Path(shutil.copy(warehouse, tmp_path / "other.duckdb"))
    with duckdb.connect(other, config={"wal_autocheckpoint": "1GB"}) as con:
        con.execute("drop table staging.result cascade")
        log = other.with_name(f"{other.name}.wal")
        shutil.copy(log, warehouse.with_name(f"{warehouse.name}.wal"))
    assert wrong(tmp_path / "raw", facts, warehouse) == []
    assert "is now compute_limits.duckdb.wal.aside-1" in capsys.readouterr().err


def test_a_warehouse_that_is_open_for_writing_elsewhere_is_not_called_wrong_in_itself(
    warehouse: Path, facts: Path, tmp_path: Path
) -> None:
    holds = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holds, str(warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"open\n"
        ((what, told),) = wrong(tmp_path / "raw", facts, warehouse)
        process.communicate()
    assert what == f"{warehouse}: can be read"
    assert f"is open for writing in process {process.pid}" in told
    assert "--fresh" not in told


@pytest.mark.slow
def test_a_bad_lock_hides_nothing_of_the_other_sources(warehouse: Path, facts: Path, tmp_path: Path) -> None:
    with duckdb.connect(warehouse) as con:
        con.execute("update staging.result set value = value + 2 where source = 'timm' and locator = 'row 2'")
    lock(facts, lambda line: line.pop("licence"))
    said = [told for what, told in wrong(tmp_path / "raw", facts, warehouse) if "rows of pages" in what]
    assert any("line 1: not a snapshot" in told for told in said)
    assert any(told.startswith("timm, page results-imagenet.csv: other rows") for told in said)
