"""The README, followed word by word in a fresh clone: every command in a console block prints what the block says."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import duckdb
import pytest

from flows import cluster, run_records
from flows.answers import layouts, query_limits, rendering
from flows.fits import calibration
from flows.pages import transport
from flows.publish.figures import style
from flows.warehouse import connection

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Commands of the README that stand in no console block, and what runs them.
ELSEWHERE = {
    "make test": "this suite",
    'compute-limits serve --cron "0 6 * * 1" --timezone Europe/Berlin': "tests/test_serve.py::test_the_readme_is_followed",
    "dask scheduler": "tests/dask_machines.py",
    "dask worker tcp://HOST:8786 --nthreads 1 --nworkers -1": "tests/dask_machines.py",
    "compute-limits build --dask tcp://HOST:8786": "tests/test_cluster.py",
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
    r"\*\*(Fifty-one) sources, reconciled": ["sources"],
    r"it takes \d+ requests for (\d+) pages": ["pages"],
    r"on demand ([\d.]+) times Epoch's\s+cost for TPUs and ([\d.]+) times for GPUs": [
        "tpu_on_demand_cost_ratio",
        "gpu_on_demand_cost_ratio",
    ],
    r"\(medians\), for three years ([\d.]+) and ([\d.]+)": ["tpu_3_years_cost_ratio", "gpu_3_years_cost_ratio"],
}
# Those that are no number for a text: what the warehouse is asked, in the order of the figures in the sentence.
ASKED = {
    r"left out: (twelve) declared rules": "select count(*) from staging.point_rule",
    r"(Twelve) rules say what is no point": "select count(*) from staging.point_rule",
    r"and some (\d+)\s+numbers for a paper": "select round(count(*), -2) from exports.numbers",
    r"and some (\d+) more, each with": "select round(count(*), -2) from exports.numbers",
    r"origins it held (\d+) % of later results,\s+the line's own (\d+) to (\d+) %": """
        with sets as (
            select form, avg(coverage_nominal) as by_line, avg(coverage_calibrated) as calibrated from marts.prediction_coverage
            where row_set = 'current' and selection = 'one_per_training' and horizon = 'all' and coverage_calibrated is not null
            group by form
        )
        select 100 * avg(calibrated), 100 * min(by_line), 100 * max(by_line) from sets
    """,
    r"MMLU at (\d+) % takes ([\de.]+) to ([\de.]+) Gflop, and (\d+) % of the\s+interval of USD": """
        select 100 * error, 10 ** log10_gflop_low, 10 ** log10_gflop_high, 100 * usd_share_form from marts.costs
        where row_set = 'current' and benchmark = 'mmlu' and form = 'stacked' and target = 'target_1' and scenario = 'h100_2026'
        and region = 'USA'
    """,
    r"the same error\s+costs a (fifteenth)": """
        select rate_flop_per_s / burden_rate_flop_per_s from core.scenarios where scenario = 'h100_2026' and region = 'USA'
    """,
    r"has every target in (ten) scenarios and (four) regions": """
        select count(distinct scenario), count(distinct region) from marts.costs
    """,
    r"Figure 1 compares (four) models": "select count(distinct model) from marts.theory",
    r"for the file of some (\d+) MB": "select round(block_size * total_blocks / 1e6, -1) from pragma_database_size()",
    r"interval by t, HC3, paper, and (four) bootstraps": """
        select count(distinct method) filter (method like '%boot%' or method like '%wild%' or method like '%bca%')
        from marts.intervals
    """,
}
_NEWEST_STATE = max((ROOT / "data" / "ledger" / "shipped").iterdir())
# What the code has as a setting, and a claim that another block of the README prints.
SET = {
    r"A query may take a (minute) and (\d+) GB": [
        query_limits.Limits().timeout_s / 60,
        query_limits.Limits().memory_bytes / 1e9,
    ],
    r"shows the first (\d+) on a terminal and\s+([\d,]+) elsewhere": [
        rendering._ROWS_ON_TERMINAL,
        rendering._ROWS_ELSEWHERE,
    ],
    r"records from ([\d,]+) characters a line on": [layouts.UNCUT],
    r"where fewer than (\d+) papers or models were scored": [calibration.SCORED_MIN],
    r"of a column \(([\d.]+) in\) and of a page \(([\d.]+) in\)": [style.WIDTHS_IN["column"], style.WIDTHS_IN["page"]],
    r"does not answer within (\d+) seconds, has no worker, or loses all of them for a (minute)": [
        cluster._CONNECT_S,
        cluster._ALONE_S / 60,
    ],
    r"Each page has (\d+) s; a host (three) of whose pages": [
        transport.Limits().deadline_s,
        transport.Limits().slow_pages_max,
    ],
    r"default: (\d+) MB, or a quarter of the machine's memory": [connection._MEMORY_MAX / 1e6],
    r"after (\d+) minutes nothing more is fetched": [transport.Limits().run_s / 60],
    r"the last (\d+) days are kept, and ([\d,]+) runs at most": [run_records.DAYS_KEPT, run_records.RUNS_KEPT],
    # Rounded up: of the states that ship the newest.
    r"adds a state of it, ([\d.]+) MB": [
        math.ceil(sum(file.stat().st_size for file in _NEWEST_STATE.iterdir()) / 1e5) / 10
    ],
    r"replication of Chinchilla's fit found \(([\d.]+), ([\d.]+), ([\d.]+)\)": [
        float(re.search(rf"^{name} +([\d.]+)$", README, re.MULTILINE)[1])
        for name in ("E", "alpha", "beta")  # type: ignore[index]
    ],
}
# Figures of no sentence above: names, versions and years; powers and signs in formulas; words that count what stands beside them.
NO_FIGURES = (
    r"arXiv 2007\.05558|Figures? \d|SHA-256|UTF-16|ResNet-50|Python 3\.11, 3\.12 or 3\.13|DuckDB client from 1\.2|CO2|K40, M40"
    r"|1080 Ti|FP32|ols_hc3"
    r"|rows of 2020,\s+|those of 2022|log10|10\^|1/b|1/error|operations × 3 × epochs|quantile:0\.1|is at most 1|Apache-2\.0|val2017"
    r"|exit status 1|else 0|brief's 1a to 2b|what 5 % error would take|takes \d+ requests for|some 90 lines|HC3"
    r"|between 7\.7 and 50|Prices of 2026|newest are of March 2025|prices of their own of 2025"
)
IN_WORDS = {
    "Fifty-one": "51",
    "twelve": "12",
    "Twelve": "12",
    "fifteenth": "15",
    "minute": "1",
    "three": "3",
    "four": "4",
    "five": "5",
    "ten": "10",
}


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


def lend_packages(clone: Path) -> None:
    """An environment that finds the packages of this one: make installs the clone, and of the lock what is missing here.

    Into an empty one CI has just installed the whole lock, by the same command.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(clone / ".venv")], check=True)
    own = Path(sysconfig.get_path("purelib", "venv", {"base": str(clone / ".venv")}))
    (own / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")


@pytest.mark.parametrize("sentence", NUMBERS)
def test_numbers_in_its_sentences_are_those_of_the_warehouse(sentence: str, db: duckdb.DuckDBPyConnection) -> None:
    found = re.search(sentence, README)
    assert found is not None
    for said, number in zip(found.groups(), NUMBERS[sentence], strict=True):
        ((value,),) = db.execute("select value from exports.numbers where number = ?", [number]).fetchall()
        text = IN_WORDS.get(said, said)
        assert text == f"{value:.{len(text.partition('.')[2])}f}"


def same(said: str, value: float) -> bool:
    """Whether a figure of the README is the value, in as many digits as it has."""
    text = IN_WORDS.get(said, said).replace(",", "")
    digits = len(text.partition("e")[0].partition(".")[2])
    return text == (f"{value:.{digits}e}".replace("e+", "e") if "e" in text else f"{value:.{digits}f}")


def test_a_figure_that_is_another_is_noticed() -> None:
    assert same("1.8e19", 1.84e19)
    assert same("Twelve", 12)
    assert same("10,000", 10_000)
    assert not same("1.8e19", 1.86e19)
    assert not same("96", 95.4)


@pytest.mark.parametrize("sentence", ASKED)
def test_other_figures_are_what_the_warehouse_answers(sentence: str, db: duckdb.DuckDBPyConnection) -> None:
    found = re.search(sentence, README)
    assert found is not None
    (values,) = db.execute(ASKED[sentence]).fetchall()
    assert [(said, value) for said, value in zip(found.groups(), values, strict=True) if not same(said, value)] == []


@pytest.mark.parametrize("sentence", SET)
def test_figures_of_settings_are_those_of_the_code(sentence: str) -> None:
    found = re.search(sentence, README)
    assert found is not None
    assert [one for one in zip(found.groups(), SET[sentence], strict=True) if not same(*one)] == []


def test_no_figure_of_its_prose_is_without_a_test() -> None:
    prose = re.sub(r"^```.*?^```|^    \S.*?$", "", README, flags=re.MULTILINE | re.DOTALL)
    for sentence in (*NUMBERS, *ASKED, *SET):
        found = re.search(sentence, prose)
        assert found is not None, sentence
        prose = prose[: found.start()] + re.sub(r"\d", "", found[0]) + prose[found.end() :]
    # Code and addresses say what is typed, and no more.
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)", "", prose)
    prose = re.sub(NO_FIGURES, "", prose)
    assert re.findall(r".{0,40}\d.{0,20}", prose) == []


@pytest.mark.slow
@pytest.mark.long
def test_console_blocks(clone: Path, tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COMPUTE_LIMITS", "PREFECT"))
    }
    environment |= {"PATH": f"{clone / '.venv' / 'bin'}:{environment['PATH']}", "PREFECT_HOME": str(tmp_path)}
    # pip takes nearly a minute to compile all that it installs; what is imported is compiled then, once.
    environment |= {"PIP_COMPILE": "0", "PYTHONDONTWRITEBYTECODE": ""}
    lend_packages(clone)
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
