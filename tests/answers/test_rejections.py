"""`compute-limits quarantine`: what was rejected, why, and where it stands."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from rich.console import Console
from running import ROOT, command_here, environment

from flows.answers import rejections
from flows.answers.rejections import COLUMNS


@pytest.fixture
def env(tmp_path: Path, warehouse_path: Path) -> dict[str, str]:
    return environment(warehouse_path.parents[1], tmp_path / "prefect")


def of_facts(name: str) -> Counter[tuple[str, str]]:
    """{(source, rule): how many} in the facts files that ship."""
    found: Counter[tuple[str, str]] = Counter()
    for path in (ROOT / "data" / "raw").glob(f"*/{name}.facts.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            found.update((path.parent.name, row["rule"]) for row in csv.DictReader(handle))
    return found


def test_all_is_told_as_the_facts_have_it(env: dict[str, str]) -> None:
    told = command_here(env, "quarantine", "--csv")
    assert (told.returncode, told.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(told.stdout, newline="")))
    for what, name in (("record", "quarantine"), ("cell", "rejected_cell")):
        mine = [row for row in rows if row["what"] == what]
        counted = Counter((row["source"], row["rule"]) for row in mine)
        assert counted == of_facts(name) != {}
        assert all(int(row["n_of_rule"]) == counted[row["source"], row["rule"]] for row in mine)
    assert all(row["reason"] and row["locator"] and row["url"].startswith("https://") for row in rows)
    told = command_here(env, "quarantine", "--json")
    assert [tuple(row) for row in json.loads(told.stdout)] == [COLUMNS] * len(rows)


def test_one_record_as_its_page_has_it(env: dict[str, str]) -> None:
    with (ROOT / "data/raw/codecarbon/quarantine.facts.csv").open(encoding="utf-8", newline="") as handle:
        fact = next(csv.DictReader(handle))
    found = json.loads(command_here(env, "quarantine", "codecarbon", "--json").stdout)
    (row,) = [row for row in found if row["what"] == "record" and row["locator"] == fact["locator"]]
    assert {name: row[name] for name in ("page", "column_name", "literal", "rule", "reason")} == {
        name: fact[name] for name in ("page", "column_name", "literal", "rule", "reason")
    }
    with (ROOT / "data/raw/codecarbon/snapshots.jsonl").open(encoding="utf-8") as lock:
        assert row["url"] in {line["url"] for line in map(json.loads, lock) if line["page"] == fact["page"]}


def test_the_terminal_has_counts_of_all_and_some_of_one(env: dict[str, str]) -> None:
    shown = command_here(env, "quarantine").stdout
    for (source, rule), count in of_facts("quarantine").items():
        of_source = re.split(
            r"\n(?=\S)", shown[shown.index(f"\n{source}: ") if f"\n{source}: " in shown else 0 :].lstrip()
        )[0]
        assert f"  {rule} ({count} record{'' if count == 1 else 's'})" in of_source
    shown = command_here(env, "quarantine", "gpu_info").stdout
    assert "  header_row (54 records)" in shown
    assert "… and 51 more" in shown
    assert "gpu.json: https://" in shown
    assert [line for line in shown.splitlines() if len(line) > 80 and "://" not in line] == []


def test_a_source_that_is_none_and_two_forms_at_once(env: dict[str, str]) -> None:
    ended = command_here(env, "quarantine", "gpu_inf")
    near = "near it: 'gpu_info', 'gpu_cloud_prices', 'gpu_rental_tracker'"
    assert (ended.returncode, ended.stderr) == (1, f"error: no source 'gpu_inf'; {near}\n")
    ended = command_here(env, "quarantine", "--csv", "--json")
    assert (ended.returncode, ended.stderr) == (1, "error: give either --json or --csv\n")


def test_what_a_page_says_is_shown_and_not_obeyed() -> None:
    row = dict.fromkeys(COLUMNS, "x") | {
        "what": "cell",
        "n_of_rule": 1,
        "literal": "[red]\x1b[31m" + "y" * 100,
        "page": "[b]p",
    }
    out = Console(file=io.StringIO(), width=80, record=True)
    rejections.show([row], out, counts_alone=False)
    shown = out.export_text()
    assert r"'[red]\x1b[31myyy" in shown.replace("\n", "")
    assert "[b]p" in shown
    assert "y" * 61 not in shown
    rejections.show([], out, counts_alone=True)
    assert out.export_text() == "nothing was rejected\n"


def test_nothing_is_lost_on_the_way(db: duckdb.DuckDBPyConnection, env: dict[str, str]) -> None:
    ((records,),) = db.execute("select sum(rows_quarantined)::int from meta.sources").fetchall()
    ((cells,),) = db.execute("select sum(cells_rejected)::int from meta.sources").fetchall()
    db.close()
    found = Counter(row["what"] for row in json.loads(command_here(env, "quarantine", "--json").stdout))
    assert found == {"record": records, "cell": cells}
