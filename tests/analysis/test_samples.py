"""Which results become points of a set, and when each was released."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
from hand_made import built
from sets_of_points import (
    arxiv,
    names_of,
    record,
    rows,
)

from flows import paths
from flows.warehouse import validator


def test_each_selection_of_a_few_rows(tmp_path: Path) -> None:
    records = [
        record("First", 60, published_on=date(2015, 3, 1), paper_url=arxiv("1503.00001")),
        record("First small", 55, published_on=date(2015, 3, 1), paper_url=arxiv("1503.00001")),
        record("Worse later", 58, published_on=date(2015, 9, 1), paper_url=arxiv("1509.00001")),
        record("Equal later", 60, published_on=date(2016, 1, 1), paper_url=arxiv("1601.00001")),
        # On one day: of equal errors the one that took less computation.
        record("Same day, more", 70, 9e9, published_on=date(2016, 5, 1), paper_url=arxiv("1605.00001")),
        record("Same day, less", 70, 2e9, published_on=date(2016, 5, 1), paper_url=arxiv("1605.00002")),
        # The month alone is known, and the year alone.
        record("By month", 75, year=2017, paper_url=arxiv("1702.00001")),
        record("By year", 74, year=2017),
        record("Undated", 99),
    ]
    with built(tmp_path, records) as con:
        everything = {row[1].name for row in records}
        assert names_of(con, "all") == everything
        assert names_of(con, "best_per_paper") == everything - {"First small"}
        assert names_of(con, "best_per_year") == {"First", "Same day, less", "By month"}
        # Better than all before: not equal to them, and not without a date.
        assert names_of(con, "frontier") == {"First", "Same day, less", "By month"}


def test_the_frontier_is_of_its_day_and_not_of_the_best_of_all(tmp_path: Path) -> None:
    days = [date(2015, 1, 1) + timedelta(days=200 * step) for step in range(6)]
    records = [
        record(f"Model {step}", top1, published_on=day, paper_url=arxiv(f"15{step + 1:02d}.0000{step}"))
        for step, (day, top1) in enumerate(zip(days, [60, 70, 65, 70.5, 50, 80], strict=True))
    ]
    with built(tmp_path, records) as con:
        assert names_of(con, "frontier") == {"Model 0", "Model 1", "Model 3", "Model 5"}
        assert names_of(con, "best_per_year") == {"Model 1", "Model 3", "Model 4", "Model 5"} - {
            name for name in ("Model 4",) if days[4].year == days[3].year or days[4].year == days[5].year
        }


def test_a_release_is_as_precise_as_its_source(tmp_path: Path) -> None:
    records = [
        record("Day", 60, published_on=date(2019, 5, 28), year=2020, paper_url=arxiv("1801.00001")),
        record("Month", 61, year=2020, paper_url=arxiv("1905.11946") + "v3"),
        record("Year", 62, year=2021),
        record("Neither", 63),
        # Ids from before April 2007 and numbers that are no month tell none.
        record("Old id", 64, year=2006, paper_url=arxiv("cs/0501001")),
        record("No month", 65, year=2014, paper_url=arxiv("1413.11946")),
        # Another record of the same paper has the day.
        record("With paper", 66, year=2020, paper_url=arxiv("2003.00001")),
        record("Of paper", 67, published_on=date(2020, 3, 9), paper_url=arxiv("2003.00001")),
    ]
    with built(tmp_path, records) as con:
        told = con.execute(
            "select models.name, released_on, released_precision from core.results as results "
            "join core.models as models using (model_id)"
        ).fetchall()
    assert {name: rest for name, *rest in told} == {
        "Day": [date(2019, 5, 28), "day"],
        "Month": [date(2019, 5, 15), "month"],
        "Year": [date(2021, 7, 1), "year"],
        "Neither": [None, None],
        "Old id": [date(2006, 7, 1), "year"],
        "No month": [date(2014, 7, 1), "year"],
        "With paper": [date(2020, 3, 9), "day"],
        "Of paper": [date(2020, 3, 9), "day"],
    }


def test_releases_of_all_sources_agree_with_what_is_printed(db: duckdb.DuckDBPyConnection) -> None:
    told = rows(
        db,
        "select results.released_on, released_precision, models.published_on, models.year, papers.arxiv_id, "
        "papers.published_on as paper_on from core.results as results join core.models as models using (model_id) "
        "left join core.papers as papers on results.paper_id = papers.paper_id",
    )
    for row in told:
        day = row["published_on"] or row["paper_on"]
        number = row["arxiv_id"] or ""
        if day:
            expected = (day, "day")
        elif number[:4].isdigit():
            expected = (date(2000 + int(number[:2]), int(number[2:4]), 15), "month")
        else:
            expected = (date(row["year"], 7, 1), "year") if row["year"] else (None, None)
        assert (row["released_on"], row["released_precision"]) == expected, row
    assert {row["released_precision"] for row in told} == {"day", "month", "year", None}


def test_a_perfect_score_is_told_and_not_fitted(tmp_path: Path) -> None:
    records = [record(f"Model {at}", 60 + at * at, 10.0 ** (9 + at)) for at in range(5)]
    with built(tmp_path, [*records, record("Perfect", 100, 1e15)]) as con:
        assert names_of(con, "all") == {f"Model {at}" for at in range(5)}
        assert "ok" in {row["status"] for row in rows(con, "from marts.scaling where n = 5")}
    suite = tmp_path / "expectations"
    suite.mkdir()
    shutil.copy(paths.EXPECTATIONS / "core.results.json", suite)
    (failure,) = [
        one for one in validator.validate(tmp_path / "hand_made.duckdb", suite) if "'value'" in one.expectation
    ]
    assert (failure.severity, failure.finding) == ("critical", "1 of 6 rows, such as [100.0]")
