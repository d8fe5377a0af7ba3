"""flows/publish/report/moves.py: what moved and why, and what each state of the ledger said."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
import report_pages
from lxml import html

from flows import paths
from flows.publish.report import writing

LINE = ("imagenet", "top1", "hardware_burden")


def cells(row: html.HtmlElement) -> list[str]:
    return [cell.text_content().strip() for cell in row.findall("td")]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> Path:
    return report_pages.written(tmp_path_factory, warehouse_path)


@pytest.mark.slow
def test_each_state_says_what_its_files_have(report: Path) -> None:
    page = report_pages.page(report, "changes.html")
    (table,) = page.xpath("//section[@aria-labelledby='history']//table")
    days = [head.text_content() for head in table.xpath(".//th")][2:]
    (row,) = [row for row in table.xpath(".//tbody/tr") if cells(row)[:2] == ["ImageNet", "hardware burden"]]
    said = []
    for state in sorted(paths.SHIPPED_LEDGER.glob("[0-9]*")):
        query = "select value from read_parquet(?) where (benchmark, metric, compute_measure, quantity) = (?, ?, ?, 'exponent')"
        with duckdb.connect() as con:
            said += con.execute(query, [str(state / "numbers.parquet"), *LINE]).fetchall()
    assert days[:-1] == sorted(path.name[:10] for path in paths.SHIPPED_LEDGER.glob("[0-9]*"))
    assert cells(row)[2:-1] == [f"{value:.2f}" for (value,) in said]
    table_of, key = report_pages.traced(row.xpath(".//a[@class='n']")[0].get("href"))
    assert (table_of, key["quantity"], key["place"]) == ("marts.history", "exponent", "1")


@pytest.mark.slow
def test_a_move_has_its_causes(warehouse_path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(warehouse_path, tmp_path / "copy.duckdb"))
    copy.chmod(0o644)
    with duckdb.connect(copy) as con:
        con.execute("delete from marts.changes")
        for cause, n_points, contribution in (("removed", 1, -0.17), ("added", 3, 2.16)):
            con.execute(
                "insert into marts.changes (benchmark, metric, compute_measure, quantity, target, scenario, cause, n_points, "
                "value_before, value_after, contribution, is_within) "
                "values (?, ?, ?, 'exponent', '', '', ?, ?, 10.61, 12.6, ?, false)",
                [*LINE, cause, n_points, contribution],
            )
    folder = writing.write(copy, tmp_path / "pages", has_figures=False).parent
    page = report_pages.page(folder, "changes.html")
    assert page.xpath("//h1")[0].text_content() == "1 exponent and 0 lowest errors moved since 2026-08-31"
    (row,) = page.xpath("//section[@aria-labelledby='exponents']//tbody/tr")
    assert cells(row) == [
        *("ImageNet", "hardware burden", "10.61", "12.60"),
        "added +2.2 (3 points), removed −0.17 (1 point); beyond its interval",
    ]


@pytest.mark.slow
def test_without_an_earlier_state_it_says_so(warehouse_path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(warehouse_path, tmp_path / "copy.duckdb"))
    copy.chmod(0o644)
    with duckdb.connect(copy) as con:
        con.execute("delete from meta.past_builds")
        con.execute("delete from marts.changes")
    folder = writing.write(copy, tmp_path / "pages", has_figures=False).parent
    page = report_pages.page(folder, "changes.html")
    assert page.xpath("//h1")[0].text_content() == "No earlier state to hold this one against"
