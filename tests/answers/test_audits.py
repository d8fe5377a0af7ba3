"""`compute-limits audit`: what it points at, in a few records written here and in the warehouse of the facts that ship."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hand_made import built
from rich.console import Console
from running import ROOT, command_here, environment

from flows.answers import audits, queries
from flows.answers.audits import Request
from flows.readers.row_types import Compute, Model, Result, RunPhase

LINE = ("row_set", "benchmark", "metric", "compute_measure")


def entry(source: str, name: str, top1: float, burden: float, number: int, *more: Any) -> tuple[Any, ...]:
    """A record of a paper of its own, with the burden that the page prints."""
    model = Model(name, year=2015 + number % 5, paper_url=f"https://arxiv.org/abs/1{number % 10}01.{number:05d}")
    return (
        source,
        model,
        Result("imagenet", "top1", top1),
        Compute("imagenet", "hardware_burden", burden, "flop"),
        *more,
    )


# Of seven models the error halves with each hundredfold computation, within a little; one does not follow them.
FEW = [
    entry("sheet", "Alpha", 60.0, 1e16, 1),
    entry("sheet", "Beta", 71.7, 1e17, 2),
    entry("sheet", "Gamma Net 50", 80.0, 1e18, 3),
    entry(
        "sheet", "Delta", 85.9, 1e19, 4, RunPhase("imagenet", "training", wall_time_s=1e8, wall_time_literal="3 years")
    ),
    entry("sheet", "Epsilon", 90.0, 1e20, 5),
    entry("sheet", "Outlier", 70.0, 1e21, 6),
    # Another list has Beta at four times the burden and Epsilon at 1.5 times; those of the sheet stand.
    entry("other", "Beta", 71.7, 4e17, 2),
    entry("other", "Epsilon", 90.0, 1.5e20, 5),
    # It looks like Gamma Net; the next has another number, and the third another score.
    entry("other", "gamma_net_50.trained_in1k", 80.1, 1.01e18, 7),
    entry("other", "gamma_net_51.trained_in1k", 80.1, 1.015e18, 8),
    entry("other", "Gamma-Net-50 (large)", 80.4, 1.01e18, 9),
]


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("few")
    with built(folder, FEW):
        return folder / "hand_made.duckdb"


def of_kind(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == kind]


@pytest.mark.slow
def test_what_decides_the_line_is_told_with_the_line_without_it(few: Path) -> None:
    rows = audits.items(few, Request("imagenet", limit=50))
    assert {row["compute_measure"] for row in rows} == {"hardware_burden"}
    names = ["Alpha", "Beta", "Gamma Net 50", "Delta", "Epsilon", "Outlier", *(row[1].name for row in FEW[-3:])]
    printed = {row[1].name: (row[3].value, 1 - row[2].value / 100) for row in reversed(FEW)}
    x, y = np.log10([printed[name][0] for name in names]), -np.log10([printed[name][1] for name in names])
    without = {name: 1 / np.polyfit(np.delete(x, at), np.delete(y, at), 1)[0] for at, name in enumerate(names)}
    assert {row["name"]: row["number"] for row in of_kind(rows, "influence")} == pytest.approx(without)
    slope, intercept = np.polyfit(x, y, 1)
    left = dict(zip(names, y - slope * x - intercept, strict=True))
    far = sorted(names, key=lambda name: -abs(left[name]))
    assert [row["name"] for row in of_kind(rows, "residual")][:3] == far[:3]
    (line,) = of_kind(rows, "line")
    assert line["number"] == pytest.approx(1 / slope)
    assert line["seen"].startswith("exponent ")
    first = of_kind(rows, "influence")[0]
    assert (first["name"], first["rank"], first["n_items"]) == ("Outlier", 1, len(names))
    assert (first["source"], first["page"], first["locator"], first["url"]) == (
        "sheet", "p", "row 6", "https://example.org/p",
    )  # fmt: skip


def test_findings_conflicts_unknowns_and_look_alikes(few: Path) -> None:
    rows = audits.items(few, Request("imagenet", limit=50))
    (finding,) = of_kind(rows, "finding")
    assert (finding["name"], finding["locator"]) == ("Delta", "row 4")
    assert finding["seen"].startswith("implausible_wall_time: ")
    # Twofold or more, and not one and a half.
    (conflict,) = of_kind(rows, "conflict")
    assert (conflict["name"], conflict["number"]) == ("Beta", pytest.approx(4))
    addresses = [(conflict[f"{which}source"], conflict[f"{which}locator"]) for which in ("", "other_")]
    assert addresses == [("sheet", "row 2"), ("other", "row 1")]
    # Of one burden a page tells the time; each year is known, no day is missing.
    assert {row["name"]: row["number"] for row in of_kind(rows, "unknown_count")} == {"scope": 8}
    assert {row["name"] for row in of_kind(rows, "unknown")} == {row[1].name for row in FEW} - {"Delta"}
    (alike,) = of_kind(rows, "look_alike")
    assert {alike["name"], alike["seen"].split(" (")[0].removeprefix("like ")} == {
        "Gamma Net 50", "gamma_net_50.trained_in1k",
    }  # fmt: skip
    assert alike["training_id"] != alike["other_training_id"]


def shown(path: Path, request: Request) -> list[str]:
    out = Console(file=io.StringIO(), record=True)
    audits.show(audits.items(path, request), out)
    return out.export_text().splitlines()


def test_it_is_read_from_above_in_eighty_columns(few: Path) -> None:
    lines = shown(few, Request("imagenet", limit=2))
    titles = [line for line in lines if re.search(r"\((\d+ of \d+|none|nothing|counts alone)\)$", line)]
    assert titles == [
        "Points that decide the line (2 of 9)",
        "Farthest from the line (2 of 9)",
        "Findings on its points (1 of 1)",
        "Sources that differ twofold or more (1 of 1)",
        "Unknown (2 of 8)",
        "Look-alikes: two trainings, or one? (1 of 1)",
    ]
    assert max(map(len, lines)) <= 80
    assert any(line.strip() == "other: other p row 1" for line in lines)


@pytest.mark.slow
def test_an_empty_section_says_so(tmp_path: Path) -> None:
    with built(tmp_path, FEW[:3] + FEW[4:5]):
        lines = shown(tmp_path / "hand_made.duckdb", Request())
    assert "Findings on its points (none)" in lines
    assert "Look-alikes: two trainings, or one? (none)" in lines
    # Four papers are few.
    assert "it rests on 4 papers, 4 trainers" in " ".join(line.strip() for line in lines)


@pytest.fixture(scope="module")
def everything(warehouse_path: Path) -> list[dict[str, Any]]:
    with queries.connect(warehouse_path) as con:
        cursor = con.execute("select * from marts.audit")
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_ranks_run_from_one_and_every_item_can_be_opened(
    everything: list[dict[str, Any]], db: duckdb.DuckDBPyConnection
) -> None:
    known = dict(db.execute("select source || ' ' || page, url from meta.pages").fetchall())
    for (*_, kind), group in groupby(everything, key=itemgetter(*LINE, "kind")):
        rows = list(group)
        assert [row["rank"] for row in rows] == list(range(1, min(rows[0]["n_items"], 50) + 1))
        for row in rows if kind not in ("line", "unknown_count") else []:
            assert row["url"] == known[f"{row['source']} {row['page']}"]
            assert row["locator"]


def test_what_decides_a_line_is_what_marts_influence_has(
    everything: list[dict[str, Any]], db: duckdb.DuckDBPyConnection
) -> None:
    rows = db.execute(
        f"select {', '.join(LINE)}, influence_rank, result_id, exponent_without from marts.influence "
        "join (select distinct row_set, headline as selection from staging.row_set where reconciled) "
        "using (row_set, selection) where form = 'polynomial' order by all"
    ).fetchall()
    mine = {(*(row[key] for key in LINE), row["rank"]): row for row in of_kind(everything, "influence")}
    assert len(rows) >= 100
    for *key, result_id, exponent in rows:
        assert mine[tuple(key)]["result_id"] == result_id
        assert mine[tuple(key)]["number"] == pytest.approx(exponent, rel=1e-9)


def test_look_alikes_are_two_points_of_one_line(
    everything: list[dict[str, Any]], db: duckdb.DuckDBPyConnection
) -> None:
    points = {
        (*line, source, page, locator): (training, error, compute)
        for *line, source, page, locator, training, error, compute in db.execute(
            "select points.row_set, points.benchmark, points.metric, points.compute_measure, results.source, results.page, "
            "results.locator, points.training_id, points.error, points.compute_flop from fits.points as points "
            "join core.results as results using (result_id)"
        ).fetchall()
    }
    alike = of_kind(everything, "look_alike")
    assert len(alike) >= 10
    for row in alike:
        line = tuple(row[key] for key in LINE)
        source, page, *locator = row["result_id"].removesuffix(f":{row['benchmark']}:{row['metric']}").split(":")
        one = points[(*line, source, page, ":".join(locator))]
        other = points[(*line, row["other_source"], row["other_page"], row["other_locator"])]
        assert one[0] == row["training_id"] != row["other_training_id"] == other[0]
        assert abs(one[1] - other[1]) <= 0.0015 + 1e-9
        assert max(one[2], other[2]) <= 1.03 * min(one[2], other[2])
        assert 0.9 <= row["number"] <= 1


def test_conflicts_are_twofold_the_worst_of_the_lines_own_measure_first(everything: list[dict[str, Any]]) -> None:
    conflicts = of_kind(everything, "conflict")
    assert min(row["number"] for row in conflicts) >= 2
    for line, group in groupby(conflicts, key=itemgetter(*LINE)):
        rows = list(group)
        own = [row["seen"].startswith((f"{line[2]}:", f"{line[3]}:")) for row in rows]
        assert own == sorted(own, reverse=True)
        same = zip(own, own[1:], pairwise(row["number"] for row in rows), strict=False)
        assert all(one >= other for mine, yours, (one, other) in same if mine == yours)
    # The authors' own correction: 65 times their burden of before (current.md, rule 4).
    assert any("MnasNet" in row["name"] and row["number"] > 50 for row in conflicts)


def test_a_line_of_few_trainers_says_so(warehouse_path: Path) -> None:
    """COCO's burdens on val2017 are of three model zoos: Detectron, Detectron2 and NVIDIA."""
    (line,) = of_kind(audits.items(warehouse_path, Request("coco")), "line")
    assert line["seen"].endswith("it rests on 3 trainers")
    (line,) = of_kind(audits.items(warehouse_path, Request("imagenet")), "line")
    assert "rests on" not in line["seen"]


def test_measure_metric_and_names_near(warehouse_path: Path) -> None:
    rows = audits.items(warehouse_path, Request("imagenet", measure="operations_per_pass", limit=7))
    assert {row["compute_measure"] for row in rows} == {"operations_per_pass"}
    assert len(of_kind(rows, "residual")) == 7
    assert {row["metric"] for row in audits.items(warehouse_path, Request("squad"))} == {"em", "f1"}
    assert {row["metric"] for row in audits.items(warehouse_path, Request("squad", metric="f1"))} == {"f1"}
    # Language models have no burden.
    assert {row["compute_measure"] for row in audits.items(warehouse_path, Request("mmlu"))} == {"training_compute"}
    with pytest.raises(queries.QueryError, match="no line of benchmark 'imagnet'; near it: 'imagenet'"):
        audits.items(warehouse_path, Request("imagnet"))
    with pytest.raises(queries.QueryError, match="no line of compute measure 'training_compute'; near it: "):
        audits.items(warehouse_path, Request("coco", measure="training_compute"))


def test_without_a_warehouse_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(queries.QueryError, match="compute-limits build"):
        audits.items(tmp_path / "none.duckdb", Request())


def test_the_command_line(warehouse_path: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "warehouse").mkdir(parents=True)
    shutil.copyfile(warehouse_path, tmp_path / "data" / "warehouse" / "compute_limits.duckdb")
    env = environment(tmp_path / "data", tmp_path / "prefect")
    before = (tmp_path / "data" / "warehouse" / "compute_limits.duckdb").read_bytes()
    ended = command_here(env, "audit", "imagenet")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert max(map(len, ended.stdout.splitlines())) <= 80
    assert "Points that decide the line (5 of " in ended.stdout
    ended = command_here(env, "audit")
    assert "Points that decide the line (1 of " in ended.stdout
    assert len(re.findall("^Points that decide", ended.stdout, re.MULTILINE)) >= 20
    answer = json.loads(command_here(env, "audit", "imagenet", "--format", "json", "--limit", "2").stdout)
    printed = command_here(env, "audit", "imagenet", "--format", "csv", "--limit", "2").stdout
    assert [row["seen"] for row in csv.DictReader(io.StringIO(printed))] == [row["seen"] for row in answer]
    command_here(env, "audit", "imagenet", "--format", "csv", "--limit", "2", "--output", str(tmp_path / "a.csv"))
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == printed
    ended = command_here(env, "audit", "imagnet")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "error: no line of benchmark 'imagnet'; near it: 'imagenet'\n"
    assert command_here(env, "audit", "--limit", "0").returncode == 2
    assert (tmp_path / "data" / "warehouse" / "compute_limits.duckdb").read_bytes() == before


def test_the_readmes_question_about_conflicts_has_an_answer(warehouse_path: Path) -> None:
    """Which sources disagree on ResNet-50: each spells and keys the name in its own way."""
    (query,) = re.findall(
        r'^\$ compute-limits sql "(.*from conflicts.*?)"', (ROOT / "README.md").read_text("utf-8"), re.M
    )
    assert "name_key = 'resnet50'" in query
    assert queries.run(warehouse_path, query).rows
