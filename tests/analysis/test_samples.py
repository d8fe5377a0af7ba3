"""Which results become points of a set, and when each was released."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from hand_made import built, facts
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
    with built(tmp_path, records, only=("fits.samples",)) as con:
        everything = {row[1].name for row in records}
        assert names_of(con, "all") == everything
        assert names_of(con, "best_per_paper") == everything - {"First small"}
        assert names_of(con, "best_per_year") == {"First", "Same day, less", "By month"}
        # Better than all before: not equal to them, and not without a date.
        assert names_of(con, "frontier") == {"First", "Same day, less", "By month"}


def test_the_frontier_is_of_its_day_and_not_of_the_best_of_all(tmp_path: Path) -> None:
    days = [date(2015, 1, 1) + timedelta(days=200 * step) for step in range(6)]
    records = [
        record(f"Model {step}", top1, published_on=day, paper_url=arxiv(f"{day:%y%m}.0000{step}"))
        for step, (day, top1) in enumerate(zip(days, [60, 70, 65, 70.5, 50, 80], strict=True))
    ]
    with built(tmp_path, records, only=("fits.samples",)) as con:
        assert names_of(con, "frontier") == {"Model 0", "Model 1", "Model 3", "Model 5"}
        assert names_of(con, "best_per_year") == {"Model 1", "Model 3", "Model 4", "Model 5"} - {
            name for name in ("Model 4",) if days[4].year == days[3].year or days[4].year == days[5].year
        }


def test_a_release_is_as_precise_as_its_source(tmp_path: Path) -> None:
    records = [
        record("Day", 60, published_on=date(2019, 5, 28), year=2020, paper_url=arxiv("1905.00001")),
        # A day after the month of the paper's first version is that of a later one, or of a conference.
        record("Later version", 60.5, published_on=date(2019, 6, 16), year=2019, paper_url=arxiv("1801.00001")),
        # The weights' own day stands before that of the paper.
        record("Weights", 60.7, weights_on=date(2021, 8, 20), year=2019, paper_url=arxiv("1802.00001")),
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
    with built(tmp_path, records, only=("core.results",)) as con:
        told = con.execute(
            "select models.name, released_on, released_precision from core.results as results "
            "join core.models as models using (model_id)"
        ).fetchall()
    assert {name: rest for name, *rest in told} == {
        "Day": [date(2019, 5, 28), "day"],
        "Later version": [date(2018, 1, 15), "month"],
        "Weights": [date(2021, 8, 20), "day"],
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
        "select results.source, results.released_on, released_precision, models.weights_on, models.published_on, "
        "regexp_extract(models.paper_url, 'arxiv.org/abs/(\\d{4})', 1) as month "
        "from core.results as results join staging.model as models using (source, page, locator)",
    )
    months = 0
    for row in told:
        # No weights are dated before their own day.
        assert row["weights_on"] is None or row["released_on"] == row["weights_on"], row
        if row["source"] in ("squad_explorer", "papers_with_code") and row["published_on"]:
            # A submission has its own day, also where the same name was submitted before.
            assert (row["released_on"], row["released_precision"]) == (row["published_on"], "day"), row
        elif row["released_precision"] == "month" and row["month"]:
            months += 1
            assert row["released_on"].day == 15, row
    assert months > 100
    assert {row["released_precision"] for row in told} == {"day", "month", "year", "listed", None}


def test_weights_of_a_list_are_dated_by_its_first_version_that_has_them(
    db: duckdb.DuckDBPyConnection, shipped: Path
) -> None:
    first: dict[tuple[str, str], str] = {}
    for row in facts(shipped, "timm_history", "listing"):
        key = row["name"], row["image_size"]
        first[key] = min(first.get(key, "9999"), row["listed_on"])
    told = db.execute(
        "select trainings.name, results.image_size, trainings.first_listed_on from core.results as results "
        "join core.trainings as trainings using (training_id) where results.source = 'timm' and results.metric = 'top1' "
        "and results.benchmark = 'imagenet'"
    ).fetchall()
    # Names with a tag are never used again, so that a version that has one has these weights.
    dated = {(name, str(size)): str(day) for name, size, day in told if (name, str(size)) in first}
    assert len(dated) > 1000
    assert [key for key, day in dated.items() if day > first[key]] == []


@pytest.mark.slow
def test_a_perfect_score_is_told_and_not_fitted(tmp_path: Path) -> None:
    records = [record(f"Model {at}", 60 + at * at, 10.0 ** (9 + at)) for at in range(5)]
    with built(tmp_path, [*records, record("Perfect", 100, 1e15)]) as con:
        assert names_of(con, "all") == {f"Model {at}" for at in range(5)}
        assert "ok" in {row["status"] for row in rows(con, "from marts.scaling where n = 5")}
    suite = tmp_path / "expectations"
    suite.mkdir()
    shutil.copy(paths.EXPECTATIONS / "core.results.json", suite)
    (failure,) = [
        one for one in validator.validate(tmp_path / "hand_made.duckdb", suite, {}) if "'value'" in one.expectation
    ]
    assert (failure.severity, failure.finding) == ("critical", "1 of 6 rows, such as [100.0]")


@pytest.mark.slow
def test_papers_models_and_clusters_are_counted_apart(tmp_path: Path) -> None:
    records = [
        *(record(f"Of a paper {at}", 60 + at, 10.0 ** (9 + at), paper_url=arxiv("1901.00001")) for at in range(3)),
        # Without a paper those of one architecture hang together, and a model without either stands for itself.
        *(record(f"Of an architecture {at}", 64 + at, 10.0 ** (11 + at), architecture="net") for at in range(2)),
        *(record(f"By itself {at}", 70 + at, 10.0 ** (13 + at)) for at in range(4)),
    ]
    with built(tmp_path, records) as con:
        (sizes,) = rows(
            con,
            "from fits.sample_sizes join fits.sample_sets using (sample_id) "
            "where benchmark = 'imagenet' and compute_measure = 'operations_per_pass' and selection = 'all' and n > 0",
        )
        assert (sizes["n"], sizes["n_models"], sizes["n_papers"], sizes["n_clusters"]) == (9, 9, 1, 6)
        (line,) = rows(con, "select distinct n_papers, n_models, n_clusters from marts.exponents where n = 9")
        assert tuple(line.values()) == (1, 9, 6)


def test_the_points_of_a_training_or_a_model_are_in_one_cluster(db: duckdb.DuckDBPyConnection) -> None:
    for kind in ("training_id", "model_id", "paper_id", "paper"):
        assert rows(
            db,
            f"select sample_id, {kind} from fits.samples where {kind} is not null group by all having count(distinct cluster) > 1",
        ) == [], kind  # fmt: skip
    # Twins of one training that stand under two names: by paper alone each would count by itself.
    (split,) = rows(
        db,
        "select count(*) as n from (select sample_id, training_id from fits.samples where selection = 'all' "
        "group by all having count(distinct paper) > 1)",
    )
    assert split["n"] > 5
