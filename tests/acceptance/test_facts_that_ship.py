"""The facts that ship: how much a clone and a wheel carry."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from running import ROOT

# What a clone may take for facts, those of past days with it.
_MOST_BYTES = 20_000_000


def test_the_facts_stay_small() -> None:
    files = [path for folder in ("raw", "past") for path in (ROOT / "data" / folder).rglob("*") if is_shipped(path)]
    assert len(files) > 100
    assert sum(path.stat().st_size for path in files) < _MOST_BYTES


def test_a_row_names_its_version_by_the_fewest_digits_that_do() -> None:
    folders = [path.parent for folder in ("raw", "past") for path in (ROOT / "data" / folder).glob("*/snapshots.jsonl")]
    assert len(folders) > 60
    for folder in folders:
        lines = (folder / "snapshots.jsonl").read_text(encoding="utf-8").splitlines()
        versions = {json.loads(line)["sha256"] for line in lines}
        named = set[str]()
        for path in folder.glob("*.facts.csv"):
            with path.open(newline="", encoding="utf-8") as handle:
                named |= {row[0] for row in list(csv.reader(handle))[1:]}
        for digits in named:
            assert sum(version.startswith(digits) for version in versions) == 1, folder
        (many,) = {len(digits) for digits in named} or {8}
        # One digit less would do for none, unless it were seven.
        assert many == 8 or len({version[: many - 1] for version in versions}) < len(versions), folder


def is_shipped(path: Path) -> bool:
    """Not the pages that a developer may have fetched beside them."""
    return path.name.endswith(".facts.csv") or path.name in ("snapshots.jsonl", "accepted.jsonl")
