"""The wheel carries what a build needs: SQL, expectations, TOML files and the facts that ship."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_wheel_builds_the_published_table(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path / "dist"),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COMPUTE_LIMITS")}
    environment["PYTHONPATH"] = str(site)
    subprocess.run(
        [sys.executable, "-m", "flows", "build"], cwd=elsewhere, env=environment, check=True, capture_output=True
    )
    query = "select count(*) as n from marts.reproduction where printed_in = 'figure_3' and agrees"
    asked = [sys.executable, "-m", "flows", "sql", query, "--format", "csv"]
    found = subprocess.run(asked, cwd=elsewhere, env=environment, check=True, capture_output=True, text=True)
    assert found.stdout == "n\n90\n"
    # An installed wheel keeps its data where it is run, not in site-packages.
    assert (elsewhere / "data" / "warehouse" / "compute_limits.duckdb").is_file()


def test_the_wheel_leaves_fetched_pages_out() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    carried = [
        line for line in told["tool"]["hatch"]["build"]["targets"]["wheel"]["include"] if line.startswith("data")
    ]
    kept = [f"data/raw/*/{name}" for name in ("snapshots.jsonl", "*.facts.csv", "accepted.jsonl")]
    assert carried == [*kept, "data/forecasts/register.jsonl", "data/ledger/shipped/**", "data/past/**"]


def test_the_lock_has_hashes_and_no_addresses() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?:|--index|--extra-index|--find-links|file:", lock)
    blocks = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)[1:]
    assert len(blocks) > 100
    assert all(re.match(r"[\w.-]+(\[[\w, ]+\])?==\S+ ", block) and "--hash=sha256:" in block for block in blocks)


def test_every_dependency_earns_its_line() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*told["dependencies"], *told["optional-dependencies"]["dev"]]
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Dependencies")[2]
    missing = [name for line in named if (name := re.split(r"[\[<>=]", line)[0]) not in table]
    assert missing == []
