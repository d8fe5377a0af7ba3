"""The notebook, run as a script: from the warehouse to a figure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from running import ROOT, environment

NOTEBOOK = ROOT / "notebooks" / "from_warehouse_to_figure.py"


@pytest.mark.soak
@pytest.mark.parametrize(
    ("benchmark", "title"), [("imagenet", "ImageNet"), pytest.param("mmlu", "MMLU", marks=pytest.mark.slow)]
)
def test_it_draws_the_figure_of_a_benchmark(benchmark: str, title: str, tmp_path: Path, warehouse_path: Path) -> None:
    env = environment(warehouse_path.parents[1], tmp_path) | {"PYTHONPATH": str(ROOT), "MPLCONFIGDIR": str(tmp_path)}
    drawn = []
    for name in ("once.svg", "again.svg"):
        output = tmp_path / name
        arguments = [sys.executable, str(NOTEBOOK), "--", "--benchmark", benchmark, "--output", str(output)]
        ended = subprocess.run(arguments, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        drawn.append(output.read_text(encoding="utf-8"))
    assert drawn[0] == drawn[1]
    # The title, which the SVG has as a comment before its outlines.
    assert f"<!-- {title}: computation rises with the " in drawn[0]


@pytest.mark.slow
def test_a_benchmark_that_is_not_there_is_said_with_those_near_it(tmp_path: Path, warehouse_path: Path) -> None:
    env = environment(warehouse_path.parents[1], tmp_path) | {"PYTHONPATH": str(ROOT), "MPLCONFIGDIR": str(tmp_path)}
    arguments = [sys.executable, str(NOTEBOOK), "--", "--benchmark", "imagnet", "--output", str(tmp_path / "out.svg")]
    ended = subprocess.run(arguments, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "no benchmark 'imagnet' has a line that leads; near it: 'imagenet'" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "out.svg").exists()
