"""The facts that ship: how much a clone and a wheel carry."""

from __future__ import annotations

from pathlib import Path

from running import ROOT

# What a clone may take for facts, those of past days with it.
_MOST_BYTES = 20_000_000


def test_the_facts_stay_small() -> None:
    files = [path for folder in ("raw", "past") for path in (ROOT / "data" / folder).rglob("*") if is_shipped(path)]
    assert len(files) > 100
    assert sum(path.stat().st_size for path in files) < _MOST_BYTES


def is_shipped(path: Path) -> bool:
    """Not the pages that a developer may have fetched beside them."""
    return path.name.endswith(".facts.csv") or path.name in ("snapshots.jsonl", "accepted.jsonl")
