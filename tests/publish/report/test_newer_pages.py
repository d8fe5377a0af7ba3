"""The pages of efficiency, hardware, scores and leaderboards: what they say is the warehouse's, each in its own unit."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import duckdb
import pytest
import report_pages
from lxml import html

from flows.publish import words
from flows.publish.report import scores

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> Path:
    return report_pages.written(tmp_path_factory, warehouse_path)


def embedded(page: html.HtmlElement, name: str) -> Any:
    return json.loads(page.xpath(f"string(//script[@id='{name}'])"))


def test_efficiency_is_headed_by_chip_hours_and_what_chips_compute(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    of = "from marts.target_trends where sample = 'all' and status = 'ok' and quality_target is not null and precision"
    ((low, high),) = db.execute(f"select min(fall_per_year), max(fall_per_year) {of} is null").fetchall()
    ((less, tasks),) = db.execute(
        f"select count(*) filter (fall_per_year_low > 1), count(*) {of} = 'tensor_fp16'"
    ).fetchall()
    page = report_pages.page(report, "efficiency.html")
    assert page.xpath("string(//h1)") == (
        f"The same quality takes {low:.1f} to {high:.1f} times fewer chip-hours each year; that it takes less of those chips’ "
        f"computation shows in {less} of {tasks} tasks"
    )
    ((doubling,),) = db.execute(
        "select doubling_time_month from marts.compute_growth where series = 'time_horizons' and era = 'all_years' "
        "and rule = 'all'"
    ).fetchall()
    assert f"doubles in {doubling:.1f} months" in page.xpath("string(//section[@aria-labelledby='horizons'])")


def test_hardware_is_headed_by_the_processor_that_most_offer(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    ((name, year, price, n),) = db.execute(
        "select processor_id, year, median(price_usd), count(*) from core.provider_prices where commitment = 'on demand' "
        "group by all order by 4 desc, 1 limit 1"
    ).fetchall()
    ((spot,),) = db.execute(
        "select median(price_usd) from core.provider_prices where commitment = 'spot' and processor_id = ? and year = ?",
        [name, year],
    ).fetchall()
    page = report_pages.page(report, "hardware.html")
    assert page.xpath("string(//h1)") == (
        f"In {year} an hour of one {name} costs {price:.2f} USD on demand at the median of {n} providers, and {spot:.2f} "
        "where it may be taken away"
    )
    drawn = embedded(page, "rented")
    # What is drawn side by side is of providers enough, and never of a commitment.
    assert all(one["on demand"][0] >= 3 for one in drawn["prices"])
    assert {kind for one in drawn["months"] for kind in one["commitments"]} == {"on demand", "spot"}


def test_each_newer_domain_stands_in_its_own_metric(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    axes = {
        "librispeech_clean": "Word error rate, %",
        "wikitext_103": "Perplexity",
        "enwik8": "Bits per character",
        "go_katago": "Rating, Elo",
        "chess_programs": "Rating, Elo",
        "metr_time_horizon": "Time horizon, minutes",
    }
    for name, axis in axes.items():
        page = report_pages.page(report, f"{name}.html")
        drawn = embedded(page, "scored")
        assert drawn["axes"]["y"]["name"] == axis
        n, *_ = db.execute(
            "select count(*) from core.unbounded_scores where benchmark = ? and split = 'test'", [name]
        ).fetchall()[0]
        assert len(drawn["scores"]) == len(page.xpath("//table[@id='scores-table']/tbody/tr")) == n
        for _, value, at, *_ in drawn["scores"]:
            # As the kind of the axis has it: a rating as it is, a share in percent and all else on a log axis.
            wanted = {"number": value, "percent": math.log10(value / 100) if value > 0 else 0}.get(
                drawn["axes"]["y"]["kind"], math.log10(value) if value > 0 else 0
            )
            assert at == pytest.approx(wanted, abs=1e-3)
    assert embedded(report_pages.page(report, "go_katago.html"), "scored")["axes"]["computation"]["name"] == (
        "Hardware burden, FLOP"
    )
    listed = {
        cell.get("href")
        for cell in report_pages.page(report, "domains.html").xpath(
            "//section[@aria-labelledby='scored']//a[not(@class)]"
        )
    }
    assert listed == {f"{name}.html" for (name,) in db.execute("select benchmark from exports.scores").fetchall()}


def test_a_rating_is_told_in_elo_for_twice_the_computation(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    # 400 points for a power of ten of the odds; the slope is of log10 of the odds by log10 of computation.
    ((slope,),) = db.execute("select slope from marts.unbounded_scaling where benchmark = 'go_katago'").fetchall()
    title = report_pages.page(report, "go_katago.html").xpath("string(//h1)")
    assert title.endswith(f"twice the hardware burden has given {400 * slope * math.log10(2):.0f} points of Elo")


def test_the_line_of_a_rating_runs_through_its_points(report: Path) -> None:
    drawn = embedded(report_pages.page(report, "chess_stockfish_8.html"), "scored")
    middle = [sum(row[at] for row in drawn["scores"]) / len(drawn["scores"]) for at in (4, 2)]
    (x0, y0), (x1, y1) = drawn["line"]["at"]
    assert y0 + (y1 - y0) * (middle[0] - x0) / (x1 - x0) == pytest.approx(middle[1], abs=1)


def test_every_metric_and_quantity_has_the_name_of_its_axis(db: duckdb.DuckDBPyConnection) -> None:
    codes = {
        code
        for (code,) in db.execute(
            "select quantity from staging.growth_series union select metric from staging.unbounded_benchmark "
            "union select compute_measure from staging.unbounded_benchmark where compute_measure is not null"
        ).fetchall()
    }
    assert codes <= set(words.words().axes)
    assert {metric for (metric,) in db.execute("select metric from staging.unbounded_benchmark").fetchall()} <= set(
        scores._AXES
    )


def test_growth_knows_what_each_series_counts(report: Path) -> None:
    drawn = embedded(report_pages.page(report, "growth.html"), "grown")
    told = {line["series"]: drawn["axes"][line["quantity"]] for line in drawn["lines"]}
    assert told["time_horizons"] == "Time horizon, minutes"
    assert told["clusters"] == "16-bit peak of a cluster, operations/s"
    assert told["cpu_clocks"] == "Clock, Hz"


def test_a_leaderboard_has_every_model_and_the_computation_of_its_name(
    report: Path, db: duckdb.DuckDBPyConnection
) -> None:
    page = report_pages.page(report, "leaderboards.html")
    boards = embedded(page, "listed")
    for board in boards:
        n, known = db.execute(
            "select count(distinct locator), count(distinct locator) filter (training_compute_flop is not null) "
            "from core.listed_scores where source = ? and page = ?",
            [board["source"], board["page"]],
        ).fetchall()[0]
        assert (len(board["rows"]), sum(row[2] is not None for row in board["rows"])) == (n, known)
    first = boards[0]
    locator, name, log10, (source, *_), values, places, _ = next(row for row in first["rows"] if row[2])
    for (code, *_), value, place in zip(first["benchmarks"], values, places, strict=True):
        assert db.execute(
            "select name, value, place, measure_source from core.listed_scores where source = ? and page = ? and locator = ? "
            "and benchmark = ? and abs(log10(training_compute_flop) - ?) < 1e-3",
            [first["source"], first["page"], locator, code, log10],
        ).fetchall() == [(name, value, place, source)]
    most, of = db.execute(
        "select max(n_with_computation), arg_max(n_models, n_with_computation) from marts.leaderboards"
    ).fetchall()[0]
    assert page.xpath("string(//h1)").startswith(
        f"Of {of:,} models on a leaderboard {most} have".replace(",", report_pages.THIN)
    )
    # Each is asked for by the place that it was read at, which lies in a file of its own.
    kept = (report / "traces" / "listed_scores.js").read_text(encoding="utf-8")
    assert kept.startswith('CL.received("listed_scores",')
