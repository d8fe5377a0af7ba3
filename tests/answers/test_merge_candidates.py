"""`compute-limits review`: candidates for a person to judge, and nothing merged by them."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hand_made import built

from flows import cli, paths
from flows.answers import merge_candidates, queries
from flows.readers.row_types import Model, Processor, Result

pytestmark = pytest.mark.slow


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture
def published(warehouse_path: Path) -> Path:
    """A copy of the shared warehouse where the command looks for it."""
    paths.warehouse().parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(warehouse_path, paths.warehouse())
    return paths.warehouse()


def test_candidates_are_written_and_no_table_is_changed(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = published.read_bytes()
    cli.review(tmp_path / "one.csv")
    assert published.read_bytes() == before
    cli.review(tmp_path / "other.csv")
    body = (tmp_path / "one.csv").read_bytes()
    assert body == (tmp_path / "other.csv").read_bytes()
    assert b"\r" not in body
    found = lines(tmp_path / "one.csv")
    assert f"{len(found)} candidates in {tmp_path / 'one.csv'}" in capsys.readouterr().out
    assert found
    assert {line["kind"] for line in found} == {"model", "processor"}
    assert all(float(line["score"]) >= merge_candidates.SCORE for line in found)
    for kind in ("model", "processor"):
        ranked = [(bool(line["both_are_points_of"]), float(line["score"])) for line in found if line["kind"] == kind]
        assert ranked == sorted(ranked, reverse=True)
    # First what would change a line.
    assert found[0]["both_are_points_of"]


def test_a_candidate_is_of_two_things_that_stand_apart(
    published: Path, tmp_path: Path, db: duckdb.DuckDBPyConnection
) -> None:
    merge_candidates.write(published, tmp_path / "merges.csv")
    known = {
        "model": dict(db.execute("select model_id, name from core.models").fetchall()),
        "processor": {key: key for (key,) in db.execute("select processor_id from core.processors").fetchall()},
    }
    for line in lines(tmp_path / "merges.csv"):
        assert line["what_id"] != line["into_id"]
        assert known[line["kind"]][line["what_id"]] == line["what"]
        assert known[line["kind"]][line["into_id"]] == line["into_name"]


def test_nothing_is_merged_by_a_score(tmp_path: Path) -> None:
    """Names as alike as names get, in the same words: two models, and a candidate."""
    records: list[tuple[Any, ...]] = [
        ("zoo", Model("Very Deep Network"), Result("coco", "box_ap", 40.0)),
        ("zoo", Model("Network Very Deep"), Result("coco", "box_ap", 41.0)),
        ("zoo", Model("Very Deep Network"), Result("imagenet", "top1", 41.0)),  # of another benchmark
        ("zoo", Processor("Abacus Counter 1 SE"), Model("Something else"), Result("coco", "box_ap", 1.0)),
        ("zoo", Processor("Abacus Counter 1 SX"), Model("Other"), Result("coco", "box_ap", 2.0)),
    ]
    with built(tmp_path, records, only=("core", "fits.points")) as db:
        assert db.execute("select count(*) from core.models").fetchone() == (5,)
        assert db.execute("select count(*) from core.processors").fetchone() == (2,)
        assert db.execute("select count(*) from core.merges").fetchone() == (0,)
    assert merge_candidates.write(tmp_path / "hand_made.duckdb", tmp_path / "folder" / "merges.csv") == 2
    assert [list(line.values()) for line in lines(tmp_path / "folder" / "merges.csv")] == [
        [
            "model",
            "100.0",
            "Network Very Deep",
            "Very Deep Network",
            "coco#networkverydeep",
            "coco#verydeepnetwork",
            "",
        ],
        ["processor", "94.7", *["Abacus Counter 1 SE", "Abacus Counter 1 SX"] * 2, ""],
    ]


def test_without_a_warehouse_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(queries.QueryError, match="compute-limits refresh"):
        merge_candidates.write(tmp_path / "none.duckdb", tmp_path / "merges.csv")
    assert not (tmp_path / "merges.csv").exists()


def test_names_with_other_numbers_are_no_candidates(tmp_path: Path) -> None:
    records: list[tuple[Any, ...]] = [
        ("zoo", Model("Very Deep Network 101"), Result("coco", "box_ap", 40.0)),
        ("zoo", Model("Very Deep Network 110"), Result("coco", "box_ap", 41.0)),
        ("zoo", Model("Very Deep Networks 101"), Result("coco", "box_ap", 41.0)),
    ]
    with built(tmp_path, records, only=("core", "fits.points")):
        pass
    assert merge_candidates.write(tmp_path / "hand_made.duckdb", tmp_path / "merges.csv") == 1
    (line,) = lines(tmp_path / "merges.csv")
    assert {line["what"], line["into_name"]} == {"Very Deep Network 101", "Very Deep Networks 101"}
