"""The report: the published table beside today's, and its picture."""

from __future__ import annotations

import io
import re
import shutil
import typing
from pathlib import Path

import duckdb
from rich.console import Console

from flows import paths, sources
from flows.pages import states
from flows.publish import reports


def test_the_published_table_is_shown_as_in_the_paper(warehouse_path: Path) -> None:
    out = Console(file=io.StringIO(), width=118, record=True)
    reports.show(warehouse_path, out)
    text = out.export_text()
    lines = text.splitlines()
    (first,) = [line for line in lines if re.search(r"ImageNet +│ top1 +│ today +│ +11.5 ", line)]
    # Figure 3, ImageNet today: 14, 6, 6 in both forms.
    assert [int(cell) for cell in re.findall(r"\d+", first.partition("11.5")[2])] == [14, 6, 6, 14, 6, 6]
    # The target of 5 % is beyond what the points support, in both forms: starred.
    target = lines[lines.index(first) + 1]
    powers = re.findall(r"\*?\d+", target.partition(" 5 ")[2])
    assert powers == ["*19", "10", "11", "*27", "19", "19"]
    assert "figure_3 90 of 90" in text


def test_a_line_of_few_trainers_says_so_beside_its_numbers(warehouse_path: Path) -> None:
    """COCO's burdens on val2017 are of three model zoos; the published rows are of as many papers as there are points."""
    out = Console(file=io.StringIO(), width=118, record=True)
    reports.show(warehouse_path, out)
    lines = out.export_text().splitlines()
    few = [at for at, line in enumerate(lines) if re.match(r"│ \(\d+ (trainer|paper)", line)]
    assert [lines[at].split("│")[1].strip() for at in few] == ["(3 trainers)"]
    assert re.match(r"│ MS COCO +│ box_ap │ today ", lines[few[0] - 1])
    assert any("rest on so few" in line for line in lines)


def test_the_picture_has_the_same_figures_and_loads_nothing(warehouse_path: Path, tmp_path: Path) -> None:
    reports.draw(warehouse_path, tmp_path / "a.svg")
    reports.draw(warehouse_path, tmp_path / "b.svg")
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert (tmp_path / "b.svg").read_bytes() == (tmp_path / "a.svg").read_bytes()
    assert text.startswith("<svg")
    assert not re.search(r"url\((?!#)|@font-face|@import|<script|href=", text)
    assert "figure_3" in text
    assert "90" in text


def test_the_report_of_a_benchmark_that_no_domain_names(warehouse_path: Path, tmp_path: Path) -> None:
    path = shutil.copy(warehouse_path, tmp_path / "copy.duckdb")
    with duckdb.connect(path) as con:
        con.execute("insert into exports.figure_3_costs by name (select * replace ('new' as benchmark) "
                    "from exports.figure_3_costs where row_set = 'paper_v1' and benchmark = 'imagenet')")  # fmt: skip
    out = Console(file=io.StringIO(), width=118, record=True)
    reports.show(path, out)
    lines = out.export_text().splitlines()
    at = next(at for at, line in enumerate(lines) if re.match(r"│ new +│ top1", line))
    # In the paper's order: today, then the targets.
    assert [re.search(r"today|target \d", line)[0] for line in lines[at : at + 3]] == ["today", "target 1", "target 2"]


def shown_with(warehouse: Path, folder: Path, others: dict[str, tuple[str, int | None, str | None]]) -> list[str]:
    """The lines of a report on a copy of the warehouse in which some sources have another state, age and message."""
    path = Path(shutil.copy(warehouse, folder / "copy.duckdb"))
    with duckdb.connect(path) as con:
        for source, values in others.items():
            change = "update meta.sources set state = ?, age_days = ?, message = ? where source = ?"
            con.execute(change, [*values, source])
    out = Console(file=io.StringIO(), width=118, record=True)
    reports.show(path, out, ["one"])
    return out.export_text().splitlines()


def test_a_report_of_a_whole_build_says_nothing_of_degraded(warehouse_path: Path, tmp_path: Path) -> None:
    shown = shown_with(warehouse_path, tmp_path, {"timm": ("fetched", None, "a warning")})
    assert shown[-1] == "warning: one"
    assert not any("degraded" in line for line in shown)


def test_the_last_line_says_that_a_build_is_degraded_and_by_which_pages(warehouse_path: Path, tmp_path: Path) -> None:
    gpu, owid, mlco2 = (sources.source(name).pages[0] for name in ("gpu_info", "owid_carbon", "mlco2"))
    many = sources.source("openmmlab_mmpretrain").pages
    assert len(many) > 3
    others: dict[str, tuple[str, int | None, str | None]] = {
        "gpu_info": ("absent", None, f"gpu_info: page {gpu.name} is not kept and no facts of it ship"),
        "owid_carbon": ("stale", 1, f"{owid.url} answered 503, not 200; it said: nothing"),
        "mlco2": ("stale", 12, f"http://127.0.0.1:1/{mlco2.url.partition('://')[2]}: no"),
        "openmmlab_mmpretrain": ("stale", 0, "\n".join(f"{page.url} is gone" for page in many)),
        "timm": ("stale", 3, "a host is down"),
        "codecarbon": ("unchanged", None, "a warning"),
    }
    shown = shown_with(warehouse_path, tmp_path, others)
    named = ", ".join(page.name for page in many[:3])
    assert shown[-1] == (
        f"degraded: gpu_info is absent ({gpu.name}), mlco2 is stale (12 days; {mlco2.name}), "
        f"openmmlab_mmpretrain is stale (0 days; {named}, and {len(many) - 3} more), "
        f"owid_carbon is stale (1 day; {owid.name}), timm is stale (3 days)"
    )
    assert shown[-2] == "warning: one"


def test_degraded_is_what_meta_runs_counts(warehouse_path: Path, tmp_path: Path) -> None:
    """The rule is in SQL and in Python: of each state both say the same."""
    path = Path(shutil.copy(warehouse_path, tmp_path / "copy.duckdb"))
    select = (paths.SQL / "meta" / "runs.sql").read_text(encoding="utf-8")
    for state in typing.get_args(states.State):
        with duckdb.connect(path) as con:
            con.execute(f"update staging.source_state set state = '{state}' where source in ('timm', 'mlco2')")
            con.execute(f"update meta.sources set state = '{state}' where source in ('timm', 'mlco2')")
            ((n, whole),) = con.execute(f"select n_sources_stale, state from ({select})").fetchall()
            assert n == len(reports.not_fresh(con)) == (2 if state in ("stale", "absent") else 0)
            assert whole == ("degraded" if n else "whole")
