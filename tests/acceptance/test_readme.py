"""The README, followed word by word in a fresh clone: every command in a console block prints what the block says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Commands of the README that stand in no console block, and what runs them.
ELSEWHERE = {
    "make test": "this suite",
    'compute-limits serve --cron "0 6 * * 1"': "tests/test_serve.py",
}


def blocks() -> list[tuple[str, list[str]]]:
    """[(command, lines that it is said to print)]."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


# What the README says outside of its console blocks, and the numbers of exports.numbers that it says there.
NUMBERS = {
    r"All (\d+) cells of Figure 3 come out": ["reproduced_figure_3_cells"],
    r"\*\*(Twenty-six) sources, reconciled": ["sources"],
    r"it takes \d+ requests for (\d+) pages": ["pages"],
    r"on demand ([\d.]+) times Epoch's\s+cost for TPUs and ([\d.]+) times for GPUs": [
        "tpu_on_demand_cost_ratio",
        "gpu_on_demand_cost_ratio",
    ],
    r"\(medians\), for three years ([\d.]+) and ([\d.]+)": ["tpu_3_years_cost_ratio", "gpu_3_years_cost_ratio"],
}
IN_WORDS = {"Twenty-six": "26"}


def matches(said: list[str], printed: list[str]) -> bool:
    """Whether the lines are those printed; a line of "…" stands for any number of lines."""
    pattern = "".join("(?:.*\n)*" if line.strip() == "…" else re.escape(line.rstrip()) + "[ ]*\n" for line in said)
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in printed)) is not None


def test_a_line_that_is_not_printed_is_noticed() -> None:
    assert matches(["a", "…", "c"], ["a", "b", "b", "c"])
    assert not matches(["a", "…", "c"], ["a", "b"])
    assert not matches(["a"], ["a", "b"])


def test_every_command_is_run_somewhere() -> None:
    indented = re.findall(
        r"^    (\S.*)$", re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    assert indented == list(ELSEWHERE)
    assert len(blocks()) >= 5


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone, with nothing but what is committed."""
    folder = tmp_path_factory.mktemp("stranger") / "compute-limits"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


@pytest.mark.parametrize("sentence", NUMBERS)
def test_numbers_in_its_sentences_are_those_of_the_warehouse(sentence: str, db: duckdb.DuckDBPyConnection) -> None:
    found = re.search(sentence, README)
    assert found is not None
    for said, number in zip(found.groups(), NUMBERS[sentence], strict=True):
        ((value,),) = db.execute("select value from exports.numbers where number = ?", [number]).fetchall()
        text = IN_WORDS.get(said, said)
        assert text == f"{value:.{len(text.partition('.')[2])}f}"


@pytest.mark.slow
@pytest.mark.long
def test_console_blocks(clone: Path, tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COMPUTE_LIMITS", "PREFECT"))
    }
    environment |= {"PATH": f"{clone / '.venv' / 'bin'}:{environment['PATH']}", "PREFECT_HOME": str(tmp_path)}
    # pip takes nearly a minute to compile all that it installs; what is imported is compiled then, once.
    environment |= {"PIP_COMPILE": "0", "PYTHONDONTWRITEBYTECODE": ""}
    for command, said in blocks():
        done = subprocess.run(
            command, shell=True, cwd=clone, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert matches(said, done.stdout.splitlines()), f"{command}\n{done.stdout}"


def test_the_picture_is_there_and_loads_nothing_from_outside() -> None:
    for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert text.startswith("<svg")
        assert "url(" not in text.replace("url(#", "")
